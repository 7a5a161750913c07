package keyspace

import (
	"math/bits"
	"unsafe"
)

const (
	// cursorShift leaves 53 bits of a position for a cursor, which a JavaScript client can hold.
	cursorShift = 11

	// scanHold bounds the entries visited while a shard's lock is held once.
	scanHold = 256
)

// Scan visits about count entries of a database in the order of their hashes, from a cursor on, and returns the cursor to go on from: 0 to begin, and 0 when
// all has been visited. A key that is there from the first call to the last is visited at least once, whatever else happens. Any number is a harmless cursor.
// Work is bounded by ten groups of slots for each of count, plus a step a shard. Takes shared locks, one shard at a time, unless the caller holds them (held).
// fn must change nothing.
func (ks *Keyspace) Scan(db int, cursor uint64, count int, held bool, fn func(Entry)) (next uint64) {
	count = max(count, 1)
	pos := cursor << cursorShift
	i, from := int(pos>>(64-shardBits)), pos<<shardBits
	for groups := 10 * count; i < len(ks.shards); {
		sh := &ks.shards[i]
		if t := sh.tables[db].Load(); t == nil || t.keys.Load() == 0 {
			i, from = i+1, 0
			continue
		}
		if count <= 0 || groups <= 0 {
			break
		}
		if !held {
			sh.RLock()
		}
		done := true
		if t := sh.tables[db].Load(); t != nil {
			var n, steps int
			from, n, steps, done = t.walk(from, min(count, scanHold), min(groups, 10*scanHold), func(ref Ref, p unsafe.Pointer) {
				fn(Entry{t: t, p: p, ref: ref})
			})
			count -= n
			groups -= steps
		}
		if !held {
			sh.RUnlock()
		}
		if done {
			i, from = i+1, 0
		}
	}
	if i >= len(ks.shards) {
		return 0
	}
	return (uint64(i)<<(64-shardBits) | from>>shardBits) >> cursorShift
}

// Random calls fn with a random entry of a database, all equally likely, expired ones included; false if the database is empty. Takes a shared lock unless
// the caller holds all (held). rnd returns 64 random bits.
func (ks *Keyspace) Random(db int, held bool, rnd func() uint64, fn func(Entry)) bool {
	for range 64 { // a shard may be emptied between the choice and the lock
		sh := ks.randomShard(db, rnd, tableKeys)
		if sh == nil {
			return false
		}
		if sh.sample(db, 1, held, func(t *table) (Ref, unsafe.Pointer) { return t.random(rnd) }, fn) {
			return true
		}
	}
	return false
}

// Sample calls fn with up to n random entries of a database, with repetition: for eviction. All are of one shard, chosen by its number of keys, so that one lock
// is taken; volatile restricts it to keys with a TTL, found by trial and, where they are rare, on the wheel. It returns the number of calls.
func (ks *Keyspace) Sample(db, n int, volatile, held bool, rnd func() uint64, fn func(Entry)) (calls int) {
	counter := tableKeys
	pick := func(t *table) (Ref, unsafe.Pointer) { return t.random(rnd) }
	if volatile {
		counter = tableExpires
		pick = func(t *table) (Ref, unsafe.Pointer) { return t.randomVolatile(rnd) }
	}
	if sh := ks.randomShard(db, rnd, counter); sh != nil {
		sh.sample(db, n, held, pick, func(e Entry) {
			calls++
			fn(e)
		})
	}
	return calls
}

// Soonest calls fn with up to n entries of a random shard that are among the first to expire there: for volatile-ttl.
func (ks *Keyspace) Soonest(db, n int, held bool, rnd func() uint64, fn func(Entry)) (calls int) {
	sh := ks.randomShard(db, rnd, tableExpires)
	if sh == nil {
		return 0
	}
	if !held {
		sh.RLock()
		defer sh.RUnlock()
	}
	t := sh.tables[db].Load()
	if t == nil || t.expires.Load() == 0 {
		return 0
	}
	for l := 0; l < wheelLevels && calls < n; l++ {
		at := t.wheel.cur >> (levelShift * l)
		for s, ok := t.wheel.nextOccupied(l, at); ok && calls < n; s, ok = t.wheel.nextOccupied(l, s+1) {
			if s-at >= levelSlots {
				break
			}
			for r := t.wheel.heads[l*levelSlots+int(s)&(levelSlots-1)]; r != 0 && calls < n; r = t.at(r).next() {
				calls++
				fn(t.at(r))
			}
		}
	}
	return calls
}

// randomShard chooses a shard with a probability proportional to a counter of its table; nil if all are 0.
func (ks *Keyspace) randomShard(db int, rnd func() uint64, counter func(*table) int64) *Shard {
	total := ks.sum(db, counter)
	if total <= 0 {
		return nil
	}
	hi, _ := bits.Mul64(rnd(), uint64(total))
	left := int64(hi)
	var last *Shard
	for i := range ks.shards {
		sh := &ks.shards[i]
		if t := sh.tables[db].Load(); t != nil {
			n := counter(t)
			if n > 0 {
				last = sh
			}
			if left -= n; left < 0 {
				return sh
			}
		}
	}
	return last // the counters shrank meanwhile
}

func (sh *Shard) sample(db, n int, held bool, pick func(*table) (Ref, unsafe.Pointer), fn func(Entry)) bool {
	if !held {
		sh.RLock()
		defer sh.RUnlock()
	}
	t := sh.tables[db].Load()
	if t == nil {
		return false
	}
	for range n {
		ref, p := pick(t)
		if ref == 0 {
			return false
		}
		fn(Entry{t: t, p: p, ref: ref})
	}
	return true
}

// randomVolatile returns a random entry with a TTL: an unbiased trial as long as that is likely to succeed, else an entry at a random place of the wheel.
func (t *table) randomVolatile(rnd func() uint64) (Ref, unsafe.Pointer) {
	if t.expires.Load() == 0 {
		return 0, nil
	}
	for range 16 {
		if ref, p := t.random(rnd); *u8(p, entryHdr)&flagTTL != 0 {
			return ref, p
		}
	}
	for _, w := range t.wheels {
		if w == nil {
			continue
		}
		start := int(rnd() % wheelSlots)
		for k := range wheelSlots {
			r := w.heads[(start+k)%wheelSlots]
			if r == 0 {
				continue
			}
			for steps := rnd() % 32; steps > 0; steps-- {
				if next := t.at(r).next(); next != 0 {
					r = next
				}
			}
			return r, t.ptr(r)
		}
	}
	return 0, nil
}
