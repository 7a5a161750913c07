// Package transactions is MULTI, EXEC, DISCARD, WATCH and UNWATCH. Queueing,
// locking and the run of the queue are core's (core/multi.go, core/watch.go): EXEC takes
// the union of all its commands' shards, so it is atomic and isolated for every reader.
package transactions

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

type family struct{}

var _ core.Family = family{}

// New returns the transactions family.
func New() core.Family { return family{} }

func (family) Name() string { return "transactions" }

func (family) Register(r *core.Registry) { r.Add(commands) }

const base = core.NoScript | core.Loading | core.Stale

var commands = []core.Command{
	{
		Name: "MULTI", Arity: 1,
		Flags: base | core.Fast | core.AllowBusy | core.NoQueue | core.PauseExempt,
		Group: "transactions", Since: "1.2.0", Complexity: "O(1)",
		Summary: "Opens a transaction: what follows is queued until EXEC.",
		ACL:     core.CatTransaction,
		Run:     multi,
	},
	{
		Name: "EXEC", Arity: 1,
		Flags: base | core.SkipSlowlog | core.NoQueue | core.EndsMulti | core.InnerCommands,
		Group: "transactions", Since: "1.2.0", Complexity: "Depends on commands in the transaction",
		Summary: "Runs the queued commands as one step.",
		ACL:     core.CatTransaction,
		Run:     exec,
	},
	{
		Name: "DISCARD", Arity: 1,
		Flags: base | core.Fast | core.AllowBusy | core.NoQueue | core.EndsMulti | core.PauseExempt,
		Group: "transactions", Since: "2.0.0", Complexity: "O(N), when N is the number of queued commands",
		Summary: "Drops the queued commands and all watches.",
		ACL:     core.CatTransaction,
		Run:     discard,
	},
	{
		Name: "WATCH", Arity: -2,
		Flags: base | core.Fast | core.AllowBusy | core.NoQueue | core.LockExclusive,
		Keys:  core.KeyRange(1, -1, 1, core.ReadOnly),
		Group: "transactions", Since: "2.2.0", Complexity: "O(1) for every key.",
		Summary: "Makes the next EXEC fail if one of the keys changes before it.",
		Syntax:  "key@0...",
		ACL:     core.CatTransaction,
		Run:     watch,
	},
	{
		Name: "UNWATCH", Arity: 1,
		Flags: base | core.Fast | core.AllowBusy,
		Group: "transactions", Since: "2.2.0", Complexity: "O(1)",
		Summary: "Forgets all watched keys.",
		ACL:     core.CatTransaction,
		Run:     unwatch,
	},
}

func multi(c *core.Ctx) error {
	if err := c.Multi(); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

func exec(c *core.Ctx) error {
	if !c.InMulti() {
		return protocol.Error("ERR EXEC without MULTI")
	}
	return c.Exec()
}

func discard(c *core.Ctx) error {
	if !c.InMulti() {
		return protocol.Error("ERR DISCARD without MULTI")
	}
	c.Discard()
	c.Reply.OK()
	return nil
}

func watch(c *core.Ctx) error {
	if c.InMulti() {
		return protocol.Error("ERR WATCH inside MULTI is not allowed")
	}
	for _, k := range c.Keys() {
		c.Watch(k)
	}
	c.Reply.OK()
	return nil
}

func unwatch(c *core.Ctx) error {
	c.Unwatch()
	c.Reply.OK()
	return nil
}
