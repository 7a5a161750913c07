package main

import (
	"errors"
	"net"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/redust/redust/core/sockets"
)

// drain reads all connections with one thread and adds up the bytes, since a goroutine for each would cost more than what it listens to.
func drain(conns []net.Conn, got *atomic.Int64) error {
	poll, err := unix.EpollCreate1(0)
	if err != nil {
		return err
	}
	for _, nc := range conns {
		fd := sockets.Duplicate(nc)
		if fd < 0 {
			return errors.New("a listener's connection has no descriptor")
		}
		defer unix.Close(fd)
		nc.Close()
		if err := unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}); err != nil {
			return err
		}
	}
	var many sockets.Multi
	_ = many.Open() // where it fails, sockets are read one by one
	defer many.Close()
	events := make([]unix.EpollEvent, 256)
	list := make([]sockets.Transfer, 0, len(events))
	buf := make([]byte, 64<<10) // of all: nobody looks at what was read
	for {
		n, err := unix.EpollWait(poll, events, -1)
		if err != nil && err != unix.EINTR {
			return err
		}
		list = list[:0]
		for _, e := range events[:max(n, 0)] {
			list = append(list, sockets.Transfer{FD: int(e.Fd), B: buf})
		}
		many.Receive(list)
		for i := range list {
			switch n, err := list[i].Result(); {
			case err == unix.EAGAIN:
			case err != nil:
				return err
			case n == 0:
				return errors.New("the server closed a listener's connection")
			default:
				got.Add(int64(n))
			}
		}
	}
}
