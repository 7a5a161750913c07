//go:build !unix

package persistence

import (
	"io"
	"os"
)

// Lock implements FS. Where there is no flock, directories are not guarded.
func (OS) Lock(dir string) (io.Closer, error) { return os.Open(dir) }

// processAlive reports whether there is a process of that id: unknown here.
func processAlive(int) bool { return false }
