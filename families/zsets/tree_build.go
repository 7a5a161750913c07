package zsets

import (
	"bytes"
	"slices"

	"github.com/redust/redust/core/keyspace"
)

// element is one of a set on its way into a tree.
type element struct {
	score float64
	ref   keyspace.Ref
}

// sortElements puts elements of a Dict in the order of a sorted set. O(N log N), O(N) if they are already.
func sortElements(d *keyspace.Dict, list []element) {
	slices.SortFunc(list, func(a, b element) int {
		switch {
		case a.score < b.score: // no score is NaN
			return -1
		case a.score > b.score:
			return 1
		}
		return bytes.Compare(d.Key(a.ref), d.Key(b.ref))
	})
}

// build fills an empty tree with elements in order, every node full but the last of its level. O(N).
func (t *tree) build(list []element) {
	t.n = len(list)
	if t.n == 0 {
		return
	}
	var level []keyspace.Ref
	for len(list) > 0 {
		k := min(len(list), leafCap)
		r, l := t.newLeaf()
		for i, e := range list[:k] {
			l.scores[i], l.refs[i] = e.score, e.ref
		}
		l.n = uint32(k)
		list = list[k:]
		if t.last == 0 {
			t.first, t.last = r, r
		} else {
			t.linkAfter(t.last, r)
		}
		level = append(level, r)
	}
	t.height = 0
	for len(level) > 1 {
		up := level[:0]
		for from := 0; from < len(level); {
			k := min(len(level)-from, innerCap)
			r, in := t.newInner()
			in.n = uint32(k)
			copy(in.kids[:k], level[from:])
			for i := range k {
				t.refresh(in, i, t.height)
			}
			from += k
			up = append(up, r)
		}
		level = up
		t.height++
	}
	t.root = level[0]
}
