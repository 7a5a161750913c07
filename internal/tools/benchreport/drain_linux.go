package main

import (
	"errors"
	"net"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// drain reads all connections with one thread and adds up the bytes, since a goroutine for each would cost more than what it listens to.
func drain(conns []net.Conn, got *atomic.Int64) error {
	poll, err := unix.EpollCreate1(0)
	if err != nil {
		return err
	}
	for _, nc := range conns {
		f, err := nc.(*net.TCPConn).File()
		if err != nil {
			return err
		}
		fd := int(f.Fd()) // blocking from here on: it is read only when it has something
		defer f.Close()
		nc.Close()
		if err := unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}); err != nil {
			return err
		}
	}
	events := make([]unix.EpollEvent, 256)
	buf := make([]byte, 64<<10)
	for {
		n, err := unix.EpollWait(poll, events, -1)
		if err != nil && err != unix.EINTR {
			return err
		}
		for _, e := range events[:max(n, 0)] {
			n, err := unix.Read(int(e.Fd), buf)
			if err != nil {
				return err
			}
			if n == 0 {
				return errors.New("the server closed a listener's connection")
			}
			got.Add(int64(n))
		}
	}
}
