package server

import (
	"errors"
	"io"
	"math"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// conn is one client connection. Its goroutine runs serve; others reach it through
// the core.Conn methods.
type conn struct {
	srv    *Server
	nc     net.Conn
	raw    syscall.RawConn // nil: read and write through nc
	client *core.Client
	fd     int // for CLIENT LIST; valid as a descriptor only inside the raw callbacks
	unix   bool

	s     *session // nil while idle
	sys   int      // descriptor while inside the Read callback, else -1
	dry   bool     // the socket has been found empty since the present wait for input began, after a first request
	heard bool     // something has been read
	state core.Status
	err   error

	out      output
	querySz  atomic.Int64
	queryCap atomic.Int64
	lastRead atomic.Int64
	peekedAt int64 // lastRead when cron looked for the end of the stream; see peerGone
	told     int64 // what account has told the engine
	checked  int64 // memory when maxmemory-clients was checked because of this connection; see grewLarge
	freshAt  int64 // lastRead when cron saw to a fresh goroutine; see grewSince
	closed   atomic.Bool
	ends     atomic.Int32 // of two, the goroutine's and the socket's: the server forgets the connection after both
	readCB   func(fd uintptr) bool
}

// peekAfterMs is well above the granularity of lastRead, so that no read passes unnoticed.
const peekAfterMs = 500

// serve runs the connection until it ends, or another goroutine goes on.
func (c *conn) serve() {
	goesOn := false
	defer func() { // SHUTDOWN ends the goroutine by Goexit
		if !goesOn {
			c.end()
		}
	}()
	if goesOn = c.attend(); goesOn {
		c.srv.stackFreed.Add(stackFreed)
		go c.serve()
	}
}

// attend reads and answers requests until the connection ends, or is to go on with a fresh goroutine.
func (c *conn) attend() (fresh bool) {
	for {
		c.state = core.Continue
		if err := c.read(); err != nil && c.state == core.Continue {
			again, fresh := c.woken(err)
			if again && !fresh {
				continue
			}
			return fresh
		}
		for c.state != core.Continue {
			switch c.state {
			case core.Blocked:
				c.awaitBlocked()
			case core.Postponed:
				c.awaitResume()
			case core.CloseAfter:
				c.flush()
				return false
			}
			if c.err != nil {
				return false
			}
		}
	}
}

// end releases everything of the connection, once.
func (c *conn) end() {
	c.srv.eng.CloseClient(c.client)
	c.release()
	c.account()
	c.shut(true)
	c.ended()
}

// ended counts the end of the connection's goroutine, and that of its socket, which may live on to take what is
// pending. Until both have come, the server's limits and its Close reach the connection.
func (c *conn) ended() {
	if c.ends.Add(1) == 2 {
		c.srv.remove(c)
	}
}

// read waits for input and processes it until the state is no longer Continue or the
// connection ends.
func (c *conn) read() error {
	if c.s != nil && c.s.buffered() > 0 { // left over from before a wait
		c.sys = -1
		c.process()
		c.settle()
		if c.state != core.Continue || c.err != nil {
			return c.err
		}
	}
	if c.raw == nil {
		return c.readPlain()
	}
	c.dry = false
	err := c.raw.Read(c.readCB)
	c.sys = -1
	if c.err != nil {
		return c.err
	}
	return err
}

// readable is called when the socket may have input. It returns true when the connection's goroutine
// must leave the wait for input. A short read empties the socket, which saves another read to see that it is empty. But not the first
// time: what the poller reported before raw.Read was called is forgotten, the end of the stream too. Nor after the first request of a
// connection: who makes one for a single request often sends it and closes its side at once.
func (c *conn) readable(fd uintptr) bool {
	c.sys = int(fd)
	for {
		s := c.acquire()
		room := s.room(c.need(), c.srv.queryLimit.Load())
		n, err := readFD(int(fd), room)
		if n <= 0 {
			if err == syscall.EAGAIN {
				c.dry = c.heard
				c.idle()
				return false
			}
			c.err = readError(n, err)
			return true
		}
		c.took(s, n)
		c.process()
		c.srv.gatherReplies()
		c.settle()
		if c.state != core.Continue || c.err != nil {
			return true
		}
		if n < len(room) && c.dry {
			c.idle()
			return false
		}
	}
}

// peerGone tells the connection's goroutine if the peer has closed its side. A request and the end of the stream that come
// together are one event of the poller, and after the short read of the request there is no other. Cron calls this once after each
// read, when peekAfterMs have passed: an end that comes later is an event of its own.
func (c *conn) peerGone(nowMs int64) {
	at := c.lastRead.Load()
	if c.raw == nil || at == c.peekedAt || nowMs-at < peekAfterMs {
		return
	}
	c.peekedAt = at
	gone := false
	c.raw.Control(func(fd uintptr) { gone = atEnd(int(fd)) })
	if gone {
		c.Wake() // of any wait for input; the next read sees the end
	}
}

// readPlain is the same loop over net.Conn.
func (c *conn) readPlain() error {
	for c.state == core.Continue && c.err == nil {
		s := c.acquire()
		n, err := c.nc.Read(s.room(c.need(), c.srv.queryLimit.Load()))
		if n > 0 {
			c.took(s, n)
			c.process()
			c.settle()
		}
		if err != nil {
			c.err = err
			return err
		}
	}
	return c.err
}

func readError(n int, err error) error {
	if n == 0 && err == nil {
		return io.EOF
	}
	if err == nil {
		return errors.New("read failed")
	}
	return err
}

func (c *conn) took(s *session, n int) {
	s.end += n
	c.heard = true
	c.client.CountNet(n, 0)
	c.srv.eng.Stats().NetIn.Add(int64(n))
	c.srv.eng.Stats().Reads.Add(1)
	c.lastRead.Store(c.srv.eng.CoarseMs())
	if len(s.in) >= largeTransfer {
		c.srv.largeTransfer()
	}
	if len(s.in) > keptInput {
		c.account()
	}
}

// need is how many bytes the request at hand still lacks, as far as is known.
func (c *conn) need() int { return c.s.parser.Need() }

// process executes the complete requests in the buffer.
func (c *conn) process() {
	s, eng := c.s, c.srv.eng
	lim := c.srv.limits(c.client)
	c.querySz.Store(int64(s.end - s.start))
	c.queryCap.Store(int64(len(s.in)))
	flushAt := c.flushAt()
	for s.start < s.end {
		args, used, err := s.parser.Next(s.in[s.start:s.end], lim)
		s.start += used
		if err != nil {
			if err == protocol.ErrIncomplete {
				break
			}
			c.client.W.Error(err.Error())
			eng.CountProtocolError(err.Error())
			c.srv.log.Debug("protocol error from client", "addr", c.RemoteAddr(), "error", err.Error())
			c.state = core.CloseAfter
			return
		}
		if c.client.Has(core.FlagTracking) && !c.out.held {
			c.hold()
		}
		if st := eng.Handle(c.client, args); st != core.Continue {
			c.leave(st, args)
			return
		}
		scrub(s.in[s.start-used : s.start])
		if lim.Unauthenticated {
			lim = c.srv.limits(c.client)
		}
		if len(c.client.W.Buf) >= flushAt {
			if c.flush(); c.err != nil {
				return
			}
		}
	}
	if int64(s.end-s.start) > c.srv.queryLimit.Load() {
		c.srv.eng.Stats().QueryLimitDrops.Add(1)
		c.srv.log.Warn("closing client that reached max query buffer length", "addr", c.RemoteAddr(), "bytes", s.end-s.start)
		c.err = io.ErrShortBuffer
	}
}

// flushAt is how many bytes of replies are written though more requests are at hand. A hard output limit counts the replies
// of all requests that came together, whatever the socket would take: they are kept until they exceed it, which ends the connection.
func (c *conn) flushAt() int {
	if hard := c.srv.outputLimit(c.client).HardBytes; hard > 0 {
		return max(int(min(hard, math.MaxInt-1)), staticReply) + 1
	}
	return flushBytes
}

// leave prepares for a state other than Continue. A postponed request is kept:
// the buffer it lives in is not touched while the client waits.
func (c *conn) leave(st core.Status, args [][]byte) {
	c.state = st
	if st == core.Postponed {
		c.s.resume = args
	}
}

// settle ends a batch: replies are written, counters added.
func (c *conn) settle() {
	c.flush()
	c.client.Flush()
	c.releasePushes()
	c.deliver()
	if s := c.s; s != nil {
		c.querySz.Store(int64(s.buffered() - s.parser.Parsed()))
		c.queryCap.Store(int64(cap(s.in)))
	}
	c.account()
	if c.srv.clientMemory.Load() != 0 {
		c.grewLarge()
	}
}

// flush writes what the client has been answered, once its effects are as durable as
// appendfsync promises.
func (c *conn) flush() {
	w := &c.client.W
	if len(w.Buf) == 0 {
		return
	}
	c.srv.eng.AwaitDurable(c.client)
	if len(w.Buf) >= largeTransfer {
		c.srv.largeTransfer()
	}
	large := cap(w.Buf) > keptOutput
	if !c.write(w.Buf, large && len(w.Buf) >= cap(w.Buf)/2) {
		c.err = net.ErrClosed // what else it has asked for is for nobody
	}
	if large {
		w.Buf = make([]byte, 0, outputBytes)
	} else {
		w.Buf = w.Buf[:0]
	}
}

// awaitResume waits while CLIENT PAUSE holds the request, then gives it again.
func (c *conn) awaitResume() {
	c.flush()
	c.client.Postponed(true)
	select {
	case <-c.client.Resume():
		c.client.Postponed(false)
	case <-c.out.gone():
		c.client.Postponed(false)
		c.err = net.ErrClosed
		return
	}
	args := c.s.resume
	c.s.resume = nil
	c.state = core.Continue
	if st := c.srv.eng.Handle(c.client, args); st != core.Continue {
		c.leave(st, args)
		return
	}
	c.settle()
}

// awaitBlocked waits until the client's blocking command has been served, or its time is
// up, or the peer has gone. Input that arrives meanwhile is kept.
func (c *conn) awaitBlocked() {
	c.flush()
	defer c.nc.SetReadDeadline(time.Time{})
	for {
		if c.unblocked() {
			return
		}
		c.nc.SetReadDeadline(c.client.BlockDeadline())
		if c.unblocked() { // a Wake between the look and the deadline is not lost
			return
		}
		var err error
		if c.raw != nil {
			err = c.raw.Read(c.collect)
		} else {
			err = c.collectPlain()
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			c.err = err
		}
		if c.err != nil {
			return
		}
	}
}

// unblocked reports whether the wait is over; the reply is flushed then.
func (c *conn) unblocked() bool {
	st, done := c.client.FinishBlocked()
	if !done {
		return false
	}
	c.state = st
	c.sys = -1
	c.settle()
	return true
}

// collect keeps what a blocked client sends, up to the query buffer limit, and notices when it goes.
func (c *conn) collect(fd uintptr) bool {
	for {
		s := c.acquire()
		room := s.room(0, c.srv.queryLimit.Load())
		n, err := readFD(int(fd), room)
		if n <= 0 {
			if err == syscall.EAGAIN {
				return false
			}
			c.err = readError(n, err)
			return true
		}
		c.took(s, n)
		if int64(s.end-s.start) > c.srv.queryLimit.Load() {
			c.err = io.ErrShortBuffer
			return true
		}
	}
}

func (c *conn) collectPlain() error {
	for {
		s := c.acquire()
		n, err := c.nc.Read(s.room(0, c.srv.queryLimit.Load()))
		if n > 0 {
			c.took(s, n)
		}
		if err != nil {
			return err
		}
		if int64(s.end-s.start) > c.srv.queryLimit.Load() {
			return io.ErrShortBuffer
		}
	}
}

// --- core.Conn ---------------------------------------------------------------

func (c *conn) RemoteAddr() string { return addrText(c.nc.RemoteAddr(), c.nc.LocalAddr()) }
func (c *conn) LocalAddr() string  { return addrText(c.nc.LocalAddr(), c.nc.LocalAddr()) }
func (c *conn) FD() int            { return c.fd }

// Wake ends the wait of a blocked client.
func (c *conn) Wake() { c.nc.SetReadDeadline(time.Unix(1, 0)) }

// Close ends the connection from any goroutine.
func (c *conn) Close(flush bool) {
	// A transaction kills with shards held: nothing is waited for. If the client is just being served, its own
	// goroutine ends the wait.
	c.client.TryCancelBlocked(nil)
	if !flush {
		c.out.close()
		go c.shut(false) // which waits until the connection's goroutine is out of its callback: it may be the caller, or need its locks
		return
	}
	c.out.closeWhenEmpty(c)
}

// shut closes the socket, once; the connection's goroutine notices.
func (c *conn) shut(drain bool) {
	if drain && c.out.drain(c) {
		return // the writer closes when it has finished
	}
	if !c.closed.Swap(true) {
		c.out.close()
		c.nc.Close()
		c.ended()
	}
}

func (c *conn) Buffers() core.ConnBuffers {
	pending, pieces := c.out.size()
	q, qcap := int(c.querySz.Load()), int(c.queryCap.Load())
	return core.ConnBuffers{Query: q, QueryFree: max(0, qcap-q), Output: pending, OutputList: pieces}
}
