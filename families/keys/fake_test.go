package keysfamily_test

import (
	"fmt"
	"slices"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/rdb"
)

// plain is a family of simple lists, sorted sets and hashes, enough for what this family does with types that are
// not its own.
type plain struct{}

func (plain) Name() string { return "plain" }

// block is a value of elements; a sorted set's are ordered by score, a hash's are field, value.
type block struct {
	elems []string
}

func (b *block) MemoryUsage() int64 { return int64(len(b.elems)) * 32 }
func (b *block) Free()              {}

func (plain) Register(r *core.Registry) {
	for _, t := range []struct {
		id   keyspace.Type
		name string
		rdb  rdb.Type
		enc  keyspace.Encoding
	}{
		{keyspace.List, "list", rdb.TypeList, keyspace.EncQuicklist},
		{keyspace.ZSet, "zset", 200, keyspace.EncSkiplist},
		{keyspace.Hash, "hash", 201, keyspace.EncHashtable},
		{keyspace.Set, "set", rdb.TypeSet, keyspace.EncHashtable},
	} {
		info := core.TypeInfo{
			ID: t.id, Name: t.name, RDBTypes: []rdb.Type{t.rdb},
			RDBType:  func(core.Value) rdb.Type { return t.rdb },
			Encoding: func(core.Value) string { return "plain" },
			Len:      func(v core.Value) int { return len(elems(v)) },
			Save: func(e *rdb.Encoder, v core.Value) error {
				e.Length(uint64(len(elems(v))))
				for _, s := range elems(v) {
					e.String([]byte(s))
				}
				return e.Err()
			},
			Load: func(d *rdb.Decoder, _ rdb.Type) (core.Stored, error) {
				n, err := d.ReadLength()
				b := &block{}
				for range n {
					s, err := d.ReadString()
					if err != nil {
						return core.Stored{}, err
					}
					b.elems = append(b.elems, string(s))
				}
				return core.Stored{Type: t.id, Enc: t.enc, Object: b}, err
			},
			Rewrite: func(key []byte, v core.Value, emit func(args ...[]byte)) {
				args := [][]byte{[]byte("PLAIN"), []byte(t.name), key}
				for _, s := range elems(v) {
					args = append(args, []byte(s))
				}
				emit(args...)
			},
			Digest: func(d *core.Digest, v core.Value) {
				for _, s := range elems(v) {
					d.Mix([]byte(s))
				}
			},
		}
		if t.id == keyspace.Hash {
			info.Field = func(dst []byte, v core.Value, field []byte) ([]byte, bool) {
				for p := range slices.Chunk(elems(v), 2) {
					if p[0] == string(field) {
						return append(dst, p[1]...), true
					}
				}
				return dst, false
			}
		} else {
			info.Each = func(v core.Value, yield func([]byte) bool) {
				for _, s := range elems(v) {
					if !yield([]byte(s)) {
						return
					}
				}
			}
		}
		if t.id == keyspace.List {
			info.FromElements = func(n int, elem func(i int) core.Element) core.Stored {
				b := &block{}
				for i := range n {
					b.elems = append(b.elems, string(elem(i).AppendTo(nil)))
				}
				return core.Stored{Type: t.id, Enc: t.enc, Object: b}
			}
		}
		r.AddType(info)
	}
	r.Add([]core.Command{
		{Name: "PLAIN", Arity: -4, Flags: core.Write, Keys: core.KeyAt(2, core.Overwrite), Group: "plain", Since: "1", Summary: "Makes a value.", Run: makePlain},
		{Name: "ELEMENTS", Arity: 2, Flags: core.ReadOnlyCmd, Keys: core.KeyAt(1, core.ReadOnly), Group: "plain", Since: "1", Summary: "Shows one.", Run: showPlain},
	})
}

func elems(v core.Value) []string { return v.Object.(*block).elems }

func makePlain(c *core.Ctx) error {
	b := &block{}
	for _, a := range c.Args[3:] {
		b.elems = append(b.elems, string(a))
	}
	v := core.Stored{Object: b}
	for _, t := range c.Engine().Registry().Types() {
		if t.Name == string(c.Args[1]) {
			v.Type = t.ID
		}
	}
	if v.Type == keyspace.None {
		return fmt.Errorf("ERR no type %s", c.Args[1])
	}
	v.Enc = map[keyspace.Type]keyspace.Encoding{keyspace.List: keyspace.EncQuicklist, keyspace.ZSet: keyspace.EncSkiplist}[v.Type]
	if v.Enc == 0 {
		v.Enc = keyspace.EncHashtable
	}
	c.Store(c.Key(0), v, false)
	c.Changed(core.EventGeneric, "plain", c.Key(0))
	c.Reply.OK()
	return nil
}

func showPlain(c *core.Ctx) error {
	v, ok, err := c.Value(c.Key(0), keyspace.None)
	if err != nil || !ok {
		c.Reply.Array(0)
		return err
	}
	c.Reply.Array(len(elems(v)))
	for _, s := range elems(v) {
		c.Reply.BulkString(s)
	}
	return nil
}

// databases is what tests need of families that are not under test: USE, MULTI and EXEC.
type databases struct{}

func (databases) Name() string { return "databases" }

func (databases) Register(r *core.Registry) {
	one := func(name string, arity int, flags core.Flags, run func(c *core.Ctx) error) core.Command {
		return core.Command{Name: name, Arity: arity, Flags: flags, Group: "plain", Since: "1", Summary: "For tests.", Run: run}
	}
	sel := func(c *core.Ctx) error {
		c.SelectDB(int(c.Args[1][0] - '0'))
		c.Reply.OK()
		return nil
	}
	r.Add([]core.Command{
		one("USE", 2, 0, sel),
		one("SELECT", 2, 0, sel),
		one("MULTI", 1, core.NoQueue, func(c *core.Ctx) error {
			if err := c.Multi(); err != nil {
				return err
			}
			c.Reply.OK()
			return nil
		}),
		one("EXEC", 1, core.NoQueue|core.InnerCommands, func(c *core.Ctx) error { return c.Exec() }),
	})
}
