package server

import (
	"encoding/binary"
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/sockets"
)

// A loop serves the connections that are registered with it, as Redis's event loop does: it asks the kernel which of them have
// input, reads and executes the requests of all of these, and then answers them. Whoever is in charge of the loop is a goroutine, and
// no request holds up the others: one that waits or takes long leaves the loop to a new goroutine (conn.Yield does so
// on request, the watch when a request has not come back after a while) and goes on by itself; see conn.attend.
type loop struct {
	srv    *Server
	ep     int // epoll descriptor
	bell   int // event descriptor that ends a wait
	many   *multi
	events [loopEvents]syscall.EpollEvent

	// What a new goroutine takes over. Only the one in charge touches it.
	next, n   int       // events[next:n] are still to be looked at
	again     []*conn   // there is more input
	left      int       // of again, to be read in this pass
	in        transfers // what was received; the requests in in.list[executed:] are still to be executed
	executed  int
	ready     []*conn // requests are executed; ready[settled:] are still to be answered
	prepared  int     // of ready, that are looked at whether their replies have to wait
	settled   int
	out       transfers // replies
	undurable []int     // of ready, whose replies wait for the disk
	awaited   int       // of undurable
	touched   []*conn   // something was published to them
	sender    sender
	before    int // how many were answered together the last time
	passes    uint
	group     group
	pace      pace

	// turn is odd while a connection is being served. Who exchanges it for the next number is in charge.
	turn    atomic.Uint64
	watched uint64 // turn when the watch last looked
	ended   atomic.Bool
	over    bool // seen by who is in charge
}

const (
	loopEvents = 128
	// Edge-triggered: otherwise each wait looks again at every socket that the one before reported.
	epollEdge   = 1 << 31
	epollWanted = syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | epollEdge
	epollInput  = syscall.EPOLLIN | epollGone
	epollGone   = syscall.EPOLLRDHUP | syscall.EPOLLHUP | syscall.EPOLLERR
	epollOutput = syscall.EPOLLOUT | syscall.EPOLLHUP | syscall.EPOLLERR
)

func newLoop(s *Server, many *multi) (*loop, error) {
	ep, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	bell, _, e := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if e != 0 {
		syscall.Close(ep)
		return nil, e
	}
	l := &loop{srv: s, ep: ep, bell: int(bell), many: many}
	l.in.many, l.out.many, l.sender.out.many = many, many, many
	ev := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(bell), Pad: bellEvent}
	if err := syscall.EpollCtl(ep, syscall.EPOLL_CTL_ADD, l.bell, &ev); err != nil {
		l.free()
		return nil, err
	}
	return l, nil
}

// bellEvent marks the events of a loop's bell.
const bellEvent = -1

func (l *loop) free() {
	l.many.Close()
	syscall.Close(l.bell)
	syscall.Close(l.ep)
}

// stop ends the loop; its descriptors are closed by whoever is in charge of it.
func (l *loop) stop() {
	l.ended.Store(true)
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	syscall.Write(l.bell, one[:])
}

// add registers a connection. What is there already to be read is reported at once.
func (l *loop) add(c *conn) error {
	ev := syscall.EpollEvent{Events: epollWanted, Fd: int32(c.fd), Pad: c.mark}
	return syscall.EpollCtl(l.ep, syscall.EPOLL_CTL_ADD, c.fd, &ev)
}

func (l *loop) remove(c *conn) {
	var ev syscall.EpollEvent
	syscall.EpollCtl(l.ep, syscall.EPOLL_CTL_DEL, c.fd, &ev)
}

// worker is a goroutine that is in charge of a loop.
type worker struct {
	l      *loop
	c      *conn // being served
	turn   uint64
	pinned bool
	exact  bool // the thread's timers are
	done   bool
}

// run takes charge of the loop.
func (l *loop) run() {
	w := worker{l: l}
	defer w.exit()
	for w.pass() {
	}
	w.done = true
}

// pin binds the worker to its thread as long as it is in charge, or ends that. Otherwise Go moves it to another thread each time that
// it goes through the scheduler, as it wakes one up that looks for work: with a generator on the same two processors a tenth of the time
// went by before the new thread had one (112 instead of 24 ms a second). It is not for workers that others have to wait with: Go stops
// and starts a thread each time that a bound goroutine gives its processor up and gets one back. A flush of the disk is such a time.
func (w *worker) pin(on bool) {
	if w.pinned == on {
		return
	}
	w.exact = false
	if w.pinned = on; on {
		runtime.LockOSThread()
	} else {
		runtime.UnlockOSThread()
	}
}

// exit is where a worker ends. Unless it is done, a request has ended it: after SHUTDOWN, or because its reply must never be sent.
func (w *worker) exit() {
	w.pin(false) // the thread would end with the goroutine
	if w.done {
		return
	}
	if w.leave() {
		go w.l.run()
	}
	w.c.end()
}

// enter begins to serve c.
func (w *worker) enter(c *conn) {
	w.c, w.turn = c, w.l.turn.Add(1)
	c.served = w
	if !w.l.srv.watching.Load() {
		w.l.srv.watch()
	}
}

// goOn has the worker, which is not in charge any more, serve its connection as that one's own goroutine.
func (w *worker) goOn() {
	w.pin(false)
	if w.c.err == nil {
		w.c.attend()
	}
}

// leave ends what enter began. False when somebody else has taken charge meanwhile: then the worker is only this connection's.
func (w *worker) leave() bool { return w.l.turn.CompareAndSwap(w.turn, w.turn+1) }

// yield is for a request that may wait or take long.
func (w *worker) yield() {
	w.pin(false)
	w.l.take(w.turn)
}

// take puts a new goroutine in charge if the loop is still in that turn.
func (l *loop) take(turn uint64) {
	if turn&1 == 1 && l.turn.CompareAndSwap(turn, turn+1) {
		go l.run()
	}
}

// pass serves every connection that is ready. False when the worker is not in charge any more.
func (w *worker) pass() bool {
	l := w.l
	for l.executed < len(l.in.list) || l.receive() {
		c, t := l.in.conns[l.executed], l.in.list[l.executed]
		if l.executed++; !w.execute(c, t) {
			return false
		}
	}
	if l.over {
		l.free()
		l.srv.loopsDone.Done()
		return false
	}
	if l.prepared == 0 && l.gather() {
		return true
	}
	if !w.answer() {
		return false
	}
	l.before = len(l.ready)
	l.ready, l.prepared, l.settled = l.ready[:0], 0, 0
	l.undurable, l.awaited = l.undurable[:0], 0
	l.deliver()
	w.wait()
	return true
}

// receiveAtOnce bounds how many connections are read together: each needs a buffer.
const receiveAtOnce = 32

// receive reads once from some of the connections that have input. False when there are none left.
func (l *loop) receive() bool {
	l.in.reset()
	l.executed = 0
	for l.next < l.n && len(l.in.list) < receiveAtOnce {
		ev := &l.events[l.next]
		l.next++
		if ev.Pad == bellEvent {
			l.over = l.ended.Load()
			continue
		}
		c := l.srv.table.get(int(ev.Fd))
		if c != nil && c.mark == ev.Pad && c.event(ev.Events) {
			l.in.add(c, c.room())
		}
	}
	for l.left > 0 && len(l.in.list) < receiveAtOnce && len(l.ready) < loopEvents {
		l.left--
		c := l.again[0]
		l.again = l.again[:copy(l.again, l.again[1:])]
		l.in.add(c, c.room())
	}
	l.in.receive()
	return len(l.in.list) > 0
}

// gather looks for connections that have got input while others were read: all are answered together. The clients of one program then find
// many replies in one go, and neither they nor the loop go to sleep and wake up in between. It pays only where many are active.
func (l *loop) gather() bool {
	if n := len(l.ready); n >= gatherAtMost || n < gatherFrom && l.before < gatherFrom {
		return false
	}
	if l.pace.naps { // the next one gathers
		return false
	}
	n, err := l.poll(0)
	if n == 0 && err == nil && l.srv.eng.RepliesWait() {
		n, err = l.linger()
	}
	if n <= 0 || err != nil {
		return false
	}
	l.next, l.n = 0, n
	return true
}

const (
	// gatherFrom is the number of connections answered together from which on it is worth looking for more of them.
	gatherFrom = 4
	// gatherAtMost bounds them, as each keeps its buffers meanwhile.
	gatherAtMost = 128
)

// execute executes the requests that t has brought to c.
func (w *worker) execute(c *conn, t sockets.Transfer) bool {
	w.enter(c)
	c.state = core.Continue
	n, err := t.Result()
	got := c.received(len(t.B), n, err)
	if c.err != nil {
		c.end()
	}
	if !w.leave() {
		w.goOn()
		return false
	}
	switch {
	case c.err != nil:
	case c.state != core.Continue:
		go c.attend()
	case got:
		w.l.ready = append(w.l.ready, c)
	default:
		w.rest(c)
	}
	return true
}

// rest leaves c until there is input again.
func (w *worker) rest(c *conn) {
	if c.more || !c.rest() {
		w.l.again = append(w.l.again, c)
	}
}

// yieldEvery is the number of passes after which a loop lets other goroutines go first where every processor has a loop.
const yieldEvery = 4

// patienceMs bounds how long a loop waits for events with its processor, which others can do without as long as there are more
// processors than loops: giving it up and taking one again for each pause of a busy loop costs more than the request that ends the
// pause. Go's runtime ends the wait earlier, by the signal with which it preempts a goroutine: at once where it needs all processors, and
// after 10 to 20 ms in any case. The bound is for a process in which preemption is switched off. It is long because the kernel
// sets a timer for each wait, which costs little only if another is due earlier: with 1 ms it was about 0.5 of 14 µs a request.
const patienceMs = 100

// wait asks the kernel who is ready, and waits until somebody is unless there is more to do.
func (w *worker) wait() {
	l := w.l
	l.next, l.n, l.left = 0, 0, len(l.again)
	crowded := l.srv.crowded.Load()
	if w.pin(!crowded && !l.srv.eng.RepliesWait()); !w.pinned {
		l.pace.naps = false // others need the processor
	}
	if l.passes++; crowded && l.passes%yieldEvery == 0 {
		runtime.Gosched()
	}
	for {
		var n int
		var err error
		switch {
		case len(l.again) > 0:
			n, err = l.poll(0)
		case crowded:
			n, err = syscall.EpollWait(l.ep, l.events[:], -1)
		default:
			if w.pinned {
				w.nap()
			}
			if n, err = l.poll(patienceMs); n == 0 && (err == nil || err == syscall.EINTR) {
				n, err = syscall.EpollWait(l.ep, l.events[:], -1)
			}
		}
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			panic("epoll_wait: " + err.Error()) // nothing but a bug in this file leads here
		}
		l.n = n
		return
	}
}

// poll asks who is ready without the scheduler's bookkeeping.
func (l *loop) poll(timeoutMs uintptr) (int, error) {
	n, _, e := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.ep), uintptr(unsafe.Pointer(&l.events[0])), loopEvents, timeoutMs, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}
