package keyspace

import (
	"sync"
	"unsafe"
)

// A Dict whose elements are all known to differ is made in two steps: Put stores each, Build lays the table out for them. No element is looked
// up, and no leaf grows: that takes half of what Set takes.

// Put stores an element of an empty Dict that nothing but its Ref leads to, until Build has been told of it.
func (d *Dict) Put(key, value []byte) Ref {
	r, _ := d.newBlock(key, value)
	return r
}

// hashPool holds room for the hashes that Build computes; much room is not kept.
var hashPool = sync.Pool{New: func() any { return new([]uint64) }}

const hashesKept = 1 << 14

// Build makes n elements that were Put, ref(0) to ref(n-1), all with different keys, the elements of an empty Dict. O(N).
func (d *Dict) Build(n int, ref func(i int) Ref) {
	if n == 0 {
		return
	}
	if d.count > 0 {
		panic("keyspace: Build of a Dict that has elements")
	}
	room := hashPool.Get().(*[]uint64)
	if cap(*room) < n {
		*room = make([]uint64, n)
	}
	hashes := (*room)[:n]
	for i := range hashes {
		hashes[i] = d.hashOf(d.ptr(ref(i)))
	}
	d.layOut(hashes)
	for i, hash := range hashes {
		d.insert(hash, ref(i))
	}
	if n <= hashesKept {
		hashPool.Put(room)
	}
}

// layOut gives an empty index the leaves that it would have grown for entries with these hashes.
func (ix *index) layOut(hashes []uint64) {
	const most = maxGroups * groupSlots * 7 / 8 * 7 / 8 // on average; few leaves then have more than they can hold, and insert splits those
	depth := 0
	if n := len(hashes); n > maxCount(maxGroups) {
		for n>>depth > most {
			depth++
		}
	}
	for i := range ix.leaves {
		if ix.leaves[i].p != nil {
			ix.dropGroups(ix.leaves[i].ref)
		}
	}
	ix.dir, ix.leaves, ix.depth = make([]uint32, 1<<depth), make([]leaf, 1<<depth), uint8(depth)
	clear(ix.depths[:])
	ix.depths[depth] = 1 << depth
	for _, hash := range hashes {
		ix.leaves[hash>>(64-depth)].count++
	}
	for i := range ix.leaves {
		lf := &ix.leaves[i]
		n := int(lf.count)
		ix.dir[i] = uint32(i)
		*lf = leaf{prefix: uint32(i), depth: uint8(depth)}
		if n > 0 {
			ix.resize(lf, fullSize(n))
		}
	}
}

// fullSize returns the class index of the smallest leaf that count entries fit in.
func fullSize(count int) int {
	for i, g := range leafGroups {
		if count <= maxCount(g) {
			return i
		}
	}
	return numLeafClasses - 1
}

// Clone returns a Dict of its own with the same elements. O(N).
func (d *Dict) Clone() *Dict {
	c := NewDict(d.heap, d.seed)
	c.dir, c.leaves = append([]uint32(nil), d.dir...), append([]leaf(nil), d.leaves...)
	c.depth, c.depths, c.count = d.depth, d.depths, d.count
	for i := range c.leaves {
		lf := &c.leaves[i]
		if lf.p == nil {
			continue
		}
		from := lf.p
		lf.ref, lf.p = c.newGroups(sizeIndex(int(lf.groups)))
		copy(unsafe.Slice((*byte)(lf.p), int(lf.groups)*groupBytes), unsafe.Slice((*byte)(from), int(lf.groups)*groupBytes))
		for g := range int(lf.groups) {
			group := unsafe.Add(lf.p, g*groupBytes)
			for s := range groupSlots {
				if r := refAt(group, s); *r != 0 {
					p := d.ptr(*r)
					*r, _ = c.newBlock(d.keyOf(p), d.valueOf(p))
				}
			}
		}
	}
	return c
}
