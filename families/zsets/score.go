package zsets

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

func (z *zsets) scoreCommands() []core.Command {
	return []core.Command{
		{
			Name: "ZCARD", Arity: 2,
			Flags:      core.ReadOnlyCmd | core.Fast,
			Keys:       core.KeyAt(1, core.ReadOnly),
			Group:      "sorted-set",
			Since:      "1.2.0",
			Complexity: "O(1)",
			Summary:    "Counts the members of a sorted set.",
			Syntax:     "key@0",
			ACL:        core.CatSortedSet,
			Run:        zcard,
		},
		{
			Name: "ZSCORE", Arity: 3,
			Flags:      core.ReadOnlyCmd | core.Fast,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "1.2.0",
			Complexity: "O(1)",
			Summary:    "Returns the score of a member.",
			Syntax:     "key@0 member",
			ACL:        core.CatSortedSet,
			Run:        zscore,
		},
		{
			Name: "ZMSCORE", Arity: -3,
			Flags:      core.ReadOnlyCmd | core.Fast,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "6.2.0",
			Complexity: "O(N), N = members asked for",
			Summary:    "Returns the scores of several members.",
			Syntax:     "key@0 member...",
			ACL:        core.CatSortedSet,
			Run:        zmscore,
		},
		{
			Name: "ZRANK", Arity: -3,
			Flags:      core.ReadOnlyCmd | core.Fast,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "2.0.0",
			Complexity: "O(log N)",
			Summary:    "Returns the place of a member, counted from the lowest score, 0 first.",
			Syntax:     "key@0 member [WITHSCORE<7.2.0>]",
			ACL:        core.CatSortedSet,
			Run:        func(c *core.Ctx) error { return rank(c, false) },
		},
		{
			Name: "ZREVRANK", Arity: -3,
			Flags:      core.ReadOnlyCmd | core.Fast,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "2.0.0",
			Complexity: "O(log N)",
			Summary:    "Returns the place of a member, counted from the highest score, 0 first.",
			Syntax:     "key@0 member [WITHSCORE<7.2.0>]",
			ACL:        core.CatSortedSet,
			Run:        func(c *core.Ctx) error { return rank(c, true) },
		},
	}
}

func zcard(c *core.Ctx) error {
	w, _, err := read(c, c.Key(0))
	if err != nil {
		return err
	}
	c.Reply.Int(int64(w.len()))
	return nil
}

func zscore(c *core.Ctx) error {
	w, _, err := read(c, c.Key(0))
	if err != nil {
		return err
	}
	if score, ok := w.score(c.Args[2]); ok {
		c.Reply.Double(score)
	} else {
		c.Reply.Null()
	}
	return nil
}

func zmscore(c *core.Ctx) error {
	w, _, err := read(c, c.Key(0))
	if err != nil {
		return err
	}
	c.Reply.Array(c.NArgs() - 2)
	for _, member := range c.Args[2:] {
		if score, ok := w.score(member); ok {
			c.Reply.Double(score)
		} else {
			c.Reply.Null()
		}
	}
	return nil
}

// rank is ZRANK and ZREVRANK. WITHSCORE is Redis 7.2's.
func rank(c *core.Ctx, reverse bool) error {
	withScore := c.NArgs() == 4
	if c.NArgs() > 4 {
		return protocol.WrongArgs(c.Command().FullName())
	}
	if withScore && !protocol.IsWord(c.Args[3], "WITHSCORE") {
		return protocol.ErrSyntax
	}
	w, _, err := read(c, c.Key(0))
	if err != nil {
		return err
	}
	rank, score, ok := w.rankOf(c.Args[2])
	if ok && reverse {
		rank = w.len() - 1 - rank
	}
	switch {
	case !ok && withScore:
		c.Reply.NullArray()
	case !ok:
		c.Reply.Null()
	case withScore:
		c.Reply.Array(2)
		c.Reply.Int(int64(rank))
		c.Reply.Double(score)
	default:
		c.Reply.Int(int64(rank))
	}
	return nil
}
