package core

import (
	"sync/atomic"

	"github.com/redust/redust/core/keyspace"
)

// Snapshotter receives what a point-in-time snapshot contains (DESIGN.md, D5).
// Its methods are called with the entry's shard held and must not block.
type Snapshotter interface {
	// Before is called once for an entry of an older epoch that is about to
	// change or go: its value belongs to the snapshot.
	Before(db int, e keyspace.Entry)
	// Flush is called before a database is emptied with all shards held: it takes over
	// what the snapshot has not walked yet.
	Flush(db int)
	// Swap is called before two databases are exchanged, with all shards held.
	Swap(a, b int)
}

type snapshotState struct {
	active atomic.Bool
	epoch  uint8 // written with all shards held
	to     Snapshotter
}

// BeginSnapshot starts an epoch: from now on s is told of entries before they
// change. The caller holds all shards (see WithAllShards).
func (e *Engine) BeginSnapshot(s Snapshotter) {
	e.snap.to = s
	e.snap.epoch = e.ks.BeginEpoch()
	e.snap.active.Store(true)
}

// EndSnapshot ends it, complete or not.
func (e *Engine) EndSnapshot() {
	e.WithAllShards(func() {
		e.snap.active.Store(false)
		e.snap.to = nil
	})
}

// WithAllShards runs f with every shard held exclusively and no key reserved:
// for the instant at which a snapshot begins. f must be short.
func (e *Engine) WithAllShards(f func()) {
	e.lockAllShards()
	defer e.unlockAllShards()
	f()
}

// snapshotBefore hands an entry over if it belongs to a running snapshot. The
// entry's shard is held exclusively.
func (e *Engine) snapshotBefore(db int, ent keyspace.Entry) {
	if e.snap.active.Load() && ent.Epoch() != e.snap.epoch {
		e.snap.to.Before(db, ent)
		ent.SetEpoch(e.snap.epoch)
	}
}

func (e *Engine) snapshotFlush(db int) {
	if e.snap.active.Load() {
		e.snap.to.Flush(db)
	}
}

func (e *Engine) snapshotSwap(a, b int) {
	if e.snap.active.Load() {
		e.snap.to.Swap(a, b)
	}
}
