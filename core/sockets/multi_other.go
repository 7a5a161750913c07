//go:build unix && !linux

package sockets

import (
	"errors"
	"syscall"
)

// Multi would do several transfers by one system call.
type Multi struct{}

// Open fails: there is no such call.
func (*Multi) Open() error { return errors.ErrUnsupported }

// Together is false.
func (*Multi) Together() bool { return false }

// Close does nothing.
func (*Multi) Close() {}

const uringSend, uringRecv = 0, 0

func (*Multi) together([]Transfer, uint8) {}

// Read reads what a non-blocking socket has.
func Read(fd int, b []byte) (int, error) {
	for {
		if n, err := syscall.Read(fd, b); err != syscall.EINTR {
			return n, err
		}
	}
}

// Write writes what a non-blocking socket takes.
func Write(fd int, b []byte) (int, error) {
	for {
		if n, err := syscall.Write(fd, b); err != syscall.EINTR {
			return n, err
		}
	}
}

// Connections are served by package net here.
func duplicate(int) int { return -1 }
