package hashes

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

func (h *hashes) setCommands() []core.Command {
	return []core.Command{{
		Name: "HSET", Arity: -4,
		Flags: core.Write | core.DenyOOM | core.Fast,
		Keys:  core.KeyAt(1, core.ReadWrite|core.Update),
		Group: "hash", Since: "2.0.0", Complexity: "O(N), N = pairs given.",
		Summary: "Sets fields of a hash, creating it when absent.",
		Syntax:  "key@0 field_value(field value)...",
		History: [][2]string{{"4.0.0", "Takes several pairs of field and value."}},
		ACL:     core.CatHash, Run: h.hset, Weight: weighArgs,
	}, {
		Name: "HMSET", Arity: -4,
		Flags: core.Write | core.DenyOOM | core.Fast,
		Keys:  core.KeyAt(1, core.ReadWrite|core.Update),
		Group: "hash", Since: "2.0.0", Complexity: "O(N), N = pairs given.",
		Summary:    "Sets several fields of a hash.",
		Syntax:     "key@0 field_value(field value)...",
		Deprecated: "4.0.0", ReplacedBy: "`HSET` with multiple field-value pairs",
		ACL: core.CatHash, Run: h.hmset, Weight: weighArgs,
	}, {
		Name: "HSETNX", Arity: 4,
		Flags: core.Write | core.DenyOOM | core.Fast,
		Keys:  core.KeyAt(1, core.ReadWrite|core.Insert),
		Group: "hash", Since: "2.0.0", Complexity: "O(1)",
		Summary: "Sets a field of a hash if it is absent.",
		Syntax:  "key@0 field value",
		ACL:     core.CatHash, Run: h.hsetnx,
	}, {
		Name: "HDEL", Arity: -3,
		Flags: core.Write | core.Fast,
		Keys:  core.KeyAt(1, core.ReadWrite|core.Delete),
		Group: "hash", Since: "2.0.0", Complexity: "O(N), N = fields given.",
		Summary: "Deletes fields of a hash, and the key with the last one.",
		Syntax:  "key@0 field...",
		History: [][2]string{{"2.4.0", "Takes several fields."}},
		ACL:     core.CatHash, Run: h.hdel, Weight: weighArgs,
	}}
}

func weighArgs(c *core.Ctx) int { return c.NArgs() - 2 }

func (h *hashes) hset(c *core.Ctx) error {
	created, err := h.setPairs(c)
	if err != nil {
		return err
	}
	c.Reply.Int(int64(created))
	return nil
}

func (h *hashes) hmset(c *core.Ctx) error {
	if _, err := h.setPairs(c); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

// setPairs sets the pairs of the arguments and returns how many fields are new.
func (h *hashes) setPairs(c *core.Ctx) (created int, err error) {
	if c.NArgs()%2 != 0 {
		return 0, protocol.WrongArgs(c.Command().FullName())
	}
	k := c.Key(0)
	var e edit
	if err := e.open(h, c, k); err != nil {
		return 0, err
	}
	for i := 2; i < len(c.Args); i += 2 {
		if e.set(c.Args[i], c.Args[i+1]) {
			created++
		}
	}
	e.save()
	c.Changed(core.EventHash, "hset", k)
	c.Dirty(len(c.Args)/2 - 2)
	return created, nil
}

func (h *hashes) hsetnx(c *core.Ctx) error {
	k := c.Key(0)
	var e edit
	if err := e.open(h, c, k); err != nil {
		return err
	}
	if w := e.view(); e.exists {
		if _, ok := w.get(c.Args[2]); ok {
			c.Reply.Int(0)
			return nil
		}
	}
	e.set(c.Args[2], c.Args[3])
	e.save()
	c.Changed(core.EventHash, "hset", k)
	c.Reply.Int(1)
	return nil
}

func (h *hashes) hdel(c *core.Ctx) error {
	k := c.Key(0)
	var e edit
	if err := e.open(h, c, k); err != nil {
		return err
	}
	deleted := 0
	if e.exists {
		e.shrinkable()
		for _, f := range c.Args[2:] {
			if e.remove(f) {
				deleted++
			}
		}
	}
	if deleted > 0 {
		gone := e.save()
		c.Changed(core.EventHash, "hdel", k)
		c.Dirty(deleted - 1)
		if gone {
			c.Notify(core.EventGeneric, "del", k)
		}
	}
	c.Reply.Int(int64(deleted))
	return nil
}
