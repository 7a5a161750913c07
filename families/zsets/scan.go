package zsets

import (
	"strconv"

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
		take := func(member, score []byte) {
			if o.Takes(member) {
				out.Bulk(member)
				out.Bulk(score)
				n += 2
			}
		}
		if w.set != nil {
			next = w.set.dict.Scan(cursor, o.Count, func(member, score []byte) {
				take(member, protocol.AppendDouble(text[:0], getScore(score)))
			})
			return next, n
		}
		// Packed: all at once, whatever cursor and count, and scores as the listpack has them.
		w.each(0, w.len(), false, func(member []byte, score float64) bool {
			if i, ok := wholeScore(score); ok {
				take(member, strconv.AppendInt(text[:0], i, 10))
			} else {
				take(member, protocol.AppendDouble(text[:0], score))
			}
			return true
		})
		return 0, n
	})
}

func scanWeight(c *core.Ctx) int {
	w := peek(c, 0)
	return c.ScanWeight(w.len())
}
