package persistence

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// switched applies CONFIG SET appendonly. An EXEC calls it with shards held, which the loader needs: so a load is not
// waited for.
func (j *appendOnly) switched(on bool) error {
	j.mu.Lock()
	later := j.loading
	if later {
		j.wish = &on
	}
	j.mu.Unlock()
	if later {
		return nil
	}
	if on {
		return j.turnOn()
	}
	j.turnOff()
	return nil
}

// turnOn begins to log: as in Redis, a rewrite makes the base, and a temporary incr file takes what is
// written meanwhile. Only when the base is there do both count.
func (j *appendOnly) turnOn() error {
	refuse := errors.New("Unable to turn on AOF. Check server logs.") //nolint:staticcheck // Redis's words
	if err := j.s.lockDirectory(); err != nil {
		j.log.Warn(err.Error())
		return refuse
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed || !j.is(aofOff) {
		return nil
	}
	j.relocate()
	if j.manifest == nil {
		m, err := j.readManifest()
		if err != nil {
			j.log.Warn(err.Error())
			return refuse
		}
		j.manifest = m
	}
	if err := j.makeFolder(j.home()); err != nil {
		j.log.Warn("can't open or create the append-only directory", "error", err)
		return refuse
	}
	j.state.Store(int32(aofWaiting))
	if j.s.saves.running() || j.rewrites.active.Load() {
		j.rewrites.scheduled.Store(true)
		j.log.Warn("AOF was enabled but there is already another background operation. An AOF background was scheduled to start when possible.")
		return nil
	}
	j.startRewrite(nil)
	return nil
}

// turnOff ends logging. What was acknowledged so far is flushed, if the disk takes it.
func (j *appendOnly) turnOff() {
	j.mu.Lock()
	defer j.mu.Unlock()
	was := aofState(j.state.Swap(int32(aofOff)))
	if j.rewrites.active.Load() {
		j.log.Info(fmt.Sprintf("Killing running AOF rewrite child: %d", os.Getpid()))
	}
	j.rewrites.abort()
	j.lost.Store(nil)
	w := j.writer.Swap(nil)
	if w == nil {
		j.eng.UpdateGates()
		return
	}
	if was == aofOn {
		if err := w.barrier(j.eng.Log().Offset(), shutdownPatience); err != nil {
			j.log.Warn("Fail to fsync the AOF file", "error", err)
		}
	}
	w.close(true)
	j.delayed.Add(w.delayed.Load())
	if was == aofWaiting {
		j.log.Info("Removing the temp incr aof file " + j.tempIncr() + " in the background")
		j.removeFile(j.tempIncr())
	}
	j.eng.UpdateGates()
}

// endLoad applies what CONFIG SET appendonly asked for meanwhile.
func (j *appendOnly) endLoad() {
	j.mu.Lock()
	on := j.wish
	j.loading, j.wish = false, nil
	j.mu.Unlock()
	if on == nil {
		return
	}
	if err := j.switched(*on); err != nil {
		j.log.Warn("appendonly, set while loading", "error", err)
	}
}

// reload implements journal: DEBUG LOADAOF.
func (j *appendOnly) reload(ctx context.Context) error {
	j.eng.SetLoading(true)
	defer j.eng.SetLoading(false)
	// No snapshot may see the data half loaded.
	j.rewrites.abort()
	j.s.snapshotting.Lock()
	defer j.s.snapshotting.Unlock()
	var end int64
	j.eng.WithAllShards(func() { end = j.eng.Log().Offset() }) // those who were on their way have written
	m, err := j.beginReload(end)
	if err != nil {
		return err
	}
	defer j.endLoad()
	j.eng.Clear()
	return j.loadFiles(ctx, m)
}

// beginReload has everything up to end in the files. Snapshots are locked out, so that the files stay.
func (j *appendOnly) beginReload(end int64) (*manifest, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if w := j.writer.Load(); w != nil && j.is(aofOn) {
		if err := w.barrier(end, shutdownPatience); err != nil {
			return nil, err
		}
	}
	if j.manifest == nil {
		m, err := j.readManifest()
		if err != nil {
			return nil, err
		}
		j.manifest = m
	}
	j.loading = true
	return j.manifest, nil
}
