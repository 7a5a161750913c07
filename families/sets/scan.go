package sets

import (
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

func (s *sets) scanCommands() []core.Command {
	return []core.Command{{
		Name: "SSCAN", Arity: -3,
		Flags: core.ReadOnlyCmd,
		Keys:  core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group: "set", Since: "2.8.0",
		Complexity: "O(1) for a call, O(N) for a whole iteration, N = members of the set.",
		Summary:    "Walks over the members of a set in steps.",
		Syntax:     "key@0 cursor:integer [pattern:pattern=MATCH] [count:integer=COUNT]",
		Tips:       []string{"nondeterministic_output"},
		ACL:        core.CatSet, Run: sscan, Weight: weighScan,
	}}
}

func weighScan(c *core.Ctx) int {
	o, err := core.ParseScanOptions(c.Args[3:])
	if err != nil {
		return 1
	}
	return min(o.Count, weigh(c, c.Key(0)))
}

// sscan checks in Redis's order: the cursor, then the key, and only then the options.
func sscan(c *core.Ctx) error {
	cursor, err := core.ParseCursor(c.Args[2])
	if err != nil {
		return err
	}
	v, ok, err := look(c, c.Key(0))
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
	take := func(m []byte) bool {
		if o.Takes(m) {
			out.Bulk(m)
			n++
		}
		return true
	}
	next := uint64(0)
	if v.enc == keyspace.EncHashtable {
		next = v.dict.Scan(cursor, o.Count, func(m, _ []byte) { take(m) })
	} else {
		v.each(take) // packed: all at once, whatever cursor and count
	}
	c.Reply.Array(2)
	var text [20]byte
	c.Reply.Bulk(strconv.AppendUint(text[:0], next, 10))
	c.Reply.Array(n)
	c.Reply.Raw(out.Buf)
	c.SetScratch(out.Buf)
	return nil
}
