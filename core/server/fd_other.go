//go:build unix && !linux

package server

import "syscall"

func readFD(fd int, b []byte) (int, error) {
	for {
		if n, err := syscall.Read(fd, b); err != syscall.EINTR {
			return n, err
		}
	}
}

func writeFD(fd int, b []byte) (int, error) {
	for {
		if n, err := syscall.Write(fd, b); err != syscall.EINTR {
			return n, err
		}
	}
}

func duplicate(int) int { return -1 }
