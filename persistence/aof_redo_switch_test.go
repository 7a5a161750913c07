package persistence

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// A reply that leads waits for the flush beside it with the writer's lock: the writer's goroutine, which is told of the end, too, leaves it the
// result.
func TestWriterLeavesTheResultOfAFlush(t *testing.T) {
	w := &aofWriter{nudge: make(chan struct{}, 1), synced: make(chan error, 1), timer: time.NewTimer(time.Hour)}
	w.work.Lock()
	defer w.work.Unlock()
	w.synced <- nil
	returned := make(chan struct{})
	go func() { w.pause(planned{synced: w.synced, wait: time.Hour}); close(returned) }()
	select {
	case <-returned:
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for the lock")
	}
	if len(w.synced) != 1 {
		t.Error("the result is gone")
	}
}

// CONFIG SET appendfsync always while a flush of everysec is under way: its effects are not flushed yet, and there is no redo log, or not yet.
func TestSwitchToAlwaysDuringAFlush(t *testing.T) {
	for _, size := range []string{"0", "4mb"} {
		t.Run(size, func(t *testing.T) {
			disk, flush := newFaultFS(t, t.TempDir()), newGate()
			r := start(t, disk, "appendonly", "yes", "aof-redo-log-size", size)
			flush.shut.Store(true)
			disk.set(-1, func(op, name string) error {
				if op == "sync" && isIncr(name) {
					flush.pass()
				}
				return nil
			})
			r.acked("SET", "before", "v")
			eventually(t, "the flush begins", r.aof().writer.Load().syncing.Load)
			r.set("appendfsync", "always")
			reply := r.send("after")
			time.Sleep(20 * time.Millisecond)
			flush.open()
			wantReply(t, reply)
			wantAfterPowerFailure(t, r, disk, "after")
		})
	}
}

// Whoever looks for the redo log may find it gone because the writer has ended it.
func TestRedoLogEndsWhileItIsLookedFor(t *testing.T) {
	r := startWithRedo(t)
	r.open()
	r.set("appendfsync", "everysec")
	w := r.aof().writer.Load()
	eventually(t, "the redo log is ended", func() bool { return !w.redoUsed.Load() })
	w.redoGone.Store(true)
	r.acked("SET", "k", "v")
	r.set("appendfsync", "always")
	r.awaitRedo()
}

// While the append-only file needs frames, the last one is fresh whenever the file is changed: however long its flush takes, the time
// of its last change tells the next start that the server has changed it.
func TestRedoLogIsFreshWhenTheFileIsChanged(t *testing.T) {
	r := startWithRedo(t)
	r.acked("SET", "k", "v")
	w := r.aof().writer.Load()
	w.work.Lock()
	w.redoLog.last = time.Now().Add(-time.Hour)
	w.work.Unlock()
	from := time.Now()
	var old atomic.Bool
	r.disk.set(-1, func(op, name string) error {
		if op != "write" || !isIncr(name) {
			return nil
		}
		frames, err := readRedo(r.disk, theRedo)
		if fresh := slices.ContainsFunc(frames, func(f redoFrame) bool { return f.at >= from.UnixNano() }); err != nil || !fresh {
			old.Store(true)
		}
		return nil
	})
	r.acked("SET", "later", "v")
	r.open()
	if old.Load() {
		t.Error("the file was changed an hour after the last frame")
	}
}
