package zsets

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

// editor changes the sorted set of one key. A packed value is edited in the command's scratch buffer and stored by
// commit, a large one in place.
type editor struct {
	z     *zsets
	c     *core.Ctx
	key   core.Key
	entry keyspace.Entry // unless the key is absent or reserved
	had   bool
	view
}

// open opens the sorted set at k; one that is absent is empty. It works with shards locked and with keys reserved.
func (e *editor) open(z *zsets, c *core.Ctx, k core.Key) error {
	e.z, e.c, e.key = z, c, k
	if c.Reserved() {
		v, ok, err := c.ValueWrite(k, keyspace.ZSet)
		if ok {
			e.take(v.Packed, v.Object)
		}
		return err
	}
	var ok bool
	if e.entry, ok = c.FindWrite(k); !ok {
		return nil
	}
	if e.entry.Type() != keyspace.ZSet {
		return protocol.ErrWrongType
	}
	e.take(e.entry.Bytes(), e.entry.Object())
	return nil
}

// take makes a value that was found the one to be changed.
func (e *editor) take(packed []byte, o keyspace.Object) {
	if e.had = true; o != nil {
		e.set = o.(*sortedSet)
	} else {
		e.lp = append(e.c.Scratch(), packed...)
		e.c.SetScratch(e.lp) // commit does it again, but there may be nothing to commit
	}
}

// create makes an absent sorted set, in the form that its first member asks for.
func (e *editor) create(firstLen int) {
	if e.z.entries() == 0 || firstLen > e.z.value() {
		e.set = newSortedSet(e.z.ks)
		return
	}
	e.lp = packed.NewListpack(e.c.Scratch())
}

// add puts a new member in. O(log N), O(N) packed.
func (e *editor) add(member []byte, score float64) {
	if e.set == nil {
		if e.len() < e.z.entries() && len(member) <= e.z.value() && e.lp.SafeToAdd(len(member)) {
			e.lp = lpInsert(e.lp, member, score)
			return
		}
		e.set = unpack(e.z.ks, e.lp)
	}
	e.set.add(member, score)
}

// unpack turns a packed sorted set into a large one.
func unpack(ks *keyspace.Keyspace, lp packed.Listpack) *sortedSet {
	s := newSortedSet(ks)
	list := make([]element, 0, lp.Len()/2+1)
	lpEach(lp, 0, lp.Len()/2, false, func(m []byte, score float64) bool {
		if ref, fresh := s.addLoose(m, score); fresh { // one from a file may hold a member twice
			list = append(list, element{score, ref})
		}
		return true
	})
	sortElements(s.dict, list)
	s.tree.build(list)
	return s
}

// place tells where a member is, for rescore: a position in the listpack or an element of the Dict.
type place struct {
	pos int
	ref keyspace.Ref
}

// lookup returns a member's place and score.
func (e *editor) lookup(member []byte) (p place, score float64, ok bool) {
	if e.set != nil {
		p.ref, score, ok = e.set.find(member)
		return p, score, ok
	}
	if p.pos = lpFind(e.lp, member); p.pos < 0 {
		return p, 0, false
	}
	return p, lpScore(e.lp, e.lp.Next(p.pos)), true
}

// rescore changes the score of a member that lookup has found.
func (e *editor) rescore(p place, member []byte, old, score float64) {
	if e.set != nil {
		e.set.rescore(p.ref, old, score)
		return
	}
	e.lp = lpInsert(e.lp.Delete(p.pos, 2), member, score)
}

// remove deletes a member and reports whether it was there.
func (e *editor) remove(member []byte) bool {
	if e.set != nil {
		return e.set.remove(member)
	}
	pos := lpFind(e.lp, member)
	if pos < 0 {
		return false
	}
	e.lp = e.lp.Delete(pos, 2)
	return true
}

// removeRange deletes count members from a rank on. When all go, nothing is touched: commit then drops the value whole.
func (e *editor) removeRange(rank, count int) (all bool) {
	switch {
	case count == e.len():
		return true
	case e.set != nil:
		e.set.removeRange(rank, count, nil)
	default:
		e.lp = lpDelete(e.lp, rank, count)
	}
	return false
}

// commit stores what was changed. gone says that nothing is left: the key is removed. The event of the change itself
// must have been told before, as "del" follows it.
func (e *editor) commit(gone bool) {
	c := e.c
	if e.set == nil && e.lp != nil {
		c.SetScratch(e.lp)
	}
	if gone {
		c.Remove(e.key)
		c.Notify(core.EventGeneric, "del", e.key)
		return
	}
	v := core.Stored{Type: keyspace.ZSet, Enc: keyspace.EncListpack, Packed: e.lp}
	if e.set != nil {
		v = core.Stored{Type: keyspace.ZSet, Enc: keyspace.EncSkiplist, Object: e.set}
	}
	switch {
	case !e.had || c.Reserved():
		c.Update(e.key, v)
	case e.set != nil:
		e.entry.SetObject(keyspace.EncSkiplist, e.set)
	default:
		e.entry.SetBytes(keyspace.EncListpack, e.lp)
	}
}

// changed tells of a change of n elements.
func (e *editor) changed(event string, n int) {
	e.c.Changed(core.EventZSet, event, e.key)
	e.c.Dirty(n - 1)
}
