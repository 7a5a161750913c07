package sets

import (
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

func weighScan(c *core.Ctx) int { return c.ScanWeight(weigh(c, c.Key(0))) }

func sscan(c *core.Ctx) error {
	var v view
	look := func() (found bool, err error) {
		v, found, err = look(c, c.Key(0))
		return found, err
	}
	return c.ReplyScan(look, func(cursor uint64, o *core.ScanOptions, out *protocol.Writer) (next uint64, n int) {
		take := func(m []byte) bool {
			if o.Takes(m) {
				out.Bulk(m)
				n++
			}
			return true
		}
		if v.enc == keyspace.EncHashtable {
			next = v.dict.Scan(cursor, o.Count, func(m, _ []byte) { take(m) })
			return next, n
		}
		v.each(take) // packed: all at once, whatever cursor and count
		return 0, n
	})
}
