//go:build unix

package load

import (
	"io"
	"syscall"

	"golang.org/x/sys/unix"
)

// exchange runs batches until the run is over or w.err is set. It stays inside one RawConn.Read call: the callback reads, counts,
// writes the next batch and returns false to wait, which saves the net package's locks and the read that finds nothing.
func (w *worker) exchange() {
	sc, ok := w.nc.(syscall.Conn)
	if !ok {
		w.exchangePlain()
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		w.fail(err)
		return
	}
	if err := raw.Read(w.ready); err != nil {
		w.fail(err)
	}
}

// ready is called when the socket may be readable and tells whether the connection is through.
func (w *worker) ready(fd uintptr) bool {
	if w.outstanding == 0 && !w.send(int(fd)) {
		return true
	}
	for {
		drained := w.read(int(fd))
		if w.err != nil {
			return true
		}
		if w.outstanding == 0 && !w.send(int(fd)) {
			return true
		}
		if drained {
			return false
		}
	}
}

// read takes what the socket has, once. It reports true when the socket is known to be empty: after a short read or none the
// poller's edge will come with the next byte.
func (w *worker) read(fd int) (drained bool) {
	room := len(w.buf) - w.have
	n, err := syscall.Read(fd, w.buf[w.have:])
	switch {
	case err == syscall.EAGAIN:
		return true
	case err == syscall.EINTR:
		return false
	case err != nil:
		w.fail(err)
	case n == 0:
		w.fail(io.EOF)
	default:
		w.received(n)
	}
	return n < room
}

// send writes the next batch and reports false when there is none or the connection failed. While the socket takes no more it
// reads, as a server may stop reading from a client that doesn't take its replies.
func (w *worker) send(fd int) bool {
	b := w.next()
	if b == nil {
		return false
	}
	for len(b) > 0 {
		n, err := syscall.Write(fd, b)
		switch {
		case err == nil:
			b = b[n:]
			continue
		case err == syscall.EINTR:
			continue
		case err != syscall.EAGAIN:
			w.fail(err)
			return false
		}
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLOUT}}
		if _, err := unix.Poll(p, 100); err != nil && err != unix.EINTR {
			w.fail(err)
			return false
		}
		if p[0].Revents&^unix.POLLOUT != 0 {
			w.read(fd)
		}
		if w.err != nil || w.run.stop.Load() {
			return false
		}
	}
	return true
}
