package keyspace

import "unsafe"

// maxEvacuate bounds the blocks that are moved while a shard's lock is held once: about 100 µs.
const maxEvacuate = 512

// Scavenge returns up to about budget bytes of free pages to the system and reports how many it returned. For a background goroutine.
func (ks *Keyspace) Scavenge(budget int64) int64 { return ks.heap.Scavenge(budget) }

// Collapse moves a little of the memory that is full onto huge pages; see [PageHeap.Collapse].
func (ks *Keyspace) Collapse(regions int) (moved int) { return ks.heap.Collapse(regions) }

// Compact moves up to about budget blocks out of sparse spans, so that pages become free, going round the shards from call to call. It takes each shard's lock
// exclusively for one span at a time and returns the number of blocks moved; less than budget means that nothing is worth moving for now. For a background
// goroutine: entries move, as by any write.
func (ks *Keyspace) Compact(budget int) (moved int) {
	for range ks.shards {
		sh := &ks.shards[int(ks.compactAt.Add(1))%len(ks.shards)]
		for d := range sh.tables {
			for sh.wantsCompact(d) && moved < budget {
				sh.Lock()
				n := 0
				if !sh.trim(ks, d) {
					n = sh.tables[d].Load().compactStep()
				}
				sh.Unlock()
				if n == 0 {
					break
				}
				moved += n
			}
		}
		if moved >= budget {
			break
		}
	}
	return moved
}

func (sh *Shard) wantsCompact(db int) bool {
	if sh.tables[db].Load() == nil {
		return false
	}
	sh.RLock()
	defer sh.RUnlock()
	t := sh.tables[db].Load()
	return t != nil && (t.count == 0 || t.idleWheels() || t.held > t.used+t.used/64 && (t.sparseClass() >= 0 || t.hasEmpty()))
}

// Trim gives back what a database holds in a shard without need: the table if it is empty, some 3 KiB, and the wheel if nothing
// is on it, as much again. Eviction calls it, for which a small limit may be full of them. The caller holds the shard's lock exclusively; entries of
// the table are invalid afterwards.
func (ks *Keyspace) Trim(shard, db int) { ks.shards[shard].trim(ks, db) }

// trim reports whether no table is left.
func (sh *Shard) trim(ks *Keyspace, db int) (gone bool) {
	t := sh.tables[db].Load()
	switch {
	case t == nil:
		return true
	case t.count == 0:
		sh.tables[db].Store(nil)
		sh.addMemory(ks, -t.accounted)
		t.free()
		return true
	case t.idleWheels():
		t.wheels, t.wheel = [wheelGens]*wheel{}, nil
		t.account()
	}
	return false
}

// idleWheels tells whether the table has a wheel with nothing on it.
func (t *table) idleWheels() bool { return t.wheel != nil && t.expires.Load() == 0 }

// sparse tells whether a class has more than a quarter of its blocks free, and enough for its sparsest span to move into.
func (cs *classState) sparse() bool { return cs.spans > 1 && cs.free > cs.total/4 }

func (b *blocks) sparseClass() int {
	for c := range b.class {
		if cs := &b.class[c]; cs.sparse() && b.sparsest(cs) != 0 {
			return c
		}
	}
	return -1
}

func (b *blocks) hasEmpty() bool { return b.kept != 0 && b.spans[b.kept].used == 0 }

// sparsest returns the span of the class that is worth evacuating most among the first of the list; 0 if none is.
func (b *blocks) sparsest(cs *classState) (best uint32) {
	tries := 64
	for s := cs.partial; s != 0 && tries > 0; s, tries = b.spans[s].next, tries-1 {
		sp := &b.spans[s]
		elsewhere := cs.free - uint32(sp.limit-sp.used)
		if sp.used > maxEvacuate || uint32(sp.used) > elsewhere || sp.used > sp.limit*3/4 {
			continue
		}
		if best == 0 || int(sp.used)*int(b.spans[best].limit) < int(b.spans[best].used)*int(sp.limit) {
			best = s
		}
	}
	return best
}

// compactStep drops empty spans and evacuates one sparse one. It returns the number of blocks moved.
func (t *table) compactStep() (moved int) {
	t.dropEmpty()
	if c := t.sparseClass(); c >= 0 {
		moved = t.evacuate(t.sparsest(&t.class[c]))
	}
	t.account()
	return moved
}

// evacuate moves every block of a span to others of its class, which have room, and gives the span back.
func (t *table) evacuate(s uint32) (moved int) {
	sp := &t.spans[s]
	c := int(sp.class)
	cs := &t.class[c]
	size := classes[c].size / unit
	var free [maxSpanPages << pageShift / unit / 64]uint64 // by block
	for f := sp.free; f != 0; {
		i := uint32(f-1) / size
		free[i/64] |= 1 << (i % 64)
		f = *(*uint16)(t.ptr(sp.page<<refPageShift + uint32(f-1)))
	}
	// Off the list, the span gives out nothing.
	t.unlink(s, &cs.partial)
	for i := range uint32(sp.carved) {
		if free[i/64]&(1<<(i%64)) == 0 {
			t.relocate(c, sp.page<<refPageShift+i*size)
			moved++
		}
	}
	t.link(s, &cs.partial)
	t.dropSpan(s)
	return moved
}

// relocate copies a block to another span and makes its owner, and its neighbours on the wheel, point there.
func (t *table) relocate(c int, from Ref) {
	p := t.ptr(from)
	to, q := t.allocClass(c)
	n := int(classes[c].size)
	copy(bytesAt(q, 0, n), bytesAt(p, 0, n))
	if !t.relocatedLeaf(c, from, to, q) {
		t.moved(t.hashOf(q), from, to)
		if e := (Entry{t: t, p: q, ref: to}); e.flags()&flagTTL != 0 {
			t.movedTTL(e)
		}
	}
	// As release does, but for the free list: the span goes back whole.
	t.used -= int64(n)
	t.class[c].free++
	t.spans[t.pageSpan[from>>refPageShift]].used--
}

// relocatedLeaf tells whether the block is a leaf, and then makes it known by its new place. A table with many leaves has hardly any outside their own spans.
func (t *table) relocatedLeaf(c int, from, to Ref, q unsafe.Pointer) bool {
	if c < numSmallClasses && (t.mixed == 0 || classes[c].size%groupBytes != 0) {
		return false
	}
	for i := range t.leaves {
		if lf := &t.leaves[i]; lf.p != nil && lf.ref == from {
			lf.p, lf.ref = q, to
			return true
		}
	}
	return false
}
