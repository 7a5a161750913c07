package hashes

import (
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

func scanCommands() []core.Command {
	return []core.Command{{
		Name: "HSCAN", Arity: -3,
		Flags: core.ReadOnlyCmd,
		Keys:  core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group: "hash", Since: "2.8.0",
		Complexity: "O(1) for a call, O(N) for a whole iteration, N = fields of the hash.",
		Summary:    "Walks over the fields and values of a hash in steps.",
		Syntax:     "key@0 cursor:integer [pattern:pattern=MATCH] [count:integer=COUNT]",
		Tips:       []string{"nondeterministic_output"},
		ACL:        core.CatHash, Run: hscan, Weight: weighScan,
	}}
}

func weighScan(c *core.Ctx) int {
	o, err := core.ParseScanOptions(c.Args[3:])
	if err != nil {
		return 1
	}
	return min(o.Count, weigh(c, c.Key(0)))
}

// hscan checks in Redis's order: the cursor, then the key, and only then the options.
func hscan(c *core.Ctx) error {
	cursor, err := core.ParseCursor(c.Args[2])
	if err != nil {
		return err
	}
	w, err := look(c, c.Key(0))
	if err != nil {
		return err
	}
	var o core.ScanOptions
	if w.n > 0 {
		if o, err = core.ParseScanOptions(c.Args[3:]); err != nil {
			return err
		}
	}
	// The cursor comes first in the reply and is known last: pairs gather in the scratch buffer.
	out := protocol.Writer{Buf: c.Scratch()}
	n := 0
	take := func(f, v []byte) bool {
		if o.Takes(f) {
			out.Bulk(f)
			out.Bulk(v)
			n += 2
		}
		return true
	}
	next := uint64(0)
	if w.dict != nil {
		next = w.dict.Scan(cursor, o.Count, func(f, v []byte) { take(f, v) })
	} else {
		w.each(take) // packed: all at once, whatever cursor and count
	}
	c.Reply.Array(2)
	var text [20]byte
	c.Reply.Bulk(strconv.AppendUint(text[:0], next, 10))
	c.Reply.Array(n)
	c.Reply.Raw(out.Buf)
	c.SetScratch(out.Buf)
	return nil
}
