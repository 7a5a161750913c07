package zsets

import "github.com/redust/redust/core"

// The range commands that ZRANGE replaces since Redis 6.2.

func (z *zsets) oldRangeCommands() []core.Command {
	return []core.Command{
		{
			Name: "ZREVRANGE", Arity: -4,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "1.2.0",
			Complexity: "O(log N + M), N = members of the sorted set, M = members returned",
			Summary:    "Returns a range of ranks, from the highest score down.",
			Syntax:     "key@0 start:integer stop:integer [WITHSCORES]",
			Deprecated: "6.2.0",
			ReplacedBy: "`ZRANGE` with the `REV` argument",
			ACL:        core.CatSortedSet,
			Run:        z.zrevrange,
			Weight:     formZREVRANGE.weigh,
		},
		{
			Name: "ZRANGEBYSCORE", Arity: -4,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "1.0.5",
			Complexity: "O(log N + M), N = members of the sorted set, M = members returned",
			Summary:    "Returns the members whose scores are in a range.",
			Syntax:     "key@0 min:double max:double [WITHSCORES<2.0.0>] [offset_count=LIMIT(offset:integer count:integer)]",
			History: [][2]string{
				{"2.0.0", "Came with option WITHSCORES."},
			},
			Deprecated: "6.2.0",
			ReplacedBy: "`ZRANGE` with the `BYSCORE` argument",
			ACL:        core.CatSortedSet,
			Run:        z.zrangebyscore,
			Weight:     formZRANGEBYSCORE.weigh,
		},
		{
			Name: "ZREVRANGEBYSCORE", Arity: -4,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "2.2.0",
			Complexity: "O(log N + M), N = members of the sorted set, M = members returned",
			Summary:    "Returns the members whose scores are in a range, from the highest score down.",
			Syntax:     "key@0 max:double min:double [WITHSCORES] [offset_count=LIMIT(offset:integer count:integer)]",
			History: [][2]string{
				{"2.1.6", "Bounds may be excluded."},
			},
			Deprecated: "6.2.0",
			ReplacedBy: "`ZRANGE` with the `REV` and `BYSCORE` arguments",
			ACL:        core.CatSortedSet,
			Run:        z.zrevrangebyscore,
			Weight:     formZREVRANGEBYSCORE.weigh,
		},
		{
			Name: "ZRANGEBYLEX", Arity: -4,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "2.8.9",
			Complexity: "O(log N + M), N = members of the sorted set, M = members returned",
			Summary:    "Returns the members in a lexicographical range, where all scores are the same.",
			Syntax:     "key@0 min max [offset_count=LIMIT(offset:integer count:integer)]",
			Deprecated: "6.2.0",
			ReplacedBy: "`ZRANGE` with the `BYLEX` argument",
			ACL:        core.CatSortedSet,
			Run:        z.zrangebylex,
			Weight:     formZRANGEBYLEX.weigh,
		},
		{
			Name: "ZREVRANGEBYLEX", Arity: -4,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "2.8.9",
			Complexity: "O(log N + M), N = members of the sorted set, M = members returned",
			Summary:    "Returns the members in a lexicographical range, from the last one back.",
			Syntax:     "key@0 max min [offset_count=LIMIT(offset:integer count:integer)]",
			Deprecated: "6.2.0",
			ReplacedBy: "`ZRANGE` with the `REV` and `BYLEX` arguments",
			ACL:        core.CatSortedSet,
			Run:        z.zrevrangebylex,
			Weight:     formZREVRANGEBYLEX.weigh,
		},
	}
}

func (z *zsets) zrevrange(c *core.Ctx) error        { return formZREVRANGE.run(c) }
func (z *zsets) zrangebyscore(c *core.Ctx) error    { return formZRANGEBYSCORE.run(c) }
func (z *zsets) zrevrangebyscore(c *core.Ctx) error { return formZREVRANGEBYSCORE.run(c) }
func (z *zsets) zrangebylex(c *core.Ctx) error      { return formZRANGEBYLEX.run(c) }
func (z *zsets) zrevrangebylex(c *core.Ctx) error   { return formZREVRANGEBYLEX.run(c) }
