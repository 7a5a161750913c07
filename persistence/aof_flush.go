package persistence

import "time"

const (
	// syncEvery is how old what is not yet on disk may be under everysec before it is flushed.
	syncEvery = 500 * time.Millisecond
	// syncLate is the age from which replies wait for the flush, so that no more
	// than a second's acknowledged writes can be lost, however slow the disk is.
	syncLate = time.Second
	// syncBytes not yet on disk make a flush due, and maxUnsynced is how many are kept: the
	// writer then waits for the flush, and the effect log for the writer.
	syncBytes   = 8 << 20
	maxUnsynced = 64 << 20
	// dropBytes is how much of the file stays in the system's memory before it is asked to drop that: it looks at all processors then.
	dropBytes = 2 << 20
)

// syncPolicy is what appendfsync says.
type syncPolicy int32

const (
	syncNo syncPolicy = iota
	syncEverySecond
	syncAlways
)

// syncStart is what a flush covers.
type syncStart struct {
	pieces int
	offset int64
	at     time.Time
}

// flush makes what is written last, as the policy says, and collects the flush that runs beside.
func (w *aofWriter) flush() error {
	if w.syncing.Load() {
		select {
		case err := <-w.synced:
			return w.collect(err)
		default:
		}
	}
	w.loseRedo()
	policy := w.policy()
	if policy == syncAlways && w.redoLog == nil {
		w.beginRedo()
	}
	switch {
	case w.mustFlush(policy):
		return w.flushNow()
	case policy == syncAlways:
		if !w.putRedo() {
			return w.flushNow()
		}
		w.flushBeside()
	case policy == syncNo:
		w.endRedo()
		if !w.syncing.Load() {
			w.loose = w.dirty
			w.drop(w.wrote)
			w.oldest.Store(0)
		}
	default:
		w.endRedo()
		if w.dirty && w.oldest.Load() == 0 { // written under another policy
			w.oldest.Store(time.Now().UnixNano())
		}
		w.flushBeside()
	}
	return nil
}

// mustFlush reports whether the file itself is to be flushed before anything else.
func (w *aofWriter) mustFlush(policy syncPolicy) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unsure || w.force > w.durable || w.next != nil && w.got >= w.next.at ||
		w.loose && policy == syncAlways || w.redone > 0 && policy != syncAlways
}

// flushNow flushes what is written, and waits for that.
func (w *aofWriter) flushNow() error {
	if w.syncing.Load() {
		if err := w.collect(<-w.synced); err != nil {
			return err
		}
	}
	if !w.dirty {
		w.advance(w.written)
		return nil
	}
	w.pending = syncStart{w.wrote, w.written, time.Now()}
	ended := w.waiting()
	err := datasync(w.file)
	ended()
	if err == nil {
		w.redoLog.empty()
	}
	return w.collect(err)
}

// flushBeside begins a flush beside the writer once one is due.
func (w *aofWriter) flushBeside() {
	if !w.dirty || w.syncing.Load() || w.age() < syncEvery && w.bytes < syncBytes && !w.redoLog.filling() {
		return
	}
	w.pending = syncStart{w.wrote, w.written, time.Now()}
	w.dirty = w.part > 0
	w.redoLog.turn()
	w.syncing.Store(true)
	drop := w.at-w.dropped >= dropBytes
	if drop {
		w.dropped = w.at
	}
	go func(f File, size int64) {
		err := w.flusher.datasync(f)
		if err == nil && drop {
			dropCache(f, size)
		}
		w.synced <- err
	}(w.file, w.at)
}

// age is that of the oldest byte that is not on disk.
func (w *aofWriter) age() time.Duration {
	if ns := w.oldest.Load(); ns != 0 {
		return time.Duration(time.Now().UnixNano() - ns)
	}
	return 0
}

// collect takes the result of a flush.
func (w *aofWriter) collect(err error) error {
	w.syncing.Store(false)
	p := w.pending
	if w.unsure = err != nil; w.unsure {
		w.rewind()
		return err
	}
	w.loose = false
	w.drop(p.pieces)
	if w.wrote > 0 || w.part > 0 {
		w.dirty = true
		w.oldest.Store(p.at.UnixNano())
	} else {
		w.dirty = false
		w.oldest.Store(0)
	}
	w.advance(p.offset)
	return nil
}

// rewind forgets that anything was written since the last good flush.
func (w *aofWriter) rewind() {
	for _, p := range w.queue[:w.wrote] {
		w.queued.Add(int64(len(p.data)))
	}
	w.queued.Add(int64(w.part))
	w.wrote, w.part, w.at, w.seek, w.dirty = 0, 0, w.base, true, true
}

// drop lets go of the first pieces.
func (w *aofWriter) drop(n int) {
	if n == 0 {
		return
	}
	w.reader.Release(w.queue[n-1].end)
	for _, p := range w.queue[:n] {
		w.base += int64(len(p.data))
		w.bytes -= int64(len(p.data))
	}
	for _, p := range w.queue[:min(n, w.redone)] {
		w.redoBytes -= int64(len(p.data))
	}
	w.redone = max(0, w.redone-n)
	rest := copy(w.queue, w.queue[n:])
	clear(w.queue[rest:])
	w.queue = w.queue[:rest]
	w.wrote -= n
}

// watch decides ten times a second whether the disk is late.
func (w *aofWriter) watch(now time.Time) {
	policy, oldest, writing := w.policy(), w.oldest.Load(), w.writing.Load()
	late := policy == syncEverySecond && oldest != 0 && now.UnixNano()-oldest > int64(syncLate)
	stuck := policy != syncAlways && writing != 0 && now.UnixNano()-writing > int64(stuckAfter)
	if w.late.Swap(late || stuck) == (late || stuck) {
		return
	}
	if stuck && !late {
		w.log.Debug("The disk holds up the writing of the AOF. Replies to writes wait for it.")
		return
	}
	if late {
		w.delayed.Add(1)
		if w.fault.Load() != nil { // why has been told
			return
		}
		w.log.Info("Asynchronous AOF fsync is taking too long (disk is busy?). Replies to writes wait for it.")
		return
	}
	w.mu.Lock()
	w.wake(everyone)
	w.mu.Unlock()
}
