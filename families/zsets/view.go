package zsets

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
)

// view reads a sorted set in either form; the zero view is empty. It aliases the keyspace's memory.
type view struct {
	lp  packed.Listpack
	set *sortedSet
}

func viewOf(v core.Value) view {
	if v.Object != nil {
		return view{set: v.Object.(*sortedSet)}
	}
	return view{lp: v.Packed}
}

// read looks the sorted set at k up for reading; an absent key gives an empty view and ok false.
func read(c *core.Ctx, k core.Key) (w view, ok bool, err error) {
	v, ok, err := c.Value(k, keyspace.ZSet)
	if err != nil || !ok {
		return view{}, false, err
	}
	return viewOf(v), true, nil
}

// peek is read for a Weight: it counts nothing, and is empty for other types.
func peek(c *core.Ctx, i int) view {
	if i >= len(c.Keys()) {
		return view{}
	}
	e, ok := c.Peek(c.Key(i))
	if !ok || e.Type() != keyspace.ZSet {
		return view{}
	}
	return viewOf(core.ValueOf(e))
}

// len is the number of members.
func (w *view) len() int {
	if w.set != nil {
		return w.set.len()
	}
	if w.lp == nil {
		return 0
	}
	return w.lp.Len() / 2
}

// score returns a member's score. O(1), O(N) packed.
func (w *view) score(member []byte) (float64, bool) {
	if w.set != nil {
		_, score, ok := w.set.find(member)
		return score, ok
	}
	if w.lp == nil {
		return 0, false
	}
	pos := lpFind(w.lp, member)
	if pos < 0 {
		return 0, false
	}
	return lpScore(w.lp, w.lp.Next(pos)), true
}

// rankOf returns rank and score of a member. O(log N), O(N) packed.
func (w *view) rankOf(member []byte) (rank int, score float64, ok bool) {
	if w.set != nil {
		_, score, ok = w.set.find(member)
		if !ok {
			return 0, 0, false
		}
		return w.set.tree.rank(&bound{kind: boundKey, score: score, member: member}), score, true
	}
	if w.lp == nil {
		return 0, 0, false
	}
	pos := lpFind(w.lp, member)
	if pos < 0 {
		return 0, 0, false
	}
	return lpIndex(w.lp, pos), lpScore(w.lp, w.lp.Next(pos)), true
}

// below returns how many members are below a bound. O(log N), O(N) packed.
func (w *view) below(b *bound) int {
	if w.set != nil {
		return w.set.tree.rank(b)
	}
	if w.lp == nil {
		return 0
	}
	return lpRank(w.lp, b)
}

// each calls yield for count members from a rank on, forward or backward, until it returns false. member is valid
// during the call. All ranks must be in range. O(log N + count).
func (w *view) each(rank, count int, reverse bool, yield func(member []byte, score float64) bool) {
	if count <= 0 {
		return
	}
	if w.set == nil {
		lpEach(w.lp, rank, count, reverse, yield)
		return
	}
	c := w.set.tree.at(rank)
	for yield(w.set.dict.Key(c.ref()), c.score()) {
		if count--; count == 0 {
			return
		}
		if reverse {
			c.prev()
		} else {
			c.next()
		}
	}
}
