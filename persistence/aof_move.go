package persistence

import (
	"errors"
	"fmt"
	"path"
)

// CONFIG SET dir while the log is on: it stays whole where it is until a rewrite has made a base in the new directory. Only then is
// the new directory's manifest written, and the log goes on there. What is left in the old one is not touched.

// moving implements journal. A log that is there already is replaced, as with CONFIG SET appendonly yes, but not one
// that can't be read.
func (j *appendOnly) moving(root string) error {
	if !j.s.opt.appendOnly.Load() {
		return nil
	}
	m, err := j.readManifestIn(root)
	if err != nil {
		return err
	}
	if name := j.strayFileIn(root); name != "" && len(m.current()) == 0 {
		return fmt.Errorf("the AOF manifest is missing, but the file %s is there", name)
	}
	if err := j.makeFolder(root); err != nil {
		return fmt.Errorf("can't open or create append-only dir %s: %s", j.pathIn(root, ""), causeOf(err))
	}
	return nil
}

// moved implements journal.
func (j *appendOnly) moved(from, to string) {
	if at := j.root.Load(); *at == from {
		j.root.CompareAndSwap(at, &to)
	}
}

// relocate follows a change of the data directory: at once where the log is not on, else by a rewrite. mu is held.
func (j *appendOnly) relocate() {
	if !j.away() || j.rewrites.active.Load() { // a rewrite ends where it began
		return
	}
	if j.is(aofOn) {
		j.rewrites.scheduled.Store(true)
		return
	}
	j.root.Store(j.s.place.at.Load())
	j.manifest = nil
	j.s.place.release()
}

// away reports whether the log is not in the data directory.
func (j *appendOnly) away() bool { return j.home() != j.s.place.root() }

// join makes the log of the new directory count, and has it go on there alone. From its first step on, replies wait for both
// files, so that each log has everything that was acknowledged whenever a crash comes. mu is held.
func (j *appendOnly) join(t *turning) error {
	incr, next := t.incr, t.begun
	j.joining.Store(next)
	defer j.joining.Store(nil)
	err := next.barrier(j.eng.Log().Offset(), shutdownPatience)
	if err == nil {
		err = j.s.fs.Rename(j.pathIn(t.root, j.tempIncr()), j.pathIn(t.root, incr.name))
	}
	if err == nil {
		err = j.placeIn(t.root)
	}
	if err != nil {
		if errors.Is(err, errManifestUnsure) { // it must not be taken for the log while that goes on elsewhere
			j.removeFileIn(t.root, path.Base(j.manifestIn(t.root)))
		}
		j.removeFileIn(t.root, incr.name)
		return fmt.Errorf("moving the log to %s: %s", j.pathIn(t.root, ""), causeOf(err)) // not errManifestUnsure: the log stays
	}
	old := j.writer.Swap(next)
	j.root.Store(&t.root)
	old.close(true) // who waits for it goes on to wait for next
	j.delayed.Add(old.delayed.Load())
	j.log.Info("The append only files are now in " + j.folder() + ". Those in the directory before are out of date from here on.")
	return nil
}
