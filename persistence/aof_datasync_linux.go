package persistence

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// datasync makes a file's content last: fdatasync, which spares the file's times. Who waits for nothing else calls this.
func datasync(file File) error {
	o, ok := file.(*os.File)
	if !ok {
		return file.Sync()
	}
	return flushed(o, fdatasync(int(o.Fd())))
}

// flusher is datasync beside other work. A thread that is inside fdatasync keeps its processor from everybody else until the Go runtime
// notices, some milliseconds later on a busy server; so the kernel is asked to do it by itself (io_submit(2), IOCB_CMD_FDSYNC, Linux
// 4.18) and tells through an eventfd that it has. That takes somewhat longer. Where the kernel can't, the call is made. One
// goroutine at a time.
type flusher struct {
	ring  uintptr  // aio_context_t, 0: make the call
	event *os.File // readable when a flush has ended
	wake  int      // its descriptor
	block iocb     // the kernel reads it during io_submit alone
}

// iocb is struct iocb of linux/aio_abi.h on little-endian machines; on others only aio_key and aio_rw_flags, both 0, change places.
type iocb struct {
	_            uint64    // aio_data
	_            [2]uint32 // aio_key, aio_rw_flags
	opcode       uint16
	_            int16 // aio_reqprio
	fd           uint32
	_            [4]uint64 // aio_buf, aio_nbytes, aio_offset, reserved
	flags, resFD uint32
}

// ioEvent is struct io_event.
type ioEvent struct {
	_   [2]uint64 // data, obj
	res int64
	_   int64
}

const (
	aioDataSync = 3 // IOCB_CMD_FDSYNC
	aioResFD    = 1 // IOCB_FLAG_RESFD
)

func newFlusher() *flusher {
	f := new(flusher)
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return f
	}
	f.event, f.wake = os.NewFile(uintptr(fd), "eventfd"), fd
	if _, _, e := unix.Syscall(unix.SYS_IO_SETUP, 1, uintptr(unsafe.Pointer(&f.ring)), 0); e != 0 {
		f.close()
	}
	return f
}

// close gives back what the kernel keeps; datasync may still be called.
func (f *flusher) close() {
	if f.ring != 0 {
		unix.Syscall(unix.SYS_IO_DESTROY, f.ring, 0, 0)
		f.ring = 0
	}
	if f.event != nil {
		f.event.Close()
		f.event = nil
	}
}

// datasync returns when what was written to file is on disk.
func (f *flusher) datasync(file File) error {
	o, ok := file.(*os.File)
	if !ok {
		return file.Sync()
	}
	errno, done := f.submit(int(o.Fd()))
	if !done {
		return datasync(file)
	}
	return flushed(o, errno)
}

func flushed(f *os.File, errno unix.Errno) error {
	if errno != 0 {
		return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: errno}
	}
	return nil
}

func fdatasync(fd int) unix.Errno {
	for {
		switch err := unix.Fdatasync(fd); err {
		case nil:
			return 0
		case unix.EINTR:
		default:
			return err.(unix.Errno)
		}
	}
}

// submit has the kernel flush fd and waits for it. done is false if the kernel does not do that: it is not asked again.
func (f *flusher) submit(fd int) (errno unix.Errno, done bool) {
	if f.ring == 0 {
		return 0, false
	}
	f.block = iocb{opcode: aioDataSync, fd: uint32(fd), flags: aioResFD, resFD: uint32(f.wake)}
	list := [1]*iocb{&f.block}
	n, _, e := unix.Syscall(unix.SYS_IO_SUBMIT, f.ring, 1, uintptr(unsafe.Pointer(&list)))
	if e != 0 || n != 1 {
		f.close()
		return 0, false
	}
	var count [8]byte
	_, waited := f.event.Read(count[:]) // if that fails, io_getevents waits
	var ended ioEvent
	for {
		n, _, e = unix.Syscall6(unix.SYS_IO_GETEVENTS, f.ring, 1, 1, uintptr(unsafe.Pointer(&ended)), 0, 0)
		if e != unix.EINTR {
			break
		}
	}
	if waited != nil || e != 0 || n != 1 {
		f.close()
	}
	switch {
	case e != 0 || n != 1: // nobody knows what became of the flush
		return unix.EIO, true
	case ended.res < 0:
		return unix.Errno(-ended.res), true
	}
	return 0, true
}
