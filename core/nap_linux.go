package core

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Nap sleeps for less than a millisecond. time.Sleep makes that a whole one where a processor is idle: then the sleeper's timer is the
// timeout of a wait for sockets, which counts in milliseconds. nanosleep would keep the goroutine's place among those that run, one for each
// processor, for up to 10 ms: until Go's monitor looks. So this waits for a descriptor, as for a socket.
func Nap(d time.Duration) {
	t, _ := alarms.Get().(*alarm)
	if t == nil {
		if t = newAlarm(); t == nil { // no descriptors left
			time.Sleep(d)
			return
		}
	}
	if t.sleep(d) {
		alarms.Put(t)
	}
}

// alarms are those that nobody waits for. The collector closes them.
var alarms sync.Pool

// alarm is a descriptor that becomes readable at a time (timerfd_create(2)).
type alarm struct {
	fd   int
	file *os.File
}

func newAlarm() *alarm {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil
	}
	return &alarm{fd, os.NewFile(uintptr(fd), "timerfd")}
}

// sleep reports whether it has slept; otherwise the alarm is of no use.
func (t *alarm) sleep(d time.Duration) bool {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(1, int64(d)))} // 0 would be never
	if unix.TimerfdSettime(t.fd, 0, &spec, nil) != nil {
		return false
	}
	var expired [8]byte
	_, err := t.file.Read(expired[:])
	return err == nil
}
