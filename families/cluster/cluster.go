package cluster

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

type family struct{}

var _ core.Family = family{}

// New returns the family.
func New() core.Family { return family{} }

// Name implements core.Family.
func (family) Name() string { return "cluster" }

// Register implements core.Family.
func (family) Register(r *core.Registry) {
	r.Add(connectionCommands, []core.Command{{
		Name: "CLUSTER", Arity: -2,
		Group:      "cluster",
		Since:      "3.0.0",
		Complexity: "That of the subcommand.",
		Summary:    "Looks at and changes a cluster.",
	}}, subcommands())
}

const errDisabled = protocol.Error("ERR This instance has cluster support disabled")

func disabled(*core.Ctx) error { return errDisabled }

var connectionCommands = []core.Command{
	{
		Name: "ASKING", Arity: 1,
		Flags:      core.Fast,
		Group:      "cluster",
		Since:      "3.0.0",
		Complexity: "O(1)",
		Summary:    "Announces a command that follows a redirection to a slot on the move.",
		ACL:        core.CatConnection,
		Run:        disabled,
	},
	{
		Name: "READONLY", Arity: 1,
		Flags:      core.Fast | core.Loading | core.Stale,
		Group:      "cluster",
		Since:      "3.0.0",
		Complexity: "O(1)",
		Summary:    "Lets the connection read from a replica of a cluster.",
		ACL:        core.CatConnection,
		Run:        disabled,
	},
	{
		Name: "READWRITE", Arity: 1,
		Flags:      core.Fast | core.Loading | core.Stale,
		Group:      "cluster",
		Since:      "3.0.0",
		Complexity: "O(1)",
		Summary:    "Takes READONLY back.",
		ACL:        core.CatConnection,
		Run:        disabled,
	},
}
