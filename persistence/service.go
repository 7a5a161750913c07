package persistence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/protocol"
)

// Config is what a Service is made of. Engine is required.
type Config struct {
	Engine *core.Engine
	FS     FS           // nil: the machine's
	Log    hclog.Logger // nil: silent
	// Terminal is where a progress bar is shown while loading; nil: progress lines in the log.
	Terminal io.Writer
	// RedisVersion is what files say they were written by: "7.0.15".
	RedisVersion string
}

// journal is the append-only file as the rest of the service sees it. All methods are safe
// from any goroutine.
type journal interface {
	// enabled reports whether the data set is logged: appendonly, once it is in effect.
	enabled() bool
	// load replays the append-only directory, or the old single file, into the engine. found is
	// false when there is neither.
	load(ctx context.Context) (found bool, err error)
	// start begins to log, after load: with appendonly it opens the incr file, and makes a base
	// for a data set that has none.
	start() error
	// rewrite is BGREWRITEAOF; the status is the reply.
	rewrite() (status string, err error)
	// schedule has a rewrite begin with the next cron: BGREWRITEAOF inside a transaction.
	schedule() (status string, err error)
	rewriting() bool
	// writeError is MISCONF's reason, nil while writes reach the disk.
	writeError() error
	mustWait() bool
	waitDurable(offset int64)
	// reload is DEBUG LOADAOF: everything logged so far is flushed and loaded in place of
	// what is there.
	reload(ctx context.Context) error
	// moving is asked whether the log can follow a change of the data directory.
	moving(root string) error
	// home is the data directory that the log is in.
	home() string
	// moved is told that a data directory has a new name.
	moved(from, to string)
	// diskFree is told that a save has ended, see no-appendfsync-on-rewrite.
	diskFree()
	// cron is called ten times a second.
	cron(now time.Time)
	// shutdown gives a rewrite up, flushes and syncs; with force it does not fail. The server may go on
	// afterwards, when the final save fails.
	shutdown(ctx context.Context, force bool) error
	close() error
	// resetStats sets counters back.
	resetStats()
	// info appends the aof_* fields of INFO persistence.
	info(dst []byte) []byte
}

// Service is the durability of one engine.
type Service struct {
	eng      *core.Engine
	fs       FS
	log      hclog.Logger
	terminal io.Writer
	version  string
	opt      settings

	// snapshotting is held for the length of a snapshot: the engine has one at a time.
	snapshotting sync.Mutex
	aof          journal
	saves        saveState
	progress     progress

	place placement

	ctx    context.Context // ends at Close
	cancel context.CancelFunc
	done   sync.WaitGroup
	closed atomic.Bool
}

var _ core.Persistence = (*Service)(nil)

// settings are handles to the options.
type settings struct {
	dir, dbfilename, save, sanitize *options.StringValue
	compress, checksum, incremental *options.BoolValue
	stopWrites, appendOnly          *options.BoolValue
	databases                       *options.IntValue
	saveDelay, loadDelay            *options.IntValue // microseconds a key, for tests
}

// New makes the service and attaches it to the engine. If anything is to be saved it
// takes the lock of the data directory, and removes what a crash has left there; it fails when
// another server has the directory.
func New(cfg Config) (*Service, error) {
	t := cfg.Engine.Options()
	s := &Service{
		eng: cfg.Engine, fs: cfg.FS, log: cfg.Log, terminal: cfg.Terminal, version: cfg.RedisVersion,
		opt: settings{
			dir: t.String("dir"), dbfilename: t.String("dbfilename"), save: t.String("save"),
			sanitize: t.String("sanitize-dump-payload"),
			compress: t.Bool("rdbcompression"), checksum: t.Bool("rdbchecksum"),
			incremental: t.Bool("rdb-save-incremental-fsync"), stopWrites: t.Bool("stop-writes-on-bgsave-error"),
			appendOnly: t.Bool("appendonly"), databases: t.Int("databases"),
			saveDelay: t.Int("rdb-key-save-delay"), loadDelay: t.Int("key-load-delay"),
		},
	}
	if s.fs == nil {
		s.fs = OS{}
	}
	if s.log == nil {
		s.log = hclog.NewNullLogger()
	}
	if s.version == "" {
		s.version = "7.0.15"
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.saves.init(s)
	s.place.init(s, cfg.FS == nil)
	s.aof = newJournal(s)
	if s.opt.save.Load() != "" || s.opt.appendOnly.Load() {
		if err := s.lockDirectory(); err != nil {
			return nil, err
		}
		s.removeLeftovers()
	}
	t.OnChange("dir", func(_, dir string) error { return s.directoryChanged(dir) })
	t.OnApply(func() error { s.eng.UpdateGates(); return nil }, "save", "stop-writes-on-bgsave-error")
	s.eng.AddFlushHook(s.flushed)
	s.eng.SetPersistence(s)
	return s, nil
}

// Load brings the data set of the last run back: from the AOF if appendonly is on, else from
// the RDB file. From then until Run the engine answers LOADING. The error of a damaged
// file tells where and why, and what to do.
func (s *Service) Load() error {
	s.eng.SetLoading(true)
	start := time.Now()
	var err error
	found := false
	if s.opt.appendOnly.Load() {
		found, err = s.aof.load(s.ctx)
	} else {
		found, err = s.loadFile(s.ctx)
	}
	if err != nil {
		return err
	}
	s.saves.loaded(s.eng.Stats().Dirty())
	if found {
		s.log.Info(fmt.Sprintf("DB loaded from disk: %.3f seconds", time.Since(start).Seconds()))
	}
	return nil
}

// Run begins to log writes, to serve clients and to watch save points. Close ends it.
func (s *Service) Run() error {
	if err := s.aof.start(); err != nil {
		return err
	}
	s.eng.SetLoading(false) // not before: what is written has to reach the log
	s.done.Add(1)
	go s.cronLoop()
	return nil
}

// Close ends background work: a snapshot that runs is given up. It saves nothing: see Shutdown.
func (s *Service) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.cancel()
	s.done.Wait()
	s.saves.wait()
	return errors.Join(s.aof.close(), s.place.close())
}

// Save implements core.Persistence.
func (s *Service) Save() error {
	if s.saves.running() {
		return errSaveRunning
	}
	s.saves.mu.Lock()
	s.saves.count++
	s.saves.mu.Unlock()
	if err := s.saveNow(s.ctx, true); err != nil {
		return protocol.Error("ERR")
	}
	return nil
}

// LastSave implements core.Persistence.
func (s *Service) LastSave() time.Time { return s.saves.lastSave() }

// RewriteAOF implements core.Persistence.
func (s *Service) RewriteAOF() (status string, err error) { return s.aof.rewrite() }

// ScheduleRewrite has a rewrite begin as soon as possible: what BGREWRITEAOF does inside a transaction.
func (s *Service) ScheduleRewrite() (status string, err error) { return s.aof.schedule() }

// WriteError implements core.Persistence.
func (s *Service) WriteError() error {
	if s.saves.failed.Load() && s.opt.stopWrites.Load() && s.opt.save.Load() != "" {
		return protocol.ErrMisconfRDB
	}
	return s.aof.writeError()
}

// MustWait implements core.Persistence.
func (s *Service) MustWait() bool { return s.aof.mustWait() }

// WaitDurable implements core.Persistence.
func (s *Service) WaitDurable(offset int64) { s.aof.waitDurable(offset) }

// StopLoading has Load end at once, with an error: the process is to end.
func (s *Service) StopLoading() {
	if s.eng.Loading() {
		s.cancel()
	}
}

// Abandon removes the file that a save is writing: the process is about to be left without waiting for anything.
func (s *Service) Abandon() {
	_ = s.fs.Remove(s.place.path(tempName())) // most often it isn't there
}

// Shutdown implements core.Persistence. The caller has stopped writes. When ctx ends it gives the save up and fails, even with force.
// While the data set is being loaded there is nothing to save: what is there so far must not replace the files.
func (s *Service) Shutdown(ctx context.Context, how core.ShutdownSave, force bool) error {
	if s.eng.Loading() {
		return nil
	}
	s.saves.abort("There is a child saving an .rdb. Killing it!")
	if err := s.aof.shutdown(ctx, force); err != nil && !force {
		return err
	}
	save := how == core.SaveAlways || how == core.SaveAsConfigured && s.opt.save.Load() != ""
	if !save {
		return nil
	}
	s.log.Info("Saving the final RDB snapshot before exiting.")
	if err := s.saveNow(ctx, true); err != nil {
		if force && ctx.Err() == nil {
			s.log.Warn("Error trying to save the DB. Exit anyway.")
			return nil
		}
		if ctx.Err() == nil {
			s.log.Warn("Error trying to save the DB, can't exit.")
		}
		return err
	}
	return nil
}

// Reload implements core.Persistence: DEBUG RELOAD and DEBUG LOADAOF.
func (s *Service) Reload(aof bool, flags core.ReloadFlags) error {
	if aof {
		if err := s.aof.reload(s.ctx); err != nil {
			s.log.Warn("loading the AOF", "error", err)
			return protocol.Error("ERR Error trying to load the AOF files, check server logs")
		}
		return nil
	}
	s.eng.SetLoading(true)
	defer s.eng.SetLoading(false)
	if !flags.NoSave {
		if err := s.saveNow(s.ctx, true); err != nil {
			return protocol.Error("ERR")
		}
	}
	if !flags.NoFlush {
		s.eng.Clear()
	}
	if _, err := s.loadFileWith(s.ctx, loadOptions{merge: flags.Merge}); err != nil {
		s.log.Warn("loading the RDB file", "error", err)
		return protocol.Error("ERR Error trying to load the RDB dump, check server logs")
	}
	return nil
}

// workingFile is a path for messages to a person.
func workingFile(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}

// notThere reports whether err says that a file is absent.
func notThere(err error) bool { return errors.Is(err, os.ErrNotExist) }
