package server

import (
	"syscall"
	"time"
	"unsafe"
)

// group is what a loop knows about clients whose replies wait for the disk, so that one flush serves as many as it can. While one runs the
// loop serves nobody: those whose requests come meanwhile need the next flush, and with a slow disk the clients of a program end up in
// two halves of which each waits for the other's flush as well. Requests of the other half come soon after the answers to it: the
// loop then waits for them, but never longer than a part of what a flush takes, and not for clients that take their time.
type group struct {
	cycle uint32        // counts the times that the loop has answered
	last  int           // how many were answered the last time
	both  int           // how many the last two times, each counted once
	flush time.Duration // what a flush takes, about
	until time.Time     // when waiting ends; zero: it has not begun
	vain  uint          // waits in succession that brought too few
	skip  int           // times that the loop does not wait
	began time.Time
}

const (
	// lingerFrom is the time of a flush from which on waiting pays. With 50 clients that share two processors with the server it is even at
	// about 300 us.
	lingerFrom = 800 * time.Microsecond
	// lingerPart of a flush, or lingerMost, is waited at the longest.
	lingerPart = 2
	lingerMost = 5 * time.Millisecond
	// lingerSkips bounds how many times, as a power of two, no wait follows one that brought too few.
	lingerSkips = 8
)

// answering is called before connections are answered whose replies wait for the disk.
func (g *group) answering(ready []*conn) {
	g.cycle++
	again := 0
	for _, c := range ready {
		if c.cycle == g.cycle-1 {
			again++
		}
		c.cycle = g.cycle
	}
	g.both = len(ready) + max(0, g.last-again)
	g.last = len(ready)
	g.skip = max(0, g.skip-1)
	g.until = time.Time{}
	g.began = time.Now()
}

// flushed is called when the first of them has its answer: that has waited for the flush.
func (g *group) flushed() { g.flush += (time.Since(g.began) - g.flush) / 8 }

// enough reports whether n clients are nearly all that may come soon.
func (g *group) enough(n int) bool { return n >= g.both-g.both/8 }

// linger waits for more clients before those that are ready get their flush. It keeps its processor meanwhile, so it doesn't where every
// processor has a loop.
func (l *loop) linger() (int, error) {
	g := &l.group
	if g.flush < lingerFrom || g.skip > 0 || l.srv.crowded.Load() {
		return 0, nil
	}
	if g.enough(len(l.ready)) {
		g.vain = 0
		return 0, nil
	}
	if g.until.IsZero() {
		g.until = time.Now().Add(min(g.flush/lingerPart, lingerMost))
	}
	for {
		left := time.Until(g.until)
		if left <= 0 {
			g.vain = min(g.vain+1, lingerSkips)
			g.skip = 1 << g.vain
			return 0, nil
		}
		if n, err := l.pollFor(left); n > 0 || err != nil && err != syscall.EINTR {
			return n, err
		}
	}
}

// pollFor is poll with a shorter time than milliseconds; Linux 5.11.
func (l *loop) pollFor(d time.Duration) (int, error) {
	const epollPwait2 = 441 // on all architectures
	ts := syscall.NsecToTimespec(int64(d))
	n, _, e := syscall.RawSyscall6(epollPwait2, uintptr(l.ep), uintptr(unsafe.Pointer(&l.events[0])), loopEvents, uintptr(unsafe.Pointer(&ts)), 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}
