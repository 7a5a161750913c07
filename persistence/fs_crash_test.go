package persistence

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var longAgo = time.Unix(1e9, 0)

// nameChange is one step of a file system: what names stand for after it, nil for nothing.
type nameChange map[string]*inode

// view is what a directory holds after a crash: contents by name, nil for a directory.
type view map[string][]byte

// key is the one name of a file, relative to root where that is possible.
func (f *faultFS) key(name string) string {
	if rel, ok := strings.CutPrefix(name, f.root+string(filepath.Separator)); ok {
		name = rel
	}
	return filepath.Clean(name)
}

// changing is called before something is changed; what it returns, after that.
func (f *faultFS) changing() (done func()) {
	f.mu.Lock()
	step := f.step
	f.mu.Unlock()
	if step != nil {
		step()
	}
	f.still.RLock()
	return f.still.RUnlock
}

// onStep has f called before each change.
func (f *faultFS) onStep(step func()) {
	f.mu.Lock()
	f.torn, f.step = true, step
	f.mu.Unlock()
}

// change makes a step; mu is held.
func (f *faultFS) change(c nameChange) {
	apply(f.inodes, c)
	f.pending = append(f.pending, c)
}

func apply(names map[string]*inode, c nameChange) {
	for name, i := range c {
		if i == nil {
			delete(names, name)
		} else {
			names[name] = i
		}
	}
}

// flushNames makes the names in a directory last; mu is held.
func (f *faultFS) flushNames(dir string) {
	kept := f.pending[:0]
	for _, c := range f.pending {
		rest := nameChange{}
		for name, i := range c {
			if filepath.Dir(name) != dir {
				rest[name] = i
				continue
			}
			apply(f.durable, nameChange{name: i})
		}
		if len(rest) > 0 {
			kept = append(kept, rest)
		}
	}
	clear(f.pending[len(kept):])
	f.pending = kept
}

// kernelView is what a killed process leaves: all that was done.
func (f *faultFS) kernelView(t testing.TB) view {
	t.Helper()
	f.still.Lock()
	defer f.still.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	v := view{}
	for name, i := range f.inodes {
		v[name] = nil
		if i != directory {
			v[name] = f.content(t, name)
		}
	}
	return v
}

func (f *faultFS) content(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(f.path(name))
	if err != nil {
		t.Error(err)
	}
	if b == nil {
		b = []byte{}
	}
	return b
}

// powerView is what a power failure leaves. With a source of chance there is more than what was flushed: names change in the order in which
// they were changed, up to some step, files that have grown have some of that, and of what was
// overwritten some sectors. In a directory whose own name was not flushed there is nothing.
func (f *faultFS) powerView(rnd *rand.Rand) view {
	f.still.Lock()
	defer f.still.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	names := map[string]*inode{}
	apply(names, f.durable)
	if rnd != nil {
		for _, c := range f.pending[:rnd.IntN(len(f.pending)+1)] {
			apply(names, c)
		}
	}
	now := map[*inode]string{}
	for name, i := range f.inodes {
		now[i] = name
	}
	v := view{}
	for name, i := range names {
		if dir := filepath.Dir(name); dir != "." && !filepath.IsAbs(name) && names[dir] == nil {
			continue
		}
		if v[name] = nil; i == directory {
			continue
		}
		v[name] = i.synced
		if at, ok := now[i]; ok && rnd != nil && rnd.IntN(2) == 0 {
			v[name] = partly(i, f.path(at), rnd)
		}
		if v[name] == nil {
			v[name] = []byte{}
		}
	}
	return v
}

// sector is what a disk writes as a whole.
const sector = 512

// partly is what was flushed of a file, and some of what was written since.
func partly(i *inode, path string, rnd *rand.Rand) []byte {
	whole, err := os.ReadFile(path)
	if err != nil {
		return i.synced
	}
	had := int64(len(i.synced))
	b, end := slices.Clone(i.synced), had
	for _, d := range i.dirty {
		if d[0] <= end {
			end = max(end, d[1])
		}
		for at := d[0] / sector * sector; at < min(d[1], had, int64(len(whole))); at += sector {
			if rnd.IntN(2) == 0 {
				copy(b[at:], whole[at:min(at+sector, had, int64(len(whole)))])
			}
		}
	}
	if more := min(end, int64(len(whole))) - had; more > 0 {
		b = append(b, whole[had:had+rnd.Int64N(more+1)]...)
	}
	return b
}

// restore makes a directory hold what a crash has left.
func (v view) restore(t testing.TB, dir string) {
	t.Helper()
	for name, content := range v {
		path := name
		if !filepath.IsAbs(name) {
			path = filepath.Join(dir, name)
		}
		if content == nil {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, longAgo); err != nil { // nobody has changed it since the crash
			t.Fatal(err)
		}
	}
}
