package sockets

import (
	"syscall"
	"testing"
)

// A ring that the kernel takes nothing from any more is given up, and the transfers are done all the same.
func TestTransfersGoOnWithoutTheRing(t *testing.T) {
	var m Multi
	if err := m.Open(); err != nil {
		t.Skip("no io_uring: ", err)
	}
	syscall.Close(m.ring.fd)
	m.ring.fd = -1
	var out []Transfer
	for _, p := range pairs(t, 3) {
		out = append(out, Transfer{FD: p[0], B: []byte("ab")})
	}
	m.Send(out)
	for _, o := range out {
		if o.N != 2 {
			t.Error("sent", o.N)
		}
	}
	if m.Together() {
		t.Error("the ring is still there")
	}
}
