package replication

import (
	"math"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

type family struct{}

var _ core.Family = family{}

// New returns the family.
func New() core.Family { return family{} }

// Name implements core.Family.
func (family) Name() string { return "replication" }

// Register implements core.Family.
func (family) Register(r *core.Registry) { r.Add(commands) }

var commands = []core.Command{
	{
		Name: "ROLE", Arity: 1,
		Flags:      core.NoScript | core.Loading | core.Stale | core.Fast,
		Group:      "server",
		Since:      "2.8.12",
		Complexity: "O(1)",
		Summary:    "Tells whether the server is a primary, with its replicas.",
		ACL:        core.CatAdmin | core.CatDangerous,
		Run:        role,
	},
	{
		Name: "WAIT", Arity: 3,
		Flags:      core.NoScript,
		Group:      "generic",
		Since:      "3.0.0",
		Complexity: "O(1)",
		Summary:    "Waits until replicas have what this client wrote, and tells how many have.",
		Syntax:     "numreplicas:integer timeout:integer",
		Tips:       []string{"request_policy:all_shards", "response_policy:agg_min"},
		ACL:        core.CatConnection,
		Run:        wait,
	},
}

// role answers "master", the offset of the stream to replicas, and the replicas.
func role(c *core.Ctx) error {
	c.Reply.Array(3)
	c.Reply.BulkString("master")
	c.Reply.Int(0) // nobody has read the stream
	c.Reply.Array(0)
	return nil
}

// wait answers at once when nothing is to be waited for, else when time is up: no replica can come to have anything.
func wait(c *core.Ctx) error {
	n, ok := protocol.ParseInt(c.Args[1])
	if !ok {
		return protocol.ErrNotInt
	}
	ms, err := protocol.ParseTimeoutMs(c.Args[2])
	if err != nil {
		return err
	}
	if ms > math.MaxInt64/int64(time.Millisecond) { // centuries, which a Duration can't hold
		ms = 0
	}
	if n <= 0 {
		none(c.Reply)
		return nil
	}
	return c.Block(core.Block{Timeout: time.Duration(ms) * time.Millisecond, OnTimeout: none})
}

// none tells that no replica has what was written.
func none(w *protocol.Writer) { w.Int(0) }
