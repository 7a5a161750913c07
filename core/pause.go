package core

import (
	"context"
	"sync"
	"time"
)

// pauseState is CLIENT PAUSE: all commands, or those that may write, wait. A shutdown holds writes by itself, as
// CLIENT UNPAUSE must not end that.
type pauseState struct {
	mu     sync.Mutex
	until  time.Time
	all    bool
	held   bool // see HoldWrites
	open   context.Context
	shut   context.CancelFunc // ends open
	resume chan struct{}      // closed when something of this ends
	timer  *time.Timer
}

func (p *pauseState) init() {
	p.resume = make(chan struct{})
	p.open, p.shut = context.WithCancel(context.Background())
}

// WritesOpen returns a context that ends when HoldWrites is called: a command that waits for somebody else gives up then.
func (e *Engine) WritesOpen() context.Context {
	e.pause.mu.Lock()
	defer e.pause.mu.Unlock()
	return e.pause.open
}

func (p *pauseState) active() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.on()
}

// on is active with mu held.
func (p *pauseState) on() bool { return p.held || !p.until.IsZero() }

// retry lets all who are held try again. mu is held.
func (p *pauseState) retry() {
	close(p.resume)
	p.resume = make(chan struct{})
}

// Pause holds clients for d: all commands, or only writes. As in Redis, a
// second pause never ends before the first, and ALL wins over WRITE.
func (e *Engine) Pause(d time.Duration, all bool) {
	p := &e.pause
	p.mu.Lock()
	until := time.Now().Add(d)
	if p.until.IsZero() {
		p.all = all
	} else {
		p.all = p.all || all
	}
	if until.After(p.until) {
		p.until = until
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	p.timer = time.AfterFunc(time.Until(p.until), e.pauseOver)
	p.mu.Unlock()
	e.updateGates()
}

func (e *Engine) pauseOver() {
	e.pause.mu.Lock()
	over := !e.pause.until.IsZero() && !time.Now().Before(e.pause.until)
	e.pause.mu.Unlock()
	if over {
		e.Unpause()
	}
}

// Unpause ends CLIENT PAUSE.
func (e *Engine) Unpause() {
	p := &e.pause
	p.mu.Lock()
	p.until = time.Time{}
	if p.timer != nil {
		p.timer.Stop()
	}
	p.retry()
	p.mu.Unlock()
	e.updateGates()
}

// Paused reports which commands CLIENT PAUSE holds: "none", "write" or "all", and the
// time left.
func (e *Engine) Paused() (what string, left time.Duration) {
	p := &e.pause
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.until.IsZero():
		return "none", 0
	case p.all:
		return "all", time.Until(p.until)
	}
	return "write", time.Until(p.until)
}

// paused reports whether the command has to wait, and prepares Client.Resume.
func (e *Engine) paused(c *Ctx) bool {
	p := &e.pause
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.on() || c.cmd.Flags&PauseExempt != 0 || c.client.Has(FlagReplica|FlagMonitor|FlagPrimary|FlagFake) {
		return false
	}
	m := c.client.multi
	writes := c.cmd.Flags&(Write|MayReplicate) != 0 || m != nil && c.cmd.Flags&InnerCommands != 0 && m.pausing
	if !writes && (!p.all || p.until.IsZero()) {
		return false
	}
	c.client.resume = p.resume
	return true
}

// Postponed says that the client begins or ends to wait for the end of a pause, which counts as being blocked. Owner only.
func (c *Client) Postponed(on bool) {
	if on {
		c.Set(FlagBlocked)
		c.eng.clients.blocked.Add(1)
	} else {
		c.Clear(FlagBlocked)
		c.eng.clients.blocked.Add(-1)
	}
}

// Resume is closed when a Postponed request may be tried again. Owner only.
func (c *Client) Resume() <-chan struct{} { return c.resume }

// expiryPaused: nothing expires while writes are held, so that a failover sees a
// quiet data set.
func (e *Engine) expiryPaused() bool { return e.gates.Load() != 0 && e.pause.active() }
