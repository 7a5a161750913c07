package sets

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/core/rdb"
)

// How sets look outside: in RDB form, as commands, in a digest, by name.

func encodingName(v core.Value) string {
	switch v.Enc {
	case keyspace.EncIntset:
		return "intset"
	case keyspace.EncListpack:
		return "listpack"
	}
	return "hashtable"
}

// rdbType is the number under which v is saved: listpacks as plain sets, as Redis 7.0 knows no others.
func rdbType(v core.Value) rdb.Type {
	if v.Enc == keyspace.EncIntset {
		return rdb.TypeSetIntset
	}
	return rdb.TypeSet
}

func save(e *rdb.Encoder, v core.Value) error {
	if v.Enc == keyspace.EncIntset {
		e.String(v.Packed)
		return e.Err()
	}
	w := viewOf(v)
	e.Length(uint64(w.n))
	w.each(func(m []byte) bool {
		e.String(m)
		return e.Err() == nil
	})
	return e.Err()
}

// loader is a set being read from RDB form.
type loader struct{ set }

// Begin implements rdb.SetSink.
func (l *loader) Begin(int) error { return nil }

// Member implements rdb.SetSink.
func (l *loader) Member(m []byte) error {
	if !l.add(m) {
		return rdb.ErrDuplicate
	}
	return nil
}

// Intset implements rdb.SetSink.
func (l *loader) Intset(is packed.Intset) error {
	l.enc, l.b = keyspace.EncIntset, is
	if is.Len() > l.intset {
		l.toHashtable()
	} else {
		l.own()
	}
	return nil
}

// Listpack implements rdb.SetSink.
func (l *loader) Listpack(lp packed.Listpack) error {
	l.enc, l.b, l.owned = keyspace.EncListpack, packed.NewListpack(make([]byte, 0, len(lp))), true
	view{n: lp.Len(), enc: keyspace.EncListpack, b: lp}.each(func(m []byte) bool {
		l.b = packed.Listpack(l.b).Append(m) // anew, so that all integers are kept as such
		return true
	})
	if l.len() > l.listpack {
		l.toHashtable()
	}
	return nil
}

func (s *sets) load(d *rdb.Decoder, t rdb.Type) (core.Stored, error) {
	l := loader{set{limits: s.limits(), ks: s.ks}}
	if err := d.ReadSet(t, &l); err != nil {
		if l.dict != nil {
			l.dict.Free()
		}
		return core.Stored{}, err
	}
	return l.stored(), nil
}

func clone(v core.Value) core.Stored {
	if v.Object == nil {
		v.Packed = append([]byte(nil), v.Packed...)
		return v
	}
	v.Object = v.Object.(*keyspace.Dict).Clone()
	return v
}

func rewrite(key []byte, v core.Value, emit func(args ...[]byte)) {
	b := core.NewRewriteBatch(emit, "SADD", key, 1)
	viewOf(v).each(func(m []byte) bool {
		b.Add(m)
		return true
	})
	b.Flush()
}

func digest(d *core.Digest, v core.Value) {
	viewOf(v).each(func(m []byte) bool {
		d.Xor(m)
		return true
	})
}
