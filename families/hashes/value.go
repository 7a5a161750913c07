package hashes

import (
	"runtime"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

// view reads a hash of either encoding. The zero view is the empty hash. It is valid as long as the value that it was made
// of.
type view struct {
	n    int   // fields
	p    pairs // nil for a hashtable
	dict *keyspace.Dict
}

func viewOf(v core.Value) view {
	if v.Object != nil {
		d := v.Object.(*keyspace.Dict)
		return view{n: d.Len(), dict: d}
	}
	p := pairs(v.Packed)
	return view{n: p.len(), p: p}
}

func viewOfEntry(e keyspace.Entry) view {
	if e.IsObject() {
		d := e.Object().(*keyspace.Dict)
		return view{n: d.Len(), dict: d}
	}
	p := pairs(e.Bytes())
	return view{n: p.len(), p: p}
}

// find looks a hash up for reading, entry style: only in commands without Weight. The zero view when the key is absent.
func find(c *core.Ctx, k core.Key) (view, error) {
	e, ok := c.Find(k)
	if !ok {
		return view{}, nil
	}
	if e.Type() != keyspace.Hash {
		return view{}, protocol.ErrWrongType
	}
	return viewOfEntry(e), nil
}

// look is find in value style.
func look(c *core.Ctx, k core.Key) (view, error) {
	v, ok, err := c.Value(k, keyspace.Hash)
	if !ok || err != nil {
		return view{}, err
	}
	return viewOf(v), nil
}

// weigh is the number of fields at k, 0 when it is no hash. For Weight functions.
func weigh(c *core.Ctx, k core.Key) int {
	e, ok := c.Peek(k)
	if !ok || e.Type() != keyspace.Hash {
		return 0
	}
	return viewOfEntry(e).n
}

// get returns the value of a field: O(1) in a hashtable, O(N) in a listpack. It allocates nothing.
func (w *view) get(field []byte) (v value, ok bool) {
	if w.dict != nil {
		v.str, ok = w.dict.Get(field)
		return v, ok
	}
	if w.p == nil {
		return v, false
	}
	pos := w.p.find(field)
	if pos < 0 {
		return v, false
	}
	return w.p.get(w.p.after(pos)), true
}

// each calls yield with fields and values until it returns false; both are valid during the call only.
func (w view) each(yield func(field, value []byte) bool) {
	if w.dict != nil {
		w.dict.Each(func(_ keyspace.Ref, f, v []byte) bool { return yield(f, v) })
		return
	}
	var texts [2][20]byte
	for pos := firstPair; pos < len(w.p); {
		v := w.p.after(pos)
		if !yield(w.p.get(pos).text(texts[0][:0]), w.p.get(v).text(texts[1][:0])) {
			return
		}
		pos = w.p.after(v)
	}
}

// parts says which halves of the pairs a reply has.
type parts uint8

const (
	fields parts = 1 << iota
	values
	both = fields | values
)

// breath is after how many pairs a walk over a large Dict lets waiting goroutines run: some ten microseconds. Otherwise they
// would wait until the scheduler takes the processor away, which it does after ten milliseconds. Such walks hold a reserved key and
// no lock.
const breath = 256

// reply appends fields, values or both as bulk strings.
func (w view) reply(out *protocol.Writer, p parts) {
	if w.dict == nil {
		w.replyPacked(out, p)
		return
	}
	// What a Dict takes for a pair and its slot is about what the pair takes as two bulk strings.
	if need := len(out.Buf) + int(w.dict.MemoryUsage()); p == both && need > cap(out.Buf) {
		buf := make([]byte, len(out.Buf), need)
		copy(buf, out.Buf)
		out.Buf = buf
	}
	buf := out.Buf
	n := 0
	w.dict.Each(func(_ keyspace.Ref, f, v []byte) bool {
		if n++; n%breath == 0 && w.n > maxEntryStyle {
			runtime.Gosched()
		}
		if p&fields != 0 {
			buf = protocol.AppendBulk(buf, f)
		}
		if p&values != 0 {
			buf = protocol.AppendBulk(buf, v)
		}
		return true
	})
	out.Buf = buf
}

func (w view) replyPacked(out *protocol.Writer, p parts) {
	half := fields
	for pos := firstPair; pos < len(w.p); pos = w.p.after(pos) {
		if p&half != 0 {
			w.p.get(pos).reply(out)
		}
		half ^= both
	}
}

// appendField is core.TypeInfo's Field.
func appendField(dst []byte, v core.Value, field []byte) ([]byte, bool) {
	w := viewOf(v)
	got, ok := w.get(field)
	if !ok {
		return dst, false
	}
	var text [20]byte
	return append(dst, got.text(text[:0])...), true
}
