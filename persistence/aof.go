package persistence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/effects"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/protocol"
)

// aofState is whether the data set is logged.
type aofState int32

const (
	aofOff     aofState = iota
	aofWaiting          // appendonly was switched on: the log counts once its first base is written
	aofOn
)

// shutdownPatience is how long an orderly end waits for a disk that fails.
const shutdownPatience = 10 * time.Second

const errShutdown = protocol.Error("ERR Errors trying to SHUTDOWN. Check logs.")

// aofSettings are handles to the options.
type aofSettings struct {
	filename, dirname, fsync                        *options.StringValue
	loadTruncated, preamble, stamps, keepOld, spare *options.BoolValue
	incremental                                     *options.BoolValue
	growth, minSize, redo                           *options.IntValue
}

// appendOnly is the append-only directory of a service.
type appendOnly struct {
	s   *Service
	eng *core.Engine
	log hclog.Logger
	opt aofSettings

	state  atomic.Int32 // aofState
	policy atomic.Int32 // syncPolicy of appendfsync
	writer atomic.Pointer[aofWriter]

	mu       sync.Mutex // manifest and files' names; not held while a shard is taken, as EXEC switches with shards held
	loading  bool       // files are being loaded: wish is what appendonly is to be then
	wish     *bool      // nil: as it is
	manifest *manifest  // nil until read
	closed   bool
	root     atomic.Pointer[string] // the data directory that the log is in; see relocate

	joining atomic.Pointer[aofWriter] // replies wait for this writer, too, while the log moves to another directory

	lost    atomic.Pointer[protocol.Error] // why the log isn't whole: files were removed, see look
	looking atomic.Bool
	looked  time.Time              // the cron's
	seen    map[string]fs.FileInfo // files by name, as they were first seen; mu is held

	rewrites rewriteState
	baseSize atomic.Int64 // bytes of the base file
	oldSize  atomic.Int64 // bytes of incr files before the present one
	delayed  atomic.Int64 // of writers that are gone
}

var _ journal = (*appendOnly)(nil)

// newJournal makes the append-only half of a service.
func newJournal(s *Service) journal {
	t := s.eng.Options()
	j := &appendOnly{s: s, eng: s.eng, log: s.log.Named("aof"), seen: map[string]fs.FileInfo{}, opt: aofSettings{
		filename: t.String("appendfilename"), dirname: t.String("appenddirname"), fsync: t.String("appendfsync"),
		loadTruncated: t.Bool("aof-load-truncated"), preamble: t.Bool("aof-use-rdb-preamble"),
		stamps: t.Bool("aof-timestamp-enabled"), keepOld: t.Bool("aof-disable-auto-gc"),
		spare: t.Bool("no-appendfsync-on-rewrite"), incremental: t.Bool("aof-rewrite-incremental-fsync"),
		growth: t.Int("auto-aof-rewrite-percentage"), minSize: t.Int("auto-aof-rewrite-min-size"), redo: t.Int("aof-redo-log-size"),
	}}
	j.rewrites.init()
	j.root.Store(s.place.at.Load())
	j.setPolicy(j.opt.fsync.Load())
	t.OnChange("appendfsync", func(_, v string) error { j.setPolicy(v); return nil })
	t.OnChange("no-appendfsync-on-rewrite", func(_, _ string) error { j.diskFree(); return nil })
	t.OnChange("appendonly", func(_, v string) error { return j.switched(v == "yes") })
	t.OnChange("aof-disable-auto-gc", func(_, _ string) error {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.removeHistory()
		return nil
	})
	return j
}

func (j *appendOnly) setPolicy(text string) {
	p := syncEverySecond
	switch text {
	case "always":
		p = syncAlways
	case "no":
		p = syncNo
	}
	j.policy.Store(int32(p))
	if w := j.writer.Load(); w != nil {
		w.policyChanged()
	}
}

// syncPolicy is what holds at this moment: with no-appendfsync-on-rewrite nothing is flushed while a
// snapshot or a rewrite has the disk.
func (j *appendOnly) syncPolicy() syncPolicy {
	if j.opt.spare.Load() && (j.rewrites.active.Load() || j.s.saves.active.Load()) {
		return syncNo
	}
	return syncPolicy(j.policy.Load())
}

// diskFree implements journal: what was written without a flush meanwhile is flushed now.
func (j *appendOnly) diskFree() {
	if w := j.writer.Load(); w != nil {
		w.policyChanged()
	}
}

func (j *appendOnly) is(s aofState) bool { return aofState(j.state.Load()) == s }

func (j *appendOnly) enabled() bool { return j.is(aofOn) }

func (j *appendOnly) dir() string { return j.opt.dirname.Load() }

// home implements journal: the data directory that the log is in.
func (j *appendOnly) home() string { return *j.root.Load() }

// folder is the append-only directory.
func (j *appendOnly) folder() string { return j.pathIn(j.home(), "") }

// path is that of a file of the append-only directory.
func (j *appendOnly) path(name string) string { return j.pathIn(j.home(), name) }

// pathIn is path in another data directory.
func (j *appendOnly) pathIn(root, name string) string { return path.Join(root, j.dir(), name) }

func (j *appendOnly) manifestIn(root string) string {
	return j.pathIn(root, j.opt.filename.Load()+manifestSuffix)
}

// load implements journal. The log is opened before it returns: no write comes between.
func (j *appendOnly) load(ctx context.Context) (found bool, err error) {
	m, err := j.beginLoad()
	if err != nil {
		return false, err
	}
	if found = len(m.current()) > 0; found {
		err = j.loadFiles(ctx, m)
	}
	j.mu.Lock()
	if err == nil && j.closed {
		err = context.Canceled
	}
	if err == nil {
		err = j.open(ctx, m)
	}
	j.mu.Unlock()
	j.endLoad()
	return found, err
}

// beginLoad readies the files for load.
func (j *appendOnly) beginLoad() (*manifest, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.relocate()
	if err := j.resume(); err != nil {
		return nil, err
	}
	m, err := j.readManifest()
	if err != nil {
		return nil, err
	}
	if m, err = j.upgrade(m); err != nil {
		return nil, err
	}
	if err := j.redo(m); err != nil {
		return nil, err
	}
	j.removeLeftovers(m)
	j.loading = true
	return m, nil
}

// start implements journal: it opens what load has not opened already.
func (j *appendOnly) start() error {
	if !j.s.opt.appendOnly.Load() || !j.is(aofOff) {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.relocate()
	m, err := j.readManifest()
	if err != nil {
		return err
	}
	if len(m.current()) > 0 {
		return errors.New("the append only files are there, but were not loaded")
	}
	return j.open(j.s.ctx, m)
}

// open has the log written from now on: into the last incr file, or into a new one. A data
// set without files gets its first base. mu is held.
func (j *appendOnly) open(ctx context.Context, m *manifest) error {
	if err := j.makeFolder(j.home()); err != nil {
		return fmt.Errorf("can't open or create append-only dir %s: %w", j.folder(), err)
	}
	m = m.clone()
	changed := false
	var reader *effects.Reader
	if len(m.current()) == 0 {
		if name := j.strayFileIn(j.home()); name != "" {
			return fmt.Errorf("the AOF manifest %s is missing, but the file %s is there. Nothing was changed. Bring the manifest back, or move the directory away to start without data",
				workingFile(j.manifestIn(j.home())), name)
		}
		err := j.firstBase(ctx, m, func() { reader = j.eng.Log().NewReader(true) })
		if err != nil {
			if reader != nil {
				reader.Close()
			}
			return err
		}
		changed = true
	} else {
		reader = j.eng.Log().NewReader(true)
	}
	if err := j.openLast(m, reader, changed); err != nil {
		reader.Close()
		return err
	}
	if len(m.history) > 0 {
		j.removeHistory()
	}
	return nil
}

// openLast starts the writer at the end of the last incr file, or of a new one. mu is held.
func (j *appendOnly) openLast(m *manifest, reader *effects.Reader, changed bool) error {
	fresh := len(m.incrs) == 0
	if fresh {
		f := m.newIncr(j.opt.filename.Load())
		j.log.Info("Creating AOF incr file " + f.name + " on server start")
		changed = true
	}
	last := m.incrs[len(m.incrs)-1]
	flag := os.O_WRONLY | os.O_CREATE
	if fresh {
		flag |= os.O_TRUNC
	}
	f, err := j.s.fs.OpenFile(j.path(last.name), flag, 0o644)
	if err != nil {
		return fmt.Errorf("can't open the append-only file %s: %w", last.name, err)
	}
	info, err := f.Stat()
	if err == nil && changed {
		err = j.persist(m)
	}
	if err != nil {
		_ = f.Close()
		return err
	}
	j.manifest = m
	j.measure()
	j.writer.Store(j.newWriter(j.home(), reader, f, last.seq, info.Size()))
	// What the files had grown to when they were last rewritten isn't known any more. Their base alone, as in Redis: else a server that is
	// often started would never rewrite.
	j.rewrites.baseline.Store(j.baseSize.Load())
	j.state.Store(int32(aofOn))
	return nil
}

// newWriter starts a writer of a file in a data directory: what the reader yields goes to f.
func (j *appendOnly) newWriter(root string, reader *effects.Reader, f File, seq, at int64) *aofWriter {
	return newAOFWriter(reader, f, seq, at, writerPorts{
		log: j.log, policy: j.syncPolicy, stamps: j.opt.stamps.Load, gates: j.eng.UpdateGates, sleep: j.flushSleep, fs: j.s.fs,
		redo: func() *redoLog {
			size := j.opt.redo.Load()
			if size == 0 {
				return nil
			}
			return newRedoLog(j.s.fs, j.pathIn(root, j.redoName()), size, j.log)
		},
	})
}

// flushSleep is what DEBUG AOF-FLUSH-SLEEP set.
func (j *appendOnly) flushSleep() time.Duration {
	return time.Duration(j.eng.Debug().AOFFlushSleep.Load()) * time.Microsecond
}

// writeError implements journal.
func (j *appendOnly) writeError() error {
	if why := j.lost.Load(); why != nil {
		return *why
	}
	if w := j.writer.Load(); w != nil && j.is(aofOn) {
		if f := w.fault.Load(); f != nil {
			return *f
		}
	}
	return nil
}

// mustWait implements journal.
func (j *appendOnly) mustWait() bool {
	w := j.writer.Load()
	return w != nil && j.is(aofOn) && w.mustWait()
}

// waitDurable implements journal.
func (j *appendOnly) waitDurable(offset int64) {
	for w := j.writer.Load(); w != nil && j.is(aofOn); {
		w.waitDurable(offset)
		if second := j.joining.Load(); second != nil {
			second.waitDurable(offset)
		}
		now := j.writer.Load()
		if now == w {
			return
		}
		w = now // the log has moved
	}
}

// shutdown implements journal.
func (j *appendOnly) shutdown(_ context.Context, force bool) error {
	if j.is(aofOff) && j.eng.Loading() { // load has the mutex, and there is nothing to flush
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.is(aofWaiting) {
		if !force {
			j.log.Warn("Writing initial AOF. Can't exit.")
			return errShutdown
		}
		j.log.Warn("Writing initial AOF. Exit anyway.")
	}
	w := j.writer.Load()
	if w == nil || !j.is(aofOn) {
		j.rewrites.abort()
		return nil
	}
	if j.rewrites.active.Load() {
		j.log.Warn("There is a child rewriting the AOF. Killing it!")
		j.rewrites.abort()
	}
	j.log.Info("Calling fsync() on the AOF file.")
	err := j.flushed(w)
	if err == nil {
		return nil
	}
	j.log.Warn("the AOF could not be flushed", "error", err)
	if force {
		j.log.Warn("Writing the AOF failed, exit anyway: the last writes are lost.")
		return nil // replies that wait for them are never sent: close ends the writer, as the server may go on yet
	}
	return errShutdown
}

// flushed has everything on disk that was executed up to now, if the disk takes it.
func (j *appendOnly) flushed(w *aofWriter) error {
	patience := shutdownPatience
	if w.fault.Load() != nil { // it has been retried long enough
		patience = 2 * retryEvery
	}
	return w.barrier(j.eng.Log().Offset(), patience)
}

// close implements journal.
func (j *appendOnly) close() error {
	j.mu.Lock()
	j.closed = true
	j.rewrites.abort()
	w := j.writer.Load()
	j.mu.Unlock()
	j.rewrites.wait()
	if w == nil {
		return nil
	}
	if err := j.flushed(w); err != nil {
		j.log.Warn("the AOF could not be flushed", "error", err)
	}
	w.close(false)
	return nil
}

// removeFile removes a file of the append-only directory; that it is not there is fine.
func (j *appendOnly) removeFile(name string) { j.removeFileIn(j.home(), name) }

func (j *appendOnly) removeFileIn(root, name string) {
	if err := j.s.fs.Remove(j.pathIn(root, name)); err != nil && !notThere(err) {
		j.log.Warn("removing a file of the AOF", "file", name, "error", err)
	}
}
