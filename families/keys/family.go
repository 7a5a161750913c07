package keysfamily

import (
	"sync"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
)

type family struct {
	compress *options.BoolValue // rdbcompression
	encoders sync.Pool          // *rdb.Encoder that compress, for DUMP
	links    migrateLinks
}

var (
	_ core.Family       = (*family)(nil)
	_ core.Configurable = (*family)(nil)
)

// New returns the family of commands on keys.
func New() core.Family { return new(family) }

func (*family) Name() string { return "keys" }

func (f *family) Register(r *core.Registry) {
	r.Add(deleteCommands, renameCommands, copyCommands, expireCommands, ttlCommands, objectCommands, scanCommands,
		databaseCommands, sortCommands, f.dumpCommands(), f.migrateCommands())
}

func (f *family) Configure(t *options.Table) error {
	f.compress = t.Bool("rdbcompression")
	return nil
}
