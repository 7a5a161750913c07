package server

import (
	"runtime"
	"sync"
)

const (
	// gatherBytes is how much one write takes from a list of small pieces.
	gatherBytes = 64 << 10
	// flusherTake is how many connections a flusher takes at once.
	flusherTake = 16
	// directConns is the number of connections a publisher writes to itself: waking a flusher
	// costs as much.
	directConns = 2
)

// flushers write the pending lists of many connections. A connection is queued once however much is
// pushed to it until its turn: one write then takes all, so that the busier the
// server, the fewer writes a push costs. They never wait for a peer: what a socket does
// not take is left to a goroutine of that connection.
type flushers struct {
	mu       sync.Mutex
	wake     sync.Cond
	queue    []*conn
	head     int
	idle     int
	closed   bool
	newMulti func() *multi
	wg       sync.WaitGroup
}

func (f *flushers) start(newMulti func() *multi) {
	f.newMulti = newMulti
	f.wake.L = &f.mu
	for range runtime.GOMAXPROCS(0) {
		f.wg.Add(1)
		go f.work()
	}
}

// stop ends the flushers; what is pending then stays unwritten.
func (f *flushers) stop() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.wake.Broadcast()
	f.wg.Wait()
}

// put queues connections that the caller is in charge of.
func (f *flushers) put(cs ...*conn) {
	f.mu.Lock()
	f.queue = append(f.queue, cs...)
	wake := f.idle > 0
	f.mu.Unlock()
	if wake {
		f.wake.Signal()
	}
}

// take waits for connections and moves up to len(dst) of them to dst.
func (f *flushers) take(dst []*conn) int {
	f.mu.Lock()
	for f.head == len(f.queue) {
		f.queue, f.head = f.queue[:0], 0
		if f.closed {
			f.mu.Unlock()
			return 0
		}
		f.idle++
		f.wake.Wait()
		f.idle--
	}
	n := copy(dst, f.queue[f.head:])
	clear(f.queue[f.head : f.head+n])
	f.head += n
	more := f.head < len(f.queue) && f.idle > 0
	f.mu.Unlock()
	if more {
		f.wake.Signal()
	}
	return n
}

func (f *flushers) work() {
	defer f.wg.Done()
	var batch [flusherTake]*conn
	w := sender{out: transfers{many: f.newMulti()}}
	defer w.out.many.Close()
	for {
		n := f.take(batch[:])
		if n == 0 {
			return
		}
		w.send(f, batch[:n])
	}
}

// sender writes lists without waiting. It belongs to one goroutine at a time.
type sender struct {
	out transfers
	buf []byte // for small pieces, of which several are written together
}

const (
	// senderRoom is how much one send takes from a list of small pieces.
	senderRoom = 4 << 10
	// senderAtOnce bounds how many lists are written together.
	senderAtOnce = 64
)

// send writes what is pending on cs, of which the caller is in charge. Those to which more came meanwhile go to f, those
// whose sockets are full get a goroutine.
func (s *sender) send(f *flushers, cs []*conn) {
	if cap(s.buf) < senderRoom {
		s.buf = make([]byte, 0, gatherBytes)
	}
	for len(cs) > 0 {
		for free := s.buf; len(cs) > 0 && len(s.out.list) < senderAtOnce && cap(free) >= senderRoom; cs = cs[1:] {
			c := cs[0]
			b := c.gather(free)
			if b == nil {
				continue
			}
			if c.nc != nil || !c.use() {
				go c.writeList()
				continue
			}
			s.out.add(c, b)
			if &b[0] == &free[:1][0] {
				free = free[len(b):cap(free)][:0]
			}
		}
		s.out.send()
		for i := range s.out.list {
			s.out.conns[i].sentPart(len(s.out.list[i].B), s.out.list[i].N, f)
		}
		s.out.reset()
	}
}

// sentPart takes in that n bytes, or an error's number, of size were written of the list.
func (c *conn) sentPart(size, n int, f *flushers) {
	n = max(0, n)
	c.unuse()
	c.wrote(n)
	switch {
	case n < size:
		go c.writeList()
	case c.pending():
		f.put(c)
	}
}

// pending reports whether there is more to write; if not, nobody is in charge any more.
func (c *conn) pending() bool {
	o := &c.out
	o.mu.Lock()
	if o.backlog != nil && !o.closed {
		o.mu.Unlock()
		return true
	}
	o.writing = false
	closing := o.closing
	o.mu.Unlock()
	if closing {
		c.shut(false)
	}
	return false
}

// deliver writes, or has written, what is pending on cs, of which the caller is in charge.
func (f *flushers) deliver(cs []*conn, by *sender) {
	if len(cs) > directConns {
		f.put(cs...)
	} else if len(cs) > 0 {
		by.send(f, cs)
	}
}

// deliver does so with what the requests of the last batch published.
func (c *conn) deliver() {
	s := c.s
	if s == nil || len(s.touched) == 0 {
		return
	}
	s.sender.buf = c.client.W.Buf[:0] // replies are written, so the space for them serves to gather
	c.srv.flush.deliver(s.touched, &s.sender)
	s.sender.buf = nil
	c.untouch()
}

// untouch forgets to whom something was published.
func (c *conn) untouch() {
	s := c.s
	clear(s.touched)
	s.touched = s.touched[:0]
}
