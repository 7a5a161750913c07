package core

import (
	"sync/atomic"
	"time"

	"github.com/redust/redust/core/keyspace"
)

type lazyStats struct{ pending, freed atomic.Int64 }

const (
	// expireEvery is the shortest pause of the expiry loop: what comes due meanwhile is worked off together.
	expireEvery = 5 * time.Millisecond
	// expireLatest is its longest: the system's clock may have been set.
	expireLatest = 100 * time.Millisecond
	// expireBatch is how many keys may be deleted under one hold of a shard lock.
	expireBatch = 64
	// scavengeBytes is how much free memory one step gives back to the system.
	scavengeBytes = 64 << 20
	// compactBlocks is how many entries one step of compaction may move.
	compactBlocks = 4096
	// logTrim is how many steps memory that the effect log does not use stays with it.
	logTrim = 20
)

// Run starts the background work: expiry, eviction, freeing, housekeeping. Close ends it.
func (e *Engine) Run() {
	e.done.Add(4)
	go e.expireLoop()
	go e.evictLoop()
	go e.freeLoop()
	go e.cronLoop()
}

func (e *Engine) expireLoop() {
	defer e.done.Done()
	wake := time.NewTimer(expireEvery)
	defer wake.Stop()
	var sooner <-chan struct{}
	for {
		select {
		case <-e.stop:
			return
		case <-sooner:
			sooner = nil
			wake.Reset(expireEvery)
			continue
		case <-wake.C:
		}
		e.ExpireStep()
		var wait time.Duration
		wait, sooner = e.untilExpiry()
		wake.Reset(max(wait, expireEvery))
	}
}

// untilExpiry tells how long nothing is due, as far as is known: sooner says when that has changed.
func (e *Engine) untilExpiry() (wait time.Duration, sooner <-chan struct{}) {
	if e.clock.fake != nil {
		return expireEvery, nil
	}
	nowMs := e.NowMs()
	at, sooner := e.ks.NextExpiry(nowMs + expireLatest.Milliseconds())
	return time.Duration(at-nowMs) * time.Millisecond, sooner
}

// ExpireStep deletes every key that is due now, in small steps over all shards.
// The loop calls it every few milliseconds; tests with a fake clock call it themselves.
func (e *Engine) ExpireStep() {
	if !e.activeExp.Load() || e.debug.CronPaused.Load() || e.loading.Load() || e.isReplica() || e.expiryPaused() {
		return
	}
	startNs, nowMs := e.clock.read()
	var rest Breather
	worked := false
	for more := true; more; {
		more = false
		for s := range numShards {
			n, again := e.expireShard(s, nowMs)
			worked = worked || n > 0
			more = more || again
			if n > 0 {
				rest.Breathe(e.expireSpell())
			}
		}
		select {
		case <-e.stop:
			return
		default:
		}
	}
	if worked {
		e.stats.activeExpireNs.Add(e.clock.after(startNs) - startNs)
	}
}

const (
	// spellOnTime is how long expiry works on end while it is on time: so little that other clients don't notice.
	spellOnTime = 100 * time.Microsecond
	// spellLagMs is the lag from which on the spells grow with it, tenfold at most.
	spellLagMs = 5
)

// expireSpell is how long expiry may work on end at present.
func (e *Engine) expireSpell() time.Duration {
	return spellOnTime * time.Duration(min(max(1, e.stats.expireLagMs.Load()/spellLagMs), 10))
}

// expireShard deletes at most expireBatch due keys of a shard.
func (e *Engine) expireShard(s int, nowMs int64) (deleted int, more bool) {
	var c *Ctx
	more = e.ks.ExpireDue(s, nowMs, expireBatch, func(db int, ent keyspace.Entry) bool {
		if e.isReserved(s, db, ent.Key()) || e.snapshotSpares(ent) {
			return false
		}
		if c == nil {
			c = &Ctx{eng: e, nowMs: nowMs}
		}
		e.snapshotBefore(db, ent)
		if at, ok := ent.ExpireAt(); ok && deleted == 0 {
			e.stats.expireLagMs.Store(nowMs - at)
		}
		deleted++
		e.dueKey(c, s, db, ent)
		return true
	})
	if c == nil {
		return 0, more
	}
	e.stats.expired.Add(int64(deleted))
	e.conclude(c)
	return deleted, more
}

// dueKey does for one expired key, with its shard held, what its deletion entails.
func (e *Engine) dueKey(c *Ctx, shard, db int, ent keyspace.Entry) {
	interested := e.shards[shard].interested.Load() != 0 || e.tracked.Load()
	if !interested && EventClass(e.notify.mask.Load())&EventExpired == 0 && !e.log.Active() {
		e.stats.dirty.Add(1)
		return
	}
	name := append([]byte(nil), ent.Key()...)
	k := Key{Name: name, DB: db, hash: e.ks.Hash(name), shard: shard}
	c.signal(k)
	c.Notify(EventExpired, "expired", k)
	e.stats.dirty.Add(1)
	if e.log.Active() {
		e.log.AppendOne(db, [][]byte{delWord, name})
	}
}

func (e *Engine) cronLoop() {
	defer e.done.Done()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-e.stop:
			return
		case <-tick.C:
		}
		e.clock.resync()
		e.coarseMs.Store(e.NowMs())
		e.stats.sampleRates(e.clock.mono())
		e.updateGates()
		e.trackPeak()
		e.housekeep(n)
	}
}

// housekeep gives memory back, and arranges what is in use, in small steps.
func (e *Engine) housekeep(n int) {
	e.ks.Compact(compactBlocks)
	if n%logTrim == 0 {
		e.log.Trim()
	}
	if n%2 == 0 {
		e.ks.Scavenge(scavengeBytes)
		if !e.loading.Load() {
			e.collapse()
		}
	}
}

// collapse moves memory onto huge pages.
func (e *Engine) collapse() {
	began := time.Now()
	n := e.collapses.regions(began, e.stats.Load().Commands)
	if n > 0 && e.ks.Collapse(n) > 0 {
		e.collapses.took(time.Now(), time.Since(began))
	}
}

// collapsePace bounds how long clients wait for memory that is being moved. Without clients to speak of there is no bound.
type collapsePace struct {
	commands int64     // executed when it was last asked
	rest     time.Time // until when active clients are left alone
}

const (
	collapseAtOnce = 2    // regions
	collapseQuiet  = 40   // commands between two questions, 200 ms, that are too few to be in each other's way, as for a snapshot's pace
	collapseRest   = 1000 // times as long as a region took, active clients are left alone
)

// regions is how many to move now.
func (p *collapsePace) regions(now time.Time, commands int64) int {
	n := commands - p.commands
	p.commands = commands
	switch {
	case n <= collapseQuiet:
		return collapseAtOnce
	case now.Before(p.rest):
		return 0
	}
	return 1
}

func (p *collapsePace) took(now time.Time, d time.Duration) { p.rest = now.Add(collapseRest * d) }
