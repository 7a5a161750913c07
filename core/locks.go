package core

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/redust/redust/core/keyspace"
)

// numShards is the number of key shards; a shardSet has one bit for each.
const numShards = 256

// shardSet is a set of shard indexes, walked in ascending order: the lock order.
type shardSet [numShards / 64]uint64

func (s *shardSet) add(i int)      { s[i>>6] |= 1 << (i & 63) }
func (s *shardSet) has(i int) bool { return s[i>>6]&(1<<(i&63)) != 0 }
func (s *shardSet) empty() bool    { return s[0]|s[1]|s[2]|s[3] == 0 }
func (s *shardSet) clear()         { *s = shardSet{} }

var allShards = shardSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

// shardState is what core keeps for a shard beside the keyspace's table. The
// maps are guarded by the shard's lock: written under the exclusive lock, read
// under either.
type shardState struct {
	// interested counts watched keys and waiting clients: while zero, writers
	// signal nothing.
	interested atomic.Int32
	watchers   map[dbKey][]*watchEntry
	filter     watchFilter // of watchers
	waiters    map[dbKey]*waitQueue
	reserved   map[dbKey]*reservation // the whole is a cache line, so that neighbours are off it
}

type dbKey struct {
	db   int
	name string
}

// reservation is a key that a slow command works on without holding its shard.
type reservation struct {
	readers        int
	writer         bool
	inPlace        bool // the writer changes the value it found; see Ctx.LookOther
	waitingWriters int  // new shared reservations let them go first
	done           chan struct{}
}

// gate counts reservations in the whole engine, for commands that need none.
type gate struct {
	mu      sync.Mutex
	cond    *sync.Cond
	active  int
	waiting int // commands that wait for active to become 0
}

func newGate() *gate {
	g := new(gate)
	g.cond = sync.NewCond(&g.mu)
	return g
}

// enter counts a new reservation; it waits while somebody waits for all to end.
func (g *gate) enter() {
	g.mu.Lock()
	for g.waiting > 0 {
		g.cond.Wait()
	}
	g.active++
	g.mu.Unlock()
}

func (g *gate) leave() {
	g.mu.Lock()
	g.active--
	if g.active == 0 {
		g.cond.Broadcast()
	}
	g.mu.Unlock()
}

// close waits until no reservation is left and keeps new ones out until open.
func (g *gate) close() {
	g.mu.Lock()
	g.waiting++
	for g.active > 0 {
		g.cond.Wait()
	}
	g.mu.Unlock()
}

func (g *gate) open() {
	g.mu.Lock()
	g.waiting--
	if g.waiting == 0 {
		g.cond.Broadcast()
	}
	g.mu.Unlock()
}

// lockKeys takes the shard locks that c.keys need, once no key of them is
// reserved by somebody else in a way that conflicts.
func (e *Engine) lockKeys(c *Ctx, exclusive bool) {
	c.mode = lockShards
	for i := range c.keys {
		c.shards.add(c.keys[i].shard)
		if exclusive || c.keys[i].access.exclusive() {
			c.writes.add(c.keys[i].shard)
		}
	}
	for {
		e.lock(c)
		wait := e.conflict(c, exclusive)
		if wait == nil {
			if gone := e.overdue(c); gone != nil {
				e.unlock(c)
				e.conclude(&Ctx{eng: e, nowMs: c.nowMs, expired: gone})
				continue
			}
			db, owed := e.owedBig(c)
			if owed == nil {
				e.warm(c)
				return
			}
			e.unlock(c)
			e.handOver(db, owed)
			continue
		}
		e.unlock(c)
		c.Yield()
		<-wait
	}
}

// warm looks the keys of a command that has several up one step at a time, all of them in each: the memory that they wait
// for is fetched in parallel, as the handler's look-ups, one after the other, would not. The shards are held.
func (e *Engine) warm(c *Ctx) {
	if len(c.keys) < 3 || !e.LooksAhead() {
		return
	}
	var places [16]keyspace.Place
	for keys := c.keys; len(keys) != 0; {
		n := min(len(keys), len(places))
		for i := range keys[:n] {
			places[i] = e.ks.Place(keys[i].DB, keys[i].hash)
		}
		for i := range keys[:n] {
			places[i].Touch()
		}
		keys = keys[n:]
	}
}

// lock takes the shards of c's keys, those of c.writes exclusively. Until unlock, which releases them, c.keys stay as they are:
// for one key, as most commands have, no set is walked.
func (e *Engine) lock(c *Ctx) {
	if len(c.keys) == 1 {
		e.lockShard(c.keys[0].shard, &c.writes)
	} else {
		e.lockSet(&c.shards, &c.writes)
	}
}

func (e *Engine) unlock(c *Ctx) {
	if len(c.keys) == 1 {
		e.unlockShard(c.keys[0].shard, &c.writes)
	} else {
		e.unlockSet(&c.shards, &c.writes)
	}
}

func (e *Engine) lockShard(i int, writes *shardSet) {
	if s := e.ks.Shard(i); writes.has(i) {
		s.Lock()
	} else {
		s.RLock()
	}
}

func (e *Engine) unlockShard(i int, writes *shardSet) {
	if s := e.ks.Shard(i); writes.has(i) {
		s.Unlock()
	} else {
		s.RUnlock()
	}
}

func (e *Engine) lockSet(all, writes *shardSet) {
	for w, word := range all {
		for ; word != 0; word &= word - 1 {
			e.lockShard(w<<6+bits.TrailingZeros64(word), writes)
		}
	}
}

func (e *Engine) unlockSet(all, writes *shardSet) {
	for w, word := range all {
		for ; word != 0; word &= word - 1 {
			e.unlockShard(w<<6+bits.TrailingZeros64(word), writes)
		}
	}
}

// conflict returns a channel to wait on when a key of c is reserved against it.
func (e *Engine) conflict(c *Ctx, exclusive bool) chan struct{} {
	for i := range c.keys {
		k := &c.keys[i]
		if m := e.shards[k.shard].reserved; len(m) != 0 {
			r := m[dbKey{k.DB, string(k.Name)}]
			if r != nil && (r.writer || exclusive || k.access.exclusive()) {
				if c.writes.has(k.shard) {
					r.waitingWriters++ // the shard is held exclusively; the count dies with r
				}
				return r.done
			}
		}
	}
	return nil
}

// reserve exchanges the shard locks of c for reservations of its keys. Shards are
// locked exclusively for the exchange, so that the maps may change; the weight that
// led here may be outdated by then, which costs nothing but time.
func (e *Engine) reserve(c *Ctx) {
	e.appendFound(c)
	e.unlock(c)
	e.gate.enter()
	for {
		e.lockSet(&c.shards, &c.shards)
		wait := e.reserveConflict(c)
		if wait == nil {
			break
		}
		e.unlockSet(&c.shards, &c.shards)
		<-wait
	}
	if c.cmd != nil {
		e.expireKeys(c)
	}
	for i := range c.keys {
		k := &c.keys[i]
		s := &e.shards[k.shard]
		if s.reserved == nil {
			s.reserved = map[dbKey]*reservation{}
		}
		id := dbKey{k.DB, string(k.Name)}
		r := s.reserved[id]
		if r == nil {
			r = &reservation{done: make(chan struct{})}
			s.reserved[id] = r
		}
		r.readers++ // a holder, whichever kind
		r.writer = r.writer || k.access.exclusive()
		r.inPlace = r.inPlace || k.access.exclusive() && k.access&Overwrite == 0
	}
	e.unlockSet(&c.shards, &c.shards)
	c.mode = lockReserved
}

func (e *Engine) reserveConflict(c *Ctx) chan struct{} {
	for i := range c.keys {
		k := &c.keys[i]
		if r := e.shards[k.shard].reserved[dbKey{k.DB, string(k.Name)}]; r != nil && (r.writer || k.access.exclusive() || r.waitingWriters > 0) {
			if k.access.exclusive() {
				r.waitingWriters++
			}
			return r.done
		}
	}
	return nil
}

// release gives the reservations of c back and wakes who waits for them.
func (e *Engine) release(c *Ctx) {
	for i := range c.keys {
		k := &c.keys[i]
		shard, s := e.ks.Shard(k.shard), &e.shards[k.shard]
		id := dbKey{k.DB, string(k.Name)}
		shard.Lock()
		if r := s.reserved[id]; r != nil {
			if r.readers--; r.readers == 0 {
				delete(s.reserved, id)
				close(r.done)
			}
		}
		shard.Unlock()
	}
	c.mode = lockNone
	e.gate.leave()
}

// isReserved reports whether background work must leave the key alone. The
// caller holds the shard's lock.
func (e *Engine) isReserved(shard, db int, key []byte) bool {
	m := e.shards[shard].reserved
	return len(m) != 0 && m[dbKey{db, string(key)}] != nil
}

// lockAllShards takes every shard exclusively with no reservation anywhere.
func (e *Engine) lockAllShards() {
	e.gate.close()
	e.lockSet(&allShards, &allShards)
}

func (e *Engine) unlockAllShards() {
	e.unlockSet(&allShards, &allShards)
	e.gate.open()
}
