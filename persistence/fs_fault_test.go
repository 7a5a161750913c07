package persistence

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// faultFS is a directory whose disk fails when told to, and which forgets at a crash what was not flushed. Names are
// relative to root.
type faultFS struct {
	root string

	mu sync.Mutex
	// fail decides about an operation: open, write, sync, truncate, rename, remove, readdir, mkdir, syncdir, lock.
	fail  func(op, name string) error
	space int64 // bytes that may still be written, -1: any number
	// ignoreSync: flushes answer success and do nothing, as a lying disk does.
	ignoreSync bool

	inodes  map[string]*inode // names as they are
	durable map[string]*inode // names as they are on disk
	pending []nameChange      // what makes of durable inodes
	ops     []string          // what was done, without reads: "rename a b"

	still sync.RWMutex // held for reading while something is changed: see kernelView
	torn  bool         // writes come in two halves, between which a crash may come
	step  func()       // called before each change, and between halves
}

// inode is a file's content as it is on disk, and what was written since: as in a kernel, a flush that fails makes that count as written.
type inode struct {
	synced []byte
	dirty  [][2]int64 // from, to
}

var _ FS = (*faultFS)(nil)

// directory is the inode of all directories.
var directory = &inode{}

// newFaultFS is a healthy disk at a directory, with what is there already.
func newFaultFS(t testing.TB, root string) *faultFS {
	t.Helper()
	f := &faultFS{root: root, space: -1, inodes: map[string]*inode{}, durable: map[string]*inode{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		if err != nil || name == "." {
			return err
		}
		if d.IsDir() {
			f.inodes[name], f.durable[name] = directory, directory
			return nil
		}
		b, err := os.ReadFile(path)
		f.inodes[name] = &inode{synced: b}
		f.durable[name] = f.inodes[name]
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *faultFS) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.root, name)
}

// set changes the disk's health.
func (f *faultFS) set(space int64, fail func(op, name string) error) {
	f.mu.Lock()
	f.space, f.fail = space, fail
	f.mu.Unlock()
}

func (f *faultFS) check(op, name string, more ...string) error {
	f.mu.Lock()
	fail := f.fail
	if op != "write" {
		f.ops = append(f.ops, strings.Join(append([]string{op, name}, more...), " "))
	}
	f.mu.Unlock()
	if fail == nil {
		return nil
	}
	if err := fail(op, name); err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return nil
}

func (f *faultFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	if err := f.check("open", name); err != nil {
		return nil, err
	}
	defer f.changing()()
	file, err := os.OpenFile(f.path(name), flag, perm)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := f.key(name)
	if f.inodes[key] == nil {
		f.change(nameChange{key: &inode{}})
	}
	if flag&os.O_TRUNC != 0 {
		f.inodes[key].dirty = nil
	}
	return &faultFile{File: file, fs: f, name: name, inode: f.inodes[key]}, nil
}

func (f *faultFS) Rename(oldName, newName string) error {
	if err := f.check("rename", oldName, newName); err != nil {
		return err
	}
	defer f.changing()()
	err := os.Rename(f.path(oldName), f.path(newName))
	if err == nil {
		f.mu.Lock()
		f.change(nameChange{f.key(newName): f.inodes[f.key(oldName)], f.key(oldName): nil})
		f.mu.Unlock()
	}
	return err
}

func (f *faultFS) Remove(name string) error {
	if err := f.check("remove", name); err != nil {
		return err
	}
	defer f.changing()()
	err := os.Remove(f.path(name))
	if err == nil {
		f.mu.Lock()
		f.change(nameChange{f.key(name): nil})
		f.mu.Unlock()
	}
	return err
}

func (f *faultFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.check("readdir", name); err != nil {
		return nil, err
	}
	return os.ReadDir(f.path(name))
}

func (f *faultFS) MkdirAll(name string, perm fs.FileMode) error {
	if err := f.check("mkdir", name); err != nil {
		return err
	}
	defer f.changing()()
	f.mu.Lock()
	if f.inodes[f.key(name)] == nil {
		f.change(nameChange{f.key(name): directory})
	}
	f.mu.Unlock()
	return os.MkdirAll(f.path(name), perm)
}

func (f *faultFS) SyncDir(name string) error {
	if err := f.check("syncdir", name); err != nil {
		return err
	}
	defer f.changing()()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ignoreSync {
		f.flushNames(f.key(name))
	}
	return nil
}

func (f *faultFS) Stat(name string) (fs.FileInfo, error) { return os.Stat(f.path(name)) }

func (f *faultFS) Lock(dir string) (io.Closer, error) {
	if err := f.check("lock", dir); err != nil {
		return nil, err
	}
	return OS{}.Lock(f.path(dir))
}

// crash puts the directory into the state in which a power failure would leave it: names as of the last SyncDir,
// contents as of the last Sync.
func (f *faultFS) crash(t testing.TB) {
	t.Helper()
	f.mu.Lock()
	for n, i := range f.inodes {
		if i != directory {
			_ = os.Remove(f.path(n))
		}
	}
	f.mu.Unlock()
	f.powerView(nil).restore(t, f.root)
}

// faultFile is an open file of a faultFS.
type faultFile struct {
	*os.File
	fs    *faultFS
	name  string
	inode *inode
}

func (f *faultFile) Write(p []byte) (int, error) {
	at, err := f.File.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	n, err := f.WriteAt(p, at)
	if _, err := f.File.Seek(at+int64(n), io.SeekStart); err != nil {
		return n, err
	}
	return n, err
}

func (f *faultFile) WriteAt(p []byte, at int64) (int, error) {
	if err := f.fs.check("write", f.name); err != nil {
		return 0, err
	}
	f.fs.mu.Lock()
	n, full, torn := len(p), false, f.fs.torn
	if f.fs.space >= 0 {
		if int64(n) > f.fs.space {
			n, full = int(f.fs.space), true
		}
		f.fs.space -= int64(n)
	}
	f.fs.mu.Unlock()
	half := 0
	if torn {
		half = n / 2
	}
	wrote, err := f.write(p[:half], at)
	if err == nil {
		n, err = f.write(p[half:n], at+int64(half))
		wrote += n
	}
	if err == nil && full {
		err = &fs.PathError{Op: "write", Path: f.name, Err: unix.ENOSPC}
	}
	return wrote, err
}

func (f *faultFile) write(p []byte, at int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	defer f.fs.changing()()
	n, err := f.File.WriteAt(p, at)
	f.fs.mu.Lock()
	f.inode.dirty = append(f.inode.dirty, [2]int64{at, at + int64(n)})
	f.fs.mu.Unlock()
	return n, err
}

func (f *faultFile) Truncate(size int64) error {
	if err := f.fs.check("truncate", f.name); err != nil {
		return err
	}
	defer f.fs.changing()()
	return f.File.Truncate(size)
}

// wrote forgets the first n runs of what was written.
func (f *faultFile) wrote(n int) {
	f.fs.mu.Lock()
	f.inode.dirty = f.inode.dirty[min(n, len(f.inode.dirty)):]
	f.fs.mu.Unlock()
}

// readAll reads the beginning of a file.
func readAll(name string, b []byte) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.ReadFull(f, b)
	return err
}

func (f *faultFile) Sync() error {
	f.fs.mu.Lock()
	dirty := f.inode.dirty
	f.fs.mu.Unlock()
	if err := f.fs.check("sync", f.name); err != nil {
		f.wrote(len(dirty))
		return err
	}
	defer f.fs.changing()()
	info, err := f.File.Stat()
	if err != nil {
		return err
	}
	b := make([]byte, info.Size())
	if err := readAll(f.File.Name(), b); err != nil { // renamed or removed meanwhile
		return nil
	}
	f.wrote(len(dirty))
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.ignoreSync {
		return nil
	}
	end := int64(len(f.inode.synced)) // what is written meanwhile doesn't count, and the size on disk follows what is there
	for _, d := range dirty {
		end = max(end, d[1])
	}
	disk := make([]byte, min(end, int64(len(b))))
	copy(disk, f.inode.synced)
	for _, d := range dirty {
		if to := min(d[1], int64(len(disk))); d[0] < to {
			copy(disk[d[0]:], b[d[0]:to])
		}
	}
	f.inode.synced = disk
	return nil
}
