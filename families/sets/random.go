package sets

import (
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

func (s *sets) randomCommands() []core.Command {
	return []core.Command{{
		Name: "SPOP", Arity: -2,
		Flags: core.Write | core.Fast,
		Keys:  core.KeyAt(1, core.ReadWrite|core.AccessData|core.Delete),
		Group: "set", Since: "1.0.0", Complexity: "O(1), with a count O(N), N = members popped.",
		Summary: "Removes random members of a set and returns them.",
		Syntax:  "key@0 [count:integer<3.2.0>]",
		History: [][2]string{{"3.2.0", "Takes a count."}},
		Tips:    []string{"nondeterministic_output"},
		ACL:     core.CatSet, Run: s.spop, Weight: weighCount,
	}, {
		Name: "SRANDMEMBER", Arity: -2,
		Flags: core.ReadOnlyCmd,
		Keys:  core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group: "set", Since: "1.0.0", Complexity: "O(1), with a count O(N), N = its absolute value.",
		Summary: "Returns random members of a set and leaves them there.",
		Syntax:  "key@0 [count:integer<2.6.0>]",
		History: [][2]string{{"2.6.0", "Takes a count."}},
		Tips:    []string{"nondeterministic_output"},
		ACL:     core.CatSet, Run: srandmember, Weight: weighCount,
	}}
}

const errCountRange = protocol.Error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")

// weighCount is the number of members that a command with an optional count touches.
func weighCount(c *core.Ctx) int {
	if c.NArgs() != 3 {
		return 1
	}
	n, _ := protocol.ParseInt(c.Args[2])
	if n < 0 {
		return int(-max(n, -math.MaxInt64))
	}
	return int(min(n, int64(weigh(c, c.Key(0)))))
}

// spop propagates what it took: SREM for each member, DEL for all of them.
func (s *sets) spop(c *core.Ctx) error {
	switch {
	case c.NArgs() > 3:
		return protocol.ErrSyntax
	case c.NArgs() == 3:
		return s.spopCount(c)
	}
	k := c.Key(0)
	var e edit
	if err := e.open(s, c, k, 1); err != nil {
		return err
	}
	if !e.exists {
		c.Reply.Null()
		return nil
	}
	var m []byte
	if c.Propagates() {
		m = e.pop(c.Reply, true)
		c.Propagate(words.srem, c.Args[1], m)
	} else {
		e.pop(c.Reply, false)
	}
	gone := e.save()
	c.Changed(core.EventSet, "spop", k)
	if gone {
		c.Notify(core.EventGeneric, "del", k)
	}
	return nil
}

// words are arguments of effects. They are never changed.
var words = struct{ srem, del []byte }{[]byte("SREM"), []byte("DEL")}

// pop moves a random member into the reply and, if keep, also returns a copy of it.
func (e *edit) pop(out *protocol.Writer, keep bool) (m []byte) {
	var text [20]byte
	switch e.enc {
	case keyspace.EncHashtable:
		r := e.dict.Random(rand.Uint64)
		m = e.dict.Key(r)
		out.Bulk(m)
		if keep {
			m = append([]byte(nil), m...)
			e.dict.Delete(m)
			return m
		}
		// Delete compares the key with itself before it lets the block go.
		e.dict.Delete(m)
		return nil
	case keyspace.EncIntset:
		is := packed.Intset(e.b)
		i := rand.IntN(is.Len())
		v := is.Get(i)
		out.BulkInt(v)
		m = strconv.AppendInt(text[:0], v, 10)
		e.b = is.RemoveAt(i)
	default:
		lp := packed.Listpack(e.b)
		pos := lp.Seek(rand.IntN(lp.Len()))
		m = lp.AppendValue(text[:0], pos)
		out.Bulk(m)
		e.b = lp.Delete(pos, 1)
	}
	if keep {
		return append([]byte(nil), m...)
	}
	return nil
}

func (s *sets) spopCount(c *core.Ctx) error {
	count, ok := protocol.ParseInt(c.Args[2])
	if !ok || count < 0 {
		return protocol.ErrNotPositive
	}
	k := c.Key(0)
	var e edit
	if err := e.open(s, c, k, int(min(count, math.MaxInt32))); err != nil {
		return err
	}
	if !e.exists || count == 0 {
		c.Reply.Set(0)
		return nil
	}
	if n := e.len(); count >= int64(n) {
		c.Reply.Set(n)
		e.view().reply(c.Reply)
		c.Remove(k)
		c.Changed(core.EventSet, "spop", k)
		c.Dirty(n - 1)
		c.Notify(core.EventGeneric, "del", k)
		c.Propagate(words.del, c.Args[1])
		return nil
	}
	e.shrinkable()
	propagates := c.Propagates()
	c.Reply.Set(int(count))
	for range count {
		if m := e.pop(c.Reply, propagates); propagates {
			c.Propagate(words.srem, c.Args[1], m)
		}
	}
	e.save()
	c.Changed(core.EventSet, "spop", k)
	c.Dirty(int(count) - 1)
	return nil
}

func srandmember(c *core.Ctx) error {
	switch {
	case c.NArgs() > 3:
		return protocol.ErrSyntax
	case c.NArgs() == 3:
		return srandmemberCount(c)
	}
	v, ok, err := look(c, c.Key(0))
	if err != nil {
		return err
	}
	if !ok {
		c.Reply.Null()
		return nil
	}
	v.replyRandom(c.Reply)
	return nil
}

// replyRandom appends one random member. O(N) in a listpack, else O(1).
func (w *view) replyRandom(out *protocol.Writer) {
	switch w.enc {
	case keyspace.EncHashtable:
		out.Bulk(w.dict.Key(w.dict.Random(rand.Uint64)))
	case keyspace.EncIntset:
		out.BulkInt(packed.Intset(w.b).Get(rand.IntN(w.n)))
	default:
		lp := packed.Listpack(w.b)
		var text [20]byte
		out.Bulk(lp.AppendValue(text[:0], lp.Seek(rand.IntN(w.n))))
	}
}

func srandmemberCount(c *core.Ctx) error {
	count, ok := protocol.ParseInt(c.Args[2])
	switch {
	case !ok:
		return protocol.ErrNotInt
	case count < -math.MaxInt64:
		return errCountRange
	}
	v, _, err := look(c, c.Key(0))
	switch {
	case err != nil:
		return err
	case count == 0 || v.n == 0:
		c.Reply.Array(0)
	case count < 0:
		if err := c.Reply.CheckRepeats(-count); err != nil {
			return err
		}
		c.Reply.Array(int(-count))
		v.replyRepeated(c.Reply, int(-count))
	case count >= int64(v.n): // the whole set, as an array even in RESP3
		c.Reply.Array(v.n)
		v.reply(c.Reply)
	default:
		c.Reply.Array(int(count))
		v.replyDistinct(c.Reply, int(count))
	}
	return nil
}

// replyRepeated appends count random members, each drawn from all, or as many as may be sent.
func (w *view) replyRepeated(out *protocol.Writer, count int) {
	if w.enc != keyspace.EncListpack || count < 8 {
		for i := 0; i < count && !out.Full(); i++ {
			w.replyRandom(out)
		}
		return
	}
	// The positions of all members, so that a draw is O(1).
	lp := packed.Listpack(w.b)
	at := make([]int32, 0, w.n)
	for pos := lp.First(); pos >= 0; pos = lp.Next(pos) {
		at = append(at, int32(pos))
	}
	var text [20]byte
	for i := 0; i < count && !out.Full(); i++ {
		out.Bulk(lp.AppendValue(text[:0], int(at[rand.IntN(w.n)])))
	}
}

// replyDistinct appends count different members, all choices equally likely; count is below the size of the set. It
// draws until it has them when they are few, and else walks the set once, taking each member with the probability
// that is left for it (Knuth, The Art of Computer Programming 3.4.2, algorithm S).
func (w *view) replyDistinct(out *protocol.Writer, count int) {
	if w.enc == keyspace.EncHashtable && count <= w.n/4 {
		taken := make(map[keyspace.Ref]struct{}, count)
		for len(taken) < count {
			r := w.dict.Random(rand.Uint64)
			if _, dup := taken[r]; !dup {
				taken[r] = struct{}{}
				out.Bulk(w.dict.Key(r))
			}
		}
		return
	}
	left, need := uint64(w.n), uint64(count)
	w.each(func(m []byte) bool {
		if rand.Uint64N(left) < need {
			out.Bulk(m)
			need--
		}
		left--
		return need > 0
	})
}
