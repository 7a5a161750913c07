//go:build unix

package redustcmd

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// daemonMark in the environment tells the program that it is the daemon already. It doesn't begin with REDUST_, so it is no option.
const daemonMark = "_REDUST_DAEMON"

// daemonize starts the program again in a session of its own, without a terminal, and returns; the caller exits. A Go program can't fork,
// as its threads would be lost. The new process starts in the directory in which the old one did and reads the same configuration: what came
// from standard input is handed on.
func daemonize(inv Invocation, dir string, stdin []byte) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("can't daemonize: %w", err)
	}
	daemon := exec.Command(program, inv.Args...)
	daemon.Args[0] = os.Args[0]
	daemon.Dir = dir
	daemon.Env = append(append([]string(nil), inv.Environ...), daemonMark+"=1")
	daemon.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var feed io.WriteCloser
	if len(stdin) > 0 {
		if feed, err = daemon.StdinPipe(); err != nil {
			return fmt.Errorf("can't daemonize: %w", err)
		}
	}
	if err := daemon.Start(); err != nil {
		return fmt.Errorf("can't daemonize: %w", err)
	}
	if feed != nil {
		if _, err := feed.Write(stdin); err != nil {
			return fmt.Errorf("can't hand the configuration to the daemon: %w", err)
		}
		_ = feed.Close()
	}
	return daemon.Process.Release()
}
