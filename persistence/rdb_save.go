package persistence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redust/redust/protocol"
)

// What SAVE and BGSAVE answer when they can't.
const (
	errSaveRunning  = protocol.Error("ERR Background save already in progress")
	errSaveBehind   = protocol.Error("ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.")
	statusStarted   = "Background saving started"
	statusScheduled = "Background saving scheduled"
)

// autosyncBytes is how much of a file is written between two flushes (rdb-save-incremental-fsync), as in Redis:
// the final one is then short.
const autosyncBytes = 4 << 20

// saveState is what is known of RDB saves.
type saveState struct {
	s      *Service
	failed atomic.Bool // the last background save failed

	emptied atomic.Bool // FLUSHALL: the file is to be replaced

	mu         sync.Mutex
	cancel     context.CancelFunc // of the background save that runs, else nil
	finished   chan struct{}      // closed when it ends
	begun      time.Time
	scheduled  bool
	last       time.Time     // of the last success
	lastTry    time.Time     // of the last background save
	took       time.Duration // of the last background save, -1 s before the first
	count      int64         // background saves and those by SAVE that were begun: rdb_saves
	cleanAt    int64         // Stats.Dirty at the instant of the last saved state
	lastExtra  int64
	loadedKeys int64
	expired    int64
	progress   snapshotProgress
	active     atomic.Bool // a snapshot for an RDB file is being taken
}

func (st *saveState) init(s *Service) {
	st.s, st.last, st.took = s, time.Now(), -time.Second
}

// loaded resets the count of changes: what was loaded is on disk.
func (st *saveState) loaded(dirty int64) {
	st.mu.Lock()
	st.cleanAt, st.last = dirty, time.Now()
	st.mu.Unlock()
}

func (st *saveState) lastSave() time.Time {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.last
}

// running reports whether a background save runs.
func (st *saveState) running() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.cancel != nil
}

// abort gives the background save up and waits until it is gone.
func (st *saveState) abort(message string) {
	st.mu.Lock()
	cancel, finished := st.cancel, st.finished
	st.scheduled = false
	st.mu.Unlock()
	if cancel != nil {
		st.s.log.Warn(message)
		cancel()
		<-finished
	}
}

// wait returns when no background save runs.
func (st *saveState) wait() {
	st.mu.Lock()
	finished := st.finished
	st.mu.Unlock()
	if finished != nil {
		<-finished
	}
}

// BackgroundSave implements core.Persistence. The state that is saved is the one at the time of
// the call. It must not be called with shards held: see ScheduleSave.
func (s *Service) BackgroundSave(schedule bool) (status string, err error) {
	if s.saves.running() {
		return "", errSaveRunning
	}
	if s.aof.rewriting() {
		if !schedule {
			return "", errSaveBehind
		}
		return s.ScheduleSave()
	}
	begun := make(chan struct{})
	if !s.startSave(sync.OnceFunc(func() { close(begun) })) {
		return "", errSaveRunning
	}
	<-begun
	return statusStarted, nil
}

// ScheduleSave has a background save begin as soon as possible: what BGSAVE does inside a transaction.
func (s *Service) ScheduleSave() (status string, err error) {
	s.saves.mu.Lock()
	defer s.saves.mu.Unlock()
	if s.saves.cancel != nil {
		return "", errSaveRunning
	}
	s.saves.scheduled = true
	return statusScheduled, nil
}

// startSave begins a background save unless one runs. begun is called once the state to be
// saved is fixed, or the save has failed.
func (s *Service) startSave(begun func()) bool {
	st := &s.saves
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.cancel != nil || s.closed.Load() {
		return false
	}
	ctx, cancel := context.WithCancel(s.ctx)
	finished := make(chan struct{})
	st.cancel, st.finished = cancel, finished
	st.begun, st.lastTry, st.scheduled = time.Now(), time.Now(), false
	st.count++
	owed := st.emptied.Swap(false)
	go func() {
		err := s.saveFile(ctx, false, begun)
		begun()
		st.mu.Lock()
		st.took = time.Since(st.begun)
		st.cancel = nil
		st.mu.Unlock()
		switch {
		case err == nil:
			s.log.Info("Background saving terminated with success")
		case ctx.Err() != nil:
			s.log.Warn("Background saving was given up")
		default:
			s.log.Warn("Background saving error", "error", err)
			st.failed.Store(true)
			st.emptied.CompareAndSwap(false, owed)
		}
		cancel()
		s.eng.UpdateGates()
		s.place.release()
		close(finished)
	}()
	return true
}

// saveNow saves while the caller waits. It waits for a background snapshot to end first.
func (s *Service) saveNow(ctx context.Context, hurry bool) error {
	err := s.saveFile(ctx, hurry, nil)
	if err != nil {
		s.log.Warn("saving the RDB file failed", "error", err)
	}
	s.eng.UpdateGates()
	return err
}

// saveFile replaces the RDB file by the present state of the data set. begun may be nil.
func (s *Service) saveFile(ctx context.Context, hurry bool, begun func()) error {
	s.snapshotting.Lock()
	defer s.snapshotting.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.lockDirectory(); err != nil {
		return err
	}
	st := &s.saves
	st.progress.reset()
	st.active.Store(true)
	defer func() {
		st.active.Store(false)
		s.aof.diskFree()
	}()
	var dirty int64
	opts := snapshotOptions{hurry: hurry, atStart: func() {
		dirty = s.eng.Stats().Dirty()
		if begun != nil {
			begun()
		}
	}}
	if begun != nil {
		s.log.Info(fmt.Sprintf("Background saving started by pid %d", os.Getpid()))
	}
	name, root := s.opt.dbfilename.Load(), s.place.root() // CONFIG SET dir is for the next one
	err := s.writeRDB(ctx, filepath.Join(root, name), filepath.Join(root, tempName()), opts, &st.progress)
	st.mu.Lock()
	st.lastExtra = st.progress.extraPeak.Load()
	if err == nil {
		st.last, st.cleanAt = time.Now(), dirty
	}
	st.mu.Unlock()
	if err == nil {
		st.failed.Store(false)
		s.log.Info("DB saved on disk", "keys", st.progress.processed.Load(), "file", name)
	}
	return err
}

// tempName is the name under which an RDB file is written, as Redis chooses it.
func tempName() string { return "temp-" + strconv.Itoa(os.Getpid()) + ".rdb" }

// writeRDB takes a snapshot into the file name by way of temp: name changes once, and only when everything is on
// disk. It begins anew when databases are flushed or exchanged meanwhile. The caller holds
// s.snapshotting. On failure temp is removed.
func (s *Service) writeRDB(ctx context.Context, name, temp string, o snapshotOptions, p *snapshotProgress) error {
	err := ErrDisturbed
	for try := 0; err != nil && errors.Is(err, ErrDisturbed) && try < maxDisturbances; try++ {
		err = s.writeTemp(ctx, temp, o, p)
	}
	if err == nil {
		if err = s.fs.Rename(temp, name); err == nil {
			return s.fs.SyncDir(directoryOf(name))
		}
	}
	if _, serr := s.fs.Stat(temp); notThere(serr) { // a disk that is read-only takes no file, and says so of removing it, too
		return err
	}
	if rerr := s.fs.Remove(temp); rerr != nil && !notThere(rerr) {
		s.log.Warn("removing a temporary file", "file", temp, "error", rerr)
	}
	return err
}

// writeTemp writes a snapshot to a new file and flushes it.
func (s *Service) writeTemp(ctx context.Context, temp string, o snapshotOptions, p *snapshotProgress) error {
	f, err := s.fs.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	p.processed.Store(0)
	w := &syncingWriter{f: f, on: s.opt.incremental.Load()}
	err = s.takeSnapshot(ctx, w, o, p)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// syncingWriter flushes a file to disk as it grows.
type syncingWriter struct {
	f        File
	on       bool
	size     int64
	unsynced int
}

// Write implements io.Writer.
func (w *syncingWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	w.size += int64(n)
	if w.unsynced += n; err == nil && w.on && w.unsynced >= autosyncBytes {
		w.unsynced = 0
		if err = w.f.Sync(); err == nil {
			dropCache(w.f, w.size)
		}
	}
	return n, err
}

// leftover matches temporary files of saves, ours and Redis's; the number is a process id.
var leftover = regexp.MustCompile(`^temp-(\d+)\.rdb$`)

// removeLeftovers deletes temporary files of processes that are gone. The directory's lock is held.
func (s *Service) removeLeftovers() {
	entries, err := s.fs.ReadDir(s.place.path("."))
	if err != nil {
		s.log.Warn("looking for leftovers", "error", err)
		return
	}
	for _, e := range entries {
		m := leftover.FindStringSubmatch(e.Name())
		if m == nil || e.Type()&fs.ModeType != 0 {
			continue
		}
		if pid, err := strconv.Atoi(m[1]); err != nil || pid != os.Getpid() && processAlive(pid) {
			continue
		}
		if err := s.fs.Remove(s.place.path(e.Name())); err != nil {
			s.log.Warn("removing a leftover", "file", e.Name(), "error", err)
			continue
		}
		s.log.Info("removed what an interrupted save had left", "file", e.Name())
	}
}
