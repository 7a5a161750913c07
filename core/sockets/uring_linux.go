package sockets

import (
	"errors"
	"math/bits"
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// uring is the kernel's submission and completion queue (io_uring(7)) as far as it is needed here: many receives or sends by one system call, which
// do not wait. Whoever owns it is alone with it, on any thread.
type uring struct {
	fd                 int
	queues, entries    []byte // mapped
	subTail, subHead   *uint32
	doneTail, doneHead *uint32
	done               []uringDone
	subs               []uringSub
}

// uringSub is struct io_uring_sqe.
type uringSub struct {
	op, flags   uint8
	priority    uint16
	fd          int32
	offset      uint64
	addr        uint64
	length      uint32
	msgFlags    uint32
	tag         uint64
	buf, person uint16
	splice      int32
	_           [2]uint64
}

// uringDone is struct io_uring_cqe.
type uringDone struct {
	tag   uint64
	res   int32
	flags uint32
}

// uringParams is struct io_uring_params.
type uringParams struct {
	subEntries, doneEntries, flags, cpu, idle, features, wq uint32
	_                                                       [3]uint32
	sub                                                     struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32
		_                                                   uint64
	}
	done struct {
		head, tail, mask, entries, overflow, cqes, flags, _ uint32
		_                                                   uint64
	}
}

const (
	uringSize = 64 // requests submitted together; a power of two

	sysURingSetup, sysURingEnter = 425, 426 // on all architectures
	uringSingleMap               = 1        // IORING_FEAT_SINGLE_MMAP
	uringGetEvents               = 1        // IORING_ENTER_GETEVENTS
	uringOffQueues               = 0
	uringOffEntries              = 0x10000000
	uringSend, uringRecv         = 26, 27
)

var errNoURing = errors.New("io_uring does not do what is needed")

// newURing makes one, or fails where the kernel has none, forbids it, or has one that lets a socket without input wait.
func newURing() (*uring, error) {
	var p uringParams
	fd, _, e := syscall.RawSyscall(sysURingSetup, uringSize, uintptr(unsafe.Pointer(&p)), 0)
	if e != 0 {
		return nil, e
	}
	r := &uring{fd: int(fd)}
	if err := r.mapQueues(&p); err != nil {
		r.close()
		return nil, err
	}
	if err := r.try(); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *uring) mapQueues(p *uringParams) error {
	if p.features&uringSingleMap == 0 || p.subEntries != uringSize || bits.OnesCount32(p.doneEntries) != 1 {
		return errNoURing
	}
	syscall.CloseOnExec(r.fd)
	size := max(p.sub.array+4*p.subEntries, p.done.cqes+p.doneEntries*uint32(unsafe.Sizeof(uringDone{})))
	var err error
	if r.queues, err = syscall.Mmap(r.fd, uringOffQueues, int(size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|syscall.MAP_POPULATE); err != nil {
		return err
	}
	size = p.subEntries * uint32(unsafe.Sizeof(uringSub{}))
	if r.entries, err = syscall.Mmap(r.fd, uringOffEntries, int(size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|syscall.MAP_POPULATE); err != nil {
		return err
	}
	word := func(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.queues[off])) }
	r.subHead, r.subTail = word(p.sub.head), word(p.sub.tail)
	r.doneHead, r.doneTail = word(p.done.head), word(p.done.tail)
	r.done = unsafe.Slice((*uringDone)(unsafe.Pointer(&r.queues[p.done.cqes])), p.doneEntries)
	r.subs = unsafe.Slice((*uringSub)(unsafe.Pointer(&r.entries[0])), p.subEntries)
	for i, order := 0, unsafe.Slice(word(p.sub.array), p.subEntries); i < len(order); i++ {
		order[i] = uint32(i) // requests are submitted in the order of their places
	}
	return nil
}

func (r *uring) close() {
	if r.queues != nil {
		_ = syscall.Munmap(r.queues)
	}
	if r.entries != nil {
		_ = syscall.Munmap(r.entries)
	}
	syscall.Close(r.fd)
}

// try sends through a pair of sockets, and receives more often than there is something.
func (r *uring) try() error {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(pair[0])
	defer syscall.Close(pair[1])
	send := []Transfer{{FD: pair[0], B: onHeap(1), N: unset}}
	recv := []Transfer{{FD: pair[1], B: onHeap(1), N: unset}, {FD: pair[1], B: onHeap(1), N: unset}}
	send[0].B[0] = 'x'
	if !r.run(uringSend, send) || send[0].N != 1 || !r.run(uringRecv, recv) {
		return errNoURing
	}
	if recv[0].N != 1 || recv[0].B[0] != 'x' || recv[1].N != -int(syscall.EAGAIN) {
		return errNoURing
	}
	return nil
}

// onHeap makes a buffer that does not move: the kernel knows it by its address. A stack may.
//
//go:noinline
func onHeap(n int) []byte { return make([]byte, n) }

// run does all of ts, whose buffers are on the heap, and sets their N. False when the kernel has refused some, whose N stays unset: then it must not be used again.
func (r *uring) run(op uint8, ts []Transfer) bool {
	for len(ts) > 0 {
		some := ts[:min(len(ts), uringSize)]
		if !r.submit(op, some) {
			return false
		}
		ts = ts[len(some):]
	}
	return true
}

// submit is run for as many as there are places.
func (r *uring) submit(op uint8, ts []Transfer) bool {
	tail := *r.subTail
	for i := range ts {
		t := &ts[i]
		s := &r.subs[tail&(uringSize-1)]
		*s = uringSub{
			op: op, fd: int32(t.FD), addr: uint64(uintptr(unsafe.Pointer(&t.B[0]))), length: uint32(min(len(t.B), mostAtOnce)),
			msgFlags: syscall.MSG_DONTWAIT | syscall.MSG_NOSIGNAL, tag: uint64(i),
		}
		tail++
	}
	atomic.StoreUint32(r.subTail, tail)
	ok := r.complete(ts, tail)
	runtime.KeepAlive(ts)
	return ok
}

// complete has the kernel take all requests up to tail, and collects what came of them.
func (r *uring) complete(ts []Transfer, tail uint32) bool {
	left := len(ts)
	for {
		head := atomic.LoadUint32(r.subHead)
		_, _, e := syscall.RawSyscall6(sysURingEnter, uintptr(r.fd), uintptr(tail-head), uintptr(left), uringGetEvents, 0, 0)
		left -= r.collect(ts)
		if left == 0 {
			return true
		}
		if e != 0 && e != syscall.EINTR {
			// What it has not taken it never will. The others are complete: none of them waits.
			atomic.StoreUint32(r.subTail, atomic.LoadUint32(r.subHead))
			return false
		}
	}
}

// collect takes what is complete. What a signal has interrupted stays unset.
func (r *uring) collect(ts []Transfer) (n int) {
	head, tail := *r.doneHead, atomic.LoadUint32(r.doneTail)
	for ; head != tail; head++ {
		d := &r.done[head&uint32(len(r.done)-1)]
		if d.res != -int32(syscall.EINTR) {
			ts[d.tag].N = int(d.res)
		}
		n++
	}
	atomic.StoreUint32(r.doneHead, head)
	return n
}
