package server

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redust/redust/core/options"
)

// loopSet is the loops of a server, and the watch that keeps them going.
type loopSet struct {
	loops     []*loop // empty where sockets can't be polled
	table     connTable
	inUse     atomic.Int32  // loops that connections are given to
	epoch     atomic.Uint32 // of inUse: connections move when it changes
	crowded   atomic.Bool   // every processor has a loop
	loopsDone sync.WaitGroup
	ioURing   *options.BoolValue
	noURing   atomic.Bool // the kernel has refused one

	watching  atomic.Bool
	watchWake chan struct{}
}

// startLoops makes a loop for each of n processors.
func (s *Server) startLoops(n int) {
	s.watchWake = make(chan struct{}, 1)
	for range n {
		many := s.newMulti()
		l, err := newLoop(s, many)
		if err != nil {
			many.Close()
			s.log.Warn("sockets can't be polled, each connection has a goroutine", "error", err)
			break
		}
		s.loops = append(s.loops, l)
		s.loopsDone.Add(1)
		go l.run()
	}
	if len(s.loops) > 0 {
		s.Processors(n)
		s.wg.Add(1)
		go s.watchLoops()
	}
}

// stopLoops ends them when no connection is left.
func (s *Server) stopLoops() {
	for _, l := range s.loops {
		l.stop()
	}
	s.loopsDone.Wait()
}

// Processors says how many loops serve connections from now on, at most one for each processor of New's moment, which is how many
// do without it.
func (s *Server) Processors(n int) {
	if n = min(n, len(s.loops)); n < 1 {
		return
	}
	s.inUse.Store(int32(n))
	s.crowded.Store(n >= runtime.GOMAXPROCS(0))
	s.epoch.Add(1)
}

// loopFor is the loop that c belongs to.
func (s *Server) loopFor(c *conn) *loop { return s.loops[int(c.mark)%int(s.inUse.Load())] }

// poll registers a new connection with its loop.
func (c *conn) poll() {
	c.mark = int32(c.client.ID() & 0x7fffffff)
	c.refs.Store(1)
	c.epoch = c.srv.epoch.Load()
	l := c.srv.loopFor(c)
	c.loop = l
	c.srv.table.set(c.fd, c)
	if err := l.add(c); err != nil { // else it is the loop's from here on
		c.srv.log.Warn("a connection can't be polled", "error", err)
		c.end()
	}
}

const (
	// watchEvery is the period of the watch: a request that holds up its loop for so long, up to twice as long, loses it.
	watchEvery = 10 * time.Millisecond
	// watchPatience is the number of looks without any request after which the watch sleeps.
	watchPatience = 20
)

// watch has the watch run: a request is being served.
func (s *Server) watch() {
	if s.watching.CompareAndSwap(false, true) {
		ring(s.watchWake)
	}
}

// watchLoops takes loops away from requests that hold them up. It sleeps while nothing is served.
func (s *Server) watchLoops() {
	defer s.wg.Done()
	for {
		select {
		case <-s.stop:
			s.lastWatch()
			return
		case <-s.watchWake:
		}
		tick := time.NewTicker(watchEvery)
		for quiet := 0; quiet < watchPatience; {
			select {
			case <-s.stop:
				quiet = watchPatience
			case <-tick.C:
				if quiet++; s.look() {
					quiet = 0
				}
			}
		}
		tick.Stop()
		s.watching.Store(false)
		for _, l := range s.loops { // one that did not call watch, as it still ran
			if l.turn.Load()&1 == 1 {
				s.watch()
			}
		}
	}
}

// look takes loops away from requests that were being served at the last look, too. It reports whether anything was served since.
func (s *Server) look() (busy bool) {
	for _, l := range s.loops {
		t := l.turn.Load()
		busy = busy || t != l.watched
		if t == l.watched {
			l.take(t)
		}
		l.watched = t
	}
	return busy
}

// lastWatch goes on while the server closes, until the loops have no connection left.
func (s *Server) lastWatch() {
	for end := time.NewTicker(watchEvery); ; <-end.C {
		s.look()
		s.mu.Lock()
		n := len(s.conns)
		s.mu.Unlock()
		if n == 0 {
			end.Stop()
			return
		}
	}
}
