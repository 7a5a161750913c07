package hashes

import (
	"math"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/rdb"
)

type family struct {
	engine *hashes // of the engine being built: Register makes it, Start completes it
}

var (
	_ core.Family  = (*family)(nil)
	_ core.Starter = (*family)(nil)
)

// New returns the hash family.
func New() core.Family { return new(family) }

// Name implements core.Family.
func (*family) Name() string { return "hashes" }

// hashes is what one engine knows of the family: its options and its keyspace.
type hashes struct {
	ks         *keyspace.Keyspace
	maxEntries *options.IntValue // hash-max-listpack-entries
	maxValue   *options.IntValue // hash-max-listpack-value
}

// Register implements core.Family.
func (f *family) Register(r *core.Registry) {
	h := new(hashes)
	f.engine = h
	r.AddType(core.TypeInfo{
		ID: keyspace.Hash, Name: "hash",
		Encoding: encodingName,
		Save:     save, RDBType: rdbType,
		RDBTypes: []rdb.Type{rdb.TypeHash, rdb.TypeHashZipmap, rdb.TypeHashZiplist, rdb.TypeHashListpack},
		Load:     h.load, Rewrite: rewrite, Copy: clone,
		Len:    func(v core.Value) int { return viewOf(v).n },
		Digest: digest,
		Field:  appendField,
	})
	r.Add(h.setCommands(), h.incrCommands(), getCommands(), allCommands(), randomCommands(), scanCommands())
}

// Start implements core.Starter.
func (f *family) Start(e *core.Engine) error {
	t := e.Options()
	f.engine.ks = e.Keyspace()
	f.engine.maxEntries = t.Int("hash-max-listpack-entries")
	f.engine.maxValue = t.Int("hash-max-listpack-value")
	return nil
}

// limits are the thresholds of the packed encoding as they are set at the moment.
type limits struct{ entries, value int }

func (h *hashes) limits() limits {
	return limits{
		entries: int(min(h.maxEntries.Load(), math.MaxInt32)),
		value:   int(min(h.maxValue.Load(), math.MaxInt32)),
	}
}
