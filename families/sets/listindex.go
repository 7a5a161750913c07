package sets

import (
	"hash/maphash"
	"sync"

	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
)

// listIndex finds members of a listpack in O(1): a table of positions, made for the one command that looks up many
// members. Listpacks of sets hold every integer as one, never as text.
type listIndex struct {
	seed  maphash.Seed
	slots [indexSlots]uint32 // 16 bits of the hash << 16 | position; 0 is empty
}

const (
	indexSlots   = 512
	maxIndexed   = indexSlots / 2 // members
	maxIndexedAt = 1 << 16        // bytes
	// Below so many members, or look-ups, a scan is as fast.
	minIndexed = 12
)

// indexer lends tables.
type indexer struct{ pool sync.Pool }

func newIndexer() *indexer {
	seed := maphash.MakeSeed()
	return &indexer{sync.Pool{New: func() any { return &listIndex{seed: seed} }}}
}

// index gives the listpacks of vs a table, where that many look-ups in each make it worth while. drop takes them back.
func (x *indexer) index(vs []view, lookups int) {
	if lookups < minIndexed {
		return
	}
	for i := range vs {
		w := &vs[i]
		if w.enc == keyspace.EncListpack && w.index == nil && w.n >= minIndexed && w.n <= maxIndexed && len(w.b) <= maxIndexedAt {
			w.index = x.pool.Get().(*listIndex)
			w.index.build(w.b)
		}
	}
}

func (x *indexer) drop(vs []view) {
	for i := range vs {
		if t := vs[i].index; t != nil {
			vs[i].index = nil
			x.pool.Put(t)
		}
	}
}

func (t *listIndex) build(lp packed.Listpack) {
	clear(t.slots[:])
	it := lp.Iter(lp.First())
	for it.Next() {
		h := hashInt(it.Int)
		if !it.IsInt {
			h = t.hash(it.Str)
		}
		i := h % indexSlots
		for t.slots[i] != 0 {
			i = (i + 1) % indexSlots
		}
		t.slots[i] = tag(h) | uint32(it.Pos)
	}
}

// has reports whether m is a member of lp, of which t is the table.
func (t *listIndex) has(lp packed.Listpack, m []byte) bool {
	v, isInt := packed.ParseInt(m)
	h := hashInt(v)
	if !isInt {
		h = t.hash(m)
	}
	want := tag(h)
	for i := h % indexSlots; t.slots[i] != 0; i = (i + 1) % indexSlots {
		slot := t.slots[i]
		if slot&^(maxIndexedAt-1) != want {
			continue
		}
		str, num, numeric := lp.Get(int(slot & (maxIndexedAt - 1)))
		if isInt && numeric && num == v || !isInt && !numeric && string(str) == string(m) {
			return true
		}
	}
	return false
}

func (t *listIndex) hash(m []byte) uint64 { return maphash.Bytes(t.seed, m) }

// hashInt spreads integers by Fibonacci hashing. Whoever picks colliding ones gets the scan that there was before.
func hashInt(v int64) uint64 {
	h := uint64(v) * 0x9E3779B97F4A7C15
	return h ^ h>>32
}

func tag(h uint64) uint32 { return uint32(h>>16) &^ (maxIndexedAt - 1) }
