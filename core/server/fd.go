package server

import (
	"net"
	"syscall"
)

// tryWrite writes what the socket takes without waiting. It is called by the
// connection's goroutine: inside the Read callback the descriptor is at hand.
func (c *conn) tryWrite(b []byte) int {
	if c.sys >= 0 && c.raw != nil {
		n, _ := writeFD(c.sys, b)
		return max(0, n)
	}
	return c.tryWriteAny(b)
}

// tryWriteAny is tryWrite from any goroutine.
func (c *conn) tryWriteAny(b []byte) int {
	if c.raw == nil {
		return 0
	}
	written := 0
	c.raw.Write(func(fd uintptr) bool {
		written, _ = writeFD(int(fd), b)
		return true
	})
	return max(0, written)
}

// rawConn returns the raw form of a connection and its descriptor's number; nil where there is none.
func rawConn(nc net.Conn) (syscall.RawConn, int) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil, -1
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil, -1
	}
	num := -1
	raw.Control(func(fd uintptr) { num = int(fd) })
	return raw, num
}

// atEnd reports whether there is nothing left to read and the peer has closed its side.
func atEnd(fd int) bool {
	var b [1]byte
	n, _, err := syscall.Recvfrom(fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return n == 0 && err == nil
}
