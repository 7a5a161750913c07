package redustcmd

import (
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
)

// signals is how a process is told to stop; tests send their own and see the exit.
type signals struct {
	table    *options.Table
	log      hclog.Logger
	shutdown func(core.ShutdownOptions) error
	abandon  func() // before exit
	exit     func(code int)
	pending  atomic.Bool // a shutdown is under way
}

// outliveOthers keeps the process alive when its terminal is closed (SIGHUP), or when who reads its log from a pipe goes away (SIGPIPE).
func outliveOthers() { signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE) }

// HandleSignals lets SIGTERM and SIGINT shut the server down as shutdown-on-sigterm and shutdown-on-sigint say. shutdown is called in a
// goroutine of its own; if it returns, the shutdown could not be made and the server goes on. A SIGINT during a shutdown ends the process
// at once; abandon, which may be nil, is called before that. stop takes the handlers back.
func HandleSignals(table *options.Table, log hclog.Logger, shutdown func(core.ShutdownOptions) error, abandon func()) (stop func()) {
	s := &signals{table: table, log: log, shutdown: shutdown, abandon: abandon, exit: os.Exit}
	received := make(chan os.Signal, 4)
	signal.Notify(received, syscall.SIGTERM, syscall.SIGINT)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case sig := <-received:
				s.handle(sig)
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(received)
		close(done)
	}
}

func (s *signals) handle(sig os.Signal) {
	name, option := "SIGTERM", "shutdown-on-sigterm"
	if sig == syscall.SIGINT {
		name, option = "SIGINT", "shutdown-on-sigint"
	}
	if !s.pending.CompareAndSwap(false, true) {
		if sig == syscall.SIGINT {
			s.log.Warn("You insist... exiting now.")
			if s.abandon != nil {
				s.abandon()
			}
			s.exit(1)
		}
		return
	}
	s.log.Warn("Received " + name + " scheduling shutdown...")
	how := shutdownOptions(s.table.String(option).Load())
	go func() {
		if err := s.shutdown(how); err != nil {
			s.log.Warn("the shutdown could not be made; trying again is possible", "error", err)
		}
		s.pending.Store(false)
	}()
}

// shutdownOptions reads shutdown-on-sigterm and its like.
func shutdownOptions(text string) core.ShutdownOptions {
	var o core.ShutdownOptions
	for _, word := range strings.Fields(text) {
		switch word {
		case "save":
			o.Save = core.SaveAlways
		case "nosave":
			o.Save = core.SaveNever
		case "now":
			o.Now = true
		case "force":
			o.Force = true
		}
	}
	return o
}
