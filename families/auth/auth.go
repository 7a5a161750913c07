package auth

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

type family struct{}

var _ core.Family = family{}

// New returns the family.
func New() core.Family { return family{} }

func (family) Name() string { return "auth" }

func (family) Register(r *core.Registry) { r.Add(authCommands, aclCommands) }

var authCommands = []core.Command{{
	Name: "AUTH", Arity: -2,
	Flags:      core.NoScript | core.Loading | core.Stale | core.Fast | core.NoAuth | core.AllowBusy,
	Group:      "connection",
	Since:      "1.0.0",
	Complexity: "O(N), N = passwords of the user",
	Summary:    "Authenticates the connection as a user.",
	Syntax:     "[username<6.0.0>] password",
	History:    [][2]string{{"6.0.0", "A username may stand before the password."}},
	ACL:        core.CatConnection,
	Secrets:    secrets,
	Run:        authCommand,
}}

// secrets are all arguments: the name tells who is worth attacking.
func secrets(args [][]byte) []int {
	out := make([]int, 0, 2)
	for i := 1; i < len(args); i++ {
		out = append(out, i)
	}
	return out
}

func authCommand(c *core.Ctx) error {
	var name []byte // nil: the default user
	switch len(c.Args) {
	case 2:
	case 3:
		name = append([]byte{}, c.Args[1]...)
	default:
		return protocol.ErrSyntax
	}
	u, err := c.Engine().Auth().Authenticate(name, c.Args[len(c.Args)-1])
	if err != nil {
		return err
	}
	c.Client().SetUser(u)
	c.Reply.OK()
	return nil
}
