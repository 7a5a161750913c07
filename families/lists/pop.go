package lists

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

func (l *lists) popCommands() []core.Command {
	return []core.Command{
		{
			Name: "LPOP", Arity: -2,
			Flags:      core.Write | core.Fast,
			Keys:       core.KeyAt(1, core.ReadWrite|core.AccessData|core.Delete),
			Group:      "list",
			Since:      "1.0.0",
			Complexity: "O(N), N = elements returned",
			Summary:    "Removes and returns elements from the front of a list.",
			Syntax:     "key@0 [count:integer<6.2.0>]",
			History: [][2]string{
				{"6.2.0", "The `count` argument came."},
			},
			ACL:    core.CatList,
			Run:    l.popOne(true),
			Weight: popWeight,
		},
		{
			Name: "RPOP", Arity: -2,
			Flags:      core.Write | core.Fast,
			Keys:       core.KeyAt(1, core.ReadWrite|core.AccessData|core.Delete),
			Group:      "list",
			Since:      "1.0.0",
			Complexity: "O(N), N = elements returned",
			Summary:    "Removes and returns elements from the end of a list.",
			Syntax:     "key@0 [count:integer<6.2.0>]",
			History: [][2]string{
				{"6.2.0", "The `count` argument came."},
			},
			ACL:    core.CatList,
			Run:    l.popOne(false),
			Weight: popWeight,
		},
	}
}

// weight estimates the work of going through n elements of the list at k: none if it is small.
func weight(c *core.Ctx, k core.Key, n int64) int {
	e, ok := c.Peek(k)
	if !ok || e.Type() != keyspace.List || !e.IsObject() {
		return 0
	}
	return int(min(n, int64(e.Object().(*deque).n)))
}

func popWeight(c *core.Ctx) int {
	if c.NArgs() != 3 {
		return 0
	}
	n, _ := protocol.ParseInt(c.Args[2])
	return weight(c, c.Key(0), n)
}

// popOne is LPOP and RPOP.
func (l *lists) popOne(front bool) func(*core.Ctx) error {
	return func(c *core.Ctx) error {
		switch {
		case c.NArgs() > 3:
			return protocol.WrongArgs(c.Command().FullName())
		case c.NArgs() == 3:
			return l.popCount(c, front)
		}
		k := c.Key(0)
		e, ok, err := find(c, k, true)
		if err != nil {
			return err
		}
		if !ok {
			c.Reply.Null()
			return nil
		}
		s, empty := l.pop(c, k, e, front, c.Scratch())
		c.Reply.Bulk(s)
		c.SetScratch(s)
		popped(c, k, front, 1, empty)
		return nil
	}
}

// popped tells of n elements that were removed from an end.
func popped(c *core.Ctx, k core.Key, front bool, n int, empty bool) {
	name := "rpop"
	if front {
		name = "lpop"
	}
	c.Changed(core.EventList, name, k)
	c.Dirty(n - 1)
	if empty {
		c.Notify(core.EventGeneric, "del", k)
	}
}

// popCount is LPOP and RPOP with a count.
func (l *lists) popCount(c *core.Ctx, front bool) error {
	count, ok := protocol.ParseInt(c.Args[2])
	if !ok || count < 0 {
		return protocol.ErrNotPositive
	}
	k := c.Key(0)
	val, ok, err := c.ValueWrite(k, keyspace.List)
	if err != nil {
		return err
	}
	switch {
	case !ok:
		c.Reply.NullArray()
	case count == 0:
		c.Reply.Array(0)
	default:
		l.popMany(c, k, viewOf(val), count, front)
	}
	return nil
}

// popMany removes up to count elements from an end, replies with them as an array and tells of it. It returns how many
// there were. Value style.
func (l *lists) popMany(c *core.Ctx, k core.Key, v view, count int64, front bool) int {
	n := int(min(count, int64(v.n)))
	c.Reply.Array(n)
	if v.d == nil {
		from := 0
		if front {
			writePacked(c.Reply, v.lp, 0, n)
		} else {
			from = v.n - n
			for pos, i := v.lp.Last(), 0; i < n; i++ {
				writeAt(c.Reply, v.lp, pos)
				pos = v.lp.Prev(pos)
			}
		}
		if n == v.n {
			c.Remove(k)
		} else {
			l.put(c, k, v, scratchCopy(c, v.lp).DeleteRange(from, n))
		}
		popped(c, k, front, n, n == v.n)
		return n
	}
	if front {
		v.d.writeRange(c.Reply, 0, n)
		v.d.remove(0, n)
	} else {
		buf := c.Scratch()
		for range n {
			buf = v.d.popBack(buf[:0])
			c.Reply.Bulk(buf)
		}
		c.SetScratch(buf)
	}
	popped(c, k, front, n, l.put(c, k, v, nil))
	return n
}

// writeAt writes the element at pos as a bulk string.
func writeAt(w *protocol.Writer, lp packed.Listpack, pos int) {
	if s, n, isInt := lp.Get(pos); isInt {
		w.BulkInt(n)
	} else {
		w.Bulk(s)
	}
}
