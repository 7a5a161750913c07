package server

import (
	"sync"

	"github.com/redust/redust/protocol"
)

const (
	inputBytes  = 16 << 10
	outputBytes = 16 << 10
	// flushBytes of replies are written even though more requests are at hand.
	flushBytes = 64 << 10
	// keptInput and keptOutput are the largest buffers that go from session to session.
	keptInput  = 64 << 10
	keptOutput = 256 << 10
	// trustBytes and a trustRatio'th of a request having come, the buffer grows to the declared length at once: doubling on would
	// leave as much again to the collector.
	trustBytes = 1 << 20
	trustRatio = 16
)

// session is what a connection needs while it has input: it goes back to the
// pool whenever the connection is idle between requests.
type session struct {
	in         []byte // len == cap
	own        []byte // what in was before it grew
	start, end int    // unprocessed input
	most       int    // end at its highest
	out        []byte
	parser     protocol.Parser
	resume     [][]byte // request to give again after Postponed
	touched    []*conn  // connections with something published to them by this batch
	sender     sender   // for those, when they are few
	late       [][]byte // pushes to this connection that wait; see conn.hold
}

var sessions = sync.Pool{New: func() any {
	return &session{in: make([]byte, inputBytes), out: make([]byte, 0, outputBytes)}
}}

func (s *session) buffered() int { return s.end - s.start }

// room returns free space behind the input, at least a quarter buffer, or need bytes if that
// is more: the input is moved to the front, or the buffer doubled. It never grows
// ahead of data: a declared length alone costs nothing. limit is what may be buffered; little more is allocated.
func (s *session) room(need int, limit int64) []byte {
	if s.start == s.end {
		s.start, s.end = 0, 0
	}
	if len(s.in)-s.end < inputBytes/4 {
		if s.start > len(s.in)/2 {
			s.end = protocol.Copy(s.in, s.in[s.start:s.end])
			s.start = 0
		} else {
			size := 2 * len(s.in)
			// Room for what follows it, too: a value of 1 MB needs a little more than twice 512 KB.
			want := s.buffered() + need + inputBytes/4
			if need > 0 && want <= size+inputBytes {
				size = max(want, len(s.in)+inputBytes)
			} else if need > 0 && s.buffered() >= trustBytes && want/trustRatio <= s.buffered() {
				size = want
			}
			if most := limit + inputBytes; int64(size) > most {
				size = max(int(most), len(s.in)+inputBytes)
			}
			s.grow(size)
		}
	}
	return s.in[s.end:]
}

// grow takes an input buffer of size bytes, or somewhat more.
func (s *session) grow(size int) {
	old, grown := s.in, []byte(nil)
	if size > keptInput {
		size = roundUp(size)
		grown = large.get(size)
	}
	if grown == nil {
		grown = make([]byte, size)
	}
	s.end = protocol.Copy(grown, old[s.start:s.end])
	s.start = 0
	s.in = grown
	if len(old) > keptInput {
		large.put(old)
	} else if s.own == nil {
		s.own = old
	}
}

// shrink gives a large input buffer away, which is empty.
func (s *session) shrink() {
	if len(s.in) > keptInput {
		large.put(s.in)
		s.in = s.own
	}
	s.own = nil
}

// acquire returns the connection's session, taking one from the pool if it is idle.
func (c *conn) acquire() *session {
	if c.s == nil {
		c.s = sessions.Get().(*session)
		c.client.W.Buf = c.s.out
		if c.hint.output > 0 {
			if b := large.get(c.hint.output); b != nil {
				c.client.W.Buf = b[:0]
			}
		}
		if c.hint.input > 0 {
			if b := large.get(c.hint.input); b != nil {
				c.s.own, c.s.in = c.s.in, b
			}
		}
	}
	return c.s
}

// idle gives the session back when no part of a request is in it.
func (c *conn) idle() {
	if c.s != nil && c.s.buffered() == 0 {
		c.release()
	}
}

func (c *conn) release() {
	s := c.s
	if s == nil {
		return
	}
	c.s = nil
	if b := c.client.W.Buf[:0]; cap(b) > keptOutput {
		large.put(b)
	} else {
		s.out = b
	}
	c.client.W.Buf = nil
	c.hint.release(s.most)
	c.client.Idle()
	c.querySz.Store(0)
	c.queryCap.Store(0)
	if c.told != 0 {
		c.account()
	}
	s.shrink()
	s.start, s.end, s.most = 0, 0, 0
	s.parser.Reset()
	sessions.Put(s)
}
