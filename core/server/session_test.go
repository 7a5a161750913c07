package server

import "testing"

// TestInputGrowsWithWhatArrives: a declared length alone costs nothing; once a part of a large value has come the buffer is made as
// large as the value at once.
func TestInputGrowsWithWhatArrives(t *testing.T) {
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
