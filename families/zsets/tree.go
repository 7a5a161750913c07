package zsets

import (
	"github.com/redust/redust/core/keyspace"
)

// tree is an order-statistic B+tree over the elements of a Dict, ascending by score and then by member. It knows elements by
// the Dict's refs, so a member is stored once. Rank, selection by rank and search cost O(log N), each step to a neighbour
// O(1). An insertion must name an element that is in the Dict and not in the tree; an element is taken out of the tree
// before it is deleted from the Dict.
type tree struct {
	dict        *keyspace.Dict
	root        keyspace.Ref
	first, last keyspace.Ref // leaves
	height      int          // 0: the root is a leaf
	n           int
}

const maxHeight = 16

// cursor is a position in the tree, void after a change.
type cursor struct {
	t    *tree
	leaf *leafNode
	i    int
}

// at returns the position of the element of rank, which must be in range.
func (t *tree) at(rank int) cursor {
	node, left := t.root, uint32(rank)
	for h := t.height; h > 0; h-- {
		in := t.inner(node)
		i := 0
		for left >= in.counts[i] {
			left -= in.counts[i]
			i++
		}
		node = in.kids[i]
	}
	return cursor{t, t.leaf(node), int(left)}
}

func (c *cursor) score() float64    { return c.leaf.scores[c.i] }
func (c *cursor) ref() keyspace.Ref { return c.leaf.refs[c.i] }

// next and prev step to a neighbour; there must be one.
func (c *cursor) next() {
	if c.i++; c.i == int(c.leaf.n) {
		c.leaf, c.i = c.t.leaf(c.leaf.next), 0
	}
}

func (c *cursor) prev() {
	if c.i--; c.i < 0 {
		c.leaf = c.t.leaf(c.leaf.prev)
		c.i = int(c.leaf.n) - 1
	}
}

// rank returns how many elements are below b.
func (t *tree) rank(b *bound) int {
	if t.n == 0 {
		return 0
	}
	node, rank := t.root, uint32(0)
	for h := t.height; h > 0; h-- {
		in := t.inner(node)
		i := t.child(b, in)
		for _, c := range in.counts[:i] {
			rank += c
		}
		node = in.kids[i]
	}
	l := t.leaf(node)
	return int(rank) + t.search(b, l.scores[:l.n], l.refs[:l.n])
}

// insert adds an element. O(log N).
func (t *tree) insert(score float64, ref keyspace.Ref) {
	b := bound{kind: boundKey, score: score, member: t.dict.Key(ref)}
	t.n++
	if t.root == 0 {
		r, l := t.newLeaf()
		l.insert(0, score, ref)
		t.root, t.first, t.last = r, r, r
		return
	}
	if t.full(t.root, t.height) {
		r, in := t.newInner()
		in.insert(0, t.root)
		t.refresh(in, 0, t.height)
		t.root = r
		t.height++
	}
	// Full nodes are split on the way down, so that a split never has to go up again.
	node := t.root
	for h := t.height; h > 0; h-- {
		in := t.inner(node)
		i := t.child(&b, in)
		if t.full(in.kids[i], h-1) {
			if h > 1 {
				t.splitInner(in, i, h-1, &b)
			} else if t.makeRoom(in, i, &b, ref) {
				t.fixFirst()
				return
			}
			i = t.child(&b, in)
		}
		in.counts[i]++
		node = in.kids[i]
	}
	l := t.leaf(node)
	i := t.search(&b, l.scores[:l.n], l.refs[:l.n])
	l.insert(i, score, ref)
	if i == 0 {
		t.fixFirst()
	}
}

func (t *tree) full(node keyspace.Ref, h int) bool {
	if h == 0 {
		return t.leaf(node).n == leafCap
	}
	return t.inner(node).n == innerCap
}

// fixFirst renews the separators of the first element, after one was added before it: they are the leftmost of each level.
func (t *tree) fixFirst() {
	l := t.leaf(t.first)
	node := t.root
	for h := t.height; h > 0; h-- {
		in := t.inner(node)
		in.scores[0], in.refs[0] = l.scores[0], l.refs[0]
		node = in.kids[0]
	}
}

// splitInner splits the full child i of in, which is at height h. Where elements come in order, the old half stays full.
func (t *tree) splitInner(in *innerNode, i, h int, b *bound) {
	left := t.inner(in.kids[i])
	keep := innerCap / 2
	switch at := t.child(b, left); {
	case at == innerCap-1 && i == int(in.n)-1:
		keep = innerCap - 1
	case at == 0 && i == 0:
		keep = 1
	}
	r, right := t.newInner()
	right.take(left, innerCap-keep)
	in.insert(i+1, r)
	t.refresh(in, i, h)
	t.refresh(in, i+1, h)
}

// makeRoom sees to it that the leaf where b lies, at or beside child i of in, has room. It returns true if it put the new
// element itself into a leaf of its own, at either end of the tree, so that leaves filled in order stay full.
func (t *tree) makeRoom(in *innerNode, i int, b *bound, ref keyspace.Ref) (done bool) {
	node := in.kids[i]
	l := t.leaf(node)
	if node == t.last && t.below(b, l.scores[leafCap-1], l.refs[leafCap-1]) {
		r, fresh := t.newLeaf()
		fresh.insert(0, b.score, ref)
		t.linkAfter(node, r)
		in.insert(i+1, r)
		t.refresh(in, i+1, 0)
		return true
	}
	if node == t.first && !t.below(b, l.scores[0], l.refs[0]) {
		r, fresh := t.newLeaf()
		fresh.insert(0, b.score, ref)
		fresh.next, l.prev, t.first = node, r, r
		in.insert(0, r)
		t.refresh(in, 0, 0)
		return true
	}
	if i > 0 {
		if left := t.leaf(in.kids[i-1]); left.n < leafRoomy {
			l.give(left, (leafCap-int(left.n)+1)/2)
			t.refresh(in, i-1, 0)
			t.refresh(in, i, 0)
			return false
		}
	}
	if i+1 < int(in.n) {
		if right := t.leaf(in.kids[i+1]); right.n < leafRoomy {
			right.take(l, (leafCap-int(right.n)+1)/2)
			t.refresh(in, i, 0)
			t.refresh(in, i+1, 0)
			return false
		}
	}
	r, right := t.newLeaf()
	right.take(l, leafCap/2)
	t.linkAfter(node, r)
	in.insert(i+1, r)
	t.refresh(in, i, 0)
	t.refresh(in, i+1, 0)
	return false
}

func (t *tree) linkAfter(node, fresh keyspace.Ref) {
	l, f := t.leaf(node), t.leaf(fresh)
	f.prev, f.next = node, l.next
	if l.next != 0 {
		t.leaf(l.next).prev = fresh
	} else {
		t.last = fresh
	}
	l.next = fresh
}

// move gives the element another score, in place if its neighbours allow, which is most often so for small changes. O(log N).
func (t *tree) move(old, score float64, ref keyspace.Ref) {
	member := t.dict.Key(ref)
	p := t.seek(&bound{kind: boundKey, score: old, member: member})
	l, i := t.leaf(p.leaf), p.i
	b := bound{kind: boundKey, score: score, member: member}
	fits := i > 0 && i+1 < int(l.n) && t.below(&b, l.scores[i-1], l.refs[i-1]) && !t.below(&b, l.scores[i+1], l.refs[i+1])
	if fits {
		l.scores[i] = score
		return
	}
	t.removeAt(&p, 1)
	t.insert(score, ref)
}
