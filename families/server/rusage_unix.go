//go:build unix

package server

import "syscall"

// cpuSeconds are system and user time of this process and of its children.
func cpuSeconds() (sys, user, childSys, childUser float64) {
	var self, children syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &self) == nil {
		sys, user = seconds(self.Stime), seconds(self.Utime)
	}
	if syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children) == nil {
		childSys, childUser = seconds(children.Stime), seconds(children.Utime)
	}
	return sys, user, childSys, childUser
}

func seconds(t syscall.Timeval) float64 { return float64(t.Nano()) / 1e9 }
