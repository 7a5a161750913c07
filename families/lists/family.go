package lists

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/core/rdb"
)

type family struct {
	engine *lists // of the engine being built; every engine gets its own
}

var (
	_ core.Family  = (*family)(nil)
	_ core.Starter = (*family)(nil)
)

// New returns the list family.
func New() core.Family { return new(family) }

// Name implements core.Family.
func (*family) Name() string { return "lists" }

// lists is what one engine knows of the family.
type lists struct {
	arena *keyspace.Arena
	debug *core.DebugSettings
	size  *options.IntValue // list-max-listpack-size
}

// Register implements core.Family.
func (f *family) Register(r *core.Registry) {
	l := new(lists)
	f.engine = l
	r.AddType(core.TypeInfo{
		ID: keyspace.List, Name: "list",
		Encoding: func(core.Value) string { return "quicklist" },
		Save:     save, RDBType: func(core.Value) rdb.Type { return rdb.TypeListQuicklist2 },
		RDBTypes: []rdb.Type{rdb.TypeList, rdb.TypeListZiplist, rdb.TypeListQuicklist, rdb.TypeListQuicklist2},
		Load:     l.load, Rewrite: rewrite, Copy: duplicate,
		Len:          func(v core.Value) int { return viewOf(v).n },
		Digest:       digest,
		Each:         func(v core.Value, yield func(elem []byte) bool) { viewOf(v).each(yield) },
		EachElement:  func(v core.Value, yield func(elem core.Element) bool) { viewOf(v).eachElement(yield) },
		FromElements: l.fromElements,
	})
	r.Add(l.pushCommands(), l.popCommands(), l.rangeCommands(), l.editCommands(), l.moveCommands(), l.manyCommands(), l.blockingCommands())
}

// Start implements core.Starter.
func (f *family) Start(e *core.Engine) error {
	f.engine.arena = keyspace.NewArena(e.Keyspace().Heap())
	f.engine.debug = e.Debug()
	f.engine.size = e.Options().Int("list-max-listpack-size")
	return nil
}

// limit is list-max-listpack-size as it is set at the moment.
func (l *lists) limit() limit { return limit(l.size.Load()) }

// plain is the length from which an element is a chunk of its own: what DEBUG QUICKLIST-PACKED-THRESHOLD says, if it
// was used.
func (l *lists) plain() int {
	if n := l.debug.QuicklistPackedThreshold.Load(); n > 0 {
		return int(min(n, plainBytes))
	}
	return plainBytes
}

// plainWithin is plain for a list that is one listpack.
func (l *lists) plainWithin() int {
	if plain := l.plain(); plain != plainBytes {
		return plain
	}
	return packed.MaxListpackBytes // nobody has asked for another: large elements are fine as long as the whole is small
}
