package persistence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redust/redust/protocol"
)

// What BGREWRITEAOF answers.
const (
	errRewriting     = protocol.Error("ERR Background append only file rewriting already in progress")
	errCantRewrite   = protocol.Error("ERR Can't execute an AOF background rewriting. Please check the server logs for more information.")
	rewriteStarted   = "Background append only file rewriting started"
	rewriteScheduled = "Background append only file rewriting scheduled"
)

// rewriteState is what is known of rewrites.
type rewriteState struct {
	active    atomic.Bool
	scheduled atomic.Bool
	baseline  atomic.Int64 // size of all files after the last rewrite, or at start
	progress  snapshotProgress

	mu       sync.Mutex
	cancel   context.CancelFunc
	finished chan struct{}
	begun    time.Time
	took     time.Duration // of the last one, -1 s before the first
	count    int64         // rewrites whose files could be made
	failures int64         // in a row
	failedAt time.Time
	failed   bool
	extra    int64
}

func (r *rewriteState) init() { r.took = -time.Second }

// abort gives a rewrite up. It does not wait: see wait.
func (r *rewriteState) abort() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scheduled.Store(false)
	if r.cancel != nil {
		r.cancel()
	}
}

// wait returns when no rewrite runs.
func (r *rewriteState) wait() {
	r.mu.Lock()
	finished := r.finished
	r.mu.Unlock()
	if finished != nil {
		<-finished
	}
}

// begin counts a rewrite.
func (r *rewriteState) begin() {
	r.mu.Lock()
	r.count++
	r.mu.Unlock()
}

// limited reports whether rewrites of the server's own accord pause after failures: after three in
// a row for a minute, then for twice as long each time, up to an hour, as in Redis.
func (r *rewriteState) limited(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failures < 3 {
		return r.failures > 0 && now.Sub(r.failedAt) < time.Second
	}
	return now.Sub(r.failedAt) < min(time.Hour, time.Minute<<min(r.failures-3, 6))
}

func (j *appendOnly) rewriting() bool { return j.rewrites.active.Load() }

// rewrite implements journal: BGREWRITEAOF.
func (j *appendOnly) rewrite() (string, error) {
	if j.rewriting() {
		return "", errRewriting
	}
	if j.s.saves.running() {
		return j.schedule()
	}
	begun := make(chan error, 1)
	if !j.startRewrite(func(err error) { begun <- err }) {
		return "", errRewriting
	}
	if <-begun != nil {
		return "", errCantRewrite
	}
	return rewriteStarted, nil
}

// schedule implements journal.
func (j *appendOnly) schedule() (string, error) {
	if j.rewriting() {
		return "", errRewriting
	}
	j.rewrites.scheduled.Store(true)
	return rewriteScheduled, nil
}

// startRewrite begins a rewrite unless one runs. begun, which may be nil, is called once its files could be made, or why they couldn't. If
// another snapshot has to end first, it is called before that.
func (j *appendOnly) startRewrite(begun func(error)) bool {
	r := &j.rewrites
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil || j.s.closed.Load() {
		return false
	}
	ctx, cancel := context.WithCancel(j.s.ctx)
	r.cancel, r.finished, r.begun = cancel, make(chan struct{}), time.Now()
	r.scheduled.Store(false)
	r.active.Store(true)
	told := false
	tell := func(err error) { // called by the rewrite's goroutine alone
		if !told && begun != nil {
			begun(err)
		}
		told = true
	}
	j.log.Info(fmt.Sprintf("Background append only file rewriting started by pid %d", os.Getpid()))
	go j.runRewrite(ctx, cancel, tell, r.finished)
	return true
}

func (j *appendOnly) runRewrite(ctx context.Context, cancel context.CancelFunc, begun func(error), finished chan struct{}) {
	err := j.rewriteOnce(ctx, begun)
	gaveUp := ctx.Err() != nil
	cancel()
	r := &j.rewrites
	r.mu.Lock()
	r.took = time.Since(r.begun)
	r.cancel = nil
	r.extra = r.progress.extraPeak.Load()
	switch {
	case err == nil:
		r.failures, r.failed = 0, false
	case !gaveUp:
		r.failures, r.failed, r.failedAt = r.failures+1, true, time.Now()
	}
	r.mu.Unlock()
	r.active.Store(false)
	switch {
	case err == nil:
		j.log.Info("Background AOF rewrite finished successfully")
	case gaveUp:
		j.log.Warn("Background AOF rewrite was given up")
	default:
		j.log.Warn("Background AOF rewrite terminated with error", "error", err)
	}
	if err != nil {
		if j.is(aofWaiting) { // the log doesn't count before it has a base: try again
			r.scheduled.Store(true)
		}
	}
	j.diskFree()
	j.eng.UpdateGates()
	j.s.place.release()
	close(finished)
	begun(err)
}

// rewriteOnce writes a new base and makes it the manifest's. The incr file that follows it is in the manifest
// before anything is written there, so whenever a crash comes, the files named there are
// whole: either the old base with all incr files, or the new one with those after it.
func (j *appendOnly) rewriteOnce(ctx context.Context, begun func(error)) error {
	if !j.s.snapshotting.TryLock() {
		begun(nil)
		j.s.snapshotting.Lock()
	}
	defer j.s.snapshotting.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := j.s.lockDirectory(); err != nil {
		return err
	}
	err := ErrDisturbed
	for try := 0; errors.Is(err, ErrDisturbed) && try < maxDisturbances; try++ {
		err = j.attempt(ctx, func() {
			if try == 0 {
				j.rewrites.begin()
			}
			begun(nil)
		})
	}
	return err
}

// attempt is rewriteOnce until databases are flushed or exchanged.
func (j *appendOnly) attempt(ctx context.Context, prepared func()) error {
	rdb := j.opt.preamble.Load()
	t, err := j.prepare(ctx)
	if err != nil {
		return err
	}
	prepared()
	if err := j.writeBase(ctx, j.pathIn(t.root, tempBase()), rdb, t.begin); err != nil {
		t.giveUp()
		return err
	}
	if err := t.arrived(ctx); err != nil {
		t.giveUp()
		return err
	}
	if err := j.commit(ctx, t, rdb); err != nil {
		t.giveUp()
		return err
	}
	return nil
}

// turning is the change to a new incr file in the course of a rewrite.
type turning struct {
	j     *appendOnly
	root  string   // the data directory of the new files
	away  bool     // another than the log's at present; see join
	state aofState // when the rewrite began
	incr  aofFile  // that is to be; with temporary known at the end only
	file  File     // the new incr file; nil with aofOff, and once a writer has it
	hand  *handover
	begun *aofWriter // of the temporary incr file
}

// temporary reports whether the log has a writer of its own in the new directory, or for its first base.
func (t *turning) temporary() bool { return t.state == aofWaiting || t.away }

// prepare makes the new incr file and, if the log counts already, enters it into the manifest.
func (j *appendOnly) prepare(ctx context.Context) (*turning, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := &turning{j: j, root: j.home(), state: aofState(j.state.Load())}
	if t.state == aofOn && j.away() {
		t.away, t.root = true, j.s.place.root()
	}
	if err := j.makeFolder(t.root); err != nil {
		return nil, err
	}
	if j.manifest == nil {
		m, err := j.readManifest()
		if err != nil {
			return nil, err
		}
		j.manifest = m
	}
	if t.state == aofOff {
		return t, nil
	}
	m, name := j.manifest.clone(), j.tempIncr()
	if !t.temporary() {
		t.incr = m.newIncr(j.opt.filename.Load())
		name = t.incr.name
	}
	j.log.Info("Creating AOF incr file " + name + " on background rewrite")
	f, err := j.s.fs.OpenFile(j.pathIn(t.root, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	if !t.temporary() {
		if err := j.persist(m); err != nil {
			_ = f.Close()
			if errors.Is(err, errManifestUnsure) {
				j.manifest.incrSeq = m.incrSeq // the manifest on disk names the file: it must stay, whatever becomes of the next attempt
			} else {
				j.removeFile(name)
			}
			return nil, err
		}
		j.manifest = m
	}
	t.file = f
	return t, nil
}

// begin runs at the snapshot's instant, with all shards held: what is written from now on belongs
// into the new incr file.
func (t *turning) begin() {
	if t.file == nil {
		return
	}
	j := t.j
	reader := j.eng.Log().NewReader(true)
	w := j.writer.Load()
	switch {
	case t.state == aofOn && w == nil: // switched off meanwhile: the rewrite is given up, too
		reader.Close()
		return
	case !t.temporary():
		t.hand = &handover{at: reader.Offset(), seq: t.incr.seq, reader: reader, file: t.file, done: make(chan struct{})}
		w.handOver(t.hand)
	default:
		t.begun = j.newWriter(t.root, reader, t.file, 0, 0) // its number comes with its name
		if !t.away {
			j.writer.Store(t.begun)
		}
	}
	t.file = nil
}

// arrived waits until the writer has gone over to the new file.
func (t *turning) arrived(ctx context.Context) error {
	if t.hand == nil {
		return nil
	}
	select {
	case <-t.hand.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// giveUp leaves what a failed attempt began in a consistent state.
func (t *turning) giveUp() {
	j := t.j
	if t.file != nil {
		_ = t.file.Close()
	}
	j.removeFileIn(t.root, tempBase())
	if !t.temporary() {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if w := t.begun; w != nil {
		j.writer.CompareAndSwap(w, nil)
		w.close(true)
	}
	j.removeFileIn(t.root, j.tempIncr())
}

// commit makes the new base count.
func (j *appendOnly) commit(ctx context.Context, t *turning, rdb bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := ctx.Err(); err != nil { // turned off, or shutting down
		return err
	}
	prefix := j.opt.filename.Load()
	m := j.manifest.clone()
	if t.away {
		there, err := j.readManifestIn(t.root)
		if err != nil {
			return err
		}
		m = there.clone()
	}
	base := m.newBase(prefix, rdb)
	switch {
	case t.temporary(): // without a draft of its manifest a crash would leave files that nobody knows; see resume
		t.incr = m.newIncr(prefix)
		m.retire(t.incr.seq)
		if err := j.draftIn(t.root, m); err != nil {
			return err
		}
	case t.state == aofOn:
		m.retire(t.incr.seq)
	default:
		m.retire(m.incrSeq + 1)
	}
	err := j.s.fs.Rename(j.pathIn(t.root, tempBase()), j.pathIn(t.root, base.name))
	if err == nil {
		j.log.Info("Successfully renamed the temporary AOF base file " + tempBase() + " into " + base.name)
		err = j.replace(t, m)
	}
	if errors.Is(err, errManifestUnsure) {
		j.manifest = m // with what it replaces as history, to be removed after the next one
		return err
	}
	if err != nil {
		j.removeFileIn(t.root, j.draftName())
		j.removeFileIn(t.root, base.name)
		return err
	}
	j.manifest = m
	if t.begun != nil {
		t.begun.seq.Store(t.incr.seq)
	}
	if t.state == aofWaiting {
		j.state.Store(int32(aofOn))
	}
	j.measure()
	j.rewrites.baseline.Store(j.currentSize())
	j.found()
	j.removeHistory()
	return nil
}

// replace puts the manifest of a new base into its place, and before that what belongs to it. mu is held.
func (j *appendOnly) replace(t *turning, m *manifest) error {
	if t.away {
		return j.join(t)
	}
	if t.state != aofWaiting {
		return j.persist(m)
	}
	if err := j.writer.Load().barrier(j.eng.Log().Offset(), shutdownPatience); err != nil {
		return err
	}
	if err := j.s.fs.Rename(j.path(j.tempIncr()), j.path(t.incr.name)); err != nil {
		return err
	}
	j.log.Info("Successfully renamed the temporary AOF incr file " + j.tempIncr() + " into " + t.incr.name)
	return j.placeIn(j.home())
}

// writeBase writes the state of the data set at one instant, at which atStart runs, to a
// new file and flushes it. The caller holds s.snapshotting.
func (j *appendOnly) writeBase(ctx context.Context, name string, rdb bool, atStart func()) error {
	p := &j.rewrites.progress
	p.reset()
	f, err := j.s.fs.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	var w io.Writer = &syncingWriter{f: f, on: j.opt.incremental.Load()}
	opts := snapshotOptions{aofBase: true, atStart: atStart}
	if rdb {
		err = j.s.takeSnapshot(ctx, w, opts, p)
	} else {
		err = j.writeCommands(ctx, w, opts, p)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// cron implements journal.
func (j *appendOnly) cron(now time.Time) {
	if w := j.writer.Load(); w != nil {
		w.watch(now)
	}
	r := &j.rewrites
	if j.away() && !r.active.Load() && !j.eng.Loading() {
		j.mu.Lock()
		j.relocate()
		j.mu.Unlock()
	}
	if r.active.Load() || j.s.saves.running() || j.eng.Loading() {
		return
	}
	if j.look(now); j.lost.Load() != nil {
		j.mend(now)
		return
	}
	waiting := j.is(aofWaiting) // for its base, even if DEBUG LOADAOF has given up the rewrite that was to make it
	if waiting || r.scheduled.Load() {
		if !waiting && !j.away() || !r.limited(now) {
			j.startRewrite(nil)
		}
		return
	}
	growth := j.opt.growth.Load()
	size := j.currentSize()
	if !j.is(aofOn) || growth == 0 || size <= j.opt.minSize.Load() || j.writeError() != nil {
		return
	}
	base := max(1, r.baseline.Load())
	if grown := size*100/base - 100; grown >= growth && !r.limited(now) {
		j.log.Info(fmt.Sprintf("Starting automatic rewriting of AOF on %d%% growth", grown))
		j.startRewrite(nil)
	}
}
