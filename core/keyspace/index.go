package keyspace

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"unsafe"
)

// A leaf is an array of groups of one cache line: 12 tags, the number of entries that were turned away because the group was
// full (ovf), and 12 refs.
const (
	groupBytes     = 64
	groupSlots     = 12
	ovfOffset      = 12
	refOffset      = 16
	maxGroups      = 32 // 384 slots; a leaf that outgrows them is split
	maxDepth       = 32 // beyond, a leaf grows instead of being split: reached only if the hash is broken
	stickyOvf      = 255
	numLeafClasses = 10

	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// leafGroups are the sizes of leaves, in groups.
var leafGroups = [numLeafClasses]int{1, 2, 3, 4, 6, 8, 12, 16, 24, maxGroups}

// maxCount is the number of entries at which a leaf of so many groups is full: a load of 7/8.
func maxCount(groups int) int { return groups * groupSlots * 7 / 8 }

type leaf struct {
	p      unsafe.Pointer // nil: no group yet
	ref    Ref            // 0 beside a p that is not nil: never
	prefix uint32         // the first depth bits of the hashes in here
	count  uint16
	groups uint16
	depth  uint8 // local depth
}

// index is an extendible hash table of blocks: a directory over the first bits of the hash, of leaves in which groups are probed
// linearly from the home group on. The home group follows from the bits right after the leaf's prefix, most significant first, so that
// walking leaves and home groups in order is walking hashes in order, before and after any growth.
//
// It is guarded by its owner's lock; readers write nothing.
type index struct {
	// What find reads comes first, in two cache lines with the head of blocks.
	dir    []uint32 // leaf by the first depth bits
	leaves []leaf
	layout *[256]uint8 // offset of the key by flags
	depth  uint8
	skip   uint8 // leading bits of the full hash that are spent (on the shard)
	hdr    uint8 // offset of the flags in a block
	blocks
	count  int
	mixed  int                  // leaves in spans of other blocks
	depths [maxDepth + 1]uint32 // number of leaves of each depth
	seed   maphash.Seed
}

func (ix *index) init(h *PageHeap, seed maphash.Seed, skip, hdr uint8, layout *[256]uint8) {
	ix.blocks.init(h)
	ix.seed, ix.skip, ix.hdr, ix.layout = seed, skip, hdr, layout
	ix.dir = make([]uint32, 1)
	ix.leaves = make([]leaf, 1)
	ix.depths[0] = 1
}

// indexMeta returns the bytes of the directory and of the allocator's books; leaves themselves are blocks.
func (ix *index) indexMeta() int64 {
	return ix.blocks.meta() + int64(cap(ix.dir))*4 + int64(cap(ix.leaves))*int64(unsafe.Sizeof(leaf{}))
}

// hashOf returns the hash of a block's key, without the spent bits.
func (ix *index) hashOf(p unsafe.Pointer) uint64 {
	return maphash.Bytes(ix.seed, ix.keyOf(p)) << ix.skip
}

// tagOf takes the tag from the other end of the hash than the position. 0 is an empty slot. hash must have its spent bits shifted out,
// so the low byte of the full hash is at skip.
func (ix *index) tagOf(hash uint64) uint8 {
	t := uint8(hash >> ix.skip)
	if t == 0 {
		return 1
	}
	return t
}

func (ix *index) leafOf(hash uint64) uint32 { return ix.dir[hash>>(64-ix.depth)] }

// home returns the home group of a hash in a leaf.
func home(hash uint64, depth uint8, groups uint16) int {
	hi, _ := bits.Mul64(hash<<depth, uint64(groups))
	return int(hi)
}

func load64(p unsafe.Pointer, off uintptr) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, off))[:])
}

// matches returns the slots of a group whose tag is t, one bit a slot; a rare false one is possible.
func matches(g unsafe.Pointer, t uint8) uint32 {
	x := load64(g, 0) ^ uint64(t)*lowBits
	m := (x - lowBits) & ^x & highBits
	y := load64(g, 8)&(1<<32-1) ^ uint64(t)*(lowBits>>32)
	n := (y - lowBits>>32) & ^y & (highBits >> 32)
	return squeeze(m) | squeeze(n)<<8
}

// squeeze gathers the top bits of the eight bytes.
func squeeze(m uint64) uint32 { return uint32(m >> 7 * 0x0102040810204080 >> 56) }

func usedSlots(g unsafe.Pointer) uint32 {
	return squeeze(nonzero(load64(g, 0))) | squeeze(nonzero(load64(g, 8)&(1<<32-1)))<<8
}

// nonzero sets the top bit of every byte that is not 0 and clears all other bits.
func nonzero(x uint64) uint64 { return ((x&^highBits + (lowBits * 0x7f)) | x) & highBits }

func tagAt(g unsafe.Pointer, i int) *uint8 { return (*uint8)(unsafe.Add(g, i)) }
func ovfAt(g unsafe.Pointer) *uint8        { return (*uint8)(unsafe.Add(g, ovfOffset)) }
func refAt(g unsafe.Pointer, i int) *Ref   { return (*Ref)(unsafe.Add(g, refOffset+4*i)) }

// find returns the block with this key. hash has its spent bits shifted out.
func (ix *index) find(hash uint64, key []byte) (Ref, unsafe.Pointer) {
	lf := &ix.leaves[ix.leafOf(hash)]
	if lf.p == nil {
		return 0, nil
	}
	t := ix.tagOf(hash)
	h := home(hash, lf.depth, lf.groups)
	for i := h; ; {
		g := unsafe.Add(lf.p, i*groupBytes)
		for m := matches(g, t); m != 0; m &= m - 1 {
			if r := *refAt(g, bits.TrailingZeros32(m)); r != 0 {
				if p := ix.ptr(r); ix.hasKey(p, key) {
					return r, p
				}
			}
		}
		if *ovfAt(g) == 0 {
			return 0, nil
		}
		if i++; i == int(lf.groups) {
			i = 0
		}
		if i == h {
			return 0, nil
		}
	}
}

// touchBlock reads what find would compare a key with, and returns a byte of it.
func (ix *index) touchBlock(g unsafe.Pointer, hash uint64) uint8 {
	if m := matches(g, ix.tagOf(hash)); m != 0 {
		if r := *refAt(g, bits.TrailingZeros32(m)); r != 0 {
			return *u8(ix.ptr(r), int(ix.hdr))
		}
	}
	return 0
}

// homeGroup returns the group in which find begins, nil if the leaf is empty.
func (ix *index) homeGroup(hash uint64) unsafe.Pointer {
	lf := &ix.leaves[ix.leafOf(hash)]
	if lf.p == nil {
		return nil
	}
	return unsafe.Add(lf.p, home(hash, lf.depth, lf.groups)*groupBytes)
}

// locate returns the group and slot that hold ref, whose key has this hash; it must be there.
func (ix *index) locate(hash uint64, ref Ref) (lf *leaf, group, slot int) {
	lf = &ix.leaves[ix.leafOf(hash)]
	t := ix.tagOf(hash)
	i := home(hash, lf.depth, lf.groups)
	for range lf.groups {
		g := unsafe.Add(lf.p, i*groupBytes)
		for m := matches(g, t); m != 0; m &= m - 1 {
			if s := bits.TrailingZeros32(m); *refAt(g, s) == ref {
				return lf, i, s
			}
		}
		if i++; i == int(lf.groups) {
			i = 0
		}
	}
	panic("keyspace: a block has no slot")
}

// moved makes the slot of from point to to.
func (ix *index) moved(hash uint64, from, to Ref) {
	lf, i, s := ix.locate(hash, from)
	*refAt(unsafe.Add(lf.p, i*groupBytes), s) = to
}

// insert adds ref, whose key is known to be absent, growing the leaf before it is over full.
func (ix *index) insert(hash uint64, ref Ref) {
	n := ix.leafOf(hash)
	for {
		lf := &ix.leaves[n]
		if int(lf.count) < maxCount(int(lf.groups)) {
			break
		}
		ix.grow(n)
		n = ix.leafOf(hash)
	}
	lf := &ix.leaves[n]
	put(lf.p, lf.groups, home(hash, lf.depth, lf.groups), ix.tagOf(hash), ref)
	lf.count++
	ix.count++
}

// put stores a slot in the first group from h on that has room.
func put(base unsafe.Pointer, groups uint16, h int, tag uint8, ref Ref) {
	for i := h; ; {
		g := unsafe.Add(base, i*groupBytes)
		if free := ^usedSlots(g) & (1<<groupSlots - 1); free != 0 {
			s := bits.TrailingZeros32(free)
			*tagAt(g, s) = tag
			*refAt(g, s) = ref
			return
		}
		if o := ovfAt(g); *o != stickyOvf {
			*o++
		}
		if i++; i == int(groups) {
			i = 0
		}
	}
}

// remove takes the slot of ref out; the block stays the caller's. No tombstone remains: the groups passed over on the way count one entry less.
func (ix *index) remove(hash uint64, ref Ref) {
	lf, i, s := ix.locate(hash, ref)
	g := unsafe.Add(lf.p, i*groupBytes)
	*tagAt(g, s) = 0
	*refAt(g, s) = 0
	for j := home(hash, lf.depth, lf.groups); j != i; {
		if o := ovfAt(unsafe.Add(lf.p, j*groupBytes)); *o != stickyOvf {
			*o--
		}
		if j++; j == int(lf.groups) {
			j = 0
		}
	}
	lf.count--
	ix.count--
	if int(lf.count) < int(lf.groups)*groupSlots/4 {
		ix.shrink(ix.leafOf(hash))
	}
}

// visitHome calls fn for every block of the leaf whose home is group h and whose hash is at least from, and returns how many those were.
func (ix *index) visitHome(lf *leaf, h int, from uint64, fn func(Ref, unsafe.Pointer)) (n int) {
	for i := h; ; {
		g := unsafe.Add(lf.p, i*groupBytes)
		for m := usedSlots(g); m != 0; m &= m - 1 {
			r := *refAt(g, bits.TrailingZeros32(m))
			p := ix.ptr(r)
			hash := ix.hashOf(p)
			if hash >= from && home(hash, lf.depth, lf.groups) == h {
				n++
				fn(r, p)
			}
		}
		if *ovfAt(g) == 0 {
			return n
		}
		if i++; i == int(lf.groups) {
			i = 0
		}
		if i == h {
			return n
		}
	}
}

// walk visits blocks in the order of their hashes, from the hash from on, a home group at a time, until about count blocks have been visited or so many
// steps made, a step being a home group or an empty leaf. It returns the hash to go on from; done when all was visited. fn must not change the index.
func (ix *index) walk(from uint64, count, maxSteps int, fn func(Ref, unsafe.Pointer)) (next uint64, visited, steps int, done bool) {
	for {
		lf := &ix.leaves[ix.leafOf(from)]
		if lf.count > 0 {
			for h := home(from, lf.depth, lf.groups); h < int(lf.groups); h++ {
				visited += ix.visitHome(lf, h, from, fn)
				if steps++; (visited >= count || steps >= maxSteps) && h+1 < int(lf.groups) {
					return firstHash(lf, h+1), visited, steps, false
				}
			}
		} else {
			steps++
		}
		end := uint64(lf.prefix) + 1
		if end>>lf.depth != 0 {
			return 0, visited, steps, true
		}
		from = end << (64 - lf.depth)
		if visited >= count || steps >= maxSteps {
			return from, visited, steps, false
		}
	}
}

// firstHash returns the least hash whose home in the leaf is group h.
func firstHash(lf *leaf, h int) uint64 {
	q, r := bits.Div64(uint64(h), 0, uint64(lf.groups))
	if r != 0 {
		q++
	}
	if lf.depth == 0 {
		return q
	}
	// Rounded up: hash<<depth, of which q is the least that will do, ends in depth zeros.
	return uint64(lf.prefix)<<(64-lf.depth) | (q+1<<lf.depth-1)>>lf.depth
}

// random returns a block chosen uniformly: a slot of the largest leaf's size in a leaf, all alike, until one is in use.
func (ix *index) random(rnd func() uint64) (Ref, unsafe.Pointer) {
	if ix.count == 0 {
		return 0, nil
	}
	slots := uint64(maxGroups * groupSlots)
	if len(ix.leaves) == 1 {
		slots = uint64(ix.leaves[0].groups) * groupSlots
	}
	for {
		x := rnd()
		a, low := bits.Mul64(x, uint64(len(ix.leaves)))
		s, _ := bits.Mul64(low, slots)
		lf := &ix.leaves[a]
		if i := int(s) / groupSlots; i < int(lf.groups) {
			if r := *refAt(unsafe.Add(lf.p, i*groupBytes), int(s)%groupSlots); r != 0 {
				return r, ix.ptr(r)
			}
		}
	}
}
