package zsets

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/redust/redust/core/keyspace"
)

// sortedSet is a sorted set too large to be packed: a Dict from member to score, and a tree over its elements.
type sortedSet struct {
	dict *keyspace.Dict
	tree tree
}

var _ keyspace.Object = (*sortedSet)(nil)

func newSortedSet(ks *keyspace.Keyspace) *sortedSet {
	d := ks.NewDict()
	return &sortedSet{dict: d, tree: tree{dict: d}}
}

// MemoryUsage is what the set takes in bytes. O(1).
func (s *sortedSet) MemoryUsage() int64 { return int64(unsafe.Sizeof(*s)) + s.dict.MemoryUsage() }

// Free gives the memory back.
func (s *sortedSet) Free() { s.dict.Free() }

func (s *sortedSet) len() int { return s.tree.n }

// The Dict keeps a score as eight bytes.
func putScore(b []byte, f float64) { binary.LittleEndian.PutUint64(b, math.Float64bits(f)) }
func getScore(b []byte) float64    { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

// find returns the element of a member with its score. O(1).
func (s *sortedSet) find(member []byte) (ref keyspace.Ref, score float64, ok bool) {
	if ref, ok = s.dict.Find(member); ok {
		score = getScore(s.dict.Value(ref))
	}
	return ref, score, ok
}

// add puts a new member in. O(log N).
func (s *sortedSet) add(member []byte, score float64) {
	var v [8]byte
	putScore(v[:], score)
	ref, _ := s.dict.Add(member, v[:])
	s.tree.insert(score, ref)
}

// rescore changes the score of an element. O(log N).
func (s *sortedSet) rescore(ref keyspace.Ref, old, score float64) {
	s.tree.move(old, score, ref)
	putScore(s.dict.Value(ref), score)
}

// remove deletes a member and reports whether it was there. O(log N).
func (s *sortedSet) remove(member []byte) bool {
	_, score, ok := s.find(member)
	if ok {
		s.tree.remove(score, member)
		s.dict.Delete(member)
	}
	return ok
}

// removeRange deletes count elements from a rank on; visit, if not nil, sees each first. O(log N + count).
func (s *sortedSet) removeRange(rank, count int, visit func(member []byte, score float64)) {
	s.tree.removeRange(rank, count, func(score float64, ref keyspace.Ref) {
		member := s.dict.Key(ref)
		if visit != nil {
			visit(member, score)
		}
		s.dict.Delete(member)
	})
}

// addLoose puts a member into the Dict only, for build; false if it is there already.
func (s *sortedSet) addLoose(member []byte, score float64) (keyspace.Ref, bool) {
	var v [8]byte
	putScore(v[:], score)
	return s.dict.Add(member, v[:])
}

// put is addLoose of a member that is known to be new, which find does not see before gather.
func (s *sortedSet) put(member []byte, score float64) element {
	var v [8]byte
	putScore(v[:], score)
	return element{score, s.dict.Put(member, v[:])}
}

// gather makes what was put the elements of the Dict.
func (s *sortedSet) gather(list []element) {
	s.dict.Build(len(list), func(i int) keyspace.Ref { return list[i].ref })
}

// clone returns a copy of its own. O(N).
func (s *sortedSet) clone(ks *keyspace.Keyspace) *sortedSet {
	to := newSortedSet(ks)
	list := make([]element, 0, s.len())
	if s.len() > 0 {
		c := s.tree.at(0)
		for left := s.len(); ; c.next() {
			list = append(list, to.put(s.dict.Key(c.ref()), c.score()))
			if left--; left == 0 {
				break
			}
		}
	}
	to.gather(list)
	to.tree.build(list)
	return to
}
