package strfamily

import (
	"math"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

var counterCommands = []core.Command{
	{
		Name: "INCR", Arity: 2,
		Flags:      core.Write | core.DenyOOM | core.Fast,
		Keys:       core.KeyAt(1, core.ReadWrite|core.AccessData|core.Update),
		Group:      "string",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Adds one to the integer at a key, which counts as 0 when absent.",
		Syntax:     "key@0",
		ACL:        core.CatString,
		Run:        func(c *core.Ctx) error { return add(c, 1) },
	},
	{
		Name: "DECR", Arity: 2,
		Flags:      core.Write | core.DenyOOM | core.Fast,
		Keys:       core.KeyAt(1, core.ReadWrite|core.AccessData|core.Update),
		Group:      "string",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Takes one from the integer at a key, which counts as 0 when absent.",
		Syntax:     "key@0",
		ACL:        core.CatString,
		Run:        func(c *core.Ctx) error { return add(c, -1) },
	},
	{
		Name: "INCRBY", Arity: 3,
		Flags:      core.Write | core.DenyOOM | core.Fast,
		Keys:       core.KeyAt(1, core.ReadWrite|core.AccessData|core.Update),
		Group:      "string",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Adds a number to the integer at a key, which counts as 0 when absent.",
		Syntax:     "key@0 increment:integer",
		ACL:        core.CatString,
		Run:        incrby,
	},
	{
		Name: "DECRBY", Arity: 3,
		Flags:      core.Write | core.DenyOOM | core.Fast,
		Keys:       core.KeyAt(1, core.ReadWrite|core.AccessData|core.Update),
		Group:      "string",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Takes a number from the integer at a key, which counts as 0 when absent.",
		Syntax:     "key@0 decrement:integer",
		ACL:        core.CatString,
		Run:        decrby,
	},
	{
		Name: "INCRBYFLOAT", Arity: 3,
		Flags:      core.Write | core.DenyOOM | core.Fast,
		Keys:       core.KeyAt(1, core.ReadWrite|core.AccessData|core.Update),
		Group:      "string",
		Since:      "2.6.0",
		Complexity: "O(1)",
		Summary:    "Adds a number with a fraction to the number at a key, which counts as 0 when absent.",
		Syntax:     "key@0 increment:double",
		ACL:        core.CatString,
		Run:        incrbyfloat,
	},
}

func incrby(c *core.Ctx) error {
	n, ok := protocol.ParseInt(c.Args[2])
	if !ok {
		return protocol.ErrNotInt
	}
	return add(c, n)
}

func decrby(c *core.Ctx) error {
	n, ok := protocol.ParseInt(c.Args[2])
	if !ok {
		return protocol.ErrNotInt
	}
	if n == math.MinInt64 {
		return protocol.ErrDecrOverflow
	}
	return add(c, -n)
}

// add adds n to the integer at the key and replies with the sum. The key keeps its TTL.
func add(c *core.Ctx, n int64) error {
	k := c.Key(0)
	e, found := c.FindWrite(k)
	var old int64
	if found {
		if e.Type() != keyspace.String {
			return protocol.ErrWrongType
		}
		if e.Encoding() == keyspace.EncInt {
			old = e.Int()
		} else if v, ok := protocol.ParseInt(e.Bytes()); ok {
			old = v
		} else {
			return protocol.ErrNotInt
		}
	}
	sum := old + n
	if n > 0 && sum < old || n < 0 && sum > old {
		return protocol.ErrOverflow
	}
	if found {
		e.SetInt(sum)
	} else {
		c.Create(k, core.Stored{Type: keyspace.String, Enc: keyspace.EncInt, Int: sum}, core.NoDeadline)
	}
	c.Changed(core.EventString, "incrby", k)
	c.Reply.Int(sum)
	return nil
}

func incrbyfloat(c *core.Ctx) error {
	k := c.Key(0)
	e, found := c.FindWrite(k)
	var old protocol.LongDouble
	if found {
		if e.Type() != keyspace.String {
			return protocol.ErrWrongType
		}
		var buf [maxIntLen]byte
		var ok bool
		if old, ok = protocol.ParseLongDouble(entryText(e, &buf)); !ok {
			return protocol.ErrNotFloat
		}
	}
	by, ok := protocol.ParseLongDouble(c.Args[2])
	if !ok {
		return protocol.ErrNotFloat
	}
	sum := old.Add(by)
	if sum.IsInf() {
		return protocol.ErrIncrNaN
	}
	val := sum.AppendText(c.Scratch())
	c.SetScratch(val)
	// As Redis does, the text stays a string even if it is an integer's.
	if found {
		e.SetBytes(keyspace.EncRaw, val)
	} else {
		c.Create(k, core.Stored{Type: keyspace.String, Enc: keyspace.EncRaw, Packed: val}, core.NoDeadline)
	}
	c.Changed(core.EventString, "incrbyfloat", k)
	c.Reply.Bulk(val)
	if c.Propagates() { // the result, so that a replay does not depend on its floating point
		c.Propagate(setWord, k.Name, append([]byte(nil), val...), keepttlWord)
	}
	return nil
}
