package server

import (
	"bytes"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
)

// output is what is still to be written. Replies go straight to the socket while nothing
// is pending; pushes are put on the list and written by whoever is in charge of it.
type output struct {
	mu      sync.Mutex
	writing bool // somebody is in charge of the list: a flusher, a publisher or writeList
	closing bool // close the connection when the list is empty
	held    bool // pushes wait in session.late until the batch at hand is answered
	closed  bool
	done    chan struct{}
	eng     *core.Engine // see account
	*backlog
}

// backlog exists only while something is pending: an idle connection has none.
type backlog struct {
	list   [][]byte // pieces, the pending ones from head on; pushes share their bytes with other connections
	head   int
	sent   int       // bytes of list[head] that are written already
	bytes  int       // still to be written
	own    bool      // the last piece is nobody else's: what is lent is copied to its end
	spare  []byte    // room for the next such piece
	told   int64     // of them, as the engine knows
	softAt time.Time // since when the soft limit is exceeded
}

// keptPieces is the largest list that a pooled backlog keeps.
const keptPieces = 1024

var backlogs = sync.Pool{New: func() any { return &backlog{list: make([][]byte, 0, 8)} }}

// add appends b.
func (o *output) add(b []byte) {
	if o.backlog == nil {
		o.backlog = backlogs.Get().(*backlog)
	}
	if o.head > 0 && len(o.list) == cap(o.list) && o.head >= len(o.list)/2 {
		n := copy(o.list, o.list[o.head:])
		clear(o.list[n:])
		o.list, o.head = o.list[:n], 0
	}
	o.list, o.own = append(o.list, b), false
	o.bytes += len(b)
	o.account()
}

// addFirst puts b before all that is pending, none of which has been written in part.
func (o *output) addFirst(b []byte) {
	if o.backlog == nil {
		o.add(b)
		return
	}
	o.list = slices.Insert(o.list, o.head, b)
	o.bytes += len(b)
	o.account()
}

// copy appends what b has.
func (o *output) copy(b []byte) {
	if o.backlog == nil {
		o.backlog = backlogs.Get().(*backlog)
	}
	last := len(o.list) - 1
	if o.own && cap(o.list[last])-len(o.list[last]) >= len(b) { // whoever writes the piece knows its present length alone
		o.list[last] = append(o.list[last], b...)
		o.bytes += len(b)
		o.account()
		return
	}
	room := o.spare
	o.spare = nil
	if cap(room) < len(b) {
		size := 512
		if o.own {
			size = min(2*cap(o.list[last]), keptRoom)
		}
		room = make([]byte, 0, max(size, len(b)))
	}
	o.add(append(room, b...))
	o.own = true
}

// keptRoom is the largest room for copies that a pooled backlog keeps, and the largest made before it is needed.
const keptRoom = 32 << 10

// consume drops n written bytes from the front. mu is held.
func (o *output) consume(n int) {
	if o.backlog == nil {
		return
	}
	o.bytes -= n
	var last []byte
	for n += o.sent; o.head < len(o.list) && n >= len(o.list[o.head]); o.head++ {
		last = o.list[o.head]
		n -= len(last)
		o.list[o.head] = nil
	}
	o.sent = n
	if o.head == len(o.list) {
		if o.own && cap(last) <= keptRoom { // the caller has written it: nobody reads it any more
			o.spare = last[:0]
		}
		o.dropBacklog()
		return
	}
	o.account()
}

// dropBacklog forgets what is pending. mu is held.
func (o *output) dropBacklog() {
	b := o.backlog
	if b == nil {
		return
	}
	o.backlog = nil
	if b.told != 0 {
		o.eng.AddClientMemory(-b.told)
	}
	clear(b.list)
	if cap(b.list) <= keptPieces {
		*b = backlog{list: b.list[:0], spare: b.spare}
		backlogs.Put(b)
	}
}

// write sends replies, or queues a copy of what the socket does not take now: b itself where the caller gives it away, which then
// is kept. Only the connection's goroutine calls it. Replies never overtake pushes that are pending, nor the reverse. It reports whether the
// connection is open.
func (c *conn) write(b []byte, given bool) (open, kept bool) {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || len(b) > staticReply && c.cutIfOver(len(b)) {
		return false, false
	}
	if !o.writing {
		n := c.tryWrite(b)
		c.countOut(n)
		if b = b[n:]; len(b) == 0 {
			return true, false
		}
	}
	if !given {
		b = bytes.Clone(b)
	}
	o.add(b)
	if c.cutIfOver(0) {
		return false, given
	}
	if !o.writing {
		o.writing = true
		go c.writeList()
	}
	return true, given
}

// claim makes the client's replies part of out, which is to be sent; finish must follow. It leaves them alone if there is something to be
// written before, or they are so many that a limit may count. Owner only.
func (c *conn) claim(out *transfers) {
	b := c.client.W.Buf
	if len(b) == 0 || len(b) > staticReply || cap(b) > keptOutput {
		return
	}
	o := &c.out
	o.mu.Lock()
	if !o.closed && !o.writing {
		o.writing, c.claimed, c.sent = true, true, 0
		out.add(c, b)
	}
	o.mu.Unlock()
}

// finish takes in that c.sent bytes of the claimed replies are written. What was pushed meanwhile comes after them.
func (c *conn) finish() {
	w, o := &c.client.W, &c.out
	n := max(0, c.sent)
	c.countOut(n)
	c.claimed = false
	rest := w.Buf[n:]
	o.mu.Lock()
	if len(rest) > 0 && !o.closed {
		o.addFirst(bytes.Clone(rest))
		c.cutIfOver(0)
	}
	closed, pending := o.closed, o.backlog != nil
	o.writing = pending && !closed
	closing := o.closing && !o.writing
	o.mu.Unlock()
	switch {
	case closed:
		c.err = net.ErrClosed
	case len(rest) > 0:
		go c.writeList()
	case pending:
		c.s.touched = append(c.s.touched, c)
	case closing:
		c.shut(false)
	}
	w.Buf = w.Buf[:0]
}

// staticReply is the size of replies that no limit counts: those that Redis keeps in its static buffer.
const staticReply = 16 << 10

// Push sends b from any goroutine; a flusher writes it. b may be shared and is not copied. It
// never waits.
func (c *conn) Push(b []byte) {
	if c.enqueue(b, false) {
		c.srv.flush.put(c)
	}
}

// Deliver implements core.Deliverer: the message is written when the batch of requests that c's
// goroutine is working on has been answered, together with all others for the same connection.
func (c *conn) Deliver(to core.Conn, b []byte, lent bool) {
	t, ok := to.(*conn)
	if !ok || c.s == nil {
		if lent {
			b = bytes.Clone(b)
		}
		to.Push(b)
		return
	}
	if t.enqueue(b, lent) {
		c.s.touched = append(c.s.touched, t)
	}
}

// enqueue puts b on the list; true when the caller must see to it that somebody writes the list.
func (c *conn) enqueue(b []byte, lent bool) (charge bool) {
	o := &c.out
	o.mu.Lock()
	switch {
	case o.closed:
	case o.held:
		if lent {
			b = bytes.Clone(b)
		}
		c.s.late = append(c.s.late, b)
	default:
		if lent {
			o.copy(b)
		} else {
			o.add(b)
		}
		if !c.cutIfOver(0) && !o.writing {
			o.writing, charge = true, true
		}
	}
	o.mu.Unlock()
	return charge
}

// hold keeps pushes back until release. An invalidation must not overtake the reply
// with the value that it invalidates: the client would cache that value for ever.
func (c *conn) hold() {
	c.out.mu.Lock()
	c.out.held = true
	c.out.mu.Unlock()
}

// releasePushes ends hold: the replies are written or on the list.
func (c *conn) releasePushes() {
	o, s := &c.out, c.s
	if s == nil || !o.held { // only this goroutine changes held
		return
	}
	o.mu.Lock()
	o.held = false
	for i, b := range s.late {
		s.late[i] = nil
		if !o.closed {
			o.add(b)
			c.cutIfOver(0)
		}
	}
	s.late = s.late[:0]
	charge := !o.closed && !o.writing && o.backlog != nil
	o.writing = o.writing || charge
	o.mu.Unlock()
	if charge {
		s.touched = append(s.touched, c)
	}
}

// cutIfOver ends the connection if what is pending, and more beside it, is over its limit. mu is held.
func (c *conn) cutIfOver(more int) bool {
	o := &c.out
	n := more
	if o.backlog != nil {
		n += o.bytes
	}
	if !c.overLimit(n) {
		return false
	}
	c.client.Doom()
	c.srv.eng.Stats().OutputLimitDrops.Add(1)
	c.srv.log.Warn("client scheduled to be closed ASAP for overcoming of output buffer limits",
		"id", c.client.ID(), "addr", c.RemoteAddr(), "name", c.client.Name(), "bytes", n)
	o.abort()
	go c.shut(false)
	return true
}

// abort drops what is queued: the connection is about to be closed. mu is held.
func (o *output) abort() {
	o.dropBacklog()
	o.closed = true
	if o.done != nil {
		close(o.done)
	}
}

// writeList writes the list until it is empty, waiting for the peer as needed. It is in
// charge when it is called, and lives as long as the peer is slow.
func (c *conn) writeList() {
	buf := make([]byte, 0, gatherBytes)
	for {
		b := c.gather(buf)
		if b == nil {
			return
		}
		n, err := c.writeSome(b)
		c.wrote(n)
		if err != nil {
			c.shut(false)
			return
		}
	}
}

// gather returns the next bytes to write: one large piece as it is, or many small ones
// together in buf. Nil when nothing is left: nobody is in charge any more then.
func (c *conn) gather(buf []byte) []byte {
	o := &c.out
	o.mu.Lock()
	if o.backlog == nil || o.closed {
		o.writing = false
		closing := o.closing
		o.mu.Unlock()
		if closing {
			c.shut(false)
		}
		return nil
	}
	first := o.list[o.head][o.sent:]
	if len(o.list)-o.head == 1 || len(first) >= cap(buf) {
		o.mu.Unlock()
		return first
	}
	buf = append(buf[:0], first...)
	for _, p := range o.list[o.head+1:] {
		room := cap(buf) - len(buf)
		if room == 0 {
			break
		}
		buf = append(buf, p[:min(len(p), room)]...)
	}
	o.mu.Unlock()
	return buf
}

// wrote accounts for n bytes that gather returned and the socket took.
func (c *conn) wrote(n int) {
	if n <= 0 {
		return
	}
	c.countOut(n)
	c.out.mu.Lock()
	c.out.consume(n)
	c.out.mu.Unlock()
}

// countOut counts one write.
func (c *conn) countOut(n int) {
	c.client.CountNet(0, n)
	c.srv.eng.Stats().NetOut.Add(int64(n))
	c.srv.eng.Stats().Writes.Add(1)
}

// overLimit applies client-output-buffer-limit to n queued bytes. mu is held.
func (c *conn) overLimit(n int) bool {
	l := c.srv.outputLimit(c.client)
	if l.HardBytes > 0 && uint64(n) > l.HardBytes {
		return true
	}
	if l.SoftBytes == 0 || uint64(n) <= l.SoftBytes {
		if c.out.backlog != nil {
			c.out.softAt = time.Time{}
		}
		return false
	}
	if c.out.backlog == nil {
		return false
	}
	now := time.Now()
	if c.out.softAt.IsZero() {
		c.out.softAt = now
	}
	return now.Sub(c.out.softAt) > time.Duration(l.SoftSeconds)*time.Second
}

// enforceSoft is called by the server's cron: a reader that has stopped leaves the soft limit's
// time to run out without another push.
func (c *conn) enforceSoft() {
	c.out.mu.Lock()
	if c.out.backlog != nil {
		c.cutIfOver(0)
	}
	c.out.mu.Unlock()
}

func (o *output) size() (bytes, pieces int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.backlog == nil {
		return 0, 0
	}
	return o.bytes, len(o.list) - o.head
}

// drain arranges for the connection to be closed when the list is written; false when there
// is nothing to wait for.
func (o *output) drain(*conn) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || !o.writing {
		return false
	}
	o.closing = true
	return true
}

func (o *output) closeWhenEmpty(c *conn) { c.shut(true) }

func (o *output) close() {
	o.mu.Lock()
	if !o.closed {
		o.abort()
	}
	o.mu.Unlock()
}

// gone is closed when the connection is.
func (o *output) gone() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done == nil {
		o.done = make(chan struct{})
		if o.closed {
			close(o.done)
		}
	}
	return o.done
}

// outputLimit is the limit of the client's class.
func (s *Server) outputLimit(c *core.Client) options.BufferLimit {
	l := s.outLimits.Load()
	switch {
	case c.Has(core.FlagReplica):
		return l[options.ClassReplica]
	case c.Has(core.FlagSubscribed):
		return l[options.ClassPubSub]
	}
	return l[options.ClassNormal]
}
