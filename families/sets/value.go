package sets

import (
	"bytes"
	"runtime"
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

// view reads a set, whatever its encoding. The zero view is the empty set. It is valid as long as the value that it was
// made of.
type view struct {
	n     int
	enc   keyspace.Encoding
	b     []byte         // intset and listpack
	dict  *keyspace.Dict // hashtable
	at    int            // see hasAscending
	index *listIndex     // of a listpack that is asked often
}

func viewOf(v core.Value) view {
	switch v.Enc {
	case keyspace.EncIntset:
		return view{n: packed.Intset(v.Packed).Len(), enc: v.Enc, b: v.Packed}
	case keyspace.EncListpack:
		return view{n: packed.Listpack(v.Packed).Len(), enc: v.Enc, b: v.Packed}
	}
	d := v.Object.(*keyspace.Dict)
	return view{n: d.Len(), enc: v.Enc, dict: d}
}

// viewOfEntry is viewOf without the detour over a Value, for short commands.
func viewOfEntry(e keyspace.Entry) view {
	if e.IsObject() {
		d := e.Object().(*keyspace.Dict)
		return view{n: d.Len(), enc: keyspace.EncHashtable, dict: d}
	}
	b := e.Bytes()
	if e.Encoding() == keyspace.EncIntset {
		return view{n: packed.Intset(b).Len(), enc: keyspace.EncIntset, b: b}
	}
	return view{n: packed.Listpack(b).Len(), enc: keyspace.EncListpack, b: b}
}

// find looks a set up for reading, entry style: only in commands without Weight.
func find(c *core.Ctx, k core.Key) (view, bool, error) {
	e, ok := c.Find(k)
	if !ok {
		return view{}, false, nil
	}
	if e.Type() != keyspace.Set {
		return view{}, false, protocol.ErrWrongType
	}
	return viewOfEntry(e), true, nil
}

// look is find in value style: the empty view when the key is absent.
func look(c *core.Ctx, k core.Key) (view, bool, error) {
	v, ok, err := c.Value(k, keyspace.Set)
	if !ok || err != nil {
		return view{}, false, err
	}
	return viewOf(v), true, nil
}

// weigh is the number of members at k, 0 when it is no set. For Weight functions.
func weigh(c *core.Ctx, k core.Key) int {
	e, ok := c.Peek(k)
	if !ok || e.Type() != keyspace.Set {
		return 0
	}
	return viewOfEntry(e).n
}

// has reports whether m is a member: O(1) in a hashtable, O(log N) in an intset, O(N) in a listpack.
func (w *view) has(m []byte) bool {
	switch w.enc {
	case keyspace.EncHashtable:
		_, ok := w.dict.Find(m)
		return ok
	case keyspace.EncIntset:
		v, ok := packed.ParseInt(m)
		return ok && packed.Intset(w.b).Has(v)
	case keyspace.EncListpack:
		lp := packed.Listpack(w.b)
		if w.index != nil {
			return w.index.has(lp, m)
		}
		return lp.Find(lp.First(), m, 0) >= 0
	}
	return false
}

// hasAscending is has for an intset that is asked for v in ascending order: amortized O(1), as in a merge of two sorted
// arrays.
func (w *view) hasAscending(v int64) bool {
	is := packed.Intset(w.b)
	for w.at < w.n {
		have := is.Get(w.at)
		if have >= v {
			return have == v
		}
		w.at++
	}
	return false
}

// mergeRatio is how many times larger an intset may be for a merge to beat binary search in it.
const mergeRatio = 16

// hasInt is has for one of n members of an intset that are asked for in ascending order: v, whose text is m. Other
// intsets are merged with it.
func (w *view) hasInt(v int64, m []byte, n int) bool {
	switch {
	case w.enc != keyspace.EncIntset:
		return w.has(m)
	case w.n > mergeRatio*n:
		return packed.Intset(w.b).Has(v)
	}
	return w.hasAscending(v)
}

// each calls yield with the members until it returns false; m is valid during the call only.
func (w view) each(yield func(m []byte) bool) {
	switch w.enc {
	case keyspace.EncHashtable:
		w.dict.Each(func(_ keyspace.Ref, m, _ []byte) bool { return yield(m) })
	case keyspace.EncIntset:
		var text [20]byte
		is := packed.Intset(w.b)
		for i := range w.n {
			if !yield(strconv.AppendInt(text[:0], is.Get(i), 10)) {
				return
			}
		}
	case keyspace.EncListpack:
		var text [20]byte
		lp := packed.Listpack(w.b)
		it := lp.Iter(lp.First())
		for it.Next() {
			m := it.Str
			if it.IsInt {
				m = strconv.AppendInt(text[:0], it.Int, 10)
			}
			if !yield(m) {
				return
			}
		}
	}
}

// breath is after how many members a walk over a large Dict lets waiting goroutines run: some ten microseconds. Otherwise
// they would wait until the scheduler takes the processor away, which it does after ten milliseconds. Such walks hold reserved keys
// and no lock.
const breath = 256

// walk is each for a command that may meet a large Dict.
func (w view) walk(yield func(m []byte) bool) {
	if w.enc != keyspace.EncHashtable || w.n <= maxEntryStyle {
		w.each(yield)
		return
	}
	n := 0
	w.dict.Each(func(_ keyspace.Ref, m, _ []byte) bool {
		if n++; n%breath == 0 {
			runtime.Gosched()
		}
		return yield(m)
	})
}

// reply appends all members as bulk strings.
func (w view) reply(out *protocol.Writer) {
	switch w.enc {
	case keyspace.EncHashtable:
		grow(out, w)
		buf := out.Buf
		w.walk(func(m []byte) bool {
			buf = protocol.AppendBulk(buf, m)
			return true
		})
		out.Buf = buf
	case keyspace.EncIntset:
		is := packed.Intset(w.b)
		for i := range w.n {
			out.BulkInt(is.Get(i))
		}
	case keyspace.EncListpack:
		lp := packed.Listpack(w.b)
		it := lp.Iter(lp.First())
		for it.Next() {
			replyCurrent(out, &it)
		}
	}
}

func replyCurrent(out *protocol.Writer, it *packed.Iterator) {
	if it.IsInt {
		out.BulkInt(it.Int)
		return
	}
	out.Bulk(it.Str)
}

// grow makes room in the reply for the members of w, so that a large one isn't copied each time it doubles.
func grow(out *protocol.Writer, w view) { reserve(out, w.replySize()) }

// replySize estimates the bytes that a Dict's members take as bulk strings: about what they and their slots take in it.
// Packed sets are small, and count as nothing.
func (w view) replySize() int {
	if w.dict == nil {
		return 0
	}
	return int(w.dict.MemoryUsage())
}

func reserve(out *protocol.Writer, size int) {
	if need := len(out.Buf) + size; need > cap(out.Buf) {
		buf := make([]byte, len(out.Buf), need)
		copy(buf, out.Buf)
		out.Buf = buf
	}
}

// maxLen is the length of the longest member of a packed set.
func (w view) maxLen() (n int) {
	w.each(func(m []byte) bool {
		n = max(n, len(m))
		return true
	})
	return n
}

// same reports whether both views are of one value: the key was given twice.
func (w *view) same(o *view) bool {
	if w.dict != nil || o.dict != nil {
		return w.dict == o.dict
	}
	return w.enc == o.enc && bytes.Equal(w.b, o.b)
}
