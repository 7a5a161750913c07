package keyspace

// stepEntries bounds the entries that are expired or moved on a wheel while a shard's lock is held once.
const stepEntries = 64

// ExpireDue deletes up to budget keys of a shard that are due at nowMs, and does other work of its timing wheels that is pending, for at most
// stepEntries entries each time it holds the lock. The caller holds no lock of the shard. fn is called with each due entry before it is deleted, under the exclusive
// lock; if it returns false the entry stays and comes again a few milliseconds later. Objects go to the OnDetach hook. more tells that work
// is left. With nothing to do, the call costs two atomic loads. For one goroutine a shard at a time, lest clock readings come in the wrong order.
//
// A key is due at most 8 ms after its deadline. The clock may jump: forward, what has become due is worked off in bounded steps; backward, the wheels are
// turned back and their entries moved over in bounded steps.
func (ks *Keyspace) ExpireDue(shard int, nowMs int64, budget int, fn func(db int, e Entry) bool) (more bool) {
	sh := &ks.shards[shard]
	last := sh.clock.Load()
	back := nowMs < last-maxRewind<<tickShift
	if !back {
		if nowMs > last {
			sh.clock.Store(nowMs)
		}
		if sh.wake.Load() > nowMs {
			return false
		}
	}
	for more = true; more && budget > 0; {
		n := min(budget, stepEntries)
		budget -= n
		sh.Lock()
		if back {
			sh.clock.Store(nowMs)
			sh.turnBack(nowMs >> tickShift)
			back = false
		}
		sh.expireStep(nowMs, n, fn)
		wake := sh.nextEvent()
		sh.wake.Store(wake)
		more = wake <= nowMs
		sh.Unlock()
	}
	return more
}

// expireStep does up to limit pieces of work: due entries first, then moves on the wheels, which always get a quarter, so that they can not be starved.
func (sh *Shard) expireStep(nowMs int64, limit int, fn func(db int, e Entry) bool) {
	now := nowMs >> tickShift
	left := limit
	for i := range sh.tables {
		t := sh.tables[i].Load()
		if t == nil || t.expires.Load() == 0 {
			continue
		}
		for left > 0 && t.expireOne(nowMs, fn) {
			left--
		}
	}
	left = max(left, limit/4, 1)
	for i := range sh.tables {
		t := sh.tables[i].Load()
		if t == nil || t.wheel == nil {
			continue
		}
		for left > 0 && (t.drainOne(now) || t.cascadeOne(now)) {
			left--
		}
		t.account()
	}
}

// expireOne handles the first due entry.
func (t *table) expireOne(nowMs int64, fn func(db int, e Entry) bool) bool {
	now := nowMs >> tickShift
	slot, ok := t.wheel.due(now)
	if !ok {
		return false
	}
	e := t.at(t.wheel.heads[slot])
	switch deadline := e.deadline(); {
	case deadline > nowMs:
		t.pull(e)
		t.push(t.wheel, e, deadline>>tickShift)
	case fn(t.db, e):
		if obj := t.drop(t.hashOf(e.p), e); obj != nil {
			t.ks.onDetach(obj)
		}
	default:
		t.pull(e)
		t.push(t.wheel, e, now+2)
	}
	return true
}

// cascadeOne moves one entry of a higher level down.
func (t *table) cascadeOne(now int64) bool {
	w := t.wheel
	slot, ok := w.cascading(now)
	if !ok {
		return false
	}
	t.replace(t.at(w.heads[slot]), now)
	return true
}

// replace puts an entry where it belongs by its deadline; one that is due, where it is handled first.
func (t *table) replace(e Entry, now int64) {
	t.pull(e)
	tick := e.deadline() >> tickShift
	if tick < now {
		tick = t.wheel.cur
	}
	t.push(t.wheel, e, tick)
}

// turnBack makes the wheels of a shard start at tick now, which is before their time. What is on them is moved over later, by drainOne.
func (sh *Shard) turnBack(now int64) {
	for i := range sh.tables {
		t := sh.tables[i].Load()
		if t == nil || t.wheel == nil || t.wheel.cur < now {
			continue
		}
		if t.expires.Load() == 0 {
			t.wheel.cur = now - 1
			continue
		}
		t.newWheel(now)
	}
}

// newWheel makes an empty wheel the current one.
func (t *table) newWheel(now int64) {
	g := (t.wheel.gen + 1) % wheelGens
	for t.wheels[g] != nil && t.drainSlot(t.wheels[g], t.wheel.cur) {
		// A fourth jump backward before the first has been worked off: this one pays for it.
	}
	w := &wheel{gen: g, cur: now - 1}
	t.wheels[g], t.wheel = w, w
}

// drainOne moves one entry from a retired wheel to the current one.
func (t *table) drainOne(now int64) bool {
	for g, w := range t.wheels {
		if w == nil || w == t.wheel {
			continue
		}
		if t.drainSlot(w, now) {
			return true
		}
		t.wheels[g] = nil
	}
	return false
}

// drainSlot moves one entry of w, the soonest level first.
func (t *table) drainSlot(w *wheel, now int64) bool {
	for l := range wheelLevels {
		if s, ok := w.nextOccupied(l, w.cur>>(levelShift*l)); ok {
			t.replace(t.at(w.heads[l*levelSlots+int(s)&(levelSlots-1)]), now)
			return true
		}
	}
	return false
}

// nextEvent returns when the shard's wheels want attention next, in ms.
func (sh *Shard) nextEvent() int64 {
	next := int64(neverEvent)
	for i := range sh.tables {
		t := sh.tables[i].Load()
		if t == nil || t.expires.Load() == 0 {
			continue
		}
		next = min(next, t.wheel.event())
		for _, w := range t.wheels {
			if w != nil && w != t.wheel {
				next = 0
			}
		}
	}
	return next
}

// OverdueLag returns for how many milliseconds the oldest due key that is still there has been due, at least and, as soon as the wheel has got to
// it, to within a tick: 0 if none is. It takes shared locks
// of shards that have work to do.
func (ks *Keyspace) OverdueLag(nowMs int64) (lagMs int64) {
	for i := range ks.shards {
		sh := &ks.shards[i]
		if sh.wake.Load() > nowMs {
			continue
		}
		sh.RLock()
		for d := range sh.tables {
			if t := sh.tables[d].Load(); t != nil && t.expires.Load() > 0 {
				if at := t.wheel.oldest(); at < nowMs {
					lagMs = max(lagMs, nowMs-at)
				}
			}
		}
		sh.RUnlock()
	}
	return lagMs
}
