package core

import (
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

// Insert stores a loaded key: from an RDB file, before clients are served or with
// LOADING answered. It takes the key's shard lock. An existing key is replaced, unless
// fresh is set: then Insert reports false and stores nothing, and v is still the caller's.
func (e *Engine) Insert(db int, key []byte, v Stored, m KeyMeta, fresh bool) bool {
	h := e.ks.Hash(key)
	shard := e.ks.Shard(e.ks.ShardIndex(h))
	shard.Lock()
	defer shard.Unlock()
	if fresh {
		if _, had := e.ks.Find(db, h, key); had {
			return false
		}
	}
	var ent keyspace.Entry
	switch {
	case v.Object != nil:
		ent = e.ks.PutObject(db, h, key, v.Type, v.Enc, v.Object)
	case v.Enc == keyspace.EncInt:
		ent = e.ks.PutInt(db, h, key, v.Int)
	default:
		ent = e.ks.Put(db, h, key, v.Type, v.Enc, v.Packed)
	}
	if m.ExpireAt != 0 {
		ent.SetExpireAt(m.ExpireAt)
	}
	if m.Access != 0 {
		ent.SetAccess(m.Access)
	} else if e.lfu.Load() {
		ent.SetAccess(freshLFU(e.NowMs()))
	} else {
		ent.SetAccess(lruClock(e.NowMs()))
	}
	return true
}

// Clear empties every database: before a data set is loaded in place of this one. Who watches a key that was there,
// or keeps one in a cache, hears of it as of FLUSHALL.
func (e *Engine) Clear() {
	e.WithAllShards(func() {
		e.touchWatchedDB(-1, -1, e.clock.now().UnixMilli())
		if f := e.onFlushBy.Load(); f != nil {
			(*f)(nil)
		}
		e.snapshotDisturbed()
		for db := range e.ks.Databases() {
			if n := e.ks.Len(db); n > 0 {
				e.background(e.ks.FlushDB(db))
			}
		}
	})
}

// Replay executes one command of a log: no checks of clients, no effects, no
// reply. c is a client without connection. The error is what the command answered.
func (e *Engine) Replay(c *Client, args [][]byte) error {
	c.W.Reset()
	e.Handle(c, args)
	if len(c.W.Buf) > 0 && c.W.Buf[0] == '-' {
		return protocol.Error(c.W.Buf[1 : len(c.W.Buf)-2])
	}
	return nil
}
