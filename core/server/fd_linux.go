package server

import (
	"syscall"
	"unsafe"
)

// The descriptors are non-blocking: the calls return at once, so the scheduler need not be told.

// readFD is read(2) without the scheduler's bookkeeping.
func readFD(fd int, b []byte) (int, error) {
	for {
		n, _, e := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		if e == 0 {
			return int(n), nil
		}
		if e != syscall.EINTR {
			return -1, e
		}
	}
}

// writeFD is write(2) likewise.
func writeFD(fd int, b []byte) (int, error) {
	for {
		n, _, e := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		if e == 0 {
			return int(n), nil
		}
		if e != syscall.EINTR {
			return -1, e
		}
	}
}
