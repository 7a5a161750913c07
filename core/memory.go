package core

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redust/redust/core/keyspace"
)

// Memory accounting and eviction (DESIGN.md, D9).

// memoryState keeps figures that INFO memory shows.
type memoryState struct {
	peak atomic.Int64
	base atomic.Int64
	mu   sync.Mutex // one client evicts at a time
	wake chan struct{}

	relief atomic.Pointer[func() int64]
}

// SetRelief has f called when maxmemory is exceeded, before a key is evicted: f closes clients that are over
// maxmemory-clients, and returns how many bytes connections that are being closed still take. No lock is held.
func (e *Engine) SetRelief(f func() (leaving int64)) { e.mem.relief.Store(&f) }

// leaving calls what SetRelief was told.
func (e *Engine) leaving() int64 {
	if f := e.mem.relief.Load(); f != nil {
		return (*f)()
	}
	return 0
}

// UsedMemory is what the server itself, the data set, the clients' buffers and the effect log take, in bytes.
func (e *Engine) UsedMemory() int64 {
	return e.BaseMemory() + e.ks.MemoryUsed() + e.ClientMemory() + e.log.Buffered()
}

// SetBaseMemory tells what the server takes in bytes before it has data and clients. As in Redis it counts as used: a
// maxmemory below it refuses the first write.
func (e *Engine) SetBaseMemory(n int64) { e.mem.base.Store(n) }

// BaseMemory is what SetBaseMemory was told.
func (e *Engine) BaseMemory() int64 { return e.mem.base.Load() }

// PeakMemory is the largest UsedMemory the cron has seen.
func (e *Engine) PeakMemory() int64 { return max(e.mem.peak.Load(), e.UsedMemory()) }

// ResetPeak is part of CONFIG RESETSTAT.
func (e *Engine) ResetPeak() { e.mem.peak.Store(e.UsedMemory()) }

func (e *Engine) trackPeak() {
	if u := e.UsedMemory(); u > e.mem.peak.Load() {
		e.mem.peak.Store(u)
	}
}

// bufferMemory is what others than the data set take of UsedMemory while the server runs.
func (e *Engine) bufferMemory() int64 { return e.ClientMemory() + e.log.Buffered() }

// makeRoom evicts keys until the keyspace fits the limit, or for as long as maxmemory-eviction-tenacity lets one command
// wait: then the background goes on, and the command may run. It reports true when no key can go: the caller refuses
// what needs memory. What eviction itself sends meanwhile, invalidations or deletions, makes no more keys go. No lock is held.
func (e *Engine) makeRoom(limit int64) (over bool) {
	if e.BaseMemory()+e.ks.MemoryNear()+nearError+e.ClientMemory() <= limit || e.UsedMemory() <= limit {
		return false
	}
	if n := e.leaving(); n > 0 { // as in Redis, clients go before keys
		if limit = max(limit, limit+n); e.UsedMemory() <= limit {
			return false
		}
	}
	policy := e.set.policy.Load()
	if policy == "noeviction" {
		return true
	}
	e.mem.mu.Lock()
	defer e.mem.mu.Unlock()
	budget := evictionBudgetNs(e.set.tenacity.Load())
	start := e.clock.mono()
	buffers := e.bufferMemory()
	for evicted, failed := 0, 0; e.BaseMemory()+e.ks.MemoryUsed()+min(buffers, e.bufferMemory()) > limit; {
		found, gone := e.evictOne(policy)
		switch {
		case gone:
			failed = 0
			// Only one who has evicted may run before there is room: where no key can go, the limit holds.
			if evicted++; evicted%evictClockEvery == 0 && e.clock.mono()-start > budget {
				e.evictSoon()
				return false
			}
		case !found && !e.mayEvict(policy):
			return true
		default:
			if failed++; failed > evictTries {
				return true
			}
		}
	}
	return false
}

// mayEvict reports whether there is any key that the policy lets go.
func (e *Engine) mayEvict(policy string) bool {
	count := e.ks.Len
	if strings.HasPrefix(policy, "volatile-") {
		count = e.ks.Expires
	}
	for db := range e.ks.Databases() {
		if count(db) > 0 {
			return true
		}
	}
	return false
}

// evictClockEvery is after how many evictions the clock is read.
const evictClockEvery = 16

// evictionBudgetNs is how long one command evicts, as in Redis: 50 us a point up to 10, then 15 % more a
// point; 100 knows no limit.
func evictionBudgetNs(tenacity int64) int64 {
	switch {
	case tenacity >= 100:
		return math.MaxInt64
	case tenacity > 10:
		return int64(500e3 * math.Pow(1.15, float64(tenacity)-10))
	}
	return tenacity * 50e3
}

// evictSoon has the background evict what is over maxmemory.
func (e *Engine) evictSoon() {
	select {
	case e.mem.wake <- struct{}{}:
	default: // it is on its way
	}
}

// evictLoop evicts what is due without a command that waits for it: after CONFIG SET maxmemory, and what a command
// had to leave.
func (e *Engine) evictLoop() {
	defer e.done.Done()
	for {
		select {
		case <-e.stop:
			return
		case <-e.mem.wake:
		}
		if limit := e.set.maxMemory.Load(); limit > 0 && !e.loading.Load() {
			e.makeRoom(limit)
		}
	}
}

// limitChanged applies CONFIG SET maxmemory. Locks may be held.
func (e *Engine) limitChanged() {
	e.updateGates()
	limit := e.set.maxMemory.Load()
	if used := e.UsedMemory(); limit > 0 && used > limit {
		e.logger.Warn(fmt.Sprintf("WARNING: the new maxmemory value set via CONFIG SET (%d) is smaller than the current memory usage (%d). "+
			"This will result in key eviction and/or the inability to accept new write commands depending on the maxmemory-policy.", limit, used))
		e.evictSoon()
	}
}

// evictTries is how many samples in a row may be without a key that can go: reserved, spared by a
// snapshot, or none at all.
const evictTries = 64

// nearError is how much Keyspace.MemoryNear may be too low.
const nearError = numShards * 16 << 10

// candidate is a sampled key with its score: the higher, the sooner it goes.
type candidate struct {
	key   Key
	score int64
	found bool
}

// evictOne samples keys as the policy says and deletes the best. It may find none, and the one that it finds may have to stay.
func (e *Engine) evictOne(policy string) (found, gone bool) {
	nowMs := e.NowMs()
	volatile := strings.HasPrefix(policy, "volatile-")
	var best candidate
	for db := range e.ks.Databases() {
		if e.ks.Len(db) == 0 || volatile && e.ks.Expires(db) == 0 {
			continue
		}
		samples := int(e.set.samples.Load())
		if strings.HasSuffix(policy, "-random") {
			samples = 1
		}
		sample := e.ks.Sample
		if policy == "volatile-ttl" {
			sample = func(db, n int, _, held bool, rnd func() uint64, fn func(keyspace.Entry)) int {
				return e.ks.Soonest(db, n, held, rnd, fn)
			}
		}
		sample(db, samples, volatile, false, rand.Uint64, func(ent keyspace.Entry) {
			if s := e.evictScore(policy, ent, nowMs); !best.found || s > best.score {
				name := append(best.key.Name[:0], ent.Key()...)
				h := e.ks.Hash(name)
				best = candidate{Key{Name: name, DB: db, hash: h, shard: e.ks.ShardIndex(h)}, s, true}
			}
		})
	}
	return best.found, best.found && e.evict(best.key, nowMs)
}

func (e *Engine) evictScore(policy string, ent keyspace.Entry, nowMs int64) int64 {
	switch {
	case strings.HasSuffix(policy, "-ttl"):
		at, _ := ent.ExpireAt()
		return -at
	case strings.HasSuffix(policy, "-lfu"):
		return 255 - int64(e.LFUFrequency(ent.Access(), nowMs))
	case strings.HasSuffix(policy, "-lru"):
		return IdleSeconds(ent.Access(), nowMs)
	}
	return 0
}

// evict deletes a key because of maxmemory.
func (e *Engine) evict(k Key, nowMs int64) bool {
	c := &Ctx{eng: e, nowMs: nowMs}
	shard := e.ks.Shard(k.shard)
	shard.Lock()
	ent, ok := e.ks.Find(k.DB, k.hash, k.Name)
	if ok = ok && !e.isReserved(k.shard, k.DB, k.Name) && !e.snapshotSpares(ent); ok {
		e.snapshotBefore(k.DB, ent)
		c.detach(e.ks.DeleteEntry(ent))
		e.ks.Trim(k.shard, k.DB)
		e.stats.evicted.Add(1)
		e.stats.dirty.Add(1)
		c.Notify(EventEvicted, "evicted", k)
		c.signal(k)
		if e.log.Active() {
			e.log.AppendOne(k.DB, [][]byte{delWord, k.Name})
		}
	}
	shard.Unlock()
	e.conclude(c)
	return ok
}
