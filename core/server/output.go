package server

import (
	"sync"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
)

// output is what the socket has not taken yet. While the list is empty, writers
// go straight to the socket.
type output struct {
	mu      sync.Mutex
	writing bool // a goroutine is at work on the list
	closing bool // close the connection when the list is empty
	closed  bool
	done    chan struct{}
	*backlog
}

// backlog exists only while something is pending: most connections never need one.
type backlog struct {
	list   [][]byte
	bytes  int
	softAt time.Time // since when the soft limit is exceeded
}

// write sends b, or queues a copy of what the socket does not take now. Only the connection's
// goroutine calls it.
func (c *conn) write(b []byte) {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	if !o.writing {
		b = b[c.tryWrite(b):]
		if len(b) == 0 {
			return
		}
	}
	o.queue(c, append([]byte(nil), b...))
}

// Push sends b from any goroutine. b may be shared and is not copied.
func (c *conn) Push(b []byte) {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	c.client.CountNet(0, len(b))
	c.srv.eng.Stats().NetOut.Add(int64(len(b)))
	if !o.writing {
		b = b[c.tryWriteAny(b):]
		if len(b) == 0 {
			return
		}
	}
	o.queue(c, b)
}

// queue appends b and sees to it that somebody writes it. mu is held.
func (o *output) queue(c *conn, b []byte) {
	if o.backlog == nil {
		o.backlog = new(backlog)
	}
	o.list = append(o.list, b)
	o.bytes += len(b)
	if c.overLimit(o.bytes) {
		c.srv.eng.Stats().OutputLimitDrops.Add(1)
		c.srv.log.Warn("closing client for overcoming of output buffer limits", "addr", c.RemoteAddr(), "bytes", o.bytes)
		o.abort()
		go c.shut(false)
		return
	}
	if !o.writing {
		o.writing = true
		go c.writeList()
	}
}

// abort drops what is queued: the connection is about to be closed. mu is held.
func (o *output) abort() {
	o.backlog = nil
	o.closed = true
	if o.done != nil {
		close(o.done)
	}
}

// writeList writes the list until it is empty, waiting for the peer as needed.
func (c *conn) writeList() {
	o := &c.out
	for {
		o.mu.Lock()
		if o.backlog == nil || len(o.list) == 0 {
			o.writing = false
			closing := o.closing
			o.backlog = nil
			o.mu.Unlock()
			if closing {
				c.shut(false)
			}
			return
		}
		b := o.list[0]
		o.mu.Unlock()
		_, err := c.nc.Write(b)
		o.mu.Lock()
		if o.backlog != nil {
			o.list[0] = nil
			o.list = o.list[1:]
			o.bytes -= len(b)
		}
		o.mu.Unlock()
		if err != nil {
			c.shut(false)
			return
		}
	}
}

// overLimit applies client-output-buffer-limit to n queued bytes. mu is held.
func (c *conn) overLimit(n int) bool {
	l := c.srv.outputLimit(c.client)
	if l.HardBytes > 0 && uint64(n) > l.HardBytes {
		return true
	}
	if l.SoftBytes == 0 || uint64(n) <= l.SoftBytes {
		c.out.softAt = time.Time{}
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
	over := c.out.backlog != nil && c.overLimit(c.out.bytes)
	if over {
		c.out.abort()
	}
	c.out.mu.Unlock()
	if over {
		c.srv.eng.Stats().OutputLimitDrops.Add(1)
		c.srv.log.Warn("closing client for overcoming of output buffer limits", "addr", c.RemoteAddr())
		c.shut(false)
	}
}

func (o *output) size() (bytes, pieces int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.backlog == nil {
		return 0, 0
	}
	return o.bytes, len(o.list)
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
