//go:build unix

package redustcmd

import (
	"net"
	"syscall"
)

// setBacklog calls listen(2) once more: package net always asks for the most the kernel allows.
func setBacklog(l net.Listener, backlog int) {
	raw, ok := l.(syscall.Conn)
	if !ok {
		return
	}
	if conn, err := raw.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), backlog) })
	}
}
