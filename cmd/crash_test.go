package redustcmd

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A crash leaves a report in the log's file, whether a signal or a fault of the server's own causes it, and even if the file was renamed.
func TestCrashIsReported(t *testing.T) {
	for _, tt := range []struct {
		name, debug string
		signal      syscall.Signal
		code        int
		want        string
	}{
		{
			name: "signal", signal: syscall.SIGABRT, code: 134,
			want: `=== REDUST BUG REPORT START ===\nRedust \S+ crashed by signal: 6 .*\npid: \d+\n.*goroutine \d+ .*=== REDUST BUG REPORT END ===\n$`,
		},
		{name: "sent fault", signal: syscall.SIGSEGV, code: 139, want: `crashed by signal: 11 .*goroutine `},
		{name: "panic", debug: "PANIC", code: 2, want: `panic: DEBUG PANIC called at Unix time \d+\n\ngoroutine \d+ .*server\.debugPanic`},
		{name: "fault", debug: "SEGFAULT", code: 2, want: `panic: runtime error: invalid memory address.*server\.debugSegfault`},
		{name: "assertion", debug: "ASSERT", code: 2, want: `panic: assertion failed: .*goroutine `},
		{name: "memory", debug: "OOM", code: 2, want: `panic: out of memory: .*goroutine `},
	} {
		t.Run(tt.name, func(t *testing.T) {
			port := freePort(t)
			c, _ := run(t, []string{childMark + "=server"}, "--port", port, "--bind", "127.0.0.1", "--logfile", "log", "--enable-debug-command", "yes")
			log := fileText(filepath.Join(c.Dir, "log"))
			waitFor(t, log, "Ready to accept")
			if err := os.Rename(string(log), string(log)+".1"); err != nil {
				t.Fatal(err)
			}
			nc, err := net.Dial("tcp4", "127.0.0.1:"+port)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			fmt.Fprint(nc, "DEBUG LOG moved\r\n")
			waitFor(t, log, "message=moved")
			if tt.debug != "" {
				fmt.Fprintf(nc, "DEBUG %s\r\n", tt.debug)
			} else if err := c.Process.Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			wantExit(t, c, tt.code)
			waitFor(t, log, tt.want)
		})
	}
}

func TestCrashLogCanBeSwitchedOff(t *testing.T) {
	port := freePort(t)
	c, _ := run(t, []string{childMark + "=server"}, "--port", port, "--bind", "127.0.0.1", "--logfile", "log", "--crash-log-enabled", "no")
	log := fileText(filepath.Join(c.Dir, "log"))
	waitFor(t, log, "Ready to accept")
	if err := c.Process.Signal(syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	wantExit(t, c, 134)
	if strings.Contains(log.String(), "BUG REPORT") {
		t.Errorf("reported:\n%s", log)
	}
}
