package zsets

import "github.com/redust/redust/core/keyspace"

// path is a position in a leaf with the way that led there.
type path struct {
	nodes [maxHeight]keyspace.Ref // by height; nodes[h] for h > 0
	index [maxHeight]int          // the child taken in nodes[h]
	leaf  keyspace.Ref
	i     int
}

// seek finds the first element not below b. The caller knows that there is one in the leaf where b lies, as for the bound of
// an element itself.
func (t *tree) seek(b *bound) (p path) {
	node := t.root
	for h := t.height; h > 0; h-- {
		in := t.inner(node)
		// The separators are first elements of their children: one that equals b is where it lies.
		up := *b
		up.after = true
		i := t.child(&up, in)
		p.nodes[h], p.index[h] = node, i
		node = in.kids[i]
	}
	l := t.leaf(node)
	p.leaf, p.i = node, t.search(b, l.scores[:l.n], l.refs[:l.n])
	return p
}

// seekRank finds the element of a rank in range.
func (t *tree) seekRank(rank int) (p path) {
	node, left := t.root, uint32(rank)
	for h := t.height; h > 0; h-- {
		in := t.inner(node)
		i := 0
		for left >= in.counts[i] {
			left -= in.counts[i]
			i++
		}
		p.nodes[h], p.index[h] = node, i
		node = in.kids[i]
	}
	p.leaf, p.i = node, int(left)
	return p
}

// remove takes one element out, which must be there. O(log N).
func (t *tree) remove(score float64, member []byte) {
	p := t.seek(&bound{kind: boundKey, score: score, member: member})
	t.removeAt(&p, 1)
}

// removeRange takes count elements out from a rank on, calling gone with each before anything else happens to it.
// O(log N + count).
func (t *tree) removeRange(rank, count int, gone func(score float64, ref keyspace.Ref)) {
	var refs [leafCap]keyspace.Ref
	var scores [leafCap]float64
	for count > 0 {
		p := t.seekRank(rank)
		l := t.leaf(p.leaf)
		k := min(count, int(l.n)-p.i)
		copy(refs[:k], l.refs[p.i:])
		copy(scores[:k], l.scores[p.i:])
		t.removeAt(&p, k)
		for j, r := range refs[:k] {
			gone(scores[j], r)
		}
		count -= k
	}
}

// removeAt takes k elements out of the path's leaf, from its position on.
func (t *tree) removeAt(p *path, k int) {
	l := t.leaf(p.leaf)
	l.cut(p.i, k)
	t.n -= k
	if l.n >= leafMin || t.height == 0 && l.n > 0 {
		first := p.i == 0
		for h := 1; h <= t.height; h++ {
			in, i := t.inner(p.nodes[h]), p.index[h]
			in.counts[i] -= uint32(k)
			if first {
				in.scores[i], in.refs[i] = l.scores[0], l.refs[0]
				first = i == 0
			}
		}
		return
	}
	if t.height == 0 {
		t.dict.ReleaseBlock(t.root)
		t.root, t.first, t.last = 0, 0, 0
		return
	}
	t.rebalance(p)
}

// rebalance repairs the nodes of a path from the bottom up, after elements of its leaf went.
func (t *tree) rebalance(p *path) {
	for h := 1; h <= t.height; h++ {
		in, i := t.inner(p.nodes[h]), p.index[h]
		if h == 1 {
			t.repairLeaf(in, i)
		} else {
			t.repairInner(in, i, h-1)
		}
		for j := max(i-1, 0); j <= i+1 && j < int(in.n); j++ {
			t.refresh(in, j, h-1)
		}
	}
	for t.height > 0 {
		in := t.inner(t.root)
		if in.n > 1 {
			return
		}
		old := t.root
		t.root = 0
		if in.n == 1 {
			t.root = in.kids[0]
		}
		t.dict.ReleaseBlock(old)
		t.height--
		if t.root == 0 {
			t.height, t.first, t.last = 0, 0, 0
			return
		}
	}
}

// repairLeaf drops child i of in if it is empty, and joins or evens it out with a neighbour if it is small.
func (t *tree) repairLeaf(in *innerNode, i int) {
	l := t.leaf(in.kids[i])
	if l.n >= leafMin {
		return
	}
	if l.n == 0 {
		t.dropLeaf(in, i)
		return
	}
	if i+1 < int(in.n) {
		right := t.leaf(in.kids[i+1])
		if l.n+right.n <= leafCap {
			right.give(l, int(right.n))
			t.dropLeaf(in, i+1)
			return
		}
		right.give(l, int(right.n-l.n)/2)
		return
	}
	if i > 0 {
		left := t.leaf(in.kids[i-1])
		if l.n+left.n <= leafCap {
			l.give(left, int(l.n))
			t.dropLeaf(in, i)
			return
		}
		l.take(left, int(left.n-l.n)/2)
	}
}

// dropLeaf unlinks and frees child i of in, which is empty.
func (t *tree) dropLeaf(in *innerNode, i int) {
	r := in.kids[i]
	l := t.leaf(r)
	if l.prev != 0 {
		t.leaf(l.prev).next = l.next
	} else {
		t.first = l.next
	}
	if l.next != 0 {
		t.leaf(l.next).prev = l.prev
	} else {
		t.last = l.prev
	}
	t.dict.ReleaseBlock(r)
	in.cut(i, 1)
}

// repairInner is repairLeaf for an inner child, at height h.
func (t *tree) repairInner(in *innerNode, i, h int) {
	kid := t.inner(in.kids[i])
	switch {
	case kid.n >= innerMin:
		return
	case kid.n == 0:
		t.dict.ReleaseBlock(in.kids[i])
		in.cut(i, 1)
	case i+1 < int(in.n):
		right := t.inner(in.kids[i+1])
		if kid.n+right.n <= innerCap {
			right.give(kid, int(right.n))
			t.dict.ReleaseBlock(in.kids[i+1])
			in.cut(i+1, 1)
			return
		}
		right.give(kid, int(right.n-kid.n)/2)
	case i > 0:
		left := t.inner(in.kids[i-1])
		if kid.n+left.n <= innerCap {
			kid.give(left, int(kid.n))
			t.dict.ReleaseBlock(in.kids[i])
			in.cut(i, 1)
			return
		}
		kid.take(left, int(left.n-kid.n)/2)
	}
}
