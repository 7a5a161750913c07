package zsets

import (
	"bytes"
	"slices"
	"sync"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
)

const (
	// flatElements and flatBytes are up to where a result is gathered in plain slices, which are used again by the next one: a Dict
	// costs more to set up than a small result to compute.
	flatElements = 384
	flatBytes    = 64 << 10
	// keptElements is up to how long a list is used again.
	keptElements = 4096
	// flatSlots is the size of the hash table over them.
	flatSlots = 1024
)

// result gathers members that a command has found, with their scores: a small one in slices, a large one in a Dict, which can become a
// value as it is.
type result struct {
	z      *zsets
	maxLen int // of a member
	bytes  int // of all members

	flat   []flatElement
	text   []byte
	table  [flatSlots]uint16 // indexes in flat + 1, once join has been used
	hashed bool
	lp     packed.Listpack // what store has made

	set   *sortedSet
	list  []element
	loose bool // the elements in list are to be gathered
}

// flatElement is a member, text[at:end], and its score.
type flatElement struct {
	score   float64
	at, end int32
}

var resultPool = sync.Pool{New: func() any { return new(result) }}

func (z *zsets) newResult() *result {
	r := resultPool.Get().(*result)
	r.z, r.maxLen, r.bytes, r.flat, r.text = z, 0, 0, r.flat[:0], r.text[:0]
	return r
}

// free gives back what store has not made use of.
func (r *result) free() {
	if r.set != nil {
		r.set.Free()
	}
	if r.hashed {
		clear(r.table[:])
	}
	r.z, r.set, r.list, r.hashed, r.loose = nil, nil, r.list[:0], false, false
	if cap(r.list) > keptElements {
		r.list = nil
	}
	if cap(r.lp) <= flatBytes {
		resultPool.Put(r)
	}
}

func (r *result) len() int { return len(r.flat) + len(r.list) }

// add puts in a member that is not there yet. All members come this way, or none.
func (r *result) add(member []byte, score float64) {
	r.count(member)
	if r.set == nil && r.fits(member) {
		r.appendFlat(member, score)
		return
	}
	r.spill()
	r.list = append(r.list, r.set.put(member, score))
}

// join puts a member in, or joins the score to the one that it has. All members come this way, or none.
func (r *result) join(member []byte, score float64, a aggregate) {
	if r.set == nil {
		r.hashed = true
		slot := int(r.z.ks.Hash(member) % flatSlots)
		for ; r.table[slot] != 0; slot = (slot + 1) % flatSlots {
			if e := &r.flat[r.table[slot]-1]; string(r.text[e.at:e.end]) == string(member) {
				e.score = a.join(e.score, score)
				return
			}
		}
		if r.fits(member) {
			r.count(member)
			r.appendFlat(member, score)
			r.table[slot] = uint16(len(r.flat))
			return
		}
		r.spill()
	}
	ref, fresh := r.set.addLoose(member, score)
	if fresh {
		r.count(member)
		r.list = append(r.list, element{score, ref})
	} else {
		v := r.set.dict.Value(ref)
		putScore(v, a.join(getScore(v), score))
	}
}

func (r *result) count(member []byte) {
	r.maxLen = max(r.maxLen, len(member))
	r.bytes += len(member)
}

func (r *result) fits(member []byte) bool {
	return len(r.flat) < flatElements && len(r.text)+len(member) <= flatBytes
}

func (r *result) appendFlat(member []byte, score float64) {
	at := len(r.text)
	r.text = append(r.text, member...)
	r.flat = append(r.flat, flatElement{score, int32(at), int32(len(r.text))})
}

// spill goes over to a Dict.
func (r *result) spill() {
	if r.set != nil {
		return
	}
	r.set = newSortedSet(r.z.ks)
	for _, e := range r.flat {
		r.list = append(r.list, r.set.put(r.text[e.at:e.end], e.score))
	}
	r.flat = r.flat[:0]
	if r.loose = !r.hashed; r.hashed {
		r.set.gather(r.list)
	}
}

// sort puts the members in the order of a sorted set. O(N log N), O(N) if they are in it already.
func (r *result) sort() {
	if r.set != nil {
		r.settle()
		sortElements(r.set.dict, r.list)
		return
	}
	slices.SortFunc(r.flat, func(a, b flatElement) int {
		switch {
		case a.score < b.score:
			return -1
		case a.score > b.score:
			return 1
		}
		return bytes.Compare(r.text[a.at:a.end], r.text[b.at:b.end])
	})
}

// settle brings the scores that join has changed into the list.
func (r *result) settle() {
	if !r.hashed {
		return
	}
	for i := range r.list {
		r.list[i].score = getScore(r.set.dict.Value(r.list[i].ref))
	}
}

// each calls yield with the members, sorted if sort was called.
func (r *result) each(yield func(member []byte, score float64)) {
	for _, e := range r.flat {
		yield(r.text[e.at:e.end], e.score)
	}
	for _, e := range r.list {
		yield(r.set.dict.Key(e.ref), e.score)
	}
}

// store makes the value of a key, which is valid until free unless it is an object.
func (r *result) store() core.Stored {
	if r.set == nil && len(r.flat) <= r.z.entries() && r.maxLen <= r.z.value() {
		r.sort()
		r.lp = packed.NewListpack(r.lp)
		r.each(func(member []byte, score float64) { r.lp = lpAppend(r.lp, member, score) })
		return core.Stored{Type: keyspace.ZSet, Enc: keyspace.EncListpack, Packed: r.lp}
	}
	r.spill()
	r.settle()
	if r.loose {
		r.set.gather(r.list)
	}
	set := r.set
	r.set = nil
	return r.z.finish(set, r.list, r.maxLen, r.bytes)
}
