package main

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// bareHelper is the bare loop: --port PORT, and a server's other options, which don't matter.
func bareHelper(args []string) error {
	port, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return err
	}
	f, err := l.File()
	if err != nil {
		return err
	}
	poll, err := unix.EpollCreate1(0)
	if err != nil {
		return err
	}
	b := bare{poll: poll, listener: int(f.Fd())}
	if err := b.watch(b.listener); err != nil {
		return err
	}
	return b.run()
}

// bare asks who has input, reads all of it, and then answers.
type bare struct {
	poll, listener int
	events         [256]unix.EpollEvent
	in, out        [64 << 10]byte
}

func (b *bare) watch(fd int) error {
	return unix.EpollCtl(b.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

func (b *bare) run() error {
	type answer struct{ fd, commands int }
	var answers []answer
	for {
		// Not as the system calls of package unix: the scheduler need not know.
		n, _, e := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(b.poll), uintptr(unsafe.Pointer(&b.events[0])), uintptr(len(b.events)), ^uintptr(0), 0, 0)
		if e != 0 && e != unix.EINTR {
			return e
		}
		if e != 0 {
			continue
		}
		for _, ev := range b.events[:n] {
			fd := int(ev.Fd)
			if fd == b.listener {
				if err := b.accept(); err != nil {
					return err
				}
				continue
			}
			got, _, e := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b.in[0])), uintptr(len(b.in)))
			if e != 0 || got == 0 {
				unix.Close(fd)
				continue
			}
			in := b.in[:got]
			if bytes.Contains(in[:min(got, 32)], []byte("INFO\r\n")) {
				b.info(fd)
				continue
			}
			answers = append(answers, answer{fd, commandsIn(in)})
		}
		for _, a := range answers {
			out := b.out[:0]
			for range a.commands {
				out = append(out, "+OK\r\n"...)
			}
			unix.RawSyscall(unix.SYS_WRITE, uintptr(a.fd), uintptr(unsafe.Pointer(&b.out[0])), uintptr(len(out)))
		}
		answers = answers[:0]
	}
}

// commandsIn counts the arrays that begin in b. The generator's arguments hold no asterisk.
func commandsIn(b []byte) int { return bytes.Count(b, []byte("*")) }

func (b *bare) accept() error {
	fd, _, err := unix.Accept4(b.listener, unix.SOCK_CLOEXEC)
	if err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	return b.watch(fd)
}

// info answers INFO with the processor time.
func (b *bare) info(fd int) {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	text := fmt.Sprintf("used_cpu_sys:%d.%06d\r\nused_cpu_user:%d.%06d\r\n", u.Stime.Sec, u.Stime.Usec, u.Utime.Sec, u.Utime.Usec)
	_, _ = unix.Write(fd, fmt.Appendf(nil, "$%d\r\n%s\r\n", len(text), text))
}
