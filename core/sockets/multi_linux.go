package sockets

import (
	"syscall"
	"unsafe"
)

// Multi does several transfers by one system call once it is open; the zero value, and a nil one, do one after the other. It belongs to
// one goroutine at a time, on any thread.
type Multi struct{ ring *uring }

// Open lets it, unless the kernel has no io_uring or forbids it. What is open must be closed.
func (m *Multi) Open() (err error) {
	m.ring, err = newURing()
	return err
}

// Together reports whether it is open, and the kernel has not refused anything since.
func (m *Multi) Together() bool { return m != nil && m.ring != nil }

// Close lets go of the ring. From then on transfers are done one after the other.
func (m *Multi) Close() {
	if m.Together() {
		m.ring.close()
		m.ring = nil
	}
}

// together leaves the N of those unset that were not done.
func (m *Multi) together(ts []Transfer, op uint8) {
	if len(ts) > 1 && m.Together() && !m.ring.run(op, ts) {
		m.Close()
	}
}

// The descriptors are non-blocking sockets: the calls return at once, so the scheduler need not be told, and
// recvfrom and sendto reach the socket by a shorter way than read and write.

// Read reads what a non-blocking socket has, without the scheduler's bookkeeping.
func Read(fd int, b []byte) (int, error) {
	return call(syscall.SYS_RECVFROM, fd, b, syscall.MSG_DONTWAIT)
}

// Write writes what a non-blocking socket takes, likewise.
func Write(fd int, b []byte) (int, error) {
	return call(syscall.SYS_SENDTO, fd, b, syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL)
}

func call(number uintptr, fd int, b []byte, flags uintptr) (int, error) {
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

func duplicate(fd int) int {
	n, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 0)
	if e != 0 {
		return -1
	}
	return int(n)
}
