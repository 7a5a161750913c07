package keysfamily

import (
	"math"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

var expireHistory = [][2]string{{"7.0.0", "The conditions `NX`, `XX`, `GT` and `LT` came."}}

var expireCommands = []core.Command{
	{
		Name: "EXPIRE", Arity: -3,
		Flags:      core.Write | core.Fast,
		Keys:       core.KeyAt(1, core.ReadWrite|core.Update),
		Group:      "generic",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Lets a key live for a number of seconds from now.",
		Syntax:     "key@0 seconds:integer [condition<7.0.0>(NX|XX|GT|LT)]",
		History:    expireHistory,
		ACL:        core.CatKeyspace,
		Run:        func(c *core.Ctx) error { return expireGeneric(c, c.Now(), 1000) },
	},
	{
		Name: "EXPIREAT", Arity: -3,
		Flags:      core.Write | core.Fast,
		Keys:       core.KeyAt(1, core.ReadWrite|core.Update),
		Group:      "generic",
		Since:      "1.2.0",
		Complexity: "O(1)",
		Summary:    "Lets a key live until a time given in seconds since 1970.",
		Syntax:     "key@0 unix-time-seconds:unix-time [condition<7.0.0>(NX|XX|GT|LT)]",
		History:    expireHistory,
		ACL:        core.CatKeyspace,
		Run:        func(c *core.Ctx) error { return expireGeneric(c, 0, 1000) },
	},
	{
		Name: "PEXPIRE", Arity: -3,
		Flags:      core.Write | core.Fast,
		Keys:       core.KeyAt(1, core.ReadWrite|core.Update),
		Group:      "generic",
		Since:      "2.6.0",
		Complexity: "O(1)",
		Summary:    "Lets a key live for a number of milliseconds from now.",
		Syntax:     "key@0 milliseconds:integer [condition<7.0.0>(NX|XX|GT|LT)]",
		History:    expireHistory,
		ACL:        core.CatKeyspace,
		Run:        func(c *core.Ctx) error { return expireGeneric(c, c.Now(), 1) },
	},
	{
		Name: "PEXPIREAT", Arity: -3,
		Flags:      core.Write | core.Fast,
		Keys:       core.KeyAt(1, core.ReadWrite|core.Update),
		Group:      "generic",
		Since:      "2.6.0",
		Complexity: "O(1)",
		Summary:    "Lets a key live until a time given in milliseconds since 1970.",
		Syntax:     "key@0 unix-time-milliseconds:unix-time [condition<7.0.0>(NX|XX|GT|LT)]",
		History:    expireHistory,
		ACL:        core.CatKeyspace,
		Run:        func(c *core.Ctx) error { return expireGeneric(c, 0, 1) },
	},
	{
		Name: "PERSIST", Arity: 2,
		Flags:      core.Write | core.Fast,
		Keys:       core.KeyAt(1, core.ReadWrite|core.Update),
		Group:      "generic",
		Since:      "2.2.0",
		Complexity: "O(1)",
		Summary:    "Drops the time to live of a key.",
		Syntax:     "key@0",
		ACL:        core.CatKeyspace,
		Run:        persist,
	},
}

// condition is a set of EXPIRE's conditions.
type condition uint8

const (
	ifNone    condition = 1 << iota // NX: only without TTL
	ifSome                          // XX: only with one
	ifLater                         // GT: only if the new one ends later; no TTL is the latest of all
	ifEarlier                       // LT
)

const (
	errNXAndOthers = protocol.Error("ERR NX and XX, GT or LT options at the same time are not compatible")
	errGTAndLT     = protocol.Error("ERR GT and LT options at the same time are not compatible")
)

func parseConditions(args [][]byte) (cond condition, err error) {
	for _, a := range args {
		switch {
		case protocol.IsWord(a, "NX"):
			cond |= ifNone
		case protocol.IsWord(a, "XX"):
			cond |= ifSome
		case protocol.IsWord(a, "GT"):
			cond |= ifLater
		case protocol.IsWord(a, "LT"):
			cond |= ifEarlier
		default:
			return 0, protocol.Errorf("ERR Unsupported option %s", a)
		}
	}
	switch {
	case cond&ifNone != 0 && cond != ifNone:
		return 0, errNXAndOthers
	case cond&ifLater != 0 && cond&ifEarlier != 0:
		return 0, errGTAndLT
	}
	return cond, nil
}

// allow reports whether the deadline ms may take the place of the current one.
func (cond condition) allow(ms, current int64, volatile bool) bool {
	return (cond&ifNone == 0 || !volatile) &&
		(cond&ifSome == 0 || volatile) &&
		(cond&ifLater == 0 || volatile && ms > current) &&
		(cond&ifEarlier == 0 || !volatile || ms < current)
}

// expireGeneric sets a deadline of base, in milliseconds since the epoch, plus the argument in units of so many milliseconds. One that
// has passed deletes the key at once. The reply is 1, or 0 without key or where a condition does not hold.
func expireGeneric(c *core.Ctx, base, unit int64) error {
	cond, err := parseConditions(c.Args[3:])
	if err != nil {
		return err
	}
	n, ok := protocol.ParseInt(c.Args[2])
	if !ok {
		return protocol.ErrNotInt
	}
	if n > math.MaxInt64/unit || n < math.MinInt64/unit || n*unit > math.MaxInt64-base {
		return protocol.InvalidExpire(c.Command().FullName())
	}
	ms := n*unit + base
	k := c.Key(0)
	e, found := c.FindWrite(k)
	if !found {
		c.Reply.Int(0)
		return nil
	}
	if current, volatile := e.ExpireAt(); !cond.allow(ms, current, volatile) {
		c.Reply.Int(0)
		return nil
	}
	c.Reply.Int(1)
	if c.Due(ms) {
		c.Remove(k)
		c.Changed(core.EventGeneric, "del", k)
		propagateDel(c, k)
		return nil
	}
	e.SetExpireAt(ms)
	c.Changed(core.EventGeneric, "expire", k)
	if c.Propagates() && (base != 0 || unit != 1) { // PEXPIREAT goes as received
		args := append([][]byte{pexpireatWord, k.Name, decimal(ms)}, c.Args[3:]...)
		c.Propagate(args...)
	}
	return nil
}

func persist(c *core.Ctx) error {
	k := c.Key(0)
	if !c.Persist(k) {
		c.Reply.Int(0)
		return nil
	}
	c.Changed(core.EventGeneric, "persist", k)
	c.Reply.Int(1)
	return nil
}
