package server

import (
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/sockets"
)

// polled is what a connection has to do with its loop. Its owner is who set pollBusy: the goroutine in charge of the loop, or one of
// its own; see attend. Nobody else touches session, state and error.
type polled struct {
	loop    *loop // that it is registered with. Only the owner changes it.
	mark    int32 // of its events: descriptors come back, marks don't soon
	epoch   uint32
	cycle   uint32 // of its loop, in which it was last answered; see group
	window  uint32 // the same; see pace
	bits    atomic.Uint32
	refs    atomic.Int32 // the descriptor is open while somebody holds one
	served  *worker      // in whose turn the owner serves the connection; see Yield
	more    bool         // the last read left input behind
	claimed bool         // the loop sends the replies, of which it could send the first sent bytes; see claim
	sent    int
	signal  atomic.Pointer[signals] // nil before anybody waited
	slow    atomic.Bool             // a writer waits until the socket takes more
}

type signals struct{ input, output chan struct{} }

const (
	pollBusy  = 1 << iota // somebody owns the connection
	pollInput             // there was an event meanwhile
	pollGone              // the peer has closed its side, or there was an error: read to the end
)

// ring wakes one who waits on ch now or later.
func ring(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// event takes in what the poller says. It returns true when the caller has become the owner and is to read.
func (c *conn) event(what uint32) (own bool) {
	if what&epollOutput != 0 && c.slow.Load() {
		ring(c.signals().output)
	}
	if what&epollInput == 0 {
		return false
	}
	gone := uint32(0)
	if what&epollGone != 0 {
		gone = pollGone
	}
	for {
		old := c.bits.Load()
		if old&pollBusy == 0 {
			if c.bits.CompareAndSwap(old, pollBusy|gone) {
				return true
			}
		} else if c.bits.CompareAndSwap(old, old|pollInput|gone) {
			if gone != 0 {
				c.client.TryCancelBlocked(nil) // who has gone is served nothing, not even before its goroutine notices
			}
			if s := c.signal.Load(); s != nil {
				ring(s.input)
			}
			return false
		}
	}
}

// signals returns the channels on which goroutines of the connection wait.
func (c *conn) signals() *signals {
	if s := c.signal.Load(); s != nil {
		return s
	}
	c.signal.CompareAndSwap(nil, &signals{input: make(chan struct{}, 1), output: make(chan struct{}, 1)})
	return c.signal.Load()
}

// use keeps the descriptor open until unuse; false when it is closed already. The owner need not call it.
func (c *conn) use() bool {
	for {
		n := c.refs.Load()
		if n == 0 {
			return false
		}
		if c.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (c *conn) unuse() {
	if c.refs.Add(-1) == 0 {
		c.srv.table.drop(c.fd, c)
		syscall.Close(c.fd)
	}
}

// room is where the next input goes, not empty.
func (c *conn) room() []byte { return c.acquire().room(c.need(), c.srv.queryLimit.Load()) }

// readOnce reads what the socket has, as far as there is room, and executes the requests in it. False when there was nothing.
func (c *conn) readOnce() bool {
	room := c.room()
	n, err := sockets.Read(c.fd, room)
	return c.received(len(room), n, err)
}

// received is the rest of readOnce, after a read.
func (c *conn) received(room, n int, err error) bool {
	if c.closed.Load() {
		c.err = net.ErrClosed
		return false
	}
	if n <= 0 {
		c.nothing(n, err)
		return false
	}
	c.more = n == room || c.bits.Load()&pollGone != 0
	c.took(c.s, n)
	c.process()
	return true
}

// nothing is what a read that brought nothing tells: the socket is empty, or the connection at its end.
func (c *conn) nothing(n int, err error) {
	c.more = false
	if err != syscall.EAGAIN {
		c.err = readError(n, err)
		return
	}
	c.bits.And(^uint32(pollGone)) // it was an error that has passed
}

// rest gives the connection up: the next event has an owner again. False when there was one already, and the caller, still the
// owner, is to read. Nothing of the connection may be touched after true.
func (c *conn) rest() bool {
	c.idle()
	if c.bits.Load() == pollBusy {
		if c.epoch != c.srv.epoch.Load() {
			return c.move()
		}
		if c.bits.CompareAndSwap(pollBusy, 0) {
			return true
		}
	}
	c.bits.And(^uint32(pollInput))
	return false
}

// move is rest on the way to another loop.
func (c *conn) move() bool {
	c.epoch = c.srv.epoch.Load()
	to := c.srv.loopFor(c)
	if to == c.loop {
		return c.bits.CompareAndSwap(pollBusy, 0)
	}
	c.loop.remove(c)
	c.loop = to
	c.bits.Store(0) // no event can come
	if to.add(c) != nil && c.bits.CompareAndSwap(0, pollBusy) {
		c.end()
	}
	return true
}

// attend serves a connection, whose owner the caller is, without its loop: one that waits, or whose request took long.
func (c *conn) attend() {
	c.served = nil
	rests := false
	defer func() { // SHUTDOWN ends the goroutine by Goexit
		if !rests {
			c.end()
		}
	}()
	for {
		for c.state != core.Continue && c.err == nil {
			c.await()
		}
		if c.err == nil {
			c.settle()
		}
		if c.err != nil {
			return
		}
		if rests = !c.more && c.rest(); rests {
			return
		}
		c.readOnce()
	}
}

// await does what the state asks for, and goes on with the requests at hand. What those before have answered, and pushed to others, must not
// wait as well; nor pushes to c that its requests held.
func (c *conn) await() {
	if c.settle(); c.err != nil {
		return
	}
	switch c.state {
	case core.Blocked:
		c.awaitBlocked()
	case core.Postponed:
		c.awaitResume()
	case core.CloseAfter:
		c.err = net.ErrClosed
	}
	if c.err == nil && c.state == core.Continue && c.s != nil && c.s.buffered() > 0 {
		c.process()
	}
}

// awaitInput waits until there is input, or ring of its signal, or the deadline, and collects the input. Zero is no deadline.
func (c *conn) awaitInput(deadline time.Time) {
	input := c.signals().input // before the look at the bits: an event that comes after it has something to ring
	if !c.more && c.bits.Load()&(pollInput|pollGone) == 0 {
		var alarm <-chan time.Time
		if !deadline.IsZero() {
			t := time.NewTimer(time.Until(deadline))
			defer t.Stop()
			alarm = t.C
		}
		select {
		case <-input:
		case <-alarm:
		}
	}
	if c.closed.Load() {
		c.err = net.ErrClosed
	} else {
		c.bits.And(^uint32(pollInput))
		c.collect()
	}
}

// collect keeps what a blocked client sends, up to the query buffer limit, and notices when it goes.
func (c *conn) collect() {
	for c.err == nil {
		s := c.acquire()
		room := s.room(0, c.srv.queryLimit.Load())
		n, err := sockets.Read(c.fd, room)
		if n <= 0 {
			c.nothing(n, err)
			return
		}
		c.took(s, n)
		c.overQueryLimit()
	}
}

// Yield implements core.Yielder: from here on, a new goroutine is in charge of the loop.
func (c *conn) Yield() {
	if w := c.served; w != nil {
		c.served = nil
		w.yield()
	}
}
