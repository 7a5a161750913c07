package keysfamily

import "github.com/redust/redust/core"

var deleteCommands = []core.Command{
	{
		Name: "DEL", Arity: -2,
		Flags:      core.Write,
		Keys:       core.KeyRange(1, -1, 1, core.Remove|core.Delete),
		Group:      "generic",
		Since:      "1.0.0",
		Complexity: "O(N), N = keys; values are freed in the background",
		Summary:    "Removes keys and tells how many there were.",
		Syntax:     "key@0...",
		Tips:       []string{"request_policy:multi_shard", "response_policy:agg_sum"},
		ACL:        core.CatKeyspace,
		Run:        del,
	},
	{
		Name: "UNLINK", Arity: -2,
		Flags:      core.Write | core.Fast,
		Keys:       core.KeyRange(1, -1, 1, core.Remove|core.Delete),
		Group:      "generic",
		Since:      "4.0.0",
		Complexity: "O(N), N = keys; values are freed in the background",
		Summary:    "Removes keys and tells how many there were; the same as DEL here.",
		Syntax:     "key@0...",
		Tips:       []string{"request_policy:multi_shard", "response_policy:agg_sum"},
		ACL:        core.CatKeyspace,
		Run:        del,
	},
	{
		Name: "EXISTS", Arity: -2,
		Flags:      core.ReadOnlyCmd | core.Fast,
		Keys:       core.KeyRange(1, -1, 1, core.ReadOnly),
		Group:      "generic",
		Since:      "1.0.0",
		Complexity: "O(N), N = keys",
		Summary:    "Tells how many of the keys exist; one that is named twice counts twice.",
		Syntax:     "key@0...",
		History:    [][2]string{{"3.0.3", "More than one key is taken."}},
		Tips:       []string{"request_policy:multi_shard", "response_policy:agg_sum"},
		ACL:        core.CatKeyspace,
		Run:        exists,
	},
	{
		Name: "TOUCH", Arity: -2,
		Flags:      core.ReadOnlyCmd | core.Fast,
		Keys:       core.KeyRange(1, -1, 1, core.ReadOnly),
		Group:      "generic",
		Since:      "3.2.1",
		Complexity: "O(N), N = keys",
		Summary:    "Marks keys as used just now and tells how many of them exist.",
		Syntax:     "key@0...",
		Tips:       []string{"request_policy:multi_shard", "response_policy:agg_sum"},
		ACL:        core.CatKeyspace,
		Run:        touch,
	},
}

func del(c *core.Ctx) error {
	removed := int64(0)
	for _, k := range c.Keys() {
		if c.Remove(k) {
			c.Changed(core.EventGeneric, "del", k)
			removed++
		}
	}
	c.Reply.Int(removed)
	return nil
}

func exists(c *core.Ctx) error {
	found := int64(0)
	for _, k := range c.Keys() {
		if _, ok := c.FindNoTouch(k); ok {
			found++
		}
	}
	c.Reply.Int(found)
	return nil
}

func touch(c *core.Ctx) error {
	found := int64(0)
	for _, k := range c.Keys() {
		if _, ok := c.Find(k); ok {
			found++
		}
	}
	c.Reply.Int(found)
	return nil
}
