package redustcmd

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/redust/redust/core"
)

// errShutdownAborted is a shutdown's end by SHUTDOWN ABORT.
var errShutdownAborted = errors.New("aborted")

// shutdowns are those under way, which SHUTDOWN ABORT calls off together.
type shutdowns struct {
	mu     sync.Mutex
	n      int
	ctx    context.Context
	cancel context.CancelFunc
	final  bool // it can't be called off any more
}

// enter counts a shutdown in. Its context ends when it is called off; leave must follow.
func (s *shutdowns) enter() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n == 0 {
		s.ctx, s.cancel = context.WithCancel(context.Background())
	}
	s.n++
	return s.ctx
}

func (s *shutdowns) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n--; s.n == 0 {
		s.cancel()
	}
}

// abort calls off what is under way; false if there is nothing, or if it is too late.
func (s *shutdowns) abort() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n == 0 || s.final || s.ctx.Err() != nil {
		return false
	}
	s.cancel()
	return true
}

// commit makes a shutdown final; false if it has been called off.
func (s *shutdowns) commit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.final = s.ctx.Err() == nil
	return s.final
}

// committed reports whether a shutdown is final.
func (s *shutdowns) committed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.final
}

// cronEvery is how often a signal looks whether DEBUG PAUSE-CRON still holds it up.
const cronEvery = 10 * time.Millisecond

// Shutdown implements core.Process: it returns only if the shutdown can't be made, because the data set can't be saved, or is called
// off. Writes are held meanwhile, so that nothing is acknowledged that isn't saved.
func (p *program) Shutdown(o core.ShutdownOptions) error {
	ctx := p.ending.enter()
	defer p.ending.leave()
	return p.shutdown(ctx, o)
}

// shutdownBySignal is Shutdown for SIGTERM and SIGINT, which wait for the cron as they do in Redis.
func (p *program) shutdownBySignal(o core.ShutdownOptions) error {
	ctx := p.ending.enter()
	defer p.ending.leave()
	for p.engine.Debug().CronPaused.Load() && ctx.Err() == nil {
		time.Sleep(cronEvery)
	}
	return p.shutdown(ctx, o)
}

func (p *program) shutdown(ctx context.Context, o core.ShutdownOptions) error {
	p.stopping.Lock()
	defer p.stopping.Unlock()
	if ctx.Err() != nil {
		return errShutdownAborted
	}
	p.Log.Warn("User requested shutdown...")
	p.engine.HoldWrites() // reads go on, and SHUTDOWN ABORT is heard
	err := p.saver.Shutdown(ctx, o.Save, o.Force)
	if err == nil && !p.ending.commit() || ctx.Err() != nil {
		err = errShutdownAborted
	}
	if err != nil {
		p.engine.ReleaseWrites()
		return err
	}
	p.Stopping()
	p.server.CloseListeners()
	p.saver.StopLoading()
	p.quit <- 0
	runtime.Goexit() // as promised, nobody sees this return; the caller's connection is closed on the way
	return nil
}

// AbortShutdown implements core.Process: the final save is given up, and the server goes on.
func (p *program) AbortShutdown() bool {
	if !p.ending.abort() {
		return false
	}
	p.Log.Warn("Shutdown manually aborted.")
	return true
}
