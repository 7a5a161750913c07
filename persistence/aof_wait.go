package persistence

import (
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/redust/redust/protocol"
)

// waiter is a reply that waits for the disk. ready gets a value when there is reason to look again: true
// when offset is on disk.
type waiter struct {
	offset int64
	ready  chan bool
}

var waiterPool = sync.Pool{New: func() any { return &waiter{ready: make(chan bool, 1)} }}

// everyone is an offset up to which wake takes all waiters.
const everyone = math.MaxInt64

// advance tells who waits how far the disk has got.
func (w *aofWriter) advance(offset int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if offset > w.durable {
		w.durable = offset
		w.wake(offset)
	}
}

// wake lets the waiters up to an offset look again. mu is held.
func (w *aofWriter) wake(offset int64) {
	kept := w.waiters[:0]
	for _, wt := range w.waiters {
		if wt.offset <= offset {
			wt.ready <- w.durable >= wt.offset
		} else {
			kept = append(kept, wt)
		}
	}
	clear(w.waiters[len(kept):])
	w.waiters = kept
}

// wait sleeps until offset is on disk, or there is reason to look again, or patience yields: then ok is false. mu is
// held, and released meanwhile; it is not taken again when the wait is over for good.
func (w *aofWriter) wait(offset int64, patience <-chan time.Time) (onDisk, ok bool) {
	wt := waiterPool.Get().(*waiter)
	wt.offset = offset
	w.waiters = append(w.waiters, wt)
	w.mu.Unlock()
	select {
	case onDisk = <-wt.ready:
		waiterPool.Put(wt)
		if !onDisk {
			w.mu.Lock()
		}
		return onDisk, true
	case <-patience:
		w.mu.Lock()
		if i := slices.Index(w.waiters, wt); i >= 0 {
			w.waiters = slices.Delete(w.waiters, i, i+1)
		}
		return false, false
	}
}

// mustWait reports whether replies wait for the disk.
func (w *aofWriter) mustWait() bool { return w.policy() == syncAlways || w.late.Load() }

// waitDurable returns when the log is on disk up to offset, or replies need not wait any more.
// When the writer has been stopped before that, it ends the goroutine: what was
// promised can't be kept, so the reply must never be sent.
func (w *aofWriter) waitDurable(offset int64) {
	w.mu.Lock()
	for w.durable < offset && w.mustWait() && !(w.dead && w.released) {
		if w.dead {
			w.mu.Unlock()
			runtime.Goexit()
		}
		if w.lead() {
			continue
		}
		if onDisk, _ := w.wait(offset, nil); onDisk {
			return
		}
	}
	w.mu.Unlock()
}

// lead flushes what there is in the log for everybody who waits, unless somebody does so already or the disk fails: then the writer's
// goroutine tries again. mu is held, and released meanwhile.
func (w *aofWriter) lead() bool {
	if w.policy() != syncAlways || w.stop || w.dead || w.fault.Load() != nil || !w.work.TryLock() {
		return false
	}
	w.mu.Unlock()
	w.led.Add(1)
	if _, _, err := w.cycle(); err != nil {
		w.poke()
	}
	w.work.Unlock()
	w.nextLeader()
	w.mu.Lock()
	return true
}

// nextLeader lets one of those lead whose effects came too late for the flush that is done. Who finds work taken waits before he
// releases mu, so that this wakes him.
func (w *aofWriter) nextLeader() {
	if w.policy() != syncAlways {
		return
	}
	w.mu.Lock()
	w.wake(everyone)
	w.mu.Unlock()
}

// policyChanged lets those go on who need not wait any more.
func (w *aofWriter) policyChanged() {
	w.mu.Lock()
	w.wake(everyone)
	w.mu.Unlock()
	w.poke()
}

// barrier waits until the log is on disk up to offset, whatever the policy; it returns the
// fault if the disk does not take it within the patience.
func (w *aofWriter) barrier(offset int64, patience time.Duration) error {
	alarm := time.NewTimer(patience)
	defer alarm.Stop()
	w.mu.Lock()
	w.force = max(w.force, offset)
	w.poke()
	for w.durable < offset && !w.dead {
		onDisk, ok := w.wait(offset, alarm.C)
		if onDisk {
			return nil
		}
		if !ok {
			w.mu.Unlock()
			if f := w.fault.Load(); f != nil {
				return *f
			}
			return protocol.MisconfAOF("the disk takes too long")
		}
	}
	w.mu.Unlock()
	return nil
}
