package hashes

import (
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

func weighScan(c *core.Ctx) int { return c.ScanWeight(weigh(c, c.Key(0))) }

func hscan(c *core.Ctx) error {
	var w view
	look := func() (found bool, err error) {
		w, err = look(c, c.Key(0))
		return w.n > 0, err
	}
	return c.ReplyScan(look, func(cursor uint64, o *core.ScanOptions, out *protocol.Writer) (next uint64, n int) {
		take := func(f, v []byte) bool {
			if o.Takes(f) {
				out.Bulk(f)
				out.Bulk(v)
				n += 2
			}
			return true
		}
		if w.dict != nil {
			next = w.dict.Scan(cursor, o.Count, func(f, v []byte) { take(f, v) })
			return next, n
		}
		w.each(take) // packed: all at once, whatever cursor and count
		return 0, n
	})
}
