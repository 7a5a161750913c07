package load

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/redust/redust/core/sockets"
)

// loop exchanges requests and replies for some of a run's connections, as the event loop of redis-benchmark does: it waits until some have
// replies, receives from all of these by one call, and sends their next batches by another (package sockets).
type loop struct {
	run     *running
	ep      int
	many    sockets.Multi
	workers []*worker
	in, out []sockets.Transfer
	from    []*worker // whom in is of
	to      []*worker // whom out is of
	left    int       // workers that are not through
}

const loopEvents = 128

// polling starts loops for ws, which have descriptors: one for each thread.
func polling(r *running, ws []*worker, start func(func())) {
	loops := make([]*loop, min(runtime.GOMAXPROCS(0), len(ws)))
	for i := range loops {
		loops[i] = &loop{run: r, ep: -1}
	}
	for i, w := range ws {
		l := loops[i%len(loops)]
		l.workers = append(l.workers, w)
	}
	for _, l := range loops {
		start(l.exchange)
	}
}

// detach takes the socket away from the net package, which would be told of each reply. -1 where there is no descriptor.
func detach(nc net.Conn) int {
	fd := sockets.Duplicate(nc)
	if fd >= 0 {
		nc.Close()
	}
	return fd
}

// exchange runs until all its connections are through. What goes wrong is in their err.
func (l *loop) exchange() {
	if err := l.begin(); err != nil {
		for _, w := range l.workers {
			w.fail(err)
		}
		return
	}
	defer l.end()
	events := make([]unix.EpollEvent, loopEvents)
	for l.left > 0 {
		n, err := unix.EpollWait(l.ep, events, 100)
		if err != nil && err != unix.EINTR {
			l.failAll(err)
			return
		}
		l.receive(events[:max(n, 0)])
		l.send()
		if late := l.run.giveUp.Load(); late > 0 && int64(time.Since(l.run.start)) > late {
			l.failAll(os.ErrDeadlineExceeded)
		}
	}
}

func (l *loop) begin() (err error) {
	_ = l.many.Open() // where it fails, sockets are served one by one
	if l.ep, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	for i, w := range l.workers {
		if err := unix.EpollCtl(l.ep, unix.EPOLL_CTL_ADD, w.fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(i)}); err != nil {
			l.end()
			return err
		}
		l.left++
		l.ask(w)
	}
	l.send()
	return nil
}

func (l *loop) end() {
	l.many.Close()
	if l.ep >= 0 {
		unix.Close(l.ep)
	}
}

// ask has w's next batch sent, or finds that it is through.
func (l *loop) ask(w *worker) {
	if w.unsent = w.next(); w.unsent == nil {
		l.through(w)
		return
	}
	l.queue(w)
}

func (l *loop) through(w *worker) {
	if !w.through {
		w.through = true
		l.left--
	}
}

func (l *loop) queue(w *worker) {
	l.out, l.to = append(l.out, sockets.Transfer{FD: w.fd, B: w.unsent}), append(l.to, w)
}

// send sends what is queued. The rest of what a socket does not take is sent when it takes more.
func (l *loop) send() {
	l.many.Send(l.out)
	for i, w := range l.to {
		n, err := l.out[i].Result()
		switch {
		case err == syscall.EAGAIN:
		case err != nil:
			l.fail(w, err)
		default:
			w.unsent = w.unsent[n:]
		}
	}
	l.out, l.to = l.out[:0], l.to[:0]
}

// receive receives from those that events are of, until their sockets are empty.
func (l *loop) receive(events []unix.EpollEvent) {
	for _, e := range events {
		w := l.workers[e.Fd]
		if w.through {
			continue
		}
		if e.Events&unix.EPOLLOUT != 0 && len(w.unsent) > 0 {
			l.queue(w)
		}
		if e.Events&^unix.EPOLLOUT != 0 {
			l.from = append(l.from, w)
		}
	}
	for len(l.from) > 0 {
		l.in = l.in[:0]
		for _, w := range l.from {
			l.in = append(l.in, sockets.Transfer{FD: w.fd, B: w.buf[w.have:]})
		}
		l.many.Receive(l.in)
		more := l.from[:0]
		for i, w := range l.from {
			if l.received(w, &l.in[i]) {
				more = append(more, w)
			}
		}
		l.from = more
	}
}

// received takes in what came of t. True when the socket may have more: after a short read, the poller's edge comes with the next byte.
func (l *loop) received(w *worker, t *sockets.Transfer) (more bool) {
	n, err := t.Result()
	switch {
	case err == syscall.EAGAIN:
		return false
	case err != nil:
		l.fail(w, err)
		return false
	case n == 0:
		l.fail(w, io.EOF)
		return false
	}
	w.received(n)
	switch {
	case w.err != nil:
		l.through(w)
		return false
	case w.outstanding == 0:
		l.ask(w)
	}
	return n == len(t.B) && !w.through
}

func (l *loop) fail(w *worker, err error) {
	if errors.Is(err, syscall.ECONNRESET) {
		err = io.EOF
	}
	w.fail(err)
	l.through(w)
}

func (l *loop) failAll(err error) {
	for _, w := range l.workers {
		if !w.through {
			l.fail(w, err)
		}
	}
}

func closeFD(fd int) { unix.Close(fd) }
