package lists

import (
	"github.com/redust/redust/core"
)

func (l *lists) pushCommands() []core.Command {
	return []core.Command{
		{
			Name: "LPUSH", Arity: -3,
			Flags:      core.Write | core.DenyOOM | core.Fast,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Insert),
			Group:      "list",
			Since:      "1.0.0",
			Complexity: "O(N), N = elements added",
			Summary:    "Adds elements at the front of a list, which is made if need be.",
			Syntax:     "key@0 element...",
			History: [][2]string{
				{"2.4.0", "Several elements may be given."},
			},
			ACL: core.CatList,
			Run: l.pushCommand(true, false),
		},
		{
			Name: "RPUSH", Arity: -3,
			Flags:      core.Write | core.DenyOOM | core.Fast,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Insert),
			Group:      "list",
			Since:      "1.0.0",
			Complexity: "O(N), N = elements added",
			Summary:    "Adds elements at the end of a list, which is made if need be.",
			Syntax:     "key@0 element...",
			History: [][2]string{
				{"2.4.0", "Several elements may be given."},
			},
			ACL: core.CatList,
			Run: l.pushCommand(false, false),
		},
		{
			Name: "LPUSHX", Arity: -3,
			Flags:      core.Write | core.DenyOOM | core.Fast,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Insert),
			Group:      "list",
			Since:      "2.2.0",
			Complexity: "O(N), N = elements added",
			Summary:    "Adds elements at the front of a list that exists.",
			Syntax:     "key@0 element...",
			History: [][2]string{
				{"4.0.0", "Several elements may be given."},
			},
			ACL: core.CatList,
			Run: l.pushCommand(true, true),
		},
		{
			Name: "RPUSHX", Arity: -3,
			Flags:      core.Write | core.DenyOOM | core.Fast,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Insert),
			Group:      "list",
			Since:      "2.2.0",
			Complexity: "O(N), N = elements added",
			Summary:    "Adds elements at the end of a list that exists.",
			Syntax:     "key@0 element...",
			History: [][2]string{
				{"4.0.0", "Several elements may be given."},
			},
			ACL: core.CatList,
			Run: l.pushCommand(false, true),
		},
	}
}

// pushCommand is LPUSH and its like; existing is for those that need a list to be there.
func (l *lists) pushCommand(front, existing bool) func(*core.Ctx) error {
	event := event{"push", front}.name()
	return func(c *core.Ctx) error {
		k := c.Key(0)
		e, ok, err := find(c, k, true)
		if err != nil {
			return err
		}
		if !ok && existing {
			c.Reply.Int(0)
			return nil
		}
		elems := c.Args[2:]
		n := l.push(c, k, e, ok, elems, front, c.Scratch())
		c.Reply.Int(int64(n))
		c.Changed(core.EventList, event, k)
		c.Dirty(len(elems) - 1)
		return nil
	}
}

// event is what is told of a push or pop at an end.
type event struct {
	verb  string
	front bool
}

// name is "lpush", "rpop" and so on.
func (e event) name() string {
	if e.front {
		return "l" + e.verb
	}
	return "r" + e.verb
}
