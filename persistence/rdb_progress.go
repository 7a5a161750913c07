package persistence

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
)

const (
	barEvery  = 100 * time.Millisecond // on a terminal
	lineEvery = 5 * time.Second        // in the log
	barWidth  = 40
)

// progress is how far loading has come: for INFO, and for a person who waits. add and at may be
// called from any goroutine.
type progress struct {
	total, done atomic.Int64 // bytes
	keys        atomic.Int64
	usedMem     atomic.Int64 // memory of the server that wrote the file, 0 if it does not say
	begunNs     atomic.Int64 // Unix nanoseconds, 0 while nothing is loaded
	stop        chan struct{}
	stopped     chan struct{}
}

// begin announces total bytes of what and starts to show them: as a bar on terminal, or in lines
// of the log if terminal is nil. end must follow.
func (p *progress) begin(what string, total int64, terminal io.Writer, log hclog.Logger) {
	p.total.Store(total)
	p.done.Store(0)
	p.keys.Store(0)
	p.usedMem.Store(0)
	p.begunNs.Store(time.Now().UnixNano())
	p.stop, p.stopped = make(chan struct{}), make(chan struct{})
	go p.show(what, terminal, log)
}

// at says how many bytes have been loaded.
func (p *progress) at(done int64) { p.done.Store(done) }

// end stops showing.
func (p *progress) end() {
	close(p.stop)
	<-p.stopped
	p.begunNs.Store(0)
}

// elapsed is the time since begin, 0 while nothing is loaded.
func (p *progress) elapsed() time.Duration {
	if ns := p.begunNs.Load(); ns != 0 {
		return time.Since(time.Unix(0, ns))
	}
	return 0
}

// percent is the part that has been loaded.
func (p *progress) percent() float64 {
	if t := p.total.Load(); t > 0 {
		return min(100, 100*float64(p.done.Load())/float64(t))
	}
	return 0
}

// left is the time that loading will still take, at the speed so far.
func (p *progress) left() time.Duration {
	done := p.done.Load()
	if done <= 0 {
		return time.Second
	}
	return time.Duration(float64(p.elapsed()) / float64(done) * float64(max(0, p.total.Load()-done)))
}

func (p *progress) show(what string, terminal io.Writer, log hclog.Logger) {
	defer close(p.stopped)
	every := lineEvery
	if terminal != nil {
		every = barEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	drawn := false
	for {
		select {
		case <-p.stop:
			if drawn {
				_, _ = io.WriteString(terminal, "\r\x1b[K")
			}
			return
		case <-tick.C:
			if terminal != nil {
				drawn = true
				_, _ = io.WriteString(terminal, "\r"+p.bar(what)+"\x1b[K")
				continue
			}
			log.Info("loading", "what", what, "percent", fmt.Sprintf("%.1f", p.percent()), "bytes", p.done.Load(),
				"keys", p.keys.Load(), "seconds_left", int64(p.left().Seconds()))
		}
	}
}

// bar is the line that a person sees.
func (p *progress) bar(what string) string {
	full := int(p.percent() / 100 * barWidth)
	return fmt.Sprintf("Loading %s [%s%s] %5.1f%%  %d keys  %s left", what, strings.Repeat("#", full),
		strings.Repeat(".", barWidth-full), p.percent(), p.keys.Load(), p.left().Round(time.Second))
}
