package persistence

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// placement is the data directory, and the locks that keep other servers out of it. Files are named by their full path, so that what is
// being written goes on where it began when CONFIG SET dir changes the process's working directory.
type placement struct {
	s  *Service
	at atomic.Pointer[string] // "" stands for wherever the FS begins

	mu    sync.Mutex
	locks map[string]io.Closer // by directory
}

// init notes where the process is, if the file system is the machine's.
func (p *placement) init(s *Service, machine bool) {
	p.s, p.locks = s, map[string]io.Closer{}
	var root string
	if machine {
		root, _ = os.Getwd() // without an answer names stay relative
		root = resolved(root)
	}
	p.at.Store(&root)
}

// resolved is the one name of a directory that can have several: a lock conflicts with one of our own, too.
func resolved(dir string) string {
	if name, err := filepath.EvalSymlinks(dir); err == nil && dir != "" {
		return name
	}
	return dir
}

// root is the data directory.
func (p *placement) root() string { return *p.at.Load() }

// path is that of a file in the data directory.
func (p *placement) path(name string) string { return filepath.Join(p.root(), name) }

// lock makes sure that this process has the data directory. mu is held.
func (p *placement) lock(root string) error {
	old := p.locks[root]
	if old != nil && p.names(root, old) {
		return nil
	}
	if old != nil && p.follow(root, old) {
		return nil
	}
	l, err := p.s.fs.Lock(filepath.Join(root, "."))
	switch {
	case errors.Is(err, ErrLocked):
		return fmt.Errorf("the data directory %s is used by another server: stop that one, or give this one a directory of its own (--dir)", workingFile(root))
	case err != nil:
		return fmt.Errorf("locking the data directory %s: %w", workingFile(root), err)
	}
	p.locks[root] = l
	if old != nil {
		p.s.log.Warn("the data directory was removed, and there is a new one in its place", "dir", workingFile(root))
		_ = old.Close()
		if _, err := os.Getwd(); err != nil { // it was the process's own: follow goes by that
			_ = os.Chdir(root)
		}
	}
	return nil
}

// names reports whether root still is the name of the directory that is locked.
func (p *placement) names(root string, lock io.Closer) bool {
	held, ok := lock.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return true
	}
	locked, err := held.Stat()
	if err != nil {
		return true
	}
	now, err := p.s.fs.Stat(filepath.Join(root, "."))
	return err == nil && os.SameFile(locked, now)
}

// follow finds the data directory under its new name when it has been moved. What is in its old place then may be another server's. For
// redis-server, which names files relative to its working directory, nothing changes either. mu is held.
func (p *placement) follow(root string, lock io.Closer) bool {
	dir, err := os.Getwd()
	dir = resolved(dir)
	if err != nil || dir == root || root != p.root() || !p.names(dir, lock) {
		return false
	}
	p.locks[dir] = lock
	delete(p.locks, root)
	p.at.Store(&dir)
	p.s.aof.moved(root, dir)
	p.s.log.Warn("the data directory has been moved", "from", root, "to", dir)
	return true
}

// release gives up directories that nothing is written to any more.
func (p *placement) release() {
	if p.s.saves.active.Load() {
		return // it may have begun in one of them, and calls release when it has ended
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for dir, l := range p.locks {
		if dir == p.root() || dir == p.s.aof.home() {
			continue
		}
		if err := l.Close(); err != nil {
			p.s.log.Warn("giving up the lock of a directory", "dir", dir, "error", err)
		}
		delete(p.locks, dir)
	}
}

// close gives up everything.
func (p *placement) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	for dir, l := range p.locks {
		err = errors.Join(err, l.Close())
		delete(p.locks, dir)
	}
	return err
}

// lockDirectory makes sure that this process has the data directory. It is called before
// anything is written there.
func (s *Service) lockDirectory() error {
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	return s.place.lock(s.place.root())
}

// directoryChanged applies CONFIG SET dir: saves go to the new directory from the next one on, and the log moves there. It does not
// wait, as the command may be part of a transaction.
func (s *Service) directoryChanged(dir string) error {
	dir = resolved(dir)
	if dir == s.place.root() {
		return nil
	}
	if err := s.aof.moving(dir); err != nil {
		return err
	}
	p := &s.place
	p.mu.Lock()
	if len(p.locks) > 0 {
		if err := p.lock(dir); err != nil {
			p.mu.Unlock()
			return err
		}
	}
	p.at.Store(&dir)
	p.mu.Unlock()
	p.release()
	return nil
}
