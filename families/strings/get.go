package strfamily

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

var getCommands = []core.Command{
	{
		Name: "GET", Arity: 2,
		Flags:      core.ReadOnlyCmd | core.Fast,
		Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group:      "string",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Returns the string stored at a key.",
		Syntax:     "key@0",
		ACL:        core.CatString,
		Run:        get,
	},
	{
		Name: "GETDEL", Arity: 2,
		Flags:      core.Write | core.Fast,
		Keys:       core.KeyAt(1, core.ReadWrite|core.AccessData|core.Delete),
		Group:      "string",
		Since:      "6.2.0",
		Complexity: "O(1)",
		Summary:    "Returns the string stored at a key and removes the key.",
		Syntax:     "key@0",
		ACL:        core.CatString,
		Run:        getdel,
	},
	{
		Name: "GETEX", Arity: -2,
		Flags:      core.Write | core.Fast,
		Keys:       noted(core.KeyAt(1, core.ReadWrite|core.AccessData|core.Update), "RW and UPDATE because it changes the TTL"),
		Group:      "string",
		Since:      "6.2.0",
		Complexity: "O(1)",
		Summary:    "Returns the string stored at a key and changes or drops the key's time to live.",
		Syntax:     "key@0 [expiration(seconds:integer=EX|milliseconds:integer=PX|unix-time-seconds:unix-time=EXAT|unix-time-milliseconds:unix-time=PXAT|PERSIST)]",
		ACL:        core.CatString,
		Run:        getex,
	},
	{
		Name: "GETSET", Arity: 3,
		Flags:      core.Write | core.DenyOOM | core.Fast,
		Keys:       core.KeyAt(1, core.ReadWrite|core.AccessData|core.Update),
		Group:      "string",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Replaces the string stored at a key and returns the one that was there.",
		Syntax:     "key@0 value",
		Deprecated: "6.2.0",
		ReplacedBy: "`SET` with the `!GET` argument",
		ACL:        core.CatString,
		Run:        getset,
	},
	{
		Name: "STRLEN", Arity: 2,
		Flags:      core.ReadOnlyCmd | core.Fast,
		Keys:       core.KeyAt(1, core.ReadOnly),
		Group:      "string",
		Since:      "2.2.0",
		Complexity: "O(1)",
		Summary:    "Returns the length in bytes of the string stored at a key.",
		Syntax:     "key@0",
		ACL:        core.CatString,
		Run:        strlen,
	},
}

// noted adds what COMMAND INFO says beside the key spec.
func noted(k core.KeySpecs, note string) core.KeySpecs {
	k[0].Notes = note
	return k
}

func get(c *core.Ctx) error {
	_, err := reply(c, c.Key(0))
	return err
}

// reply answers with the string at k, or null; found is false then.
func reply(c *core.Ctx, k core.Key) (found bool, err error) {
	e, ok := c.Find(k)
	if !ok {
		c.Reply.Null()
		return false, nil
	}
	if e.Type() != keyspace.String {
		return false, protocol.ErrWrongType
	}
	if e.Encoding() == keyspace.EncInt {
		c.Reply.BulkInt(e.Int())
	} else {
		c.Reply.Bulk(e.Bytes())
	}
	return true, nil
}

func getdel(c *core.Ctx) error {
	k := c.Key(0)
	found, err := reply(c, k)
	if found && c.Remove(k) {
		c.Changed(core.EventGeneric, "del", k)
		propagateDel(c, k)
	}
	return err
}

func propagateDel(c *core.Ctx, k core.Key) {
	if c.Propagates() {
		c.Propagate(delWord, k.Name)
	}
}

func getex(c *core.Ctx) error {
	o, err := parseOptions(c.Args, 2, inGetex)
	if err != nil {
		return err
	}
	k := c.Key(0)
	found, err := reply(c, k)
	if !found || err != nil {
		return err
	}
	deadline, err := o.deadline(c)
	switch {
	case err != nil:
		return err
	case o.has(optEXAT|optPXAT) && c.Due(deadline):
		c.Remove(k)
		c.Changed(core.EventGeneric, "del", k)
		propagateDel(c, k)
	case o.has(optTTL):
		c.SetExpireAt(k, deadline)
		c.Changed(core.EventGeneric, "expire", k)
		if c.Propagates() {
			c.Propagate(pexpireatWord, k.Name, decimal(deadline))
		}
	case o.has(optPersist) && c.Persist(k):
		c.Changed(core.EventGeneric, "persist", k)
		if c.Propagates() {
			c.Propagate(persistWord, k.Name)
		}
	}
	return nil
}

func getset(c *core.Ctx) error {
	k := c.Key(0)
	if _, err := reply(c, k); err != nil {
		return err
	}
	e, found := c.FindWrite(k)
	put(c, k, e, found, c.Args[2], core.NoDeadline)
	c.Changed(core.EventString, "set", k)
	if c.Propagates() {
		c.Propagate(setWord, k.Name, c.Args[2])
	}
	return nil
}

func strlen(c *core.Ctx) error {
	e, ok := c.Find(c.Key(0))
	switch {
	case !ok:
		c.Reply.Int(0)
	case e.Type() != keyspace.String:
		return protocol.ErrWrongType
	case e.Encoding() == keyspace.EncInt:
		c.Reply.Int(int64(intLen(e.Int())))
	default:
		c.Reply.Int(int64(e.Len()))
	}
	return nil
}
