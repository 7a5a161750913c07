//go:build linux || darwin

package redustcmd

import (
	"fmt"
	"os"
	"strconv"
	"syscall"

	"github.com/hashicorp/go-hclog"
)

// reservedFiles are file descriptors that aren't clients': listeners, data files, links to replicas, the runtime's own.
const reservedFiles = 32

// fitOpenFiles raises the limit of open files so that maxclients fit, or returns how many fit. The messages are those that operators
// of redis-server know.
func fitOpenFiles(maxClients int64, log hclog.Logger) (fitting int64, err error) {
	need := uint64(maxClients) + reservedFiles
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		log.Warn("Unable to obtain the current NOFILE limit, assuming 1024 and setting the max clients configuration accordingly.", "error", err)
		return min(maxClients, 1024-reservedFiles), nil
	}
	old := limit.Cur
	if old >= need {
		return maxClients, nil
	}
	best, fault := raiseOpenFiles(limit, need)
	if best >= need {
		log.Info(fmt.Sprintf("Increased maximum number of open files to %d (it was originally set to %d).", best, old))
		return maxClients, nil
	}
	if best <= reservedFiles {
		return 0, fmt.Errorf("Your current 'ulimit -n' of %d is not enough for the server to start. Please increase your open file limit to at least %d. Exiting.", best, need) //nolint:staticcheck // a log line
	}
	log.Warn(fmt.Sprintf("You requested maxclients of %d requiring at least %d max file descriptors.", maxClients, need))
	if fault != nil {
		log.Warn(fmt.Sprintf("Server can't set maximum open files to %d because of OS error: %s.", need, reason(fault)))
	}
	fitting = int64(best - reservedFiles)
	log.Warn(fmt.Sprintf("Current maximum open files is %d. maxclients has been reduced to %d to compensate for low ulimit. "+
		"If you need higher maxclients increase 'ulimit -n'.", best, fitting))
	return fitting, nil
}

// raiseOpenFiles sets the limit to need, past the hard limit if the process may, else as high as the hard limit. It returns the limit
// that holds and why it is no higher.
func raiseOpenFiles(limit syscall.Rlimit, need uint64) (best uint64, fault error) {
	wanted := limit
	wanted.Cur = need
	if wanted.Max < need {
		wanted.Max = need
	}
	if fault = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &wanted); fault == nil {
		return need, nil
	}
	wanted = limit
	wanted.Cur = wanted.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &wanted); err != nil {
		return limit.Cur, fault
	}
	return wanted.Max, fault
}

func pidText() string { return strconv.Itoa(os.Getpid()) + "\n" }

// stopSelf stops the process until upstart, which waits for that, continues it.
func stopSelf() error { return syscall.Kill(os.Getpid(), syscall.SIGSTOP) }
