package persistence

import (
	"os"

	"golang.org/x/sys/unix"
)

// datasync makes a file's content last: fdatasync, which spares the file's times.
func datasync(f File) error {
	o, ok := f.(*os.File)
	if !ok {
		return f.Sync()
	}
	for {
		err := unix.Fdatasync(int(o.Fd()))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return &os.PathError{Op: "fdatasync", Path: o.Name(), Err: err}
		}
		return nil
	}
}
