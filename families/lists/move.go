package lists

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

func (l *lists) moveCommands() []core.Command {
	return []core.Command{
		{
			Name: "LMOVE", Arity: 5,
			Flags: core.Write | core.DenyOOM,
			Keys: core.KeyAt(1, core.ReadWrite|core.AccessData|core.Delete).And(
				core.KeyAt(2, core.ReadWrite|core.Insert),
			),
			Group:      "list",
			Since:      "6.2.0",
			Complexity: "O(1)",
			Summary:    "Moves an element between two lists and returns it.",
			Syntax:     "source@0 destination@1 wherefrom(LEFT|RIGHT) whereto(LEFT|RIGHT)",
			ACL:        core.CatList,
			Run:        l.lmove,
		},
		{
			Name: "RPOPLPUSH", Arity: 3,
			Flags: core.Write | core.DenyOOM,
			Keys: core.KeyAt(1, core.ReadWrite|core.AccessData|core.Delete).And(
				core.KeyAt(2, core.ReadWrite|core.Insert),
			),
			Group:      "list",
			Since:      "1.2.0",
			Complexity: "O(1)",
			Summary:    "Moves the last element of a list to the front of another and returns it.",
			Syntax:     "source@0 destination@1",
			Deprecated: "6.2.0",
			ReplacedBy: "`LMOVE` with the `RIGHT` and `LEFT` arguments",
			ACL:        core.CatList,
			Run:        l.rpoplpush,
		},
	}
}

// ends says from which end of one list to which end of another an element goes.
type ends struct{ fromFront, toFront bool }

// parseEnd reads LEFT or RIGHT.
func parseEnd(arg []byte) (front bool, err error) {
	switch {
	case protocol.IsWord(arg, "LEFT"):
		return true, nil
	case protocol.IsWord(arg, "RIGHT"):
		return false, nil
	}
	return false, protocol.ErrSyntax
}

// parseEnds reads the two arguments from the third on.
func parseEnds(c *core.Ctx) (m ends, err error) {
	if m.fromFront, err = parseEnd(c.Args[3]); err == nil {
		m.toFront, err = parseEnd(c.Args[4])
	}
	return m, err
}

func (l *lists) lmove(c *core.Ctx) error {
	m, err := parseEnds(c)
	if err != nil {
		return err
	}
	return l.moveOrNull(c, m)
}

func (l *lists) rpoplpush(c *core.Ctx) error { return l.moveOrNull(c, ends{toFront: true}) }

func (l *lists) moveOrNull(c *core.Ctx, m ends) error {
	moved, err := l.move(c, m)
	if err == nil && !moved {
		c.Reply.Null()
	}
	return err
}

// move takes an element from the first key of the command to the second and replies with it; false if there is none. Nothing
// changes on an error.
func (l *lists) move(c *core.Ctx, m ends) (moved bool, err error) {
	from, to := c.Key(0), c.Key(1)
	if _, ok, err := find(c, from, true); err != nil || !ok {
		return false, err
	}
	if _, _, err := find(c, to, true); err != nil {
		return false, err
	}
	if string(from.Name) == string(to.Name) {
		l.rotate(c, from, m)
		return true, nil
	}
	src, _ := c.FindWrite(from) // an entry lives until the next change in its table: found anew each time
	s, empty := l.pop(c, from, src, m.fromFront, c.Scratch())
	dst, ok := c.FindWrite(to)
	var one [1][]byte
	one[0] = s
	l.push(c, to, dst, ok, one[:], m.toFront, s[len(s):len(s):cap(s)])
	c.Reply.Bulk(s)
	c.SetScratch(s)
	c.Changed(core.EventList, event{"push", m.toFront}.name(), to)
	popped(c, from, m.fromFront, 1, empty)
	c.Dirty(-1) // one change in all
	return true, nil
}

// rotate moves an element of the list at k to an end of the same list.
func (l *lists) rotate(c *core.Ctx, k core.Key, m ends) {
	e, _ := c.FindWrite(k)
	v := viewEntry(e)
	at := v.n - 1
	if m.fromFront {
		at = 0
	}
	s := v.appendAt(c.Scratch(), at)
	if v.n > 1 && m.fromFront != m.toFront {
		rest := s[len(s):len(s):cap(s)]
		l.pop(c, k, e, m.fromFront, rest)
		e, _ = c.FindWrite(k)
		l.push(c, k, e, true, [][]byte{s}, m.toFront, nil)
	}
	c.Reply.Bulk(s)
	c.SetScratch(s)
	c.Changed(core.EventList, event{"push", m.toFront}.name(), k)
	c.Notify(core.EventList, event{"pop", m.fromFront}.name(), k)
}
