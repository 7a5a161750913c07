package strfamily

import (
	"bytes"

	"github.com/redust/redust/protocol"

	"github.com/redust/redust/core"
)

var setCommands = []core.Command{
	{
		Name: "SET", Arity: -3,
		Flags:      core.Write | core.DenyOOM,
		Keys:       noted(core.KeyAt(1, core.ReadWrite|core.AccessData|core.Update|core.VariableFlags), "RW and ACCESS due to the optional `GET` argument"),
		KeyAccess:  setAccess,
		Group:      "string",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Stores a string at a key, whatever was there, if wanted only on a condition or for a time.",
		Syntax:     "key@0 value [condition<2.6.12>(NX|XX)] [GET<6.2.0>] [expiration(seconds:integer=EX<2.6.12>|milliseconds:integer=PX<2.6.12>|unix-time-seconds:unix-time=EXAT<6.2.0>|unix-time-milliseconds:unix-time=PXAT<6.2.0>|KEEPTTL<6.0.0>)]",
		History: [][2]string{
			{"2.6.12", "The options `EX`, `PX`, `NX` and `XX` came."},
			{"6.0.0", "The option `KEEPTTL` came."},
			{"6.2.0", "The options `GET`, `EXAT` and `PXAT` came."},
			{"7.0.0", "`NX` and `GET` may be combined."},
		},
		ACL: core.CatString,
		Run: set,
	},
	{
		Name: "SETNX", Arity: 3,
		Flags:      core.Write | core.DenyOOM | core.Fast,
		Keys:       core.KeyAt(1, core.Overwrite|core.Insert),
		Group:      "string",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Stores a string at a key unless the key exists.",
		Syntax:     "key@0 value",
		ACL:        core.CatString,
		Run:        setnx,
	},
	{
		Name: "SETEX", Arity: 4,
		Flags:      core.Write | core.DenyOOM,
		Keys:       core.KeyAt(1, core.Overwrite|core.Update),
		Group:      "string",
		Since:      "2.0.0",
		Complexity: "O(1)",
		Summary:    "Stores a string at a key for a number of seconds.",
		Syntax:     "key@0 seconds:integer value",
		ACL:        core.CatString,
		Run:        setex,
	},
	{
		Name: "PSETEX", Arity: 4,
		Flags:      core.Write | core.DenyOOM,
		Keys:       core.KeyAt(1, core.Overwrite|core.Update),
		Group:      "string",
		Since:      "2.6.0",
		Complexity: "O(1)",
		Summary:    "Stores a string at a key for a number of milliseconds.",
		Syntax:     "key@0 milliseconds:integer value",
		ACL:        core.CatString,
		Run:        psetex,
	},
}

// setAccess tells what SET does with its key: with GET it reads it too.
func setAccess(args [][]byte) core.Access {
	for _, a := range args[min(3, len(args)):] {
		if bytes.EqualFold(a, []byte("GET")) {
			return core.ReadWrite | core.AccessData | core.Update
		}
	}
	return core.Overwrite | core.Update
}

func set(c *core.Ctx) error {
	if len(c.Args) == 3 { // most of the time
		k := c.Key(0)
		e, found := c.FindWrite(k)
		put(c, k, e, found, c.Args[2], core.NoDeadline)
		c.Changed(core.EventString, "set", k)
		c.Reply.OK()
		return nil
	}
	o, err := parseOptions(c.Args, 3, inSet)
	if err != nil {
		return err
	}
	return setGeneric(c, o, c.Args[2])
}

// setGeneric is SET with options, SETEX and PSETEX. Without GET the reply is OK, or null where the condition fails.
func setGeneric(c *core.Ctx, o setOptions, val []byte) error {
	deadline, err := o.deadline(c)
	if err != nil {
		return err
	}
	k := c.Key(0)
	if o.has(optGet) {
		if _, err := reply(c, k); err != nil {
			return err
		}
	}
	e, found := c.FindWrite(k)
	if o.has(optNX) && found || o.has(optXX) && !found {
		if !o.has(optGet) {
			c.Reply.Null()
		}
		return nil
	}
	if o.has(optKeepTTL) {
		put(c, k, e, found, val, keepTTL)
	} else {
		put(c, k, e, found, val, deadline)
	}
	c.Changed(core.EventString, "set", k)
	if o.has(optTTL) {
		c.Notify(core.EventGeneric, "expire", k)
	}
	if !o.has(optGet) {
		c.Reply.OK()
	}
	if c.Propagates() {
		propagateSet(c, o, val, deadline)
	}
	return nil
}

// propagateSet makes times absolute and drops what a replay has no use for: the condition of a SET with a time, and GET. SET
// without either goes as received.
func propagateSet(c *core.Ctx, o setOptions, val []byte, deadline int64) {
	switch {
	case o.has(optTTL):
		c.Propagate(setWord, c.Args[1], val, pxatWord, decimal(deadline))
	case o.has(optGet):
		args := make([][]byte, 0, len(c.Args)-1)
		args = append(args, c.Args[:3]...)
		for _, a := range c.Args[3:] {
			if !protocol.IsWord(a, "GET") {
				args = append(args, a)
			}
		}
		c.Propagate(args...)
	}
}

func setnx(c *core.Ctx) error {
	k := c.Key(0)
	e, found := c.FindWrite(k)
	if found {
		c.Reply.Int(0)
		return nil
	}
	put(c, k, e, false, c.Args[2], core.NoDeadline)
	c.Changed(core.EventString, "set", k)
	c.Reply.Int(1)
	return nil
}

func setex(c *core.Ctx) error {
	return setGeneric(c, setOptions{given: optEX, ttl: c.Args[2]}, c.Args[3])
}

func psetex(c *core.Ctx) error {
	return setGeneric(c, setOptions{given: optPX, ttl: c.Args[2]}, c.Args[3])
}
