package redustcmd

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// followCrashes has a crash reported in the log, as crash-log-enabled says. What the server does wrong itself, the Go runtime reports in the
// log's file with the stacks of all goroutines. A signal that is sent to it, for example to find out why it hangs, is reported here.
func (p *Process) followCrashes() (stop func()) {
	began := time.Now()
	enabled := p.Config.Table.Bool("crash-log-enabled")
	apply := func() error {
		p.Logs.ReportCrashes(enabled.Load())
		return nil
	}
	_ = apply() // never fails
	p.Config.Table.OnApply(apply, "crash-log-enabled")
	received := make(chan os.Signal, 1)
	signal.Notify(received, syscall.SIGABRT, syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL)
	done := make(chan struct{})
	go func() {
		select {
		case sig := <-received:
			number, _ := sig.(syscall.Signal)
			if enabled.Load() {
				p.Logs.Raw(p.crashReport(number, time.Since(began)))
			}
			os.Exit(128 + int(number)) // what a shell makes of a death by the signal
		case <-done:
		}
	}()
	return func() {
		signal.Stop(received)
		close(done)
		p.Logs.ReportCrashes(false)
	}
}

// crashReport needs no lock of the server, which may hang.
func (p *Process) crashReport(sig syscall.Signal, up time.Duration) string {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	var b strings.Builder
	b.WriteString("\n\n=== REDUST BUG REPORT START ===\n")
	fmt.Fprintf(&b, "Redust %s crashed by signal: %d (%s)\n", Version, int(sig), sig)
	for _, fact := range [][2]string{
		{"version", fmt.Sprintf("%s, compatible with Redis %s", Version, RedisVersion)},
		{"commit", fmt.Sprintf("%s, modified=%d", p.Build.SHA, p.Build.Dirty)},
		{"go", runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH},
		{"executable", p.executable},
		{"configuration", p.Config.File},
		{"pid", fmt.Sprint(os.Getpid())},
		{"uptime", up.Round(time.Second).String()},
		{"goroutines", fmt.Sprint(runtime.NumGoroutine())},
		{"heap", fmt.Sprintf("%d bytes in use, %d from the system", mem.HeapInuse, mem.Sys)},
	} {
		b.WriteString(fact[0] + ": " + fact[1] + "\n")
	}
	b.WriteString("\n------ STACK TRACE ------\n")
	b.Write(stacks())
	b.WriteString("\n=== REDUST BUG REPORT END ===\n")
	return b.String()
}

// stacks are those of all goroutines, as far as 64 MB reach.
func stacks() []byte {
	for size := 1 << 16; ; size *= 4 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size || size >= 1<<26 {
			return buf[:n]
		}
	}
}
