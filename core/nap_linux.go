package core

import (
	"syscall"
	"time"
)

// Nap sleeps for less than a millisecond. time.Sleep makes that a whole one where a processor is idle: then the sleeper's timer is the
// timeout of a wait for sockets, which counts in milliseconds. This keeps a thread instead.
func Nap(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&ts, nil) // a signal ends it early, which is as good
}
