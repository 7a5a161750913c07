package keysfamily

import "github.com/redust/redust/core"

type family struct{}

var _ core.Family = family{}

// New returns the family of commands on keys.
func New() core.Family { return family{} }

func (family) Name() string { return "keys" }

func (family) Register(r *core.Registry) {
	r.Add(deleteCommands, renameCommands, copyCommands, expireCommands, ttlCommands, objectCommands, scanCommands, databaseCommands)
}
