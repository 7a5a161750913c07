package keysfamily

import "github.com/redust/redust/core"

var ttlCommands = []core.Command{
	{
		Name: "TTL", Arity: 2,
		Flags:      core.ReadOnlyCmd | core.Fast,
		Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group:      "generic",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Tells how many seconds a key has to live: -1 without limit, -2 for no key.",
		Syntax:     "key@0",
		History:    [][2]string{{"2.8.0", "-2 is replied for no key."}},
		Tips:       []string{"nondeterministic_output"},
		ACL:        core.CatKeyspace,
		Run:        func(c *core.Ctx) error { return ttlGeneric(c, c.Now(), 1000) },
	},
	{
		Name: "PTTL", Arity: 2,
		Flags:      core.ReadOnlyCmd | core.Fast,
		Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group:      "generic",
		Since:      "2.6.0",
		Complexity: "O(1)",
		Summary:    "Tells how many milliseconds a key has to live: -1 without limit, -2 for no key.",
		Syntax:     "key@0",
		History:    [][2]string{{"2.8.0", "-2 is replied for no key."}},
		Tips:       []string{"nondeterministic_output"},
		ACL:        core.CatKeyspace,
		Run:        func(c *core.Ctx) error { return ttlGeneric(c, c.Now(), 1) },
	},
	{
		Name: "EXPIRETIME", Arity: 2,
		Flags:      core.ReadOnlyCmd | core.Fast,
		Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group:      "generic",
		Since:      "7.0.0",
		Complexity: "O(1)",
		Summary:    "Tells until when a key lives, in seconds since 1970: -1 without limit, -2 for no key.",
		Syntax:     "key@0",
		ACL:        core.CatKeyspace,
		Run:        func(c *core.Ctx) error { return ttlGeneric(c, 0, 1000) },
	},
	{
		Name: "PEXPIRETIME", Arity: 2,
		Flags:      core.ReadOnlyCmd | core.Fast,
		Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group:      "generic",
		Since:      "7.0.0",
		Complexity: "O(1)",
		Summary:    "Tells until when a key lives, in milliseconds since 1970: -1 without limit, -2 for no key.",
		Syntax:     "key@0",
		ACL:        core.CatKeyspace,
		Run:        func(c *core.Ctx) error { return ttlGeneric(c, 0, 1) },
	},
}

// ttlGeneric replies with the deadline less base, in units of so many milliseconds, rounded to the nearest.
func ttlGeneric(c *core.Ctx, base, unit int64) error {
	e, ok := c.FindNoTouch(c.Key(0))
	if !ok {
		c.Reply.Int(-2)
		return nil
	}
	at, volatile := e.ExpireAt()
	if !volatile {
		c.Reply.Int(-1)
		return nil
	}
	c.Reply.Int(int64((uint64(max(at-base, 0)) + uint64(unit/2)) / uint64(unit)))
	return nil
}
