package zsets

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

func (z *zsets) scanCommands() []core.Command {
	return []core.Command{
		{
			Name: "ZSCAN", Arity: -3,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "2.8.0",
			Complexity: "O(1) a call, O(N) a complete walk, N = members of the sorted set",
			Summary:    "Walks the members and their scores step by step.",
			Syntax:     "key@0 cursor:integer [pattern:pattern=MATCH] [count:integer=COUNT]",
			Tips:       []string{"nondeterministic_output"},
			ACL:        core.CatSortedSet,
			Run:        z.zscan,
			Weight:     scanWeight,
		},
	}
}

func (z *zsets) zscan(c *core.Ctx) error {
	var w view
	look := func() (found bool, err error) {
		w, found, err = read(c, c.Key(0))
		return found, err
	}
	return c.ReplyScan(look, func(cursor uint64, o *core.ScanOptions, out *protocol.Writer) (next uint64, n int) {
		var text [32]byte
		take := func(member []byte, score float64) bool {
			if o.Takes(member) {
				out.Bulk(member)
				out.Bulk(protocol.AppendDouble(text[:0], score))
				n += 2
			}
			return true
		}
		if w.set != nil {
			next = w.set.dict.Scan(cursor, o.Count, func(member, score []byte) { take(member, getScore(score)) })
			return next, n
		}
		w.each(0, w.len(), false, take) // packed: all at once, whatever cursor and count
		return 0, n
	})
}

func scanWeight(c *core.Ctx) int {
	w := peek(c, 0)
	return c.ScanWeight(w.len())
}
