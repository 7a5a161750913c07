//go:build invariants

package keyspace

import (
	"bytes"
	"runtime"
	"sync"
	"sync/atomic"
)

// shardLock is a sync.RWMutex that panics when a goroutine takes it that has said it won't.
type shardLock struct{ mu sync.RWMutex }

func (l *shardLock) Lock()          { checkLock(); l.mu.Lock() }
func (l *shardLock) RLock()         { checkLock(); l.mu.RLock() }
func (l *shardLock) TryLock() bool  { return l.mu.TryLock() }
func (l *shardLock) TryRLock() bool { return l.mu.TryRLock() }
func (l *shardLock) Unlock()        { l.mu.Unlock() }
func (l *shardLock) RUnlock()       { l.mu.RUnlock() }

var (
	forbidden  sync.Map // number of a goroutine -> true
	nForbidden atomic.Int64
)

// ForbidLocks says that the calling goroutine takes no shard lock until the function that is returned is called: EXEC has
// all that its commands need, and waiting for another out of order could be a deadlock. Only checked
// with -tags invariants.
func ForbidLocks() (allow func()) {
	id := goroutine()
	forbidden.Store(id, true)
	nForbidden.Add(1)
	return func() {
		forbidden.Delete(id)
		nForbidden.Add(-1)
	}
}

func checkLock() {
	if nForbidden.Load() == 0 {
		return
	}
	if _, no := forbidden.Load(goroutine()); no {
		panic("keyspace: a shard lock is taken inside EXEC")
	}
}

// goroutine is the number of the calling goroutine, as its stack trace names it.
func goroutine() string {
	var buf [64]byte
	b := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	number, _, _ := bytes.Cut(b, []byte(" "))
	return string(number)
}
