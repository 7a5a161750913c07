package zsets

import (
	"math"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/rdb"
)

type family struct {
	engine *zsets // of the engine being built: Register makes it, Start completes it
}

var (
	_ core.Family  = (*family)(nil)
	_ core.Starter = (*family)(nil)
)

// New returns the sorted-set family.
func New() core.Family { return new(family) }

// Name implements core.Family.
func (*family) Name() string { return "zsets" }

// zsets is what one engine knows of the family: its options and its keyspace.
type zsets struct {
	ks         *keyspace.Keyspace
	maxEntries *options.IntValue // zset-max-listpack-entries
	maxValue   *options.IntValue // zset-max-listpack-value
}

// Register implements core.Family.
func (f *family) Register(r *core.Registry) {
	z := new(zsets)
	f.engine = z
	r.AddType(core.TypeInfo{
		ID: keyspace.ZSet, Name: "zset",
		Encoding: encodingName,
		Save:     save, RDBType: rdbType,
		RDBTypes: []rdb.Type{rdb.TypeZSet, rdb.TypeZSet2, rdb.TypeZSetZiplist, rdb.TypeZSetListpack},
		Load:     z.load, Rewrite: rewrite, Copy: z.copy,
		Len:    func(v core.Value) int { w := viewOf(v); return w.len() },
		Digest: digest,
		Each: func(v core.Value, yield func(member []byte) bool) {
			w := viewOf(v)
			w.each(0, w.len(), false, func(m []byte, _ float64) bool { return yield(m) })
		},
	})
	r.Add(z.addCommands(), z.scoreCommands(), z.countCommands(), z.rangeCommands(), z.oldRangeCommands(), z.removeCommands(),
		z.popCommands(), z.blockingCommands(), z.combineCommands(), z.combineStoreCommands(), z.randomCommands(), z.scanCommands())
}

// Start implements core.Starter.
func (f *family) Start(e *core.Engine) error {
	t := e.Options()
	f.engine.ks = e.Keyspace()
	f.engine.maxEntries = t.Int("zset-max-listpack-entries")
	f.engine.maxValue = t.Int("zset-max-listpack-value")
	return nil
}

// entries and value are the thresholds of the packed encoding as they are set at the moment.
func (z *zsets) entries() int { return int(min(z.maxEntries.Load(), math.MaxInt32)) }
func (z *zsets) value() int   { return int(min(z.maxValue.Load(), math.MaxInt32)) }

func encodingName(v core.Value) string {
	if v.Object != nil {
		return "skiplist"
	}
	return "listpack"
}
