package keysfamily

import (
	"math"
	"strings"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

var objectCommands = []core.Command{
	{
		Name: "OBJECT", Arity: -2,
		Group:      "generic",
		Since:      "2.2.3",
		Complexity: "That of the subcommand.",
		Summary:    "Looks at how values are kept.",
	},
	{
		Name: "OBJECT|ENCODING", Arity: 3,
		Flags:      core.ReadOnlyCmd,
		Keys:       core.KeyAt(2, core.ReadOnly),
		Group:      "generic",
		Since:      "2.2.3",
		Complexity: "O(1)",
		Summary:    "Names the representation of a key's value.",
		Syntax:     "key@0",
		Tips:       []string{"nondeterministic_output"},
		ACL:        core.CatKeyspace,
		Run:        objectEncoding,
	},
	{
		Name: "OBJECT|FREQ", Arity: 3,
		Flags:      core.ReadOnlyCmd,
		Keys:       core.KeyAt(2, core.ReadOnly),
		Group:      "generic",
		Since:      "4.0.0",
		Complexity: "O(1)",
		Summary:    "Tells how often a key is used, on the logarithmic scale of the LFU policies.",
		Syntax:     "key@0",
		Tips:       []string{"nondeterministic_output"},
		ACL:        core.CatKeyspace,
		Run:        objectFreq,
	},
	{
		Name: "OBJECT|HELP", Arity: 2,
		Flags:      core.Loading | core.Stale,
		Group:      "generic",
		Since:      "6.2.0",
		Complexity: "O(1)",
		Summary:    "Lists the subcommands.",
		ACL:        core.CatKeyspace,
		Run:        objectHelp,
	},
	{
		Name: "OBJECT|IDLETIME", Arity: 3,
		Flags:      core.ReadOnlyCmd,
		Keys:       core.KeyAt(2, core.ReadOnly),
		Group:      "generic",
		Since:      "2.2.3",
		Complexity: "O(1)",
		Summary:    "Tells for how many seconds a key has not been used.",
		Syntax:     "key@0",
		Tips:       []string{"nondeterministic_output"},
		ACL:        core.CatKeyspace,
		Run:        objectIdletime,
	},
	{
		Name: "OBJECT|REFCOUNT", Arity: 3,
		Flags:      core.ReadOnlyCmd,
		Keys:       core.KeyAt(2, core.ReadOnly),
		Group:      "generic",
		Since:      "2.2.3",
		Complexity: "O(1)",
		Summary:    "Tells how many references Redis would count to a key's value.",
		Syntax:     "key@0",
		Tips:       []string{"nondeterministic_output"},
		ACL:        core.CatKeyspace,
		Run:        objectRefcount,
	},
}

const (
	errNoLFU = protocol.Error("ERR An LFU maxmemory policy is not selected, access frequency not tracked. " +
		"Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.")
	errLFU = protocol.Error("ERR An LFU maxmemory policy is selected, idle time not tracked. " +
		"Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.")
)

func objectEncoding(c *core.Ctx) error {
	e, ok := c.Inspect(c.Key(0))
	if !ok {
		c.Reply.Null()
		return nil
	}
	name := "unknown"
	if t := c.Engine().Registry().Type(e.Type()); t != nil && t.Encoding != nil {
		name = t.Encoding(core.ValueOf(e))
	}
	c.Reply.BulkString(name)
	return nil
}

func objectFreq(c *core.Ctx) error {
	e, ok := c.Inspect(c.Key(0))
	switch {
	case !ok:
		c.Reply.Null()
	case !c.Engine().UsesLFU():
		return errNoLFU
	default:
		c.Reply.Int(int64(c.Engine().LFUFrequency(e.Access(), c.Now())))
	}
	return nil
}

func objectIdletime(c *core.Ctx) error {
	e, ok := c.Inspect(c.Key(0))
	switch {
	case !ok:
		c.Reply.Null()
	case c.Engine().UsesLFU():
		return errLFU
	default:
		c.Reply.Int(core.IdleSeconds(e.Access(), c.Now()))
	}
	return nil
}

// sharedIntegers is how many small integers Redis keeps once for all keys that hold them, unless it has to know when
// each key was used: it counts the references to one as INT_MAX.
const sharedIntegers = 10000

func sharesIntegers(e *core.Engine) bool {
	policy := e.Options().String("maxmemory-policy").Load()
	return e.Options().Int("maxmemory").Load() == 0 || !strings.HasSuffix(policy, "-lru") && !strings.HasSuffix(policy, "-lfu")
}

func objectRefcount(c *core.Ctx) error {
	e, ok := c.Inspect(c.Key(0))
	switch {
	case !ok:
		c.Reply.Null()
	case e.Encoding() == keyspace.EncInt && e.Int() >= 0 && e.Int() < sharedIntegers && sharesIntegers(c.Engine()):
		c.Reply.Int(math.MaxInt32)
	default:
		c.Reply.Int(1)
	}
	return nil
}

func objectHelp(c *core.Ctx) error {
	c.Help(
		"ENCODING <key>",
		"    Name the representation in which the value is kept.",
		"FREQ <key>",
		"    Show how often the key is used, on the logarithmic scale of the LFU policies.",
		"IDLETIME <key>",
		"    Show for how many seconds the key has not been used.",
		"REFCOUNT <key>",
		"    Show how many references to the value Redis would count.",
	)
	return nil
}
