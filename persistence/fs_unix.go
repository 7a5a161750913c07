//go:build unix

package persistence

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Lock implements FS with flock on the directory itself, so that even a directory that
// can't be written is guarded and no file is left behind.
func (OS) Lock(dir string) (io.Closer, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case err == nil:
		return d, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		err = ErrLocked
	default:
		err = &os.PathError{Op: "flock", Path: dir, Err: err}
	}
	return nil, errors.Join(err, d.Close())
}

// processAlive reports whether there is a process of that id.
func processAlive(pid int) bool {
	err := unix.Kill(pid, 0)
	return err == nil || errors.Is(err, unix.EPERM)
}
