package server

import (
	"syscall"
	"unsafe"
)

// The descriptors are non-blocking sockets: the calls return at once, so the scheduler need not be told, and
// recvfrom and sendto reach the socket by a shorter way than read and write.

// readFD reads what there is, without the scheduler's bookkeeping.
func readFD(fd int, b []byte) (int, error) {
	return socketCall(syscall.SYS_RECVFROM, fd, b, syscall.MSG_DONTWAIT)
}

// writeFD writes what the socket takes, likewise.
func writeFD(fd int, b []byte) (int, error) {
	return socketCall(syscall.SYS_SENDTO, fd, b, syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL)
}

func socketCall(number uintptr, fd int, b []byte, flags uintptr) (int, error) {
	for {
		n, _, e := syscall.RawSyscall6(number, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), flags, 0, 0)
		if e == 0 {
			return int(n), nil
		}
		if e != syscall.EINTR {
			return -1, e
		}
	}
}

// duplicate returns another descriptor of the same socket, or -1.
func duplicate(fd int) int {
	n, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 0)
	if e != 0 {
		return -1
	}
	return int(n)
}
