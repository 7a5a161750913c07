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
	wallNs atomic.Int64 // wall clock at base, nanoseconds since the epoch
}

func (t *timeSource) init(c Clock) {
	t.fake = c
	t.base = time.Now()
	t.wallNs.Store(t.base.UnixNano())
}

// resync follows steps of the wall clock.
func (t *timeSource) resync() {
	now := time.Now()
	t.wallNs.Store(now.UnixNano() - int64(now.Sub(t.base)))
}

// read returns a monotonic time in nanoseconds and the wall clock in milliseconds.
func (t *timeSource) read() (monoNs, wallMs int64) {
	monoNs = int64(time.Since(t.base))
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

// mono is the monotonic half of read.
func (t *timeSource) mono() int64 { return int64(time.Since(t.base)) }

func (t *timeSource) now() time.Time {
	if t.fake != nil {
		return t.fake.Now()
	}
	return time.Now()
}
