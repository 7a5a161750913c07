package zsets

import (
	"slices"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/core/rdb"
	"github.com/redust/redust/protocol"
)

func rdbType(v core.Value) rdb.Type {
	if v.Object != nil {
		return rdb.TypeZSet2
	}
	return rdb.TypeZSetListpack
}

// save writes a packed value as it is, a large one from the highest score down, as Redis does.
func save(e *rdb.Encoder, v core.Value) error {
	if v.Object == nil {
		e.String(v.Packed)
		return e.Err()
	}
	w := viewOf(v)
	n := w.len()
	e.Length(uint64(n))
	w.each(n-1, n, true, func(member []byte, score float64) bool {
		e.String(member)
		e.Double(score)
		return true
	})
	return e.Err()
}

// loader is the sink of a saved sorted set.
type loader struct {
	z      *zsets
	set    *sortedSet
	list   []element
	lp     packed.Listpack
	maxLen int
	bytes  int
}

func (l *loader) Begin(n int) error {
	l.set = newSortedSet(l.z.ks)
	l.list = make([]element, 0, n)
	return nil
}

func (l *loader) Scored(member []byte, score float64) error {
	ref, fresh := l.set.addLoose(member, score)
	if !fresh {
		return rdb.ErrDuplicate
	}
	l.list = append(l.list, element{score, ref})
	l.maxLen = max(l.maxLen, len(member))
	l.bytes += len(member)
	return nil
}

func (l *loader) Listpack(lp packed.Listpack) error {
	l.lp = slices.Clone(lp)
	return nil
}

// load reads a value of any type number that ever held a sorted set, into the form that today's thresholds ask for.
func (z *zsets) load(d *rdb.Decoder, t rdb.Type) (core.Stored, error) {
	l := loader{z: z}
	if err := d.ReadZSet(t, &l); err != nil {
		if l.set != nil {
			l.set.Free()
		}
		return core.Stored{}, err
	}
	if l.lp != nil {
		if l.lp.Len()/2 <= z.entries() {
			return core.Stored{Type: keyspace.ZSet, Enc: keyspace.EncListpack, Packed: l.lp}, nil
		}
		n := l.lp.Len() / 2
		s := unpack(z.ks, l.lp)
		if s.dict.Len() != n { // a member twice, in a payload that was not examined for that
			s.Free()
			return core.Stored{}, rdb.ErrDuplicate
		}
		return core.Stored{Type: keyspace.ZSet, Enc: keyspace.EncSkiplist, Object: s}, nil
	}
	slices.Reverse(l.list) // saved from the highest down: this makes sorting a walk
	return z.finish(l.set, l.list, l.maxLen, l.bytes), nil
}

// finish turns the elements of a set whose tree is empty, in any order, into a value of the form that the thresholds ask for.
// The set is used or freed. maxLen is the length of the longest member, bytes that of all.
func (z *zsets) finish(s *sortedSet, list []element, maxLen, bytes int) core.Stored {
	sortElements(s.dict, list)
	if len(list) <= z.entries() && maxLen <= z.value() && bytes < packed.MaxListpackBytes/2 {
		lp := packed.NewListpack(nil)
		for _, e := range list {
			lp = lpAppend(lp, s.dict.Key(e.ref), e.score)
		}
		s.Free()
		return core.Stored{Type: keyspace.ZSet, Enc: keyspace.EncListpack, Packed: lp}
	}
	s.tree.build(list)
	return core.Stored{Type: keyspace.ZSet, Enc: keyspace.EncSkiplist, Object: s}
}

func (z *zsets) copy(v core.Value) core.Stored {
	if v.Object != nil {
		v.Object = v.Object.(*sortedSet).clone(z.ks)
	} else {
		v.Packed = slices.Clone(v.Packed)
	}
	return v
}

func rewrite(key []byte, v core.Value, emit func(args ...[]byte)) {
	b := core.NewRewriteBatch(emit, "ZADD", key, 2)
	var text [32]byte
	w := viewOf(v)
	w.each(0, w.len(), false, func(member []byte, score float64) bool {
		b.Add(protocol.AppendDouble(text[:0], score), member)
		return true
	})
	b.Flush()
}

func digest(d *core.Digest, v core.Value) {
	w := viewOf(v)
	var buf [32]byte
	w.each(0, w.len(), false, func(member []byte, score float64) bool {
		d.XorElement(member, protocol.AppendDouble(buf[:0], score))
		return true
	})
}
