package server

import "syscall"

// duplicate returns another descriptor of the same socket, or -1.
func duplicate(fd int) int {
	n, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 0)
	if e != 0 {
		return -1
	}
	return int(n)
}
