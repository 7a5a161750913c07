package lists

import (
	"math"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

func (l *lists) editCommands() []core.Command {
	return []core.Command{
		{
			Name: "LSET", Arity: 4,
			Flags:      core.Write | core.DenyOOM,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Update),
			Group:      "list",
			Since:      "1.0.0",
			Complexity: "O(log N), N = elements of the list",
			Summary:    "Replaces the element at an index.",
			Syntax:     "key@0 index:integer element",
			ACL:        core.CatList,
			Run:        l.lset,
		},
		{
			Name: "LINSERT", Arity: 5,
			Flags:      core.Write | core.DenyOOM,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Insert),
			Group:      "list",
			Since:      "2.2.0",
			Complexity: "O(N), N = elements up to the one that is looked for",
			Summary:    "Adds an element before or after another one.",
			Syntax:     "key@0 where(BEFORE|AFTER) pivot element",
			ACL:        core.CatList,
			Run:        l.linsert,
			Weight:     removeWeight,
		},
		{
			Name: "LREM", Arity: 4,
			Flags:      core.Write,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Delete),
			Group:      "list",
			Since:      "1.0.0",
			Complexity: "O(N), N = elements of the list",
			Summary:    "Removes elements that equal a given one.",
			Syntax:     "key@0 count:integer element",
			ACL:        core.CatList,
			Run:        l.lrem,
			Weight:     removeWeight,
		},
		{
			Name: "LTRIM", Arity: 4,
			Flags:      core.Write,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Delete),
			Group:      "list",
			Since:      "1.0.0",
			Complexity: "O(N), N = elements removed",
			Summary:    "Removes all elements outside a range.",
			Syntax:     "key@0 start:integer stop:integer",
			ACL:        core.CatList,
			Run:        l.ltrim,
			Weight:     trimWeight,
		},
	}
}

func (l *lists) lset(c *core.Ctx) error {
	k := c.Key(0)
	e, ok, err := find(c, k, true)
	if err != nil {
		return err
	}
	if !ok {
		return protocol.ErrNoSuchKey
	}
	index, ok := protocol.ParseInt(c.Args[2])
	if !ok {
		return protocol.ErrNotInt
	}
	v := viewEntry(e)
	i, ok := v.index(index)
	if !ok {
		return protocol.ErrIndexRange
	}
	s := c.Args[3]
	if v.d != nil {
		before := v.d.MemoryUsage()
		v.d.plain = l.plain()
		v.d.set(i, s)
		if delta := v.d.MemoryUsage() - before; delta != 0 {
			e.ObjectResized(delta)
		}
	} else {
		l.setPacked(c, k, e, v.lp, i, s)
	}
	c.Reply.OK()
	c.Changed(core.EventList, "lset", k)
	return nil
}

// setPacked replaces element i of a list in one listpack.
func (l *lists) setPacked(c *core.Ctx, k core.Key, e keyspace.Entry, lp packed.Listpack, i int, s []byte) {
	if _, fits := l.grown(len(lp), lp.Len()-1, [][]byte{s}); !fits {
		d := l.fromPacked(lp)
		d.set(i, s)
		e.SetObject(keyspace.EncQuicklist, d)
		return
	}
	lp = scratchCopy(c, lp)
	lp = lp.Replace(lp.Seek(i), s)
	e.SetBytes(keyspace.EncListpack, lp)
}

// listWeight is the weight of a command that may look at the whole list.
func listWeight(c *core.Ctx) int { return weight(c, c.Key(0), math.MaxInt64) }

// removeWeight takes eight elements that are passed over for one that is written.
func removeWeight(c *core.Ctx) int { return listWeight(c) / 8 }

func (l *lists) linsert(c *core.Ctx) error {
	after := protocol.IsWord(c.Args[2], "AFTER")
	if !after && !protocol.IsWord(c.Args[2], "BEFORE") {
		return protocol.ErrSyntax
	}
	k := c.Key(0)
	val, ok, err := c.ValueWrite(k, keyspace.List)
	if err != nil {
		return err
	}
	if !ok {
		c.Reply.Int(0)
		return nil
	}
	v := viewOf(val)
	at := -1
	v.eachMatch(c.Args[3], false, 0, 1, func(i int) bool { at = i; return false })
	if at < 0 {
		c.Reply.Int(-1)
		return nil
	}
	if after {
		at++
	}
	l.insert(c, k, v, at, c.Args[4])
	c.Changed(core.EventList, "linsert", k)
	c.Reply.Int(int64(v.n + 1))
	return nil
}

// insert adds s before element i, or behind the last one.
func (l *lists) insert(c *core.Ctx, k core.Key, v view, i int, s []byte) {
	if v.d == nil {
		if _, fits := l.grown(len(v.lp), v.n, [][]byte{s}); fits {
			lp := scratchCopy(c, v.lp)
			pos := lp.End()
			if i < v.n {
				pos = lp.Seek(i)
			}
			l.put(c, k, v, lp.Insert(pos, s, packed.Before))
			return
		}
		v.d = l.fromPacked(v.lp)
		v.d.insert(i, s)
		c.Update(k, core.Stored{Type: keyspace.List, Enc: keyspace.EncQuicklist, Object: v.d})
		return
	}
	v.d.plain = l.plain()
	v.d.insert(i, s)
}

func (l *lists) lrem(c *core.Ctx) error {
	count, ok := protocol.ParseInt(c.Args[2])
	if !ok {
		return protocol.ErrNotInt
	}
	k := c.Key(0)
	val, ok, err := c.ValueWrite(k, keyspace.List)
	if err != nil {
		return err
	}
	if !ok {
		c.Reply.Int(0)
		return nil
	}
	v := viewOf(val)
	back, limit := count < 0, int64(v.n)
	if back && count != math.MinInt64 {
		count = -count
	}
	if count > 0 {
		limit = min(limit, count)
	}
	removed := 0
	lp := v.lp
	if v.d != nil {
		removed = v.d.removeMatches(c.Args[3], int(limit), back)
	} else {
		hits := matchListpack(lp, v.n, c.Args[3], back, int(limit), nil)
		if removed = len(hits); removed > 0 {
			lp = deleteHits(scratchCopy(c, lp), hits)
		}
	}
	if removed > 0 {
		empty := l.put(c, k, v, lp)
		c.Changed(core.EventList, "lrem", k)
		c.Dirty(removed - 1)
		if empty {
			c.Notify(core.EventGeneric, "del", k)
		}
	}
	c.Reply.Int(int64(removed))
	return nil
}

// trimWeight counts chunks that go: about one in 64 elements is their share of the work.
func trimWeight(c *core.Ctx) int { return weight(c, c.Key(0), math.MaxInt64) / 64 }

func (l *lists) ltrim(c *core.Ctx) error {
	start, stop, err := span(c)
	if err != nil {
		return err
	}
	k := c.Key(0)
	val, ok, err := c.ValueWrite(k, keyspace.List)
	if err != nil {
		return err
	}
	if !ok {
		c.Reply.OK()
		return nil
	}
	v := viewOf(val)
	from, n := v.span(start, stop)
	empty := n == 0
	switch removed := v.n - n; {
	case empty:
		c.Remove(k)
	case removed == 0:
	case v.d != nil:
		v.d.remove(from+n, v.n-from-n)
		v.d.remove(0, from)
		l.put(c, k, v, nil)
	default:
		lp := scratchCopy(c, v.lp)
		l.put(c, k, v, lp.DeleteRange(from+n, v.n-from-n).DeleteRange(0, from))
	}
	c.Changed(core.EventList, "ltrim", k)
	c.Dirty(v.n - n - 1) // nothing removed is no change that is propagated
	if empty {
		c.Notify(core.EventGeneric, "del", k)
	}
	c.Reply.OK()
	return nil
}
