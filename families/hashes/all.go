package hashes

import "github.com/redust/redust/core"

func allCommands() []core.Command {
	cmd := func(name, summary string, run func(c *core.Ctx) error) core.Command {
		return core.Command{
			Name: name, Arity: 2, Flags: core.ReadOnlyCmd,
			Keys:  core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group: "hash", Since: "2.0.0", Complexity: "O(N), N = fields of the hash.",
			Summary: summary, Syntax: "key@0", Tips: []string{"nondeterministic_output_order"},
			ACL: core.CatHash, Run: run,
			Weight: func(c *core.Ctx) int { return weigh(c, c.Key(0)) },
		}
	}
	return []core.Command{
		cmd("HGETALL", "Returns all fields of a hash with their values.", hgetall),
		cmd("HKEYS", "Lists all fields of a hash.", hkeys),
		cmd("HVALS", "Lists the values of all fields of a hash.", hvals),
	}
}

func hgetall(c *core.Ctx) error {
	w, err := look(c, c.Key(0))
	if err != nil {
		return err
	}
	c.Reply.Map(w.n)
	w.reply(c.Reply, both)
	return nil
}

func hkeys(c *core.Ctx) error { return replyHalf(c, fields) }

func hvals(c *core.Ctx) error { return replyHalf(c, values) }

func replyHalf(c *core.Ctx, p parts) error {
	w, err := look(c, c.Key(0))
	if err != nil {
		return err
	}
	c.Reply.Array(w.n)
	w.reply(c.Reply, p)
	return nil
}
