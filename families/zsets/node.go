package zsets

import (
	"bytes"

	"github.com/redust/redust/core/keyspace"
)

// The nodes of the tree are blocks of 1 KiB among the pages of the sorted set's Dict: the garbage collector never sees them.
const (
	nodeBytes = 1024
	leafCap   = 84
	innerCap  = 50

	// A node that falls below its minimum is joined with a neighbour, or filled up from it. Far below half, so that a
	// queue that only pops from one end seldom moves elements.
	leafMin  = leafCap / 4
	innerMin = innerCap / 4
	// leafRoomy is how full a neighbour may be to take elements of a full leaf in: this keeps leaves above 80 % on
	// random insertion, where splitting alone would give 69 %.
	leafRoomy = leafCap - leafCap/8
)

// leafNode holds elements in ascending order: score and the Dict's element. Leaves are linked both ways.
type leafNode struct {
	n          uint32
	prev, next keyspace.Ref
	_          uint32
	scores     [leafCap]float64
	refs       [leafCap]keyspace.Ref
}

// innerNode holds children. For each: the number of elements below it, and its first element, exactly, as a
// separator; an element that is deleted must not stay named by a separator, for its block is used again.
type innerNode struct {
	n      uint32
	_      uint32
	scores [innerCap]float64
	refs   [innerCap]keyspace.Ref
	kids   [innerCap]keyspace.Ref
	counts [innerCap]uint32
}

func (t *tree) leaf(r keyspace.Ref) *leafNode   { return (*leafNode)(t.dict.Block(r)) }
func (t *tree) inner(r keyspace.Ref) *innerNode { return (*innerNode)(t.dict.Block(r)) }

func (t *tree) newLeaf() (keyspace.Ref, *leafNode) {
	r, p := t.dict.AllocBlock(nodeBytes)
	n := (*leafNode)(p)
	n.n, n.prev, n.next = 0, 0, 0
	return r, n
}

func (t *tree) newInner() (keyspace.Ref, *innerNode) {
	r, p := t.dict.AllocBlock(nodeBytes)
	n := (*innerNode)(p)
	n.n = 0
	return r, n
}

// insert puts an element at i; there is room.
func (l *leafNode) insert(i int, score float64, ref keyspace.Ref) {
	n := int(l.n)
	copy(l.scores[i+1:n+1], l.scores[i:n])
	copy(l.refs[i+1:n+1], l.refs[i:n])
	l.scores[i], l.refs[i] = score, ref
	l.n++
}

// cut takes k elements out from i on.
func (l *leafNode) cut(i, k int) {
	n := int(l.n)
	copy(l.scores[i:n], l.scores[i+k:n])
	copy(l.refs[i:n], l.refs[i+k:n])
	l.n -= uint32(k)
}

// give moves the first k elements of l to the end of left.
func (l *leafNode) give(left *leafNode, k int) {
	copy(left.scores[left.n:], l.scores[:k])
	copy(left.refs[left.n:], l.refs[:k])
	left.n += uint32(k)
	l.cut(0, k)
}

// take moves the last k elements of left to the front of l.
func (l *leafNode) take(left *leafNode, k int) {
	n, from := int(l.n), int(left.n)-k
	copy(l.scores[k:n+k], l.scores[:n])
	copy(l.refs[k:n+k], l.refs[:n])
	copy(l.scores[:k], left.scores[from:left.n])
	copy(l.refs[:k], left.refs[from:left.n])
	l.n += uint32(k)
	left.n -= uint32(k)
}

// insert makes room for a child at i; the caller refreshes it.
func (in *innerNode) insert(i int, kid keyspace.Ref) {
	n := int(in.n)
	copy(in.scores[i+1:n+1], in.scores[i:n])
	copy(in.refs[i+1:n+1], in.refs[i:n])
	copy(in.kids[i+1:n+1], in.kids[i:n])
	copy(in.counts[i+1:n+1], in.counts[i:n])
	in.kids[i] = kid
	in.n++
}

// cut takes k children out from i on.
func (in *innerNode) cut(i, k int) {
	n := int(in.n)
	copy(in.scores[i:n], in.scores[i+k:n])
	copy(in.refs[i:n], in.refs[i+k:n])
	copy(in.kids[i:n], in.kids[i+k:n])
	copy(in.counts[i:n], in.counts[i+k:n])
	in.n -= uint32(k)
}

// give moves the first k children of in to the end of left.
func (in *innerNode) give(left *innerNode, k int) {
	copy(left.scores[left.n:], in.scores[:k])
	copy(left.refs[left.n:], in.refs[:k])
	copy(left.kids[left.n:], in.kids[:k])
	copy(left.counts[left.n:], in.counts[:k])
	left.n += uint32(k)
	in.cut(0, k)
}

// take moves the last k children of left to the front of in.
func (in *innerNode) take(left *innerNode, k int) {
	n, from := int(in.n), int(left.n)-k
	copy(in.scores[k:n+k], in.scores[:n])
	copy(in.refs[k:n+k], in.refs[:n])
	copy(in.kids[k:n+k], in.kids[:n])
	copy(in.counts[k:n+k], in.counts[:n])
	copy(in.scores[:k], left.scores[from:left.n])
	copy(in.refs[:k], left.refs[from:left.n])
	copy(in.kids[:k], left.kids[from:left.n])
	copy(in.counts[:k], left.counts[from:left.n])
	in.n += uint32(k)
	left.n -= uint32(k)
}

// sum is the number of elements below the node.
func (in *innerNode) sum() (total uint32) {
	for _, c := range in.counts[:in.n] {
		total += c
	}
	return total
}

// refresh brings separator and count of child i up to date; the child is at height h.
func (t *tree) refresh(in *innerNode, i, h int) {
	if h == 0 {
		l := t.leaf(in.kids[i])
		in.scores[i], in.refs[i], in.counts[i] = l.scores[0], l.refs[0], l.n
		return
	}
	kid := t.inner(in.kids[i])
	in.scores[i], in.refs[i], in.counts[i] = kid.scores[0], kid.refs[0], kid.sum()
}

// A bound is a place between elements: those below it are on its left.
type bound struct {
	kind   boundKind
	after  bool // elements equal to the bound are below it
	score  float64
	member []byte
}

type boundKind uint8

const (
	boundScore boundKind = iota // by score alone
	boundKey                    // by score, then member
	boundLex                    // by member alone: all scores are the same
)

// below reports whether an element is on the bound's left.
func (t *tree) below(b *bound, score float64, ref keyspace.Ref) bool {
	if b.kind != boundLex {
		if score != b.score {
			return score < b.score
		}
		if b.kind == boundScore {
			return b.after
		}
	}
	cmp := bytes.Compare(t.dict.Key(ref), b.member)
	return cmp < 0 || cmp == 0 && b.after
}

// search returns how many of the first n elements are below b; they ascend.
func (t *tree) search(b *bound, scores []float64, refs []keyspace.Ref) int {
	lo, hi := 0, len(scores)
	if b.kind != boundLex {
		// By score alone first, with few branches; members are looked at among equals only.
		s := b.score
		for lo < hi {
			mid := int(uint(lo+hi) / 2)
			if scores[mid] < s {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		if lo == len(scores) || scores[lo] != s || b.kind == boundScore && !b.after {
			return lo
		}
		hi = len(scores)
	}
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if t.below(b, scores[mid], refs[mid]) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// child returns the child in which b lies.
func (t *tree) child(b *bound, in *innerNode) int {
	n := int(in.n)
	return t.search(b, in.scores[1:n], in.refs[1:n])
}
