package sets_test

import (
	"testing"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/sets"
	"github.com/redust/redust/protocol"
)

func newHarness(t testing.TB) *coretest.Harness {
	t.Helper()
	return coretest.New(t, sets.New(), support{})
}

// support has the commands of other families that effects and rewrites need.
type support struct{}

func (support) Name() string { return "support" }

func (support) Register(r *core.Registry) {
	r.Add([]core.Command{
		{
			Name: "DEL", Arity: -2, Flags: core.Write, Keys: core.KeyRange(1, -1, 1, core.Remove|core.Delete), Group: "generic",
			Since: "1.0.0", Summary: "Deletes keys.", Syntax: "key@0...", Run: func(c *core.Ctx) error {
				n := int64(0)
				for _, k := range c.Keys() {
					if c.Remove(k) {
						c.Changed(core.EventGeneric, "del", k)
						n++
					}
				}
				c.Reply.Int(n)
				return nil
			},
		},
		{
			Name: "PEXPIREAT", Arity: 3, Flags: core.Write, Keys: core.KeyAt(1, core.ReadWrite|core.Update), Group: "generic",
			Since: "1.0.0", Summary: "Sets a deadline.", Syntax: "key@0 ms:integer", Run: func(c *core.Ctx) error {
				ms, _ := protocol.ParseInt(c.Args[2])
				c.SetExpireAt(c.Key(0), ms)
				c.Changed(core.EventGeneric, "expire", c.Key(0))
				c.Reply.Int(1)
				return nil
			},
		},
	})
}
