package zsets

import "github.com/redust/redust/core"

func (z *zsets) countCommands() []core.Command {
	return []core.Command{
		{
			Name: "ZCOUNT", Arity: 4,
			Flags:      core.ReadOnlyCmd | core.Fast,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "2.0.0",
			Complexity: "O(log N), N = members of the sorted set",
			Summary:    "Counts the members whose scores are in a range.",
			Syntax:     "key@0 min:double max:double",
			ACL:        core.CatSortedSet,
			Run:        z.zcount,
		},
		{
			Name: "ZLEXCOUNT", Arity: 4,
			Flags:      core.ReadOnlyCmd | core.Fast,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "2.8.9",
			Complexity: "O(log N), N = members of the sorted set",
			Summary:    "Counts the members in a lexicographical range, where all scores are the same.",
			Syntax:     "key@0 min max",
			ACL:        core.CatSortedSet,
			Run:        z.zlexcount,
		},
	}
}

func (z *zsets) zcount(c *core.Ctx) error {
	s := rangeSpec{by: byScore, limit: noLimit}
	return count(c, &s, s.parseScores(c.Args[2], c.Args[3]))
}

func (z *zsets) zlexcount(c *core.Ctx) error {
	s := rangeSpec{by: byLex, limit: noLimit}
	return count(c, &s, s.parseLex(c.Args[2], c.Args[3]))
}

func count(c *core.Ctx, s *rangeSpec, err error) error {
	if err != nil {
		return err
	}
	w, _, err := read(c, c.Key(0))
	if err != nil {
		return err
	}
	_, n := s.span(&w)
	c.Reply.Int(int64(n))
	return nil
}
