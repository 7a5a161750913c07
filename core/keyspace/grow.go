package keyspace

import (
	"math/bits"
	"slices"
	"unsafe"
)

// leafSize returns the class index of the smallest leaf that holds count entries at a load of at most 3/4.
func leafSize(count int) int {
	for i, g := range leafGroups {
		if count*4 <= g*groupSlots*3 {
			return i
		}
	}
	return numLeafClasses - 1
}

func sizeIndex(groups int) int {
	i, _ := slices.BinarySearch(leafGroups[:], groups)
	return i
}

// fewLeaves is up to how many leaves an index keeps leaves among other blocks; more have spans of their own.
const fewLeaves = 8

func (ix *index) newGroups(size int) (ref Ref, p unsafe.Pointer) {
	if len(ix.leaves) <= fewLeaves {
		ref, p = ix.alloc(leafGroups[size] * groupBytes) // of a multiple of 64 bytes, hence aligned
		ix.mixed++
	} else {
		ref, p = ix.allocClass(numSmallClasses + size)
	}
	clear(unsafe.Slice((*byte)(p), leafGroups[size]*groupBytes))
	return ref, p
}

func (ix *index) dropGroups(ref Ref) {
	if ix.spans[ix.pageSpan[ref>>refPageShift]].class < numSmallClasses {
		ix.mixed--
	}
	ix.release(ref)
}

// reserve lays an index without entries out for n of them, so that filling it moves none.
func (ix *index) reserve(n int) {
	if len(ix.leaves) > 1 || ix.leaves[0].p != nil {
		return
	}
	depth := 0
	for n>>depth > maxCount(maxGroups)*3/4 {
		depth++
	}
	each := n >> depth
	size := leafSize(each + each/8)
	ix.dir, ix.leaves, ix.depth = make([]uint32, 1<<depth), make([]leaf, 1<<depth), uint8(depth)
	ix.depths[0], ix.depths[depth] = 0, 1<<depth
	for i := range ix.leaves {
		ix.dir[i] = uint32(i)
		ix.leaves[i] = leaf{prefix: uint32(i), depth: uint8(depth)}
		ix.resize(&ix.leaves[i], size)
	}
}

// grow makes room in a full leaf: more groups, or, if it has all there are, two leaves of it.
func (ix *index) grow(n uint32) {
	lf := &ix.leaves[n]
	if lf.groups < maxGroups {
		size := 0
		if lf.groups > 0 {
			size = sizeIndex(int(lf.groups)) + 1
		}
		ix.resize(lf, size)
		return
	}
	if lf.depth >= maxDepth {
		panic("keyspace: hundreds of keys with the same hash")
	}
	ix.split(n)
}

// resize gives a leaf another number of groups.
func (ix *index) resize(lf *leaf, size int) {
	ref, p := ix.newGroups(size)
	old, oldRef, oldGroups := lf.p, lf.ref, int(lf.groups)
	lf.p, lf.ref, lf.groups = p, ref, uint16(leafGroups[size])
	if old == nil {
		return
	}
	ix.touch(old, oldGroups)
	for i := range oldGroups {
		g := unsafe.Add(old, i*groupBytes)
		for m := usedSlots(g); m != 0; m &= m - 1 {
			s := bits.TrailingZeros32(m)
			r := *refAt(g, s)
			put(p, lf.groups, home(ix.hashOf(ix.ptr(r)), lf.depth, lf.groups), *tagAt(g, s), r)
		}
	}
	ix.dropGroups(oldRef)
}

// touch reads a byte of every block of a leaf, so that the processor fetches them side by side; hashing their keys one after the other would
// wait for each. Not inlined, lest the compiler finds the result unused and the reads needless.
//
//go:noinline
func (ix *index) touch(base unsafe.Pointer, groups int) (sum uint8) {
	for i := range groups {
		g := unsafe.Add(base, i*groupBytes)
		for s := range groupSlots {
			if r := *refAt(g, s); r != 0 {
				sum += *(*uint8)(ix.ptr(r))
			}
		}
	}
	return sum
}

// split makes two leaves of a full one, by the next bit of the hash. At most maxGroups*groupSlots entries are touched.
func (ix *index) split(n uint32) {
	if ix.leaves[n].depth == ix.depth {
		dir := make([]uint32, 2*len(ix.dir))
		for i, l := range ix.dir {
			dir[2*i], dir[2*i+1] = l, l
		}
		ix.dir = dir
		ix.depth++
	}
	old := ix.leaves[n]
	size := leafSize(int(old.count) / 2)
	m := uint32(len(ix.leaves))
	ix.leaves = append(ix.leaves, leaf{prefix: old.prefix<<1 | 1, depth: old.depth + 1})
	ix.leaves[n] = leaf{prefix: old.prefix << 1, depth: old.depth + 1}
	ix.depths[old.depth]--
	ix.depths[old.depth+1] += 2
	ix.resize(&ix.leaves[n], size)
	ix.resize(&ix.leaves[m], size)
	ix.point(m)
	ix.touch(old.p, int(old.groups))
	for i := range int(old.groups) {
		g := unsafe.Add(old.p, i*groupBytes)
		for used := usedSlots(g); used != 0; used &= used - 1 {
			s := bits.TrailingZeros32(used)
			r := *refAt(g, s)
			hash := ix.hashOf(ix.ptr(r))
			to := n
			if hash<<old.depth>>63 != 0 {
				to = m
			}
			lf := &ix.leaves[to]
			for int(lf.count) >= maxCount(int(lf.groups)) && lf.groups < maxGroups {
				ix.resize(lf, sizeIndex(int(lf.groups))+1)
			}
			put(lf.p, lf.groups, home(hash, lf.depth, lf.groups), *tagAt(g, s), r)
			lf.count++
		}
	}
	ix.dropGroups(old.ref)
}

// point makes the directory entries of leaf n name it.
func (ix *index) point(n uint32) {
	lf := &ix.leaves[n]
	k := ix.depth - lf.depth
	first := int(lf.prefix) << k
	for i := range 1 << k {
		ix.dir[first+i] = n
	}
}

// shrink makes a sparse leaf smaller, or joins it with its buddy if the two are easily one leaf. The last entry's leaf loses its groups too.
func (ix *index) shrink(n uint32) {
	lf := &ix.leaves[n]
	for lf.depth > 0 {
		b := ix.leafOf(uint64(lf.prefix^1) << (64 - lf.depth))
		if bud := &ix.leaves[b]; bud.depth != lf.depth || int(lf.count)+int(bud.count) > maxGroups*groupSlots/2 {
			break
		}
		n = ix.join(n, b)
		lf = &ix.leaves[n]
	}
	if lf.count == 0 {
		if lf.p != nil {
			ix.dropGroups(lf.ref)
		}
		lf.p, lf.ref, lf.groups = nil, 0, 0
		return
	}
	if size := leafSize(int(lf.count) + int(lf.count)/4); leafGroups[size] < int(lf.groups) {
		ix.resize(lf, size)
	}
}

// join makes one leaf of two buddies and returns its number.
func (ix *index) join(n, b uint32) uint32 {
	if n > b {
		n, b = b, n // the higher number goes
	}
	lf, bud := ix.leaves[n], ix.leaves[b]
	if bud.count > lf.count {
		lf.p, bud.p, lf.ref, bud.ref = bud.p, lf.p, bud.ref, lf.ref
		lf.groups, bud.groups, lf.count, bud.count = bud.groups, lf.groups, bud.count, lf.count
	}
	total := int(lf.count) + int(bud.count)
	ix.depths[lf.depth] -= 2
	ix.depths[lf.depth-1]++
	lf.prefix >>= 1
	lf.depth--
	ix.leaves[n] = lf
	ix.point(n)
	into := &ix.leaves[n]
	// The home groups change with the prefix, so the larger half is laid out anew too.
	if total > 0 {
		ix.resize(into, leafSize(total))
	}
	if bud.p != nil {
		for i := range int(bud.groups) {
			g := unsafe.Add(bud.p, i*groupBytes)
			for m := usedSlots(g); m != 0; m &= m - 1 {
				s := bits.TrailingZeros32(m)
				r := *refAt(g, s)
				put(into.p, into.groups, home(ix.hashOf(ix.ptr(r)), into.depth, into.groups), *tagAt(g, s), r)
			}
		}
		ix.dropGroups(bud.ref)
	}
	into.count = uint16(total)
	last := uint32(len(ix.leaves) - 1)
	if b != last {
		ix.leaves[b] = ix.leaves[last]
		ix.point(b)
	}
	ix.leaves[last] = leaf{}
	ix.leaves = ix.leaves[:last]
	if cap(ix.leaves) > 4*len(ix.leaves)+8 {
		ix.leaves = slices.Clone(ix.leaves)
	}
	ix.halve()
	return n
}

// halve makes the directory smaller while no leaf needs its depth, with one bit to spare, so that a split and a join in turn do not copy it each time.
func (ix *index) halve() {
	for ix.depth > 1 && ix.depths[ix.depth] == 0 && ix.depths[ix.depth-1] == 0 {
		dir := make([]uint32, len(ix.dir)/2)
		for i := range dir {
			dir[i] = ix.dir[2*i]
		}
		ix.dir = dir
		ix.depth--
	}
}
