package keysfamily

import (
	"math"
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

var scanCommands = []core.Command{
	{
		Name: "KEYS", Arity: 2,
		Flags:      core.ReadOnlyCmd | core.AllKeys,
		Group:      "generic",
		Since:      "1.0.0",
		Complexity: "O(N), N = keys of the database; O(1) for a pattern without wildcards",
		Summary:    "Lists the keys whose names match a pattern.",
		Syntax:     "pattern:pattern",
		Tips:       []string{"request_policy:all_shards", "nondeterministic_output_order"},
		ACL:        core.CatKeyspace | core.CatDangerous,
		Run:        keys,
	},
	{
		Name: "SCAN", Arity: -2,
		Flags:      core.ReadOnlyCmd | core.AllKeys,
		Group:      "generic",
		Since:      "2.8.0",
		Complexity: "O(1) a call, O(N) for all, N = keys of the database",
		Summary:    "Lists the keys of a database bit by bit.",
		Syntax:     "cursor:integer [pattern:pattern=MATCH] [count:integer=COUNT] [type:string=TYPE<6.0.0>]",
		History:    [][2]string{{"6.0.0", "The option `TYPE` came."}},
		Tips:       []string{"nondeterministic_output", "request_policy:special"},
		ACL:        core.CatKeyspace,
		Run:        scan,
	},
	{
		Name: "RANDOMKEY", Arity: 1,
		Flags:      core.ReadOnlyCmd | core.AllKeys,
		Group:      "generic",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Names some key of the database.",
		Tips:       []string{"request_policy:all_shards", "nondeterministic_output"},
		ACL:        core.CatKeyspace,
		Run:        randomkey,
	},
	{
		Name: "TYPE", Arity: 2,
		Flags:      core.ReadOnlyCmd | core.Fast,
		Keys:       core.KeyAt(1, core.ReadOnly),
		Group:      "generic",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Names the type of a key's value.",
		Syntax:     "key@0",
		ACL:        core.CatKeyspace,
		Run:        typeCommand,
	},
}

// keysStep is how many keys KEYS looks at in one go of the walk.
const keysStep = 4096

// longWalk is the number of keys from which on looking at all of them is long work.
const longWalk = 20_000

func keys(c *core.Ctx) error {
	glob := protocol.CompileGlob(c.Args[1])
	if name, ok := glob.Literal(); ok {
		if c.ExistsOther(c.OtherKey(name)) {
			c.Reply.Array(1)
			c.Reply.Bulk(name)
		} else {
			c.Reply.Array(0)
		}
		return nil
	}
	if c.DBSize(c.DB()) > longWalk {
		c.Yield()
	}
	list, n, any := c.Reply.DeferArray(), 0, glob.Any()
	for cursor, first := uint64(0), true; first || cursor != 0; first = false {
		cursor = c.Scan(cursor, keysStep, func(e keyspace.Entry) {
			if name := e.Key(); any || glob.Match(name) {
				c.Reply.Bulk(name)
				n++
			}
		})
	}
	c.Reply.SetDeferred(list, n)
	return nil
}

type scanOptions struct {
	count    int
	glob     protocol.Glob
	any      bool
	typed    bool
	wanted   keyspace.Type // if typed
	noneSuch bool          // the type's name is nobody's
}

func parseScan(c *core.Ctx) (o scanOptions, err error) {
	o.count, o.any = 10, true
	for i := 2; i < len(c.Args); i += 2 {
		switch {
		case i+1 == len(c.Args):
			return o, protocol.ErrSyntax
		case protocol.IsWord(c.Args[i], "COUNT"):
			n, ok := protocol.ParseInt(c.Args[i+1])
			if !ok {
				return o, protocol.ErrNotInt
			}
			if n < 1 {
				return o, protocol.ErrSyntax
			}
			o.count = int(min(n, math.MaxInt32))
		case protocol.IsWord(c.Args[i], "MATCH"):
			o.glob = protocol.CompileGlob(c.Args[i+1])
			o.any = o.glob.Any()
		case protocol.IsWord(c.Args[i], "TYPE"):
			o.typed, o.noneSuch = true, true
			for _, t := range c.Engine().Registry().Types() {
				if equalFold(c.Args[i+1], t.Name) {
					o.wanted, o.noneSuch = t.ID, false
				}
			}
		default:
			return o, protocol.ErrSyntax
		}
	}
	return o, nil
}

// equalFold compares with a name in any case.
func equalFold(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i := range b {
		if lower(b[i]) != lower(name[i]) {
			return false
		}
	}
	return true
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}

func (o *scanOptions) wants(e keyspace.Entry) bool {
	return !o.noneSuch && (!o.typed || e.Type() == o.wanted) && (o.any || o.glob.Match(e.Key()))
}

func scan(c *core.Ctx) error {
	cursor, err := core.ParseCursor(c.Args[1])
	if err != nil {
		return err
	}
	o, err := parseScan(c)
	if err != nil {
		return err
	}
	names, n := protocol.Writer{Buf: c.Scratch(), Proto: c.Reply.Proto}, 0
	cursor = c.Scan(cursor, o.count, func(e keyspace.Entry) {
		if o.wants(e) {
			names.Bulk(e.Key())
			n++
		}
	})
	c.SetScratch(names.Buf)
	c.Reply.Array(2)
	c.Reply.BulkString(strconv.FormatUint(cursor, 10))
	c.Reply.Array(n)
	c.Reply.Raw(names.Buf)
	return nil
}

func randomkey(c *core.Ctx) error {
	if !c.RandomKey(func(e keyspace.Entry) { c.Reply.Bulk(e.Key()) }) {
		c.Reply.Null()
	}
	return nil
}

func typeCommand(c *core.Ctx) error {
	e, ok := c.FindNoTouch(c.Key(0))
	if !ok {
		c.Reply.SimpleString("none")
		return nil
	}
	if t := c.Engine().Registry().Type(e.Type()); t != nil {
		c.Reply.SimpleString(t.Name)
	} else {
		c.Reply.SimpleString("unknown")
	}
	return nil
}
