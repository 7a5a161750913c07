package server

import (
	"errors"
	"io"
	"math"
	"net"
	"sync/atomic"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// conn is one client connection. One goroutine at a time serves it: on Linux that of a loop or one of its own, see polled, elsewhere one
// that reads from net.Conn, see plain.go. Others reach it through the core.Conn methods.
type conn struct {
	srv           *Server
	client        *core.Client
	nc            net.Conn // nil: the descriptor is ours, and polled
	remote, local net.Addr
	addresses     atomic.Pointer[[2]string] // both as text, once they were asked for
	fd            int                       // for CLIENT LIST; -1 if there is none
	unix          bool
	polled

	s     *session // nil while idle
	hint  bufferHint
	state core.Status
	err   error

	out      output
	querySz  atomic.Int64
	queryCap atomic.Int64
	lastRead atomic.Int64
	told     int64 // what account has told the engine
	checked  int64 // memory when maxmemory-clients was checked because of this connection; see grewLarge
	closed   atomic.Bool
	departed bool
	ends     atomic.Int32 // of two, the owner's and the socket's: the server forgets the connection after both
}

// end releases everything of the connection, once.
func (c *conn) end() {
	c.depart()
	c.release()
	c.account()
	c.shut(true)
	c.ended()
	if c.nc == nil {
		c.unuse()
	}
}

// depart ends what the client is to others, once: its subscriptions, watches and wait.
func (c *conn) depart() {
	if !c.departed {
		c.departed = true
		c.srv.eng.CloseClient(c.client)
	}
}

// ended counts the end of the connection's goroutine, and that of its socket, which may live on to take what is
// pending. Until both have come, the server's limits and its Close reach the connection.
func (c *conn) ended() {
	if c.ends.Add(1) == 2 {
		c.srv.remove(c)
	}
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
	s.most = max(s.most, s.end)
	c.client.CountNet(n, 0)
	c.srv.eng.Stats().NetIn.Add(int64(n))
	c.srv.eng.Stats().Reads.Add(1)
	c.lastRead.Store(c.srv.eng.CoarseMs())
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
	flushAt, logged := c.flushAt(), eng.Log().Active()
	if c.srv.clientMemory.Load() != 0 {
		c.srv.relieveClients()
	}
	ahead := 0 // requests whose keys have been looked at
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
			c.leave(core.CloseAfter, nil)
			return
		}
		if c.client.Has(core.FlagTracking) && !c.out.held {
			c.hold()
		}
		if ahead--; ahead < 0 && s.start < s.end {
			ahead = c.lookAhead(args)
		}
		var st core.Status
		if logged {
			st = eng.HandleRaw(c.client, args, s.parser.Raw())
		} else {
			st = eng.Handle(c.client, args)
		}
		if st != core.Continue {
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
			if c.srv.clientMemory.Load() != 0 { // a batch of small requests may ask for any amount
				c.grewLarge()
			}
		}
	}
	c.overQueryLimit()
	if c.srv.clientMemory.Load() != 0 { // before the replies: whoever has them may ask what clients take
		c.account()
	}
}

// lookAhead has the memory fetched that the requests in the buffer will need, beside the one at hand. It returns how many of them it has seen.
func (c *conn) lookAhead(args [][]byte) (requests int) {
	if !c.srv.eng.LooksAhead() {
		return math.MaxInt
	}
	var room [core.MaxAhead][]byte
	keys := room[:0]
	if len(args) > 1 {
		keys = append(keys, args[1])
	}
	keys, requests = protocol.Ahead(c.s.in[c.s.start:c.s.end], keys)
	if len(keys) > 1 {
		c.srv.eng.LookAhead(c.client, keys)
	}
	return max(requests, 1)
}

// overQueryLimit ends the connection if what it has sent, and was not executed yet, is over client-query-buffer-limit.
func (c *conn) overQueryLimit() {
	if n := int64(c.s.buffered()); n > c.srv.queryLimit.Load() {
		c.srv.eng.Stats().QueryLimitDrops.Add(1)
		c.srv.log.Warn("closing client that reached max query buffer length", "addr", c.RemoteAddr(), "bytes", n)
		c.err = io.ErrShortBuffer
	}
}

// flushAt is how many bytes of replies are written though more requests are at hand. A hard output limit counts the replies
// of all requests that came together, whatever the socket would take: they are kept until they exceed it, which ends the connection. So it is the
// limit of the writer, too.
func (c *conn) flushAt() int {
	hard := c.srv.outputLimit(c.client).HardBytes
	c.client.W.Limit = int(hard)
	if hard > 0 {
		return max(int(min(hard, math.MaxInt-1)), staticReply) + 1
	}
	return flushBytes
}

// leave prepares for a state other than Continue. A postponed request is kept:
// the buffer it lives in is not touched while the client waits. Who reads the last reply may rely on the client being gone.
func (c *conn) leave(st core.Status, args [][]byte) {
	c.state = st
	switch st {
	case core.Postponed:
		c.s.resume = args
	case core.CloseAfter:
		c.depart()
	}
}

// settle ends a batch.
func (c *conn) settle() {
	c.conclude()
	c.deliver()
}

// conclude is settle but for what was published: replies are written, counters added.
func (c *conn) conclude() {
	c.flush()
	c.client.Flush()
	c.releasePushes()
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
	if c.claimed {
		c.finish()
		return
	}
	if len(w.Buf) == 0 {
		return
	}
	c.srv.eng.AwaitDurable(c.client)
	large := cap(w.Buf) > keptOutput
	c.hint.replied(len(w.Buf))
	open, kept := c.write(w.Buf, large && len(w.Buf) >= cap(w.Buf)/2)
	if !open {
		c.err = net.ErrClosed // what else it has asked for is for nobody
	}
	if kept {
		w.Buf = make([]byte, 0, outputBytes)
	} else {
		w.Buf = w.Buf[:0]
	}
}

// awaitResume waits while CLIENT PAUSE holds the request, then gives it again.
func (c *conn) awaitResume() {
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
	if c.nc != nil {
		defer c.nc.SetReadDeadline(time.Time{})
	}
	for c.err == nil {
		if c.bits.Load()&pollGone != 0 {
			if c.collect(); c.err != nil {
				return
			}
		}
		if c.unblocked() {
			return
		}
		if c.nc == nil {
			c.awaitInput(c.client.BlockDeadline())
		} else if c.awaitInputPlain(c.client.BlockDeadline()) {
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
	c.settle()
	return true
}

// --- core.Conn ---------------------------------------------------------------

func (c *conn) RemoteAddr() string { return c.addrTexts()[0] }
func (c *conn) LocalAddr() string  { return c.addrTexts()[1] }
func (c *conn) FD() int            { return c.fd }

func (c *conn) addrTexts() *[2]string {
	t := c.addresses.Load()
	if t == nil {
		t = &[2]string{addrText(c.remote, c.local), addrText(c.local, c.local)}
		c.addresses.Store(t)
	}
	return t
}

// Wake ends the wait of a blocked client.
func (c *conn) Wake() {
	if c.nc != nil {
		c.nc.SetReadDeadline(time.Unix(1, 0))
	} else {
		ring(c.signals().input)
	}
}

// Close ends the connection from any goroutine.
func (c *conn) Close(flush bool) {
	// A transaction kills with shards held: nothing is waited for. If the client is just being served, its own
	// goroutine ends the wait.
	c.client.TryCancelBlocked(nil)
	if !flush {
		c.out.close()
		go c.shut(false) // which may wait for a writer
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
		if c.nc != nil {
			c.nc.Close()
		} else {
			c.hangUp()
		}
		c.ended()
	}
}

func (c *conn) Buffers() core.ConnBuffers {
	pending, pieces := c.out.size()
	q, qcap := int(c.querySz.Load()), int(c.queryCap.Load())
	return core.ConnBuffers{Query: q, QueryFree: max(0, qcap-q), Output: pending, OutputList: pieces}
}
