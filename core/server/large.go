package server

import (
	"math/bits"
	"sync"
	"time"
)

// largeBuffers are buffers larger than what sessions keep, for use again and again. To make one anew for each large request or reply takes a collection of
// garbage every few times, and each collection gives memory back to the system, which is fetched again page by page: where page faults are dear that
// was 38 times the CPU of Redis for SET of 100 KB.
type largeBuffers struct {
	mu    sync.Mutex
	list  [][]byte // at their capacity
	bytes int      // of all
	used  time.Time
}

const (
	// largeMost is the largest buffer that is kept, and largeBytes how much all may take.
	largeMost  = 4 << 20
	largeBytes = 16 << 20
	// largeUnused is how long they are kept when nobody takes one.
	largeUnused = 2 * time.Second
)

// large serves all servers of the process.
var large largeBuffers

// get returns a buffer of at least size bytes, content arbitrary, at its capacity, or nil. The smallest will do.
func (l *largeBuffers) get(size int) (b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used = time.Now()
	best := -1
	for i, o := range l.list {
		if len(o) >= size && (best < 0 || len(o) < len(l.list[best])) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	last := len(l.list) - 1
	b = l.list[best]
	l.list[best], l.list[last] = l.list[last], nil
	l.list = l.list[:last]
	l.bytes -= len(b)
	return b
}

// put takes b unless there are enough. Nobody else may have it.
func (l *largeBuffers) put(b []byte) {
	b = b[:cap(b)]
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(b) <= largeMost && l.bytes+len(b) <= largeBytes {
		l.list = append(l.list, b)
		l.bytes += len(b)
	}
}

// trim lets go of all if nobody has taken one for a while.
func (l *largeBuffers) trim() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bytes > 0 && time.Since(l.used) > largeUnused {
		l.list, l.bytes = nil, 0
	}
}

// bufferHint is what large buffers a connection has needed the last time that it had a session: it gets such at once the next time.
type bufferHint struct {
	input, output int // bytes, 0: none
	now           int // bytes of output, this time
}

// replied takes in that n bytes of replies were written together.
func (h *bufferHint) replied(n int) {
	if n > keptOutput {
		h.now = max(h.now, n)
	}
}

// release ends the session, of whose input so much was there at once.
func (h *bufferHint) release(input int) {
	h.input, h.output, h.now = 0, roundUp(h.now), 0
	if input > keptInput {
		h.input = roundUp(input)
	}
}

// roundUp has buffers of about one size, if they are kept, fit each other: it is n, up to a fiftieth more.
func roundUp(n int) int {
	if n == 0 || n > largeMost {
		return n
	}
	step := 1 << max(bits.Len(uint(n))-7, 0)
	return (n + step - 1) &^ (step - 1)
}
