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
	mu     sync.Mutex
	wake   sync.Cond
	queue  []*conn
	head   int
	idle   int
	closed bool
	wg     sync.WaitGroup
}

func (f *flushers) start() {
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
	w := writer{buf: make([]byte, 0, gatherBytes)}
	for {
		n := f.take(batch[:])
		if n == 0 {
			return
		}
		for _, c := range batch[:n] {
			if w.drain(c) {
				f.put(c)
			}
		}
	}
}

// writer writes lists without waiting. It belongs to one goroutine.
type writer struct{ buf []byte }

// drain writes what is pending on c, which the caller is in charge of. again asks for
// another turn: more came meanwhile.
func (w *writer) drain(c *conn) (again bool) {
	b := c.gather(w.buf)
	if b == nil {
		return false
	}
	if c.nc != nil || !c.use() {
		go c.writeList()
		return false
	}
	n, _ := writeFD(c.fd, b)
	c.unuse()
	c.wrote(n)
	if n < len(b) {
		go c.writeList()
		return false
	}
	return c.pending()
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

// deliver writes, or has written, what the requests of the last batch published.
func (c *conn) deliver() {
	s := c.s
	if s == nil || len(s.touched) == 0 {
		return
	}
	if n := len(s.touched); n > directConns {
		c.srv.flush.put(s.touched...)
	} else {
		// Replies are written, so the space for them serves to gather.
		s.writer.buf = c.client.W.Buf[:0]
		for _, t := range s.touched {
			if s.writer.drain(t) {
				c.srv.flush.put(t)
			}
		}
		s.writer.buf = nil
	}
	clear(s.touched)
	s.touched = s.touched[:0]
}
