package server

import (
	"math"
	"syscall"
)

// transfer is one receive or send of a connection that does not wait.
type transfer struct {
	c  *conn
	fd int
	b  []byte // not empty
	n  int    // bytes, or minus the error's number
}

const (
	unset      = math.MinInt
	mostAtOnce = 1 << 30
)

// result is n as the calls for one socket return it.
func (t *transfer) result() (int, error) {
	if t.n < 0 {
		return -1, syscall.Errno(-t.n)
	}
	return t.n, nil
}

// transfers are done together where the kernel can, or else one after the other.
type transfers struct {
	list []transfer
	many *multi // nil: one after the other
}

func (t *transfers) add(c *conn, b []byte) {
	t.list = append(t.list, transfer{c: c, fd: c.fd, b: b, n: unset})
}

// reset forgets them.
func (t *transfers) reset() {
	clear(t.list)
	t.list = t.list[:0]
}

func (t *transfers) receive() {
	if len(t.list) > 1 && t.many != nil {
		t.many.receive(t.list)
	}
	t.singly(readFD)
}

func (t *transfers) send() {
	if len(t.list) > 1 && t.many != nil {
		t.many.send(t.list)
	}
	t.singly(writeFD)
}

// singly does those that are not done.
func (t *transfers) singly(call func(int, []byte) (int, error)) {
	for i := range t.list {
		o := &t.list[i]
		if o.n != unset {
			continue
		}
		n, err := call(o.fd, o.b)
		if o.n = n; err != nil {
			o.n = -int(err.(syscall.Errno))
		}
	}
}
