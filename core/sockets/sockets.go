// Package sockets receives from and sends to many non-blocking sockets by one system call, where the kernel has io_uring and lets it be
// used (ADR 0015), or else by one call each.
package sockets

import (
	"math"
	"net"
	"syscall"
)

// Transfer is one receive or send of a socket, which does not wait.
type Transfer struct {
	FD int    // a non-blocking stream socket
	B  []byte // not empty, and on the heap: the kernel knows it by its address
	N  int    // set by it: bytes moved, 0 at the end of a received stream, or minus the error's number
}

// Result is N as the calls for one socket return it.
func (t *Transfer) Result() (int, error) {
	if t.N < 0 {
		return -1, syscall.Errno(-t.N)
	}
	return t.N, nil
}

const (
	unset      = math.MinInt // N of what is not done
	mostAtOnce = 1 << 30
)

// Receive does all of ts, in their order for one socket.
func (m *Multi) Receive(ts []Transfer) {
	begin(ts)
	m.together(ts, uringRecv)
	singly(ts, Read)
}

// Send does all of ts, likewise.
func (m *Multi) Send(ts []Transfer) {
	begin(ts)
	m.together(ts, uringSend)
	singly(ts, Write)
}

func begin(ts []Transfer) {
	for i := range ts {
		ts[i].N = unset
	}
}

// singly does those that are not done.
func singly(ts []Transfer, call func(int, []byte) (int, error)) {
	for i := range ts {
		t := &ts[i]
		if t.N != unset {
			continue
		}
		n, err := call(t.FD, t.B)
		if t.N = n; err != nil {
			t.N = -int(err.(syscall.Errno))
		}
	}
}

// Duplicate returns a descriptor of nc's socket that is the caller's alone: nc may be closed, which takes the socket away from the poller of
// package net. -1 where there is none to be had.
func Duplicate(nc net.Conn) int {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return -1
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return -1
	}
	fd := -1
	if raw.Control(func(own uintptr) { fd = duplicate(int(own)) }) != nil {
		return -1
	}
	return fd
}
