package persistence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
)

const (
	manifestSuffix = ".manifest"
	tempPrefix     = "temp-"
)

// tempIncr takes the log while the first base after CONFIG SET appendonly yes is written.
func (j *appendOnly) tempIncr() string { return tempPrefix + j.opt.filename.Load() + ".incr" }

// tempBase is where a rewrite is written.
func tempBase() string { return "temp-rewriteaof-bg-" + strconv.Itoa(os.Getpid()) + ".aof" }

// readManifest reads the manifest from disk; without one it is empty.
func (j *appendOnly) readManifest() (*manifest, error) { return j.readManifestIn(j.home()) }

func (j *appendOnly) readManifestIn(root string) (*manifest, error) {
	name := j.manifestIn(root)
	text, err := readWhole(j.s.fs, name)
	if notThere(err) {
		return &manifest{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("Fatal error: can't open the AOF manifest file %s for reading: %w", name, err) //nolint:staticcheck // Redis's words
	}
	m, err := parseManifest(text)
	if err != nil {
		return nil, fmt.Errorf("the AOF manifest %s is not valid: %w. Nothing was changed", workingFile(name), err)
	}
	return m, nil
}

func readWhole(fs FS, name string) ([]byte, error) {
	f, err := fs.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// errManifestUnsure says that the new manifest is in place, but that a power failure may bring the old one
// back: the files of both must be kept.
var errManifestUnsure = errors.New("the directory could not be flushed")

// persist replaces the manifest on disk: at any moment there is the old one or the new one.
func (j *appendOnly) persist(m *manifest) error { return j.persistIn(j.home(), m) }

func (j *appendOnly) persistIn(root string, m *manifest) error {
	if err := j.draftIn(root, m); err != nil {
		return err
	}
	return j.placeIn(root)
}

func (j *appendOnly) draftName() string {
	return tempPrefix + j.opt.filename.Load() + manifestSuffix
}

// draftIn writes a manifest that placeIn makes the one that counts.
func (j *appendOnly) draftIn(root string, m *manifest) error {
	f, err := j.s.fs.OpenFile(j.pathIn(root, j.draftName()), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err == nil {
		_, err = f.Write(m.text())
		if err == nil {
			err = f.Sync()
		}
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		j.removeFileIn(root, j.draftName())
		return fmt.Errorf("writing the AOF manifest: %w", err)
	}
	return nil
}

func (j *appendOnly) placeIn(root string) error {
	delete(j.seen, j.manifestIn(root))
	if err := j.s.fs.Rename(j.pathIn(root, j.draftName()), j.manifestIn(root)); err != nil {
		j.removeFileIn(root, j.draftName())
		return fmt.Errorf("writing the AOF manifest: %w", err)
	}
	if err := j.s.fs.SyncDir(j.pathIn(root, "")); err != nil {
		return fmt.Errorf("writing the AOF manifest: %w: %w", errManifestUnsure, err)
	}
	return nil
}

// resume ends what a crash has interrupted when the log was switched on: without any manifest, but with the draft of one all of whose files
// are there.
func (j *appendOnly) resume() error {
	if _, err := j.s.fs.Stat(j.manifestIn(j.home())); !notThere(err) {
		return nil
	}
	text, err := readWhole(j.s.fs, j.path(j.draftName()))
	if err != nil {
		return nil // most often there is none
	}
	m, err := parseManifest(text)
	if err != nil || m.base == nil {
		return nil
	}
	for _, f := range m.current() {
		if _, err := j.s.fs.Stat(j.path(f.name)); err != nil {
			return nil
		}
	}
	j.log.Warn("The AOF manifest was not yet in place when the server ended: it is now.")
	return j.placeIn(j.home())
}

// makeFolder makes the append-only directory of a data directory. What is flushed there lasts only if its own name does.
func (j *appendOnly) makeFolder(root string) error {
	folder := j.pathIn(root, "")
	if err := j.s.fs.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return j.s.fs.SyncDir(path.Dir(folder))
}

// upgrade moves an AOF of Redis before 7, a single file in the data directory, into the append-only
// directory, as its base. It may have been interrupted between manifest and move.
func (j *appendOnly) upgrade(m *manifest) (*manifest, error) {
	name := j.opt.filename.Load()
	old := path.Join(j.home(), name)
	if _, err := j.s.fs.Stat(old); err != nil {
		return m, nil
	}
	moved := len(m.current()) == 1 && m.base != nil && m.base.name == name
	if moved {
		if _, err := j.s.fs.Stat(j.path(name)); err == nil {
			return m, nil // a file of that name is none of our business any more
		}
	} else if len(m.current()) > 0 {
		return m, nil
	}
	if err := j.makeFolder(j.home()); err != nil {
		return nil, fmt.Errorf("can't open or create append-only dir %s: %w", j.folder(), err)
	}
	if !moved {
		m = &manifest{base: &aofFile{name: name, seq: 1, kind: fileBase}, baseSeq: 1}
		if err := j.persist(m); err != nil {
			return nil, err
		}
	}
	err := j.s.fs.Rename(old, j.path(name))
	if err == nil {
		err = errors.Join(j.s.fs.SyncDir(j.folder()), j.s.fs.SyncDir(path.Dir(old)))
	}
	if err != nil {
		return nil, fmt.Errorf("moving the old AOF %s to %s: %w", name, j.dir(), err)
	}
	j.log.Info("Successfully migrated an old-style AOF configuration (" + name + ") into the AOF directory (" + j.dir() + ").")
	return m, nil
}

// leftoverAOF matches what interrupted rewrites leave, ours and Redis's.
var leftoverAOF = regexp.MustCompile(`^temp-rewriteaof-(bg-)?(\d+)\.aof$`)

// removeLeftovers deletes temporary files, and history files that a crash has spared. The
// data directory's lock is held, so nobody uses them.
func (j *appendOnly) removeLeftovers(m *manifest) {
	entries, err := j.s.fs.ReadDir(j.folder())
	if err != nil {
		return // there is no such directory yet
	}
	name := j.opt.filename.Load()
	used := map[string]bool{}
	for _, f := range append(m.current(), m.history...) {
		used[f.name] = true
	}
	for _, e := range entries {
		n := e.Name()
		if used[n] || e.IsDir() {
			continue
		}
		if leftoverAOF.MatchString(n) || n == tempPrefix+name+manifestSuffix || n == j.tempIncr() {
			j.removeFile(n)
			j.log.Info("removed what an interrupted rewrite had left", "file", n)
			continue
		}
		seq, incr, ok := j.numbered(n)
		if !ok {
			continue
		}
		info, err := e.Info()
		if incr && err == nil && info.Size() == 0 {
			j.removeFile(n) // a crash came between its creation and the manifest
			continue
		}
		if incr && len(m.current()) > 0 {
			m.incrSeq = max(m.incrSeq, seq) // so that it is never overwritten
		}
		j.log.Warn("a file in the AOF directory is not in the manifest: it is left alone", "file", n)
	}
}

// numbered takes the name of a file of the log apart.
func (j *appendOnly) numbered(name string) (seq int64, incr, ok bool) {
	rest, ok := strings.CutPrefix(name, j.opt.filename.Load()+".")
	number, kind, found := strings.Cut(rest, ".")
	if !ok || !found {
		return 0, false, false
	}
	seq, err := strconv.ParseInt(number, 10, 64)
	return seq, kind == "incr.aof", err == nil && (kind == "incr.aof" || kind == "base.aof" || kind == "base.rdb")
}

// emptyBase is more than an RDB file without keys takes.
const emptyBase = 256

// strayFileIn names a file of the log that is there without a manifest. What an interrupted
// first start leaves, a base without keys and an incr file without commands, is none.
func (j *appendOnly) strayFileIn(root string) string {
	entries, err := j.s.fs.ReadDir(j.pathIn(root, ""))
	if err != nil {
		return ""
	}
	for _, e := range entries {
		seq, incr, ok := j.numbered(e.Name())
		info, err := e.Info()
		if !ok || err == nil && (incr && info.Size() == 0 || !incr && seq == 1 && info.Size() < emptyBase) {
			continue
		}
		return j.pathIn(root, e.Name())
	}
	return ""
}

// removeHistory deletes the files that a newer base has replaced, unless they are to be kept. mu is held.
func (j *appendOnly) removeHistory() {
	if j.opt.keepOld.Load() || j.closed || j.manifest == nil || len(j.manifest.history) == 0 {
		return
	}
	// The manifest in place may be one that a power failure takes back; the one before names these files.
	if err := j.s.fs.SyncDir(j.folder()); err != nil {
		j.log.Warn("the history files are kept, the directory could not be flushed", "error", err)
		return
	}
	for _, f := range j.manifest.history {
		j.log.Info("Removing the history file " + f.name + " in the background")
		j.removeFile(f.name)
	}
	m := j.manifest.clone()
	m.history = nil
	if err := j.persist(m); err != nil {
		j.log.Warn("the manifest still names removed files", "error", err)
		return
	}
	j.manifest = m
}

// firstBase writes the base of a data set that has no files yet: its present state, at
// the instant at which atStart runs. mu is held.
func (j *appendOnly) firstBase(ctx context.Context, m *manifest, atStart func()) error {
	rdb := j.opt.preamble.Load()
	f := m.newBase(j.opt.filename.Load(), rdb)
	j.log.Info("Creating AOF base file " + f.name + " on server start")
	j.s.snapshotting.Lock()
	defer j.s.snapshotting.Unlock()
	if err := j.writeBase(ctx, j.path(tempBase()), rdb, atStart); err != nil {
		j.removeFile(tempBase())
		return fmt.Errorf("creating the AOF base file: %w", err)
	}
	if err := j.s.fs.Rename(j.path(tempBase()), j.path(f.name)); err != nil {
		return fmt.Errorf("creating the AOF base file: %w", err)
	}
	return j.s.fs.SyncDir(j.folder())
}

// measure takes the sizes of the files but the present incr file's, which the writer knows. mu is held.
func (j *appendOnly) measure() {
	size := func(f aofFile) int64 {
		info, err := j.s.fs.Stat(j.path(f.name))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	var base, old int64
	if j.manifest.base != nil {
		base = size(*j.manifest.base)
	}
	for i, f := range j.manifest.incrs {
		if i < len(j.manifest.incrs)-1 {
			old += size(f)
		}
	}
	j.baseSize.Store(base)
	j.oldSize.Store(old)
	if w := j.writer.Load(); w != nil {
		w.before.Store(0)
	}
}

// currentSize is that of all files: INFO's aof_current_size.
func (j *appendOnly) currentSize() int64 {
	n := j.baseSize.Load() + j.oldSize.Load()
	if w := j.writer.Load(); w != nil {
		n += w.before.Load() + w.size.Load()
	}
	return n
}

// causeOf is the system's text of a disk error, as Redis prints it.
func causeOf(err error) string {
	if errors.Is(err, io.ErrShortWrite) {
		return "short write"
	}
	text := err.Error()
	for e := err; e != nil; e = errors.Unwrap(e) {
		text = e.Error()
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
