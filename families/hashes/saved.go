package hashes

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/core/rdb"
)

// How hashes look outside: in RDB form, as commands, in a digest, by name.

func encodingName(v core.Value) string {
	if v.Enc == encPairs {
		return "listpack"
	}
	return "hashtable"
}

func rdbType(v core.Value) rdb.Type {
	if v.Enc == encPairs {
		return rdb.TypeHashListpack
	}
	return rdb.TypeHash
}

func save(e *rdb.Encoder, v core.Value) error {
	if v.Enc == encPairs {
		e.String(pairs(v.Packed).appendListpack(packed.NewListpack(make([]byte, 0, len(v.Packed)+len(v.Packed)/4+16))))
		return e.Err()
	}
	w := viewOf(v)
	e.Length(uint64(w.n))
	w.each(func(f, v []byte) bool {
		e.String(f)
		e.String(v)
		return e.Err() == nil
	})
	return e.Err()
}

// loader is a hash being read from RDB form.
type loader struct{ hash }

// Begin implements rdb.HashSink.
func (l *loader) Begin(n int) error {
	if n > l.entries {
		l.toHashtable()
	}
	return nil
}

// Pair implements rdb.HashSink.
func (l *loader) Pair(field, value []byte) error {
	if !l.set(field, value) {
		return rdb.ErrDuplicate
	}
	return nil
}

// Listpack implements rdb.HashSink. It looks at the number of fields alone, as Redis does: one that came packed
// may hold longer values than hash-max-listpack-value.
func (l *loader) Listpack(lp packed.Listpack) error {
	l.p, l.owned = newPairs(make([]byte, 0, len(lp))).addListpack(lp), true
	if l.p.len() > l.entries {
		l.toHashtable()
	}
	return nil
}

func (h *hashes) load(d *rdb.Decoder, t rdb.Type) (core.Stored, error) {
	l := loader{hash{limits: h.limits(), ks: h.ks}}
	if err := d.ReadHash(t, &l); err != nil {
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
	b := core.NewRewriteBatch(emit, "HMSET", key, 2)
	viewOf(v).each(func(f, v []byte) bool {
		b.Add(f, v)
		return true
	})
	b.Flush()
}

func digest(d *core.Digest, v core.Value) {
	viewOf(v).each(func(f, v []byte) bool {
		d.XorElement(f, v)
		return true
	})
}
