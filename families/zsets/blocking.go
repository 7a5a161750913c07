package zsets

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

func (z *zsets) blockingCommands() []core.Command {
	return []core.Command{
		{
			Name: "BZPOPMIN", Arity: -3,
			Flags:      core.Write | core.NoScript | core.Blocking | core.Fast,
			Keys:       core.KeyRange(1, -2, 1, core.ReadWrite|core.AccessData|core.Delete),
			Group:      "sorted-set",
			Since:      "5.0.0",
			Complexity: "O(log N), N = members of the sorted set",
			Summary:    "Pops the member with the lowest score from the first sorted set that has any, waiting for one if need be.",
			Syntax:     "key@0... timeout:double",
			History: [][2]string{
				{"6.0.0", "Fractions of a second as timeout."},
			},
			ACL: core.CatSortedSet,
			Run: z.bzpopmin,
		},
		{
			Name: "BZPOPMAX", Arity: -3,
			Flags:      core.Write | core.NoScript | core.Blocking | core.Fast,
			Keys:       core.KeyRange(1, -2, 1, core.ReadWrite|core.AccessData|core.Delete),
			Group:      "sorted-set",
			Since:      "5.0.0",
			Complexity: "O(log N), N = members of the sorted set",
			Summary:    "Pops the member with the highest score from the first sorted set that has any, waiting for one if need be.",
			Syntax:     "key@0... timeout:double",
			History: [][2]string{
				{"6.0.0", "Fractions of a second as timeout."},
			},
			ACL: core.CatSortedSet,
			Run: z.bzpopmax,
		},
		{
			Name: "BZMPOP", Arity: -5,
			Flags:      core.Write | core.Blocking,
			Keys:       core.KeyNum(2, core.ReadWrite|core.AccessData|core.Delete),
			Group:      "sorted-set",
			Since:      "7.0.0",
			Complexity: "O(K + M*log N), K = keys, N = members of the one popped from, M = members popped",
			Summary:    "Pops members with their scores from the first sorted set that has any, waiting for one if need be.",
			Syntax:     "timeout:double numkeys:integer key@0... where(MIN|MAX) [count:integer=COUNT]",
			ACL:        core.CatSortedSet,
			Run:        z.bzmpop,
			Weight:     mpopWeight,
		},
	}
}

func (z *zsets) bzpopmin(c *core.Ctx) error { return z.blockingPop(c, false) }
func (z *zsets) bzpopmax(c *core.Ctx) error { return z.blockingPop(c, true) }

// candidates are the keys to look at: all at first, and the one that became ready when the command is tried again.
func candidates(c *core.Ctx) []core.Key {
	if k, ok := c.ReadyKey(); ok {
		return []core.Key{k}
	}
	return c.Keys()
}

// blockingPop is BZPOPMIN and BZPOPMAX; it replies key, member and score.
func (z *zsets) blockingPop(c *core.Ctx, highest bool) error {
	timeout, err := protocol.ParseTimeout(c.Args[c.NArgs()-1])
	if err != nil {
		return err
	}
	for _, k := range candidates(c) {
		var e editor
		if err := e.open(z, c, k); err != nil {
			return err
		}
		if !e.had {
			continue
		}
		c.Reply.Array(3)
		c.Reply.Bulk(k.Name)
		e.pop(1, highest, false)
		c.Propagate(popWords[highest], k.Name)
		return nil
	}
	return c.Block(core.Block{Timeout: timeout, Type: keyspace.ZSet})
}

func (z *zsets) bzmpop(c *core.Ctx) error {
	p, err := parseMPop(c.Args, 2)
	if err != nil {
		return err
	}
	timeout, err := protocol.ParseTimeout(c.Args[1]) // last, as Redis does
	if err != nil {
		return err
	}
	if found, err := z.popFirst(c, candidates(c), p); found || err != nil {
		return err
	}
	return c.Block(core.Block{Timeout: timeout, Type: keyspace.ZSet})
}
