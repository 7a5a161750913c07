//go:build unix

package server

import (
	"net"
	"syscall"
)

// SetBacklog calls listen(2) once more: package net always asks for the most the kernel allows.
func SetBacklog(l net.Listener, backlog int) {
	raw, ok := l.(syscall.Conn)
	if !ok {
		return
	}
	if conn, err := raw.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), backlog) })
	}
}
