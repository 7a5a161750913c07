package server

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestInputGrowsWithWhatArrives: a declared length alone costs nothing; once a part of a large value has come the buffer is made as
// large as the value at once.
func TestInputGrowsWithWhatArrives(t *testing.T) {
	forgetLarge()
	const declared = 64 << 20
	s := &session{in: make([]byte, inputBytes)}
	allocated := 0
	for s.end < declared {
		had := len(s.in)
		room := s.room(declared-s.end, 1<<30)
		if grown := len(s.in); grown != had {
			allocated += grown
			if grown > 2*had && s.end < declared/trustRatio {
				t.Fatalf("%d bytes have come, and the buffer grows from %d to %d", s.end, had, grown)
			}
		}
		s.end += min(len(room), 1<<20, declared-s.end)
	}
	if limit := declared + declared/4; allocated > limit {
		t.Errorf("%d bytes were allocated for a value of %d", allocated, declared)
	}
}

// A value of a round size, which is a little more than a round size with its header, doubles the buffer no more often than its size asks
// for, and what follows it finds room.
func TestInputOfARoundSize(t *testing.T) {
	for _, declared := range []int{64 << 10, 512 << 10, 1 << 20} {
		forgetLarge()
		s := &session{in: make([]byte, inputBytes)}
		size, grown := declared+40, 0
		for s.end < size {
			had := len(s.in)
			room := s.room(size-s.end, 1<<30)
			if len(s.in) != had {
				grown++
			}
			s.end += min(len(room), size-s.end)
		}
		steps := 0
		for n := inputBytes; n < declared; n *= 2 {
			steps++
		}
		if s.room(0, 1<<30); grown != steps || len(s.in) > size+inputBytes {
			t.Errorf("%d bytes: the buffer grew %d times, to %d", size, grown, len(s.in))
		}
	}
}

// forgetLarge lets go of the large buffers of other tests.
func forgetLarge() {
	large.mu.Lock()
	large.list, large.bytes = nil, 0
	large.mu.Unlock()
}

// Large buffers are lent to one at a time, fit, and take no more than their limit.
func TestLargeBuffers(t *testing.T) {
	var l largeBuffers
	r := rand.New(rand.NewPCG(1, 2))
	var lent [][]byte
	owner := map[*byte]bool{}
	for range 20_000 {
		if r.IntN(2) == 0 && len(lent) < 100 {
			size := 1 + r.IntN(largeMost/16)
			b := l.get(size)
			if b == nil {
				b = make([]byte, roundUp(size))
			}
			if len(b) < size || len(b) != cap(b) {
				t.Fatalf("a buffer of %d, %d bytes for %d", len(b), cap(b), size)
			}
			if owner[&b[0]] {
				t.Fatal("a buffer has two owners")
			}
			owner[&b[0]] = true
			lent = append(lent, b)
		} else if n := len(lent); n > 0 {
			i := r.IntN(n)
			b := lent[i]
			lent[i] = lent[n-1]
			lent = lent[:n-1]
			delete(owner, &b[0])
			l.put(b[:r.IntN(len(b))]) // its content doesn't matter
		}
		sum := 0
		for _, b := range l.list {
			sum += len(b)
		}
		if sum != l.bytes || sum > largeBytes {
			t.Fatalf("%d bytes are kept, %d counted", sum, l.bytes)
		}
	}
	if l.put(make([]byte, largeMost+1)); l.get(largeMost+1) != nil {
		t.Error("a buffer that is too large is kept")
	}
	l.used = time.Now().Add(-2 * largeUnused)
	if l.trim(); l.bytes != 0 || len(l.list) != 0 {
		t.Error("buffers that nobody needs are kept")
	}
}

func TestLargeBuffersFitWhatTheyWereMadeFor(t *testing.T) {
	for n := keptInput + 1; n < largeMost; n += 1 + n/100 {
		if r := roundUp(n); r < n || r > n+n/50 || roundUp(r) != r {
			t.Fatalf("%d is rounded up to %d", n, r)
		}
	}
}
