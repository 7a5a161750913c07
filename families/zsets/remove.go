package zsets

import (
	"github.com/redust/redust/core"
)

func (z *zsets) removeCommands() []core.Command {
	return []core.Command{
		{
			Name: "ZREM", Arity: -3,
			Flags:      core.Write | core.Fast,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Delete),
			Group:      "sorted-set",
			Since:      "1.2.0",
			Complexity: "O(M*log N), N = members of the sorted set, M = members removed",
			Summary:    "Removes members. Removes the key with the last one.",
			Syntax:     "key@0 member...",
			History: [][2]string{
				{"2.4.0", "Several members in one call."},
			},
			ACL:    core.CatSortedSet,
			Run:    z.zrem,
			Weight: func(c *core.Ctx) int { return c.NArgs() },
		},
		{
			Name: "ZREMRANGEBYRANK", Arity: 4,
			Flags:      core.Write,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Delete),
			Group:      "sorted-set",
			Since:      "2.0.0",
			Complexity: "O(log N + M), N = members of the sorted set, M = members removed",
			Summary:    "Removes the members in a range of ranks.",
			Syntax:     "key@0 start:integer stop:integer",
			ACL:        core.CatSortedSet,
			Run:        z.zremrangebyrank,
			Weight:     removeWeight(byRank),
		},
		{
			Name: "ZREMRANGEBYSCORE", Arity: 4,
			Flags:      core.Write,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Delete),
			Group:      "sorted-set",
			Since:      "1.2.0",
			Complexity: "O(log N + M), N = members of the sorted set, M = members removed",
			Summary:    "Removes the members whose scores are in a range.",
			Syntax:     "key@0 min:double max:double",
			ACL:        core.CatSortedSet,
			Run:        z.zremrangebyscore,
			Weight:     removeWeight(byScore),
		},
		{
			Name: "ZREMRANGEBYLEX", Arity: 4,
			Flags:      core.Write,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Delete),
			Group:      "sorted-set",
			Since:      "2.8.9",
			Complexity: "O(log N + M), N = members of the sorted set, M = members removed",
			Summary:    "Removes the members in a lexicographical range, where all scores are the same.",
			Syntax:     "key@0 min max",
			ACL:        core.CatSortedSet,
			Run:        z.zremrangebylex,
			Weight:     removeWeight(byLex),
		},
	}
}

func (z *zsets) zrem(c *core.Ctx) error {
	var e editor
	if err := e.open(z, c, c.Key(0)); err != nil {
		return err
	}
	n := 0
	if e.had {
		for _, member := range c.Args[2:] {
			if e.remove(member) {
				if n++; e.len() == 0 {
					break
				}
			}
		}
	}
	if n > 0 {
		e.changed("zrem", n)
		e.commit(e.len() == 0)
	}
	c.Reply.Int(int64(n))
	return nil
}

func removeSpec(by rangeBy, c *core.Ctx) (s rangeSpec, err error) {
	s = rangeSpec{by: by, limit: noLimit}
	switch by {
	case byRank:
		err = s.parseRanks(c.Args[2], c.Args[3])
	case byScore:
		err = s.parseScores(c.Args[2], c.Args[3])
	default:
		err = s.parseLex(c.Args[2], c.Args[3])
	}
	return s, err
}

func (z *zsets) zremrangebyrank(c *core.Ctx) error {
	return z.removeRange(c, byRank, "zremrangebyrank")
}

func (z *zsets) zremrangebyscore(c *core.Ctx) error {
	return z.removeRange(c, byScore, "zremrangebyscore")
}

func (z *zsets) zremrangebylex(c *core.Ctx) error {
	return z.removeRange(c, byLex, "zremrangebylex")
}

func (z *zsets) removeRange(c *core.Ctx, by rangeBy, event string) error {
	s, err := removeSpec(by, c)
	if err != nil {
		return err
	}
	var e editor
	if err := e.open(z, c, c.Key(0)); err != nil {
		return err
	}
	from, n := s.span(&e.view)
	if n > 0 {
		all := e.removeRange(from, n)
		e.changed(event, n)
		e.commit(all)
	}
	c.Reply.Int(int64(n))
	return nil
}

func removeWeight(by rangeBy) func(c *core.Ctx) int {
	return func(c *core.Ctx) int {
		w := peek(c, 0)
		if w.len() <= lightRange {
			return 1
		}
		s, err := removeSpec(by, c)
		if err != nil {
			return 1
		}
		_, n := s.span(&w)
		if n == w.len() {
			return 1 // the value is dropped whole, and freed in the background
		}
		return 2 * n
	}
}
