package core

import (
	"sync/atomic"

	"github.com/redust/redust/core/keyspace"
)

// bigObject is the size in bytes from which a value is not handed to a snapshot
// under a shard lock: its key is reserved for that instead.
const bigObject = 256 << 10

// Snapshotter receives what a point-in-time snapshot contains (DESIGN.md, D5).
type Snapshotter interface {
	// Before is called once for an entry of an older epoch that is about to
	// change or go: its value belongs to the snapshot. The entry's shard is held
	// exclusively; it must not block.
	Before(db int, e keyspace.Entry)
	// Big is Before for a big object: it is called without any lock, with the key
	// reserved shared, so that only who needs this key waits. It may take its time. The
	// value is valid until it returns.
	Big(db int, key []byte, v Value, m KeyMeta)
	// Disturbed is called, with all shards held, before databases are flushed or
	// exchanged: the snapshot can't be completed and is to begin anew.
	Disturbed()
}

// KeyMeta is what a key has beside its value.
type KeyMeta struct {
	ExpireAt int64 // milliseconds since the epoch, 0 without TTL
	Access   uint32
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

// EndSnapshot ends it; complete says that every entry was handed over.
func (e *Engine) EndSnapshot(complete bool) {
	e.WithAllShards(func() {
		e.snap.active.Store(false)
		e.snap.to = nil
		if complete {
			e.ks.EndEpoch()
		}
	})
}

// WithAllShards runs f with every shard held exclusively and no key reserved:
// for the instant at which a snapshot begins. f must be short.
func (e *Engine) WithAllShards(f func()) {
	e.lockAllShards()
	defer e.unlockAllShards()
	f()
}

// WalkSnapshot hands over entries of one shard that the snapshot has not seen,
// about budget of them, from pos on (0 to begin). Small values go to small under
// the shard's exclusive lock, big ones to Snapshotter.Big without it.
func (e *Engine) WalkSnapshot(shard, db int, pos uint64, budget int, small func(keyspace.Entry)) (next uint64, done bool) {
	var big [][]byte
	s := e.ks.Shard(shard)
	s.Lock()
	next, done = e.ks.WalkShard(shard, db, pos, budget, func(ent keyspace.Entry) {
		if ent.Epoch() == e.snap.epoch {
			return
		}
		if isBig(ent) {
			big = append(big, append([]byte(nil), ent.Key()...))
			return
		}
		small(ent)
		ent.SetEpoch(e.snap.epoch)
	})
	s.Unlock()
	for _, name := range big {
		e.handOver(db, name)
	}
	return next, done
}

func isBig(ent keyspace.Entry) bool {
	return ent.IsObject() && ent.Object().MemoryUsage() > bigObject || !ent.IsObject() && ent.Len() > bigObject
}

// handOver gives one big value to the snapshot with its key reserved, unless that has
// been done meanwhile. No lock is held.
func (e *Engine) handOver(db int, name []byte) {
	c := &Ctx{eng: e, nowMs: e.NowMs()}
	k := c.makeKey(name, db, 0, ReadOnly)
	c.keys = append(c.keyBuf[:0], k)
	e.lockKeys(c, false)
	e.reserve(c)
	defer e.release(c)
	s := e.ks.Shard(k.shard)
	s.RLock()
	ent, ok := e.ks.Find(db, k.hash, name)
	if !ok || !e.snap.active.Load() || ent.Epoch() == e.snap.epoch {
		s.RUnlock()
		return
	}
	// Packed is not copied: a big block is a page run of its own, which nothing moves, and the
	// reservation keeps writers, expiry, eviction and flushes away.
	v, m := ValueOf(ent), metaOf(ent)
	to := e.snap.to
	s.RUnlock()
	to.Big(db, name, v, m)
	s.Lock()
	if ent, ok = e.ks.Find(db, k.hash, name); ok {
		ent.SetEpoch(e.snap.epoch)
	}
	s.Unlock()
}

func metaOf(ent keyspace.Entry) KeyMeta {
	at, _ := ent.ExpireAt()
	return KeyMeta{ExpireAt: at, Access: ent.Access()}
}

// MetaOf is what an entry has beside its value.
func MetaOf(ent keyspace.Entry) KeyMeta { return metaOf(ent) }

// snapshotBefore hands an entry over if it belongs to a running snapshot. The
// entry's shard is held exclusively.
func (e *Engine) snapshotBefore(db int, ent keyspace.Entry) {
	if e.snap.active.Load() && ent.Epoch() != e.snap.epoch {
		e.snap.to.Before(db, ent)
		ent.SetEpoch(e.snap.epoch)
	}
}

// owedBig returns a key of c that the command may write and whose big value a
// running snapshot still needs. The shards are held.
func (e *Engine) owedBig(c *Ctx) (db int, name []byte) {
	if !e.snap.active.Load() {
		return 0, nil
	}
	for i := range c.keys {
		k := &c.keys[i]
		if !c.writes.has(k.shard) {
			continue
		}
		if ent, ok := e.ks.Find(k.DB, k.hash, k.Name); ok && ent.Epoch() != e.snap.epoch && isBig(ent) {
			return k.DB, k.Name
		}
	}
	return 0, nil
}

// snapshotSpares reports whether background deletion must leave an entry until the
// snapshot has its big value. The shard is held.
func (e *Engine) snapshotSpares(ent keyspace.Entry) bool {
	return e.snap.active.Load() && ent.Epoch() != e.snap.epoch && isBig(ent)
}

func (e *Engine) snapshotDisturbed() {
	if e.snap.active.Load() {
		e.snap.to.Disturbed()
		e.snap.active.Store(false)
	}
}
