package core

import (
	"math/rand/v2"

	"github.com/redust/redust/core/keyspace"
)

// What concerns the keyspace as a whole. Flush and Swap need AllShards; the
// walking functions lock shard by shard unless the command holds them all.

// FlushDB empties one database, or all with db -1, in O(shards); memory is freed in the
// background. It returns how many keys there were.
func (c *Ctx) FlushDB(db int) int {
	e := c.eng
	e.touchWatchedDB(db, -1, c.nowMs)
	first, last := db, db
	if db < 0 {
		first, last = 0, e.ks.Databases()-1
	}
	c.client.flushedAll = c.client.flushedAll || db < 0
	removed := 0
	for i := first; i <= last; i++ {
		if n := e.ks.Len(i); n > 0 {
			removed += n
			e.snapshotDisturbed()
			e.background(e.ks.FlushDB(i))
		}
	}
	c.dirty += int64(removed)
	if f := e.onFlush.Load(); f != nil {
		(*f)(db)
	}
	if f := e.onFlushBy.Load(); f != nil {
		(*f)(c.client)
	}
	return removed
}

// SwapDB exchanges two databases. Clients that wait for keys which appear are served.
func (c *Ctx) SwapDB(a, b int) {
	e := c.eng
	e.touchWatchedDB(a, b, c.nowMs)
	e.touchWatchedDB(b, a, c.nowMs)
	e.snapshotDisturbed()
	e.ks.SwapDB(a, b)
	for i := range e.shards {
		for id := range e.shards[i].waiters {
			if id.db == a || id.db == b {
				c.modified = append(c.modified, c.makeKey([]byte(id.name), id.db, 0, 0))
			}
		}
	}
	c.dirty++ // client-side caches are not told: Redis doesn't either
}

// KeyspaceMemory tells what the keyspace's memory is used for. It takes shard locks, one by one: in a transaction,
// which holds some, a command that is marked Survey sees what was so when EXEC came, others the sums alone.
func (c *Ctx) KeyspaceMemory() keyspace.MemoryStats {
	switch {
	case c.memory != nil:
		return *c.memory
	case c.inExec:
		return keyspace.MemoryStats{Used: c.eng.ks.MemoryUsed(), Heap: c.eng.ks.Heap().Stats()}
	}
	return c.eng.ks.Memory()
}

// DBSize counts the keys of a database. O(1), no lock.
func (c *Ctx) DBSize(db int) int { return c.eng.ks.Len(db) }

// Scan walks a database as keyspace.Scan does; expired keys are not shown. fn
// runs with a shard lock held and must not call back into the keyspace.
func (c *Ctx) Scan(cursor uint64, count int, fn func(keyspace.Entry)) uint64 {
	return c.eng.ks.Scan(c.db, cursor, count, c.mode == lockAll, func(ent keyspace.Entry) {
		if at, has := ent.ExpireAt(); has && at <= c.nowMs {
			return
		}
		fn(ent)
	})
}

// RandomKey calls fn with some key that has not expired; false when there is none.
func (c *Ctx) RandomKey(fn func(keyspace.Entry)) bool {
	for range 100 {
		live := false
		found := c.eng.ks.Random(c.db, c.mode == lockAll, rand.Uint64, func(ent keyspace.Entry) {
			if at, has := ent.ExpireAt(); !has || at > c.nowMs {
				live = true
				fn(ent)
			}
		})
		if !found {
			return false
		}
		if live {
			return true
		}
	}
	done := false // nearly everything has expired: look at each
	for cursor := uint64(0); !done; {
		cursor = c.Scan(cursor, 64, func(ent keyspace.Entry) {
			if !done {
				done = true
				fn(ent)
			}
		})
		if cursor == 0 {
			break
		}
	}
	return done
}

// background frees with f a database, soon and outside every lock.
func (e *Engine) background(f func()) {
	e.done.Add(1)
	go func() {
		defer e.done.Done()
		f()
		e.ks.Scavenge(1 << 40)
	}()
}

// freeLater has the objects freed by the background goroutine.
func (e *Engine) freeLater(objs []keyspace.Object) {
	e.lazy.pending.Add(int64(len(objs)))
	e.freeMu.Lock()
	e.freeList = append(e.freeList, objs...)
	e.freeMu.Unlock()
	select {
	case e.freeWake <- struct{}{}:
	default:
	}
}

func (e *Engine) freeLoop() {
	defer e.done.Done()
	for {
		select {
		case <-e.stop:
			return
		case <-e.freeWake:
		}
		e.freeMu.Lock()
		list := e.freeList
		e.freeList = nil
		e.freeMu.Unlock()
		e.freeAll(list)
	}
}

// freeAll frees objects.
func (e *Engine) freeAll(list []keyspace.Object) {
	for _, o := range list {
		o.Free()
		e.lazy.pending.Add(-1)
		e.lazy.freed.Add(1)
	}
}

// LazyFree reports objects that wait to be freed, and those freed so far.
func (e *Engine) LazyFree() (pending, freed int64) { return e.lazy.pending.Load(), e.lazy.freed.Load() }
