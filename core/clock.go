package core

import (
	"sync/atomic"
	"time"
)

// timeSource gives the time of the host in one monotonic reading: the wall clock
// is that reading plus an offset, which the cron refreshes so that steps of the
// system clock are followed within 100 ms. A fake Clock is asked every time.
type timeSource struct {
	fake   Clock
	base   time.Time
	wallNs atomic.Int64             // wall clock at base, nanoseconds since the epoch
	line   atomic.Pointer[tickLine] // nil: the kernel is asked
	meter  tickMeter
	steady bool // ticks can be used
}

func (t *timeSource) init(c Clock) {
	t.fake = c
	t.base = time.Now()
	t.steady = steadyTicks()
	t.resync()
}

// resync follows steps of the wall clock, and measures the ticks anew. One goroutine at a time may call it.
func (t *timeSource) resync() {
	now := time.Now()
	t.wallNs.Store(now.UnixNano() - int64(now.Sub(t.base)))
	if !t.steady {
		return
	}
	if s, ok := t.sample(); ok {
		t.line.Store(t.meter.next(s))
	}
}

// read returns a monotonic time in nanoseconds and the wall clock in milliseconds.
func (t *timeSource) read() (monoNs, wallMs int64) {
	monoNs = t.mono()
	if t.fake != nil {
		return monoNs, t.fake.Now().UnixMilli()
	}
	return monoNs, (t.wallNs.Load() + monoNs) / 1e6
}

// since is read for a command that follows another in the same batch: the other's end, if
// there was one, is its beginning.
func (t *timeSource) since(lastNs int64) (monoNs, wallMs int64) {
	if lastNs == 0 || t.fake != nil {
		return t.read()
	}
	return lastNs, (t.wallNs.Load() + lastNs) / 1e6
}

// CoarseMs is NowMs as of the last step of the cron, at most 100 ms ago, for one atomic load.
func (e *Engine) CoarseMs() int64 { return e.coarseMs.Load() }

// mono is the monotonic half of read. A resync may set it back by microseconds: see after.
func (t *timeSource) mono() int64 {
	if l := t.line.Load(); l != nil {
		if ns, ok := l.at(ticks()); ok {
			return ns
		}
	}
	return int64(time.Since(t.base))
}

// after is mono for the end of what began at startNs.
func (t *timeSource) after(startNs int64) int64 { return max(t.mono(), startNs) }

func (t *timeSource) now() time.Time {
	if t.fake != nil {
		return t.fake.Now()
	}
	return time.Now()
}
