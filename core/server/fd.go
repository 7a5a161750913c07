package server

import (
	"net"
	"syscall"

	"github.com/redust/redust/core/sockets"
)

// tryWrite writes what the socket takes without waiting. Owner only.
func (c *conn) tryWrite(b []byte) int {
	if c.nc != nil {
		return 0
	}
	n, _ := sockets.Write(c.fd, b)
	return max(0, n)
}

// writeSome writes a part of b, waiting until the socket takes one. Only who is in charge of the output calls it.
func (c *conn) writeSome(b []byte) (int, error) {
	if c.nc != nil {
		return c.nc.Write(b)
	}
	if !c.use() {
		return 0, net.ErrClosed
	}
	defer c.unuse()
	for {
		n, err := sockets.Write(c.fd, b)
		if n > 0 {
			return n, nil
		}
		if err != syscall.EAGAIN {
			return 0, err
		}
		if c.slow.Swap(true) { // events ring since before the write
			<-c.signals().output
		}
		if c.closed.Load() {
			return 0, net.ErrClosed
		}
	}
}

// hangUp ends the stream in both directions: the owner finds that out. The descriptor stays until nobody uses it.
func (c *conn) hangUp() {
	if c.use() {
		syscall.Shutdown(c.fd, syscall.SHUT_RDWR)
		c.unuse()
	}
	if s := c.signal.Load(); s != nil {
		ring(s.input)
		ring(s.output)
	}
}

func closeFD(fd int) { syscall.Close(fd) }
