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

// zscan checks in Redis's order: the cursor, then the key, and only then the options.
func (z *zsets) zscan(c *core.Ctx) error {
	cursor, err := core.ParseCursor(c.Args[2])
	if err != nil {
		return err
	}
	w, ok, err := read(c, c.Key(0))
	if err != nil {
		return err
	}
	var o core.ScanOptions
	if ok {
		if o, err = core.ParseScanOptions(c.Args[3:]); err != nil {
			return err
		}
	}
	// The cursor comes first in the reply and is known last: members gather in the scratch buffer.
	out := protocol.Writer{Buf: c.Scratch()}
	n := 0
	var text [32]byte
	take := func(member []byte, score float64) bool {
		if o.Takes(member) {
			out.Bulk(member)
			out.Bulk(protocol.AppendDouble(text[:0], score))
			n += 2
		}
		return true
	}
	next := uint64(0)
	if w.set != nil {
		next = w.set.dict.Scan(cursor, o.Count, func(member, score []byte) { take(member, getScore(score)) })
	} else {
		w.each(0, w.len(), false, take) // packed: all at once, whatever cursor and count
	}
	c.Reply.Array(2)
	c.Reply.Bulk(strconv.AppendUint(text[:0], next, 10))
	c.Reply.Array(n)
	c.Reply.Raw(out.Buf)
	c.SetScratch(out.Buf)
	return nil
}

func scanWeight(c *core.Ctx) int {
	o, err := core.ParseScanOptions(c.Args[3:])
	if err != nil {
		return 1
	}
	w := peek(c, 0)
	return min(o.Count, w.len())
}
