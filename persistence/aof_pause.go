package persistence

import "time"

// planned is what the writer's goroutine waits for; see pause.
type planned struct {
	wake   <-chan struct{} // the log has grown
	synced chan error      // a flush beside the writer is done
	wait   time.Duration
	leave  bool // the log grows: effects gather
}

// plan decides when the next cycle is due. work is held.
func (w *aofWriter) plan(moved, failed bool) planned {
	p := planned{wait: time.Hour}
	switch policy := w.policy(); {
	case failed:
		p.wait = retryEvery
	case w.bytes >= maxUnsynced && w.syncing.Load(): // until the flush is done
	case policy != syncAlways && moved:
		p.leave = true
	default:
		p.wake = w.reader.Wake()
		if policy != syncNo && w.dirty && !w.syncing.Load() {
			p.wait = max(time.Millisecond, syncEvery-w.age())
		}
	}
	if w.syncing.Load() {
		p.synced = w.synced
	}
	return p
}

// pause waits until there is something to do.
func (w *aofWriter) pause(p planned) {
	if p.leave {
		w.leave(p.synced)
		return
	}
	w.timer.Reset(p.wait)
	select {
	case <-p.wake:
		w.leave(p.synced)
	case <-w.nudge:
	case <-w.timer.C:
	case err := <-p.synced:
		w.putBack(err)
	}
	w.timer.Stop()
}

// leave lets effects gather. Replies that wait for the disk may take them there meanwhile; it goes on as long as they do.
func (w *aofWriter) leave(synced chan error) {
	defer w.timer.Stop()
	for before := w.led.Load(); ; {
		w.timer.Reset(gatherFor)
		select {
		case <-w.nudge:
			return
		case <-w.timer.C:
		case err := <-synced:
			w.putBack(err)
			return
		}
		led := w.led.Load()
		if led == before {
			return
		}
		before = led
	}
}

// putBack returns the result of a flush: synced has room, who holds work may wait for it, and else the next cycle takes it.
func (w *aofWriter) putBack(err error) { w.synced <- err }

func (w *aofWriter) poke() {
	select {
	case w.nudge <- struct{}{}:
	default:
	}
}
