package persistence

import (
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/redust/redust/protocol"
)

// A file of the log that is removed while the server runs costs what it holds, and a file that has no name any more takes all that is
// written to it: neither gives an error. The same goes for a file in whose place another one is put. So the cron looks whether the files are
// there. If one isn't, writes are refused until a rewrite, which begins at once, has made a whole log.

const (
	// lookEvery is how often the files are looked for.
	lookEvery = time.Second
	// lostRetry is the pause after a rewrite for lost files that failed: as after a save.
	lostRetry = saveRetry
)

// The reasons why writes are refused.
var (
	errRemoved  = protocol.MisconfAOF("No such file or directory")
	errReplaced = protocol.MisconfAOF("Another file is in its place")
)

// logFile is a file that has to be there.
type logFile struct {
	name string
	grow bool // it may
}

// look has somebody find out whether files of the log are missing. The cron doesn't wait: on a disk that hangs it has to notice that.
func (j *appendOnly) look(now time.Time) {
	if !j.is(aofOn) || j.lost.Load() != nil || now.Sub(j.looked) < lookEvery || !j.looking.CompareAndSwap(false, true) {
		return
	}
	j.looked = now
	j.s.done.Go(func() {
		defer j.looking.Store(false)
		j.search()
	})
}

// search refuses writes if files of the log are missing. A data directory that was moved is followed.
func (j *appendOnly) search() {
	j.mu.Lock()
	files, seen := j.logFiles(), maps.Clone(j.seen)
	j.mu.Unlock()
	all := len(seen) == len(files)
	j.searchRedo()
	name, why := j.missing(files, seen)
	if name == "" && all && len(seen) == len(files) {
		return
	}
	if why == errRemoved {
		_ = j.s.lockDirectory() // which looks where it is
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.is(aofOn) {
		return
	}
	files = j.logFiles() // a rewrite may have replaced the files since
	maps.DeleteFunc(j.seen, func(name string, _ fs.FileInfo) bool {
		return !slices.ContainsFunc(files, func(f logFile) bool { return f.name == name })
	})
	if name, why = j.missing(files, j.seen); name == "" {
		return
	}
	j.log.Warn("A file of the AOF has been removed or replaced. Writes are refused until a rewrite has made a whole log.", "file", name)
	j.lost.Store(&why)
	j.eng.UpdateGates()
}

// searchRedo tells the writer if its redo log has been removed.
func (j *appendOnly) searchRedo() {
	w := j.writer.Load()
	if w == nil || !w.redoUsed.Load() {
		return
	}
	if _, err := j.s.fs.Stat(j.path(j.redoName())); notThere(err) {
		w.redoGone.Store(true)
		w.poke()
	}
}

// logFiles are the files that have to be there: the manifest and those it names. mu is held.
func (j *appendOnly) logFiles() []logFile {
	if j.manifest == nil || j.closed {
		return nil
	}
	files := []logFile{{name: j.manifestIn(j.home())}}
	for _, f := range j.manifest.current() {
		files = append(files, logFile{j.path(f.name), f.kind == fileIncr})
	}
	return files
}

// missing is the first of the files that isn't there, or isn't the one that was seen. Files that weren't seen yet are added to seen.
func (j *appendOnly) missing(files []logFile, seen map[string]fs.FileInfo) (name string, why protocol.Error) {
	for _, f := range files {
		now, err := j.s.fs.Stat(f.name)
		if notThere(err) {
			return workingFile(f.name), errRemoved
		}
		if err != nil || !os.SameFile(now, now) { // an FS whose files have no identity
			continue
		}
		was, ok := seen[f.name]
		switch {
		case !ok:
			seen[f.name] = now
		case !os.SameFile(was, now), !f.grow && was.Size() != now.Size(): // the number of an inode may be used again
			return workingFile(f.name), errReplaced
		}
	}
	return "", ""
}

// mend has a rewrite make lost files anew.
func (j *appendOnly) mend(now time.Time) {
	r := &j.rewrites
	r.mu.Lock()
	due := r.failures == 0 || now.Sub(r.failedAt) >= lostRetry
	r.mu.Unlock()
	if due {
		j.startRewrite(nil)
	}
}

// found ends what look has begun: the log is whole.
func (j *appendOnly) found() {
	if j.lost.Swap(nil) != nil {
		j.log.Warn("The AOF is whole again, the server can write.")
		j.eng.UpdateGates()
	}
}
