package persistence

import (
	"os"

	"golang.org/x/sys/unix"
)

// dropCache tells the system that the first size bytes of a file, which are flushed, need not stay in memory: what is written next can take their
// pages. Otherwise a server that writes all the time takes new pages all the time, which on a virtual machine that gives unused memory back to its
// host costs ten times as much as the write itself (ADR 0017).
func dropCache(file File, size int64) {
	o, ok := file.(*os.File)
	if !ok {
		return
	}
	if size -= size % int64(os.Getpagesize()); size <= 0 { // a page that is written to again stays
		return
	}
	raw, err := o.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // advice: nothing depends on it
		_ = unix.Fadvise(int(fd), 0, size, unix.FADV_DONTNEED)
	})
}
