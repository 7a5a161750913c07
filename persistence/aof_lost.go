package persistence

import (
	"time"

	"github.com/redust/redust/protocol"
)

// A file of the log that is removed while the server runs costs what it holds, and a file that has no name any more takes all that is
// written to it: neither gives an error. So the cron looks whether the files are there. If one isn't, writes are refused until a rewrite,
// which begins at once, has made a whole log.

const (
	// lookEvery is how often the files are looked for.
	lookEvery = time.Second
	// lostRetry is the pause after a rewrite for lost files that failed: as after a save.
	lostRetry = saveRetry
)

// errLost is the reason why writes are refused.
var errLost = protocol.MisconfAOF("No such file or directory")

// look has somebody find out whether files of the log are missing. The cron doesn't wait: on a disk that hangs it has to notice that.
func (j *appendOnly) look(now time.Time) {
	if !j.is(aofOn) || j.lost.Load() || now.Sub(j.looked) < lookEvery || !j.looking.CompareAndSwap(false, true) {
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
	names := j.names()
	j.mu.Unlock()
	if j.missing(names) == "" {
		return
	}
	_ = j.s.lockDirectory() // which looks where it is
	j.mu.Lock()
	defer j.mu.Unlock()
	name := j.missing(j.names()) // a rewrite may have replaced the files since
	if name == "" || !j.is(aofOn) {
		return
	}
	j.log.Warn("A file of the AOF has been removed. Writes are refused until a rewrite has made a whole log.", "file", name)
	j.lost.Store(true)
	j.eng.UpdateGates()
}

// names are the files that have to be there: the manifest and those it names. mu is held.
func (j *appendOnly) names() []string {
	if j.manifest == nil || j.closed {
		return nil
	}
	names := []string{j.manifestIn(j.home())}
	for _, f := range j.manifest.current() {
		names = append(names, j.path(f.name))
	}
	return names
}

// missing is the first of the files that isn't there.
func (j *appendOnly) missing(names []string) string {
	for _, name := range names {
		if _, err := j.s.fs.Stat(name); notThere(err) {
			return workingFile(name)
		}
	}
	return ""
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
	if j.lost.Swap(false) {
		j.log.Warn("The AOF is whole again, the server can write.")
		j.eng.UpdateGates()
	}
}
