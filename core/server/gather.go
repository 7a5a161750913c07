package server

import (
	"runtime"
	"sync/atomic"
)

const (
	// gatherUpTo is the number of processors up to which replies are gathered: the queue that it goes through is shared by all
	// of them.
	gatherUpTo = 4
	// gatherAtMost bounds the connections whose replies wait, as each keeps its buffers meanwhile.
	gatherAtMost = 128
)

// gathering lets connections that have input read it before any of them is answered, as an event loop does: the clients, woken by
// one reply after the other, find all of them in one go, and the kernel wakes fewer of them.
type gathering struct {
	on      atomic.Bool
	waiting atomic.Int32
}

// largeTransfer is the size of a buffer from which on moving it keeps a processor for long.
const largeTransfer = 1 << 20

// largeTransfer tells that processors should be there for others while a large request or reply is on its way.
func (s *Server) largeTransfer() {
	s.eng.BeginLong()
	s.eng.EndLong()
}

// Processors says how many processors the process uses from now on. Without it, those of New's moment count.
func (s *Server) Processors(n int) { s.gather.on.Store(n <= gatherUpTo) }

// gatherReplies is called by a connection that has worked off its input and is about to answer: those that are ready to run go first.
func (s *Server) gatherReplies() {
	g := &s.gather
	if !g.on.Load() {
		return
	}
	if g.waiting.Add(1) <= gatherAtMost {
		runtime.Gosched()
	}
	g.waiting.Add(-1)
}
