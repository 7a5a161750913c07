package core

import (
	"bytes"
	"context"
	"sync"
)

// seal keeps writes away from a data set whose final save has begun. CLIENT PAUSE holds requests as they arrive; one that had passed
// by then, and waited for a lock, would run after the instant of the save, be answered, and be lost. So whoever
// writes looks for a seal when it has its locks. It is set with all shards held: a write is either in the save, or meets the
// seal. As an error it tells the caller that nothing was done.
type seal struct {
	resume chan struct{} // closed when the seal is broken

	mu     sync.Mutex
	broken bool
	owed   []Key // with clients that wait for them, which can't be served now
}

// Error implements error.
func (s *seal) Error() string { return "writes are held" }

// owe has the clients that wait for k served when the seal is broken; false if it is already.
func (s *seal) owe(k Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.broken {
		k.Name = bytes.Clone(k.Name)
		s.owed = append(s.owed, k)
	}
	return !s.broken
}

// HoldWrites has clients wait that want to write. When it returns, those that were on their way have written, and no other
// will before ReleaseWrites. While the data set is loading it doesn't wait for anybody. No lock may be held.
func (e *Engine) HoldWrites() {
	p := &e.pause
	p.mu.Lock()
	p.held = true
	p.shut()
	p.mu.Unlock()
	e.updateGates()
	if e.loading.Load() {
		return
	}
	s := &seal{resume: make(chan struct{})}
	e.WithAllShards(func() { e.sealed.Store(s) })
}

// ReleaseWrites undoes HoldWrites: everybody who was held goes on.
func (e *Engine) ReleaseWrites() {
	s := e.sealed.Swap(nil)
	p := &e.pause
	p.mu.Lock()
	p.held = false
	p.open, p.shut = context.WithCancel(context.Background())
	p.retry()
	p.mu.Unlock()
	e.updateGates()
	if s == nil {
		return
	}
	s.mu.Lock()
	s.broken = true
	owed := s.owed
	s.mu.Unlock()
	close(s.resume)
	e.serveReady(owed)
}

// sealedFor is the seal that keeps c from writing, or nil. c holds its locks.
func (e *Engine) sealedFor(c *Ctx) *seal {
	s := e.sealed.Load()
	if s == nil || !c.writesData() || c.client.Has(FlagPrimary|FlagFake) {
		return nil
	}
	return s
}

// postpone has the client give a request again that has met a seal.
func (e *Engine) postpone(c *Ctx, s *seal) Status {
	c.client.resume = s.resume
	c.finish()
	return Postponed
}
