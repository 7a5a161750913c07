package keyspace

import (
	"errors"
	"fmt"
	"math/bits"
	"unsafe"
)

// CheckInvariants verifies everything that must hold between operations and returns what does not. It takes each shard's lock
// exclusively in turn; O(memory). For tests.
func (ks *Keyspace) CheckInvariants() error {
	var errs []error
	for i := range ks.shards {
		sh := &ks.shards[i]
		sh.Lock()
		sum := int64(0)
		for d := range sh.tables {
			t := sh.tables[d].Load()
			if t == nil {
				continue
			}
			sum += t.memory()
			if err := t.check(i, d); err != nil {
				errs = append(errs, fmt.Errorf("shard %d, database %d: %w", i, d, err))
			}
		}
		if m := sh.memory.Load(); m != sum {
			errs = append(errs, fmt.Errorf("shard %d: %d bytes accounted, %d in use", i, m, sum))
		}
		if wake, next := sh.wake.Load(), sh.nextEvent(); wake > next {
			errs = append(errs, fmt.Errorf("shard %d: wakes at %d, work at %d", i, wake, next))
		}
		sh.Unlock()
	}
	if err := ks.heap.check(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// CheckInvariants verifies everything that must hold between operations. For tests; needs what a write needs.
func (d *Dict) CheckInvariants() error {
	live, err := d.index.check()
	if err != nil {
		return err
	}
	return d.blocks.check(live)
}

func (t *table) check(shard, db int) error {
	live, err := t.index.check()
	if err != nil {
		return err
	}
	if err := t.blocks.check(live); err != nil {
		return err
	}
	if t.db != db || t.shard != &t.ks.shards[shard] {
		return errors.New("table in the wrong place")
	}
	if t.keys.Load() != int64(t.count) {
		return fmt.Errorf("%d keys told, %d there", t.keys.Load(), t.count)
	}
	if t.memory() != t.accounted {
		return fmt.Errorf("%d bytes accounted, %d in use", t.accounted, t.memory())
	}
	expires, dueSum, objects, err := 0, int64(0), make(map[uint32]bool), error(nil)
	t.eachSlot(func(r Ref) {
		e := t.at(r)
		if t.ks.ShardIndex(t.ks.Hash(e.Key())) != shard {
			err = fmt.Errorf("key %q in shard %d", e.Key(), shard)
		}
		if e.flags()&flagTTL != 0 {
			expires++
			dueSum += dueTerm(e.deadline())
		}
		if e.IsObject() {
			if objects[e.objectSlot()] || e.Object() == nil {
				err = fmt.Errorf("object %d is shared or gone", e.objectSlot())
			}
			objects[e.objectSlot()] = true
		}
		if need := e.valueOffset() + e.Len(); need > t.sizeOf(r) {
			err = fmt.Errorf("%d bytes in a block of %d", need, t.sizeOf(r))
		}
	})
	if err != nil {
		return err
	}
	if int64(expires) != t.expires.Load() || dueSum != t.dueSum.Load() {
		return fmt.Errorf("%d keys with a TTL told, %d there; sums %d and %d", t.expires.Load(), expires, t.dueSum.Load(), dueSum)
	}
	size := int64(0)
	for _, o := range t.objects {
		size += o.size
	}
	if len(t.objects) != len(objects)+len(t.freeObjects) || size != t.objectBytes {
		return fmt.Errorf("%d objects, %d used, %d free; %d bytes told, %d there", len(t.objects), len(objects), len(t.freeObjects), t.objectBytes, size)
	}
	return t.checkWheels(expires)
}

func (t *table) checkWheels(expires int) error {
	n := 0
	for g, w := range t.wheels {
		if w == nil {
			continue
		}
		if int(w.gen) != g {
			return fmt.Errorf("wheel %d says it is %d", g, w.gen)
		}
		for slot, r := range w.heads {
			level, i := slot/levelSlots, slot%levelSlots
			if occupied := w.occ[level][i/64]>>(i%64)&1 == 1; occupied != (r != 0) {
				return fmt.Errorf("slot %d: occupied %v, head %d", slot, occupied, r)
			}
			shift := levelShift * level
			start, _ := w.nextOccupied(level, w.cur>>shift)
			for prev := w.code(slot); r != 0; n++ {
				e := t.at(r)
				if e.flags()&flagTTL == 0 || e.prev() != prev {
					return fmt.Errorf("slot %d: broken link at %d", slot, r)
				}
				if int(start)&(levelSlots-1) == i && w == t.wheel && level < wheelLevels-1 {
					if end := (start + 1) << shift; e.deadline()>>tickShift >= end {
						return fmt.Errorf("slot %d ends at tick %d, an entry is due at %d", slot, end, e.deadline()>>tickShift)
					}
				}
				prev, r = r, e.next()
			}
		}
	}
	if n != expires {
		return fmt.Errorf("%d entries on the wheels, %d with a TTL", n, expires)
	}
	return nil
}

func (ix *index) eachSlot(fn func(Ref)) {
	for i := range ix.leaves {
		lf := &ix.leaves[i]
		for g := range int(lf.groups) {
			for s := range groupSlots {
				if r := *refAt(unsafe.Add(lf.p, g*groupBytes), s); r != 0 {
					fn(r)
				}
			}
		}
	}
}

// check verifies directory and leaves and returns the refs of all blocks in use.
func (ix *index) check() (live map[Ref]bool, err error) {
	live = make(map[Ref]bool)
	if len(ix.dir) != 1<<ix.depth {
		return nil, fmt.Errorf("directory of %d for depth %d", len(ix.dir), ix.depth)
	}
	var depths [maxDepth + 1]uint32
	count := 0
	for n := range ix.leaves {
		lf := &ix.leaves[n]
		depths[lf.depth]++
		for i := range 1 << (ix.depth - lf.depth) {
			if at := int(lf.prefix)<<(ix.depth-lf.depth) + i; ix.dir[at] != uint32(n) {
				return nil, fmt.Errorf("directory entry %d is %d, not %d", at, ix.dir[at], n)
			}
		}
		if lf.p != nil {
			if lf.p != ix.ptr(lf.ref) || live[lf.ref] {
				return nil, fmt.Errorf("leaf %d is not where its ref says", n)
			}
			live[lf.ref] = true
		}
		if err := ix.checkLeaf(lf, live); err != nil {
			return nil, fmt.Errorf("leaf %d: %w", n, err)
		}
		count += int(lf.count)
	}
	if depths != ix.depths || count != ix.count {
		return nil, fmt.Errorf("leaf depths %v, want %v; %d slots, %d counted", ix.depths, depths, count, ix.count)
	}
	return live, nil
}

func (ix *index) checkLeaf(lf *leaf, live map[Ref]bool) error {
	var passed [maxGroups]int
	count := 0
	for g := range int(lf.groups) {
		group := unsafe.Add(lf.p, g*groupBytes)
		for s := range groupSlots {
			r := *refAt(group, s)
			if (r == 0) != (*tagAt(group, s) == 0) {
				return fmt.Errorf("group %d slot %d: tag %d, ref %d", g, s, *tagAt(group, s), r)
			}
			if r == 0 {
				continue
			}
			if live[r] {
				return fmt.Errorf("block %d has two owners", r)
			}
			live[r] = true
			count++
			p := ix.ptr(r)
			hash := ix.hashOf(p)
			if lf.depth > 0 && hash>>(64-lf.depth) != uint64(lf.prefix) || *tagAt(group, s) != ix.tagOf(hash) {
				return fmt.Errorf("block %d is in the wrong leaf or has the wrong tag", r)
			}
			if found, _ := ix.find(hash, ix.keyOf(p)); found != r {
				return fmt.Errorf("block %d can not be found: %d", r, found)
			}
			for j := home(hash, lf.depth, lf.groups); j != g; j = (j + 1) % int(lf.groups) {
				passed[j]++
			}
		}
	}
	for g := range int(lf.groups) {
		if o := int(*ovfAt(unsafe.Add(lf.p, g*groupBytes))); o != passed[g] && o != stickyOvf {
			return fmt.Errorf("group %d: %d passed, %d counted", g, passed[g], o)
		}
	}
	if count != int(lf.count) {
		return fmt.Errorf("%d slots, %d counted", count, lf.count)
	}
	return nil
}

// check verifies the allocator against the set of blocks in use.
func (b *blocks) check(live map[Ref]bool) error {
	var used, held int64
	blocks := 0
	var free, total, spans [numClasses]uint32
	for s := 1; s < len(b.spans); s++ {
		sp := &b.spans[s]
		switch sp.state {
		case spanLarge:
			if !live[sp.page<<refPageShift] {
				return fmt.Errorf("span %d: large block leaked", s)
			}
			blocks++
			used += int64(sp.n) << pageShift
			held += int64(sp.n) << pageShift
		case spanSmall:
			held += int64(sp.n) << pageShift
			used += int64(sp.used) * int64(classes[sp.class].size)
			blocks += int(sp.used)
			free[sp.class] += uint32(sp.limit - sp.used)
			total[sp.class] += uint32(sp.limit)
			spans[sp.class]++
			if sp.used == 0 && uint32(s) != b.kept {
				return fmt.Errorf("span %d is empty and was not dropped", s)
			}
			n := 0
			for f := sp.free; f != 0; n++ {
				r := sp.page<<refPageShift + uint32(f-1)
				if live[r] || n > int(sp.limit) {
					return fmt.Errorf("span %d: free block %d is in use", s, r)
				}
				f = *(*uint16)(b.ptr(r))
			}
			if n != int(sp.carved-sp.used) {
				return fmt.Errorf("span %d: %d free blocks on the list, carved %d, used %d", s, n, sp.carved, sp.used)
			}
		}
	}
	if blocks != len(live) {
		return fmt.Errorf("%d blocks handed out, %d have an owner", blocks, len(live))
	}
	if used != b.used || held != b.held {
		return fmt.Errorf("%d bytes used, %d counted; %d held, %d counted", used, b.used, held, b.held)
	}
	for c := range b.class {
		cs := &b.class[c]
		onList := uint32(0)
		for s := cs.partial; s != 0; s = b.spans[s].next {
			onList += uint32(b.spans[s].limit - b.spans[s].used)
		}
		if cs.free != free[c] || cs.total != total[c] || max(cs.spans, 0) != int32(spans[c]) || onList != cs.free {
			return fmt.Errorf("class %d: %+v, want free %d, total %d, spans %d, on the list %d", c, *cs, free[c], total[c], spans[c], onList)
		}
	}
	for r := range live {
		s := b.pageSpan[r>>refPageShift]
		if sp := &b.spans[s]; sp.state < spanSmall || r>>refPageShift < sp.page || r>>refPageShift >= sp.page+sp.n {
			return fmt.Errorf("block %d is in no span", r)
		}
	}
	return nil
}

// check verifies the page heap's counters.
func (h *PageHeap) check() error {
	h.scav.Lock() // what is being returned to the system is marked as used meanwhile
	defer h.scav.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	var inUse, mapped, clean int64
	idle := 0
	for i, r := range h.regions {
		if r == nil {
			continue
		}
		mapped += int64(len(r.mem))
		if r.own {
			inUse += int64(len(r.mem))
			continue
		}
		n := onesIn(&r.used)
		inUse += int64(n) << pageShift
		clean += int64(onesIn(&r.clean)) << pageShift
		if n == 0 {
			idle++
		}
		if int(r.free) != regionPages-n || int(r.longest) != longestRun(&r.used) || int(r.bin) != bits.Len(uint(r.longest)) || int(r.self) != i {
			return fmt.Errorf("region %d: free %d, longest %d, bin %d, used %d", i, r.free, r.longest, r.bin, n)
		}
	}
	for _, d := range h.doomed {
		mapped += int64(len(d.mem))
	}
	if inUse != h.inUse.Load() || mapped != h.mapped.Load() || clean != h.clean.Load() || idle != h.idle {
		return fmt.Errorf("page heap: in use %d (%d), mapped %d (%d), clean %d (%d), idle %d (%d)",
			inUse, h.inUse.Load(), mapped, h.mapped.Load(), clean, h.clean.Load(), idle, h.idle)
	}
	return nil
}
