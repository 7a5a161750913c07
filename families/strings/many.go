package strfamily

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

var manyCommands = []core.Command{
	{
		Name: "MGET", Arity: -2,
		Flags:      core.ReadOnlyCmd | core.Fast,
		Keys:       core.KeyRange(1, -1, 1, core.ReadOnly|core.AccessData),
		Group:      "string",
		Since:      "1.0.0",
		Complexity: "O(N)",
		Summary:    "Returns the strings stored at several keys.",
		Syntax:     "key@0...",
		Tips:       []string{"request_policy:multi_shard"},
		ACL:        core.CatString,
		Run:        mget,
	},
	{
		Name: "MSET", Arity: -3,
		Flags:      core.Write | core.DenyOOM,
		Keys:       core.KeyRange(1, -1, 2, core.Overwrite|core.Update),
		Group:      "string",
		Since:      "1.0.1",
		Complexity: "O(N)",
		Summary:    "Stores strings at several keys in one step.",
		Syntax:     "key_value(key@0 value)...",
		Tips:       []string{"request_policy:multi_shard", "response_policy:all_succeeded"},
		ACL:        core.CatString,
		Run:        mset,
	},
	{
		Name: "MSETNX", Arity: -3,
		Flags:      core.Write | core.DenyOOM,
		Keys:       core.KeyRange(1, -1, 2, core.Overwrite|core.Insert),
		Group:      "string",
		Since:      "1.0.1",
		Complexity: "O(N)",
		Summary:    "Stores strings at several keys in one step, if none of the keys exists.",
		Syntax:     "key_value(key@0 value)...",
		Tips:       []string{"request_policy:multi_shard", "response_policy:agg_min"},
		ACL:        core.CatString,
		Run:        msetnx,
	},
}

func mget(c *core.Ctx) error {
	keys := c.Keys()
	c.Reply.Array(len(keys))
	for i := range keys {
		e, ok := c.Find(keys[i])
		switch {
		case !ok || e.Type() != keyspace.String:
			c.Reply.Null()
		case e.Encoding() == keyspace.EncInt:
			c.Reply.BulkInt(e.Int())
		default:
			c.Reply.Bulk(e.Bytes())
		}
	}
	return nil
}

func mset(c *core.Ctx) error {
	if len(c.Args)%2 == 0 {
		return protocol.WrongArgs(c.Command().FullName())
	}
	setAll(c)
	c.Reply.OK()
	return nil
}

func msetnx(c *core.Ctx) error {
	if len(c.Args)%2 == 0 {
		return protocol.WrongArgs(c.Command().FullName())
	}
	for _, k := range c.Keys() {
		if _, found := c.FindWrite(k); found {
			c.Reply.Int(0)
			return nil
		}
	}
	setAll(c)
	c.Reply.Int(1)
	return nil
}

// setAll stores every pair. The i-th key's value is argument 2i+2.
func setAll(c *core.Ctx) {
	keys := c.Keys()
	for i := range keys {
		e, found := c.FindWrite(keys[i])
		put(c, keys[i], e, found, c.Args[2*i+2], core.NoDeadline)
		c.Changed(core.EventString, "set", keys[i])
	}
}
