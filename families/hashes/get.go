package hashes

import (
	"github.com/redust/redust/core"
)

func getCommands() []core.Command {
	return []core.Command{{
		Name: "HGET", Arity: 3,
		Flags: core.ReadOnlyCmd | core.Fast,
		Keys:  core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group: "hash", Since: "2.0.0", Complexity: "O(1)",
		Summary: "Returns the value of a field of a hash.",
		Syntax:  "key@0 field",
		ACL:     core.CatHash, Run: hget,
	}, {
		Name: "HMGET", Arity: -3,
		Flags: core.ReadOnlyCmd | core.Fast,
		Keys:  core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group: "hash", Since: "2.0.0", Complexity: "O(N), N = fields asked for.",
		Summary: "Returns the values of several fields of a hash.",
		Syntax:  "key@0 field...",
		ACL:     core.CatHash, Run: hmget, Weight: weighArgs,
	}, {
		Name: "HEXISTS", Arity: 3,
		Flags: core.ReadOnlyCmd | core.Fast,
		Keys:  core.KeyAt(1, core.ReadOnly),
		Group: "hash", Since: "2.0.0", Complexity: "O(1)",
		Summary: "Tells whether a hash has a field.",
		Syntax:  "key@0 field",
		ACL:     core.CatHash, Run: hexists,
	}, {
		Name: "HSTRLEN", Arity: 3,
		Flags: core.ReadOnlyCmd | core.Fast,
		Keys:  core.KeyAt(1, core.ReadOnly),
		Group: "hash", Since: "3.2.0", Complexity: "O(1)",
		Summary: "Tells how long the value of a field of a hash is, in bytes.",
		Syntax:  "key@0 field",
		ACL:     core.CatHash, Run: hstrlen,
	}, {
		Name: "HLEN", Arity: 2,
		Flags: core.ReadOnlyCmd | core.Fast,
		Keys:  core.KeyAt(1, core.ReadOnly),
		Group: "hash", Since: "2.0.0", Complexity: "O(1)",
		Summary: "Tells how many fields a hash has.",
		Syntax:  "key@0",
		ACL:     core.CatHash, Run: hlen,
	}}
}

func hget(c *core.Ctx) error {
	w, err := find(c, c.Key(0))
	if err != nil {
		return err
	}
	if v, ok := w.get(c.Args[2]); ok {
		v.reply(c.Reply)
	} else {
		c.Reply.Null()
	}
	return nil
}

func hmget(c *core.Ctx) error {
	w, err := look(c, c.Key(0))
	if err != nil {
		return err
	}
	c.Reply.Array(c.NArgs() - 2)
	for _, f := range c.Args[2:] {
		if v, ok := w.get(f); ok {
			v.reply(c.Reply)
		} else {
			c.Reply.Null()
		}
	}
	return nil
}

func hexists(c *core.Ctx) error {
	w, err := find(c, c.Key(0))
	if err != nil {
		return err
	}
	n := int64(0)
	if _, ok := w.get(c.Args[2]); ok {
		n = 1
	}
	c.Reply.Int(n)
	return nil
}

func hstrlen(c *core.Ctx) error {
	w, err := find(c, c.Key(0))
	if err != nil {
		return err
	}
	n := 0
	if v, ok := w.get(c.Args[2]); ok {
		n = v.len()
	}
	c.Reply.Int(int64(n))
	return nil
}

func hlen(c *core.Ctx) error {
	w, err := find(c, c.Key(0))
	if err != nil {
		return err
	}
	c.Reply.Int(int64(w.n))
	return nil
}
