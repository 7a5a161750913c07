package sets

import "github.com/redust/redust/core"

func (s *sets) memberCommands() []core.Command {
	return []core.Command{{
		Name: "SADD", Arity: -3,
		Flags: core.Write | core.DenyOOM | core.Fast,
		Keys:  core.KeyAt(1, core.ReadWrite|core.Insert),
		Group: "set", Since: "1.0.0", Complexity: "O(N), N = members given.",
		Summary: "Adds members to a set, creating it when absent.",
		Syntax:  "key@0 member...",
		History: [][2]string{{"2.4.0", "Takes several members."}},
		ACL:     core.CatSet, Run: s.sadd, Weight: weighArgs,
	}, {
		Name: "SREM", Arity: -3,
		Flags: core.Write | core.Fast,
		Keys:  core.KeyAt(1, core.ReadWrite|core.Delete),
		Group: "set", Since: "1.0.0", Complexity: "O(N), N = members given.",
		Summary: "Removes members from a set, and the key with the last one.",
		Syntax:  "key@0 member...",
		History: [][2]string{{"2.4.0", "Takes several members."}},
		ACL:     core.CatSet, Run: s.srem, Weight: weighArgs,
	}, {
		Name: "SMOVE", Arity: 4,
		Flags: core.Write | core.Fast,
		Keys: core.KeyAt(1, core.ReadWrite|core.AccessData|core.Delete).And(
			core.KeyAt(2, core.ReadWrite|core.Insert)),
		Group: "set", Since: "1.0.0", Complexity: "O(1)",
		Summary: "Moves a member from one set to another in one step.",
		Syntax:  "source@0 destination@1 member",
		ACL:     core.CatSet, Run: s.smove,
	}, {
		Name: "SCARD", Arity: 2,
		Flags: core.ReadOnlyCmd | core.Fast,
		Keys:  core.KeyAt(1, core.ReadOnly),
		Group: "set", Since: "1.0.0", Complexity: "O(1)",
		Summary: "Tells how many members a set has.",
		Syntax:  "key@0",
		ACL:     core.CatSet, Run: scard,
	}, {
		Name: "SISMEMBER", Arity: 3,
		Flags: core.ReadOnlyCmd | core.Fast,
		Keys:  core.KeyAt(1, core.ReadOnly),
		Group: "set", Since: "1.0.0", Complexity: "O(1)",
		Summary: "Tells whether a value is a member of a set.",
		Syntax:  "key@0 member",
		ACL:     core.CatSet, Run: sismember,
	}, {
		Name: "SMISMEMBER", Arity: -3,
		Flags: core.ReadOnlyCmd | core.Fast,
		Keys:  core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group: "set", Since: "6.2.0", Complexity: "O(N), N = values asked for.",
		Summary: "Tells of each value whether it is a member of a set.",
		Syntax:  "key@0 member...",
		ACL:     core.CatSet, Run: smismember, Weight: weighArgs,
	}, {
		Name: "SMEMBERS", Arity: 2,
		Flags: core.ReadOnlyCmd,
		Keys:  core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group: "set", Since: "1.0.0", Complexity: "O(N), N = members of the set.",
		Summary: "Lists all members of a set.",
		Syntax:  "key@0",
		Tips:    []string{"nondeterministic_output_order"},
		ACL:     core.CatSet, Run: smembers,
		Weight: func(c *core.Ctx) int { return weigh(c, c.Key(0)) },
	}}
}

func weighArgs(c *core.Ctx) int { return c.NArgs() - 2 }

func (s *sets) sadd(c *core.Ctx) error {
	k, members := c.Key(0), c.Args[2:]
	var e edit
	if err := e.open(s, c, k, len(members)); err != nil {
		return err
	}
	added := 0
	for _, m := range members {
		if e.add(m) {
			added++
		}
	}
	if added > 0 {
		e.save()
		c.Changed(core.EventSet, "sadd", k)
		c.Dirty(added - 1)
	}
	c.Reply.Int(int64(added))
	return nil
}

func (s *sets) srem(c *core.Ctx) error {
	k, members := c.Key(0), c.Args[2:]
	var e edit
	if err := e.open(s, c, k, len(members)); err != nil {
		return err
	}
	removed := 0
	if e.exists {
		e.shrinkable()
		for _, m := range members {
			if e.remove(m) {
				removed++
			}
		}
	}
	if removed > 0 {
		gone := e.save()
		c.Changed(core.EventSet, "srem", k)
		c.Dirty(removed - 1)
		if gone {
			c.Notify(core.EventGeneric, "del", k)
		}
	}
	c.Reply.Int(int64(removed))
	return nil
}

// smove looks at both keys before it changes either: a wrong type counts only when the source exists, as in Redis.
func (s *sets) smove(c *core.Ctx) error {
	src, dst, m := c.Key(0), c.Key(1), c.Args[3]
	var from, to edit
	err := from.open(s, c, src, 1)
	if err == nil && !from.exists {
		c.Reply.Int(0)
		return nil
	}
	if err == nil {
		err = to.open(s, c, dst, 1)
	}
	if err != nil {
		return err
	}
	if v := from.view(); string(src.Name) == string(dst.Name) || !v.has(m) {
		c.Reply.Int(b2i(v.has(m)))
		return nil
	}
	from.shrinkable()
	from.remove(m)
	gone := from.save()
	c.Changed(core.EventSet, "srem", src)
	if gone {
		c.Notify(core.EventGeneric, "del", src)
	}
	// The entries may share a table, whose change voids what was found before.
	to = edit{}
	if err := to.open(s, c, dst, 1); err != nil {
		return err
	}
	if to.add(m) {
		to.save()
		c.Changed(core.EventSet, "sadd", dst)
	}
	c.Reply.Int(1)
	return nil
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func scard(c *core.Ctx) error {
	v, _, err := find(c, c.Key(0))
	if err != nil {
		return err
	}
	c.Reply.Int(int64(v.n))
	return nil
}

func sismember(c *core.Ctx) error {
	v, _, err := find(c, c.Key(0))
	if err != nil {
		return err
	}
	c.Reply.Int(b2i(v.has(c.Args[2])))
	return nil
}

func smismember(c *core.Ctx) error {
	v, _, err := look(c, c.Key(0))
	if err != nil {
		return err
	}
	c.Reply.Array(c.NArgs() - 2)
	for _, m := range c.Args[2:] {
		c.Reply.Int(b2i(v.has(m)))
	}
	return nil
}

func smembers(c *core.Ctx) error {
	v, _, err := look(c, c.Key(0))
	if err != nil {
		return err
	}
	c.Reply.Set(v.n)
	v.reply(c.Reply)
	return nil
}
