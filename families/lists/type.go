package lists

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/core/rdb"
)

// rdbPlainBytes is the length from which Redis keeps an element outside listpacks.
const rdbPlainBytes = 1 << 30

// save writes a quicklist of listpacks: each chunk is a node.
func save(e *rdb.Encoder, v core.Value) error {
	view := viewOf(v)
	if view.d == nil {
		e.Length(1)
		e.PackedNode(view.lp)
		return e.Err()
	}
	ws := workspaces.Get().(*workspace)
	defer workspaces.Put(ws)
	live := view.d.live()
	e.Length(uint64(len(live)))
	for _, c := range live {
		switch {
		case c.kind == kindOpen:
			e.PackedNode(c.listpack())
		case c.kind == kindFrozen:
			lp := c.frozen().thawInto(ws.buf, ws)
			e.PackedNode(lp)
			ws.buf = lp[:0]
		case len(c.data) >= rdbPlainBytes:
			e.PlainNode(c.data)
		default:
			e.PackedNode(packed.NewListpack(nil).Append(c.data))
		}
	}
	return e.Err()
}

// load reads a list of any RDB type.
func (l *lists) load(d *rdb.Decoder, t rdb.Type) (core.Stored, error) {
	s := loader{lists: l}
	if err := d.ReadList(t, &s); err != nil {
		if s.d != nil {
			s.d.Free()
		}
		return core.Stored{}, err
	}
	return s.stored(), nil
}

// loader is an rdb.ListSink: a listpack while that is enough, else a deque.
type loader struct {
	*lists
	lp packed.Listpack
	n  int
	d  *deque
}

// Begin implements rdb.ListSink.
func (s *loader) Begin(int) error { return nil }

// Element implements rdb.ListSink.
func (s *loader) Element(b []byte) error {
	if s.d == nil {
		if s.lp == nil {
			s.lp = packed.NewListpack(nil)
		}
		if _, fits := s.grown(len(s.lp), s.n, [][]byte{b}); fits {
			s.lp = s.lp.Append(b)
			s.n++
			return nil
		}
		s.d = s.fromPacked(s.lp)
	}
	s.d.pushBack(b)
	return nil
}

// Node implements rdb.ListSink.
func (s *loader) Node(lp packed.Listpack) error {
	if s.d == nil && s.lp == nil && s.limit().fits(len(lp), lp.Len()) {
		s.lp, s.n = append(packed.Listpack(nil), lp...), lp.Len()
		return nil
	}
	eachPacked(lp, 0, lp.Len(), func(b []byte) bool { s.Element(b); return true })
	return nil
}

// PlainNode implements rdb.ListSink.
func (s *loader) PlainNode(b []byte) error { return s.Element(b) }

func (s *loader) stored() core.Stored {
	if s.d != nil {
		return core.Stored{Type: keyspace.List, Enc: keyspace.EncQuicklist, Object: s.d}
	}
	return core.Stored{Type: keyspace.List, Enc: keyspace.EncListpack, Packed: s.lp}
}

func rewrite(key []byte, v core.Value, emit func(args ...[]byte)) {
	b := core.NewRewriteBatch(emit, "RPUSH", key, 1)
	viewOf(v).each(func(s []byte) bool {
		b.Add(s)
		return true
	})
	b.Flush()
}

// duplicate copies the list for COPY.
func duplicate(v core.Value) core.Stored {
	if d := viewOf(v).d; d != nil {
		v.Object = d.clone()
	} else {
		v.Packed = append([]byte(nil), v.Packed...)
	}
	return v
}

// digest chains the elements, as their order matters.
func digest(d *core.Digest, v core.Value) {
	viewOf(v).each(func(s []byte) bool { d.Mix(s); return true })
}
