package sets

import (
	"math"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/rdb"
)

type family struct {
	engine *sets // of the engine being built: Register makes it, Start completes it
}

var (
	_ core.Family  = (*family)(nil)
	_ core.Starter = (*family)(nil)
)

// New returns the set family.
func New() core.Family { return new(family) }

// Name implements core.Family.
func (*family) Name() string { return "sets" }

// sets is what one engine knows of the family: its options and its keyspace.
type sets struct {
	ks          *keyspace.Keyspace
	maxIntset   *options.IntValue // set-max-intset-entries
	maxListpack *options.IntValue // set-max-listpack-entries
	maxValue    *options.IntValue // set-max-listpack-value
	*indexer
}

// Register implements core.Family.
func (f *family) Register(r *core.Registry) {
	s := &sets{indexer: newIndexer()}
	f.engine = s
	r.AddType(core.TypeInfo{
		ID: keyspace.Set, Name: "set",
		Encoding: encodingName,
		Save:     save, RDBType: rdbType,
		RDBTypes: []rdb.Type{rdb.TypeSet, rdb.TypeSetIntset, rdb.TypeSetListpack},
		Load:     s.load, Rewrite: rewrite, Copy: clone,
		Len:    func(v core.Value) int { return viewOf(v).n },
		Digest: digest,
		Each:   func(v core.Value, yield func(member []byte) bool) { viewOf(v).each(yield) },
	})
	r.Add(s.memberCommands(), s.randomCommands(), s.algebraCommands(), s.storeCommands(), s.scanCommands())
}

// Start implements core.Starter.
func (f *family) Start(e *core.Engine) error {
	t := e.Options()
	f.engine.ks = e.Keyspace()
	f.engine.maxIntset = t.Int("set-max-intset-entries")
	f.engine.maxListpack = t.Int("set-max-listpack-entries")
	f.engine.maxValue = t.Int("set-max-listpack-value")
	return nil
}

// limits are the thresholds of the packed encodings as they are set at the moment.
type limits struct{ intset, listpack, value int }

func (s *sets) limits() limits {
	return limits{
		intset:   int(min(s.maxIntset.Load(), 1<<30)), // Redis's own bound: the block stays below 8 GiB
		listpack: int(min(s.maxListpack.Load(), math.MaxInt32)),
		value:    int(min(s.maxValue.Load(), math.MaxInt32)),
	}
}
