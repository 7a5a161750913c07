package lists

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

// view is a list of either form: d, or lp if d is nil. Without elements, lp is nil too.
type view struct {
	lp packed.Listpack
	d  *deque
	n  int
}

func viewOf(v core.Value) view {
	if v.Object != nil {
		d := v.Object.(*deque)
		return view{d: d, n: d.n}
	}
	if v.Packed == nil {
		return view{}
	}
	lp := packed.Listpack(v.Packed)
	return view{lp: lp, n: lp.Len()}
}

// find looks the list at k up, for reading or writing. Entry style.
func find(c *core.Ctx, k core.Key, write bool) (e keyspace.Entry, ok bool, err error) {
	if write {
		e, ok = c.FindWrite(k)
	} else {
		e, ok = c.Find(k)
	}
	if ok && e.Type() != keyspace.List {
		return e, false, protocol.ErrWrongType
	}
	return e, ok, nil
}

func viewEntry(e keyspace.Entry) view { return viewOf(core.ValueOf(e)) }

// index resolves an index of the client's, negative ones from the end; false if there is no such element.
func (v view) index(i int64) (int, bool) {
	if i < 0 {
		i += int64(v.n)
	}
	return int(i), i >= 0 && i < int64(v.n)
}

// span resolves a range as LRANGE and LTRIM take it to the first element and their number.
func (v view) span(start, stop int64) (from, n int) {
	size := int64(v.n)
	if start < 0 {
		start = max(start+size, 0)
	}
	if stop < 0 {
		stop += size
	}
	stop = min(stop, size-1)
	if start > stop {
		return 0, 0
	}
	return int(start), int(stop - start + 1)
}

// appendAt appends the text of element i to dst.
func (v view) appendAt(dst []byte, i int) []byte {
	if v.d != nil {
		return v.d.appendAt(dst, i)
	}
	return v.lp.AppendValue(dst, v.lp.Seek(i))
}

// each visits all elements in order until yield returns false.
func (v view) each(yield func(s []byte) bool) {
	switch {
	case v.d != nil:
		v.d.each(0, v.n, yield)
	case v.lp != nil:
		eachPacked(v.lp, 0, v.n, yield)
	}
}

// writeRange writes n elements from i on as bulk strings.
func (v view) writeRange(w *protocol.Writer, i, n int) {
	if v.d != nil {
		v.d.writeRange(w, i, n)
	} else if n > 0 {
		writePacked(w, v.lp, i, n)
	}
}

// segments is the number of parts that eachMatch searches one at a time.
func (v view) segments() int {
	if v.d != nil {
		return len(v.d.live())
	}
	return 1
}

// eachMatch calls yield with the indexes of the elements that equal s, from the last on if back, until it returns
// false; that will not be later than after most of them. Parts that begin limit elements or more from where the search begins are not
// looked at. 0 is no limit for either.
func (v view) eachMatch(s []byte, back bool, limit, most int, yield func(i int) bool) {
	ws := workspaces.Get().(*workspace)
	defer workspaces.Put(ws)
	at := 0 // elements passed
	for k := range v.segments() {
		if limit > 0 && at >= limit {
			return
		}
		n := v.n
		ws.hits = ws.hits[:0]
		if v.d == nil {
			ws.hits = matchListpack(v.lp, v.n, s, back, most, ws.hits)
		} else {
			live := v.d.live()
			if back {
				k = len(live) - 1 - k
			}
			ws.hits = live[k].matches(s, back, most, ws.hits)
			n = int(live[k].n)
		}
		for h := range ws.hits {
			i := at + int(ws.hits[h])
			if back {
				i = v.n - at - n + int(ws.hits[len(ws.hits)-1-h])
			}
			if !yield(i) {
				return
			}
		}
		at += n
	}
}

// --- writing -----------------------------------------------------------------

// fromPacked makes a deque of what a listpack has.
func (l *lists) fromPacked(lp packed.Listpack) *deque {
	d := newDeque(l.arena)
	d.plain = l.plain()
	if lp != nil {
		eachPacked(lp, 0, lp.Len(), func(s []byte) bool { d.pushBack(s); return true })
	}
	return d
}

// grown returns the size that lp will have with the elements added, and whether that is still a list in one listpack.
func (l *lists) grown(bytes, n int, elems [][]byte) (int, bool) {
	plain := l.plainWithin()
	for _, s := range elems {
		if len(s) >= plain {
			return 0, false
		}
		bytes += packed.ListpackEntrySize(s)
	}
	return bytes, l.limit().fits(bytes, n+len(elems))
}

// push adds the elements one after the other at the front or at the back of the list at k, whose entry is e if found, and returns
// the length. buf is memory for a new list, which no element is part of.
func (l *lists) push(c *core.Ctx, k core.Key, e keyspace.Entry, found bool, elems [][]byte, front bool, buf []byte) int {
	if !found {
		return l.create(c, k, elems, front, buf)
	}
	if e.IsObject() {
		d := e.Object().(*deque)
		before := d.MemoryUsage()
		d.plain = l.plain()
		d.pushAll(elems, front)
		if delta := d.MemoryUsage() - before; delta != 0 {
			e.ObjectResized(delta)
		}
		return d.n
	}
	size := e.Len()
	n := packed.Listpack(e.Bytes()).Len()
	to, fits := l.grown(size, n, elems)
	if !fits {
		d := l.fromPacked(packed.Listpack(e.Bytes()))
		d.pushAll(elems, front)
		e.SetObject(keyspace.EncQuicklist, d)
		return d.n
	}
	pushPacked(packed.Listpack(e.Resize(to)[:size]), elems, front)
	return n + len(elems)
}

func (l *lists) create(c *core.Ctx, k core.Key, elems [][]byte, front bool, buf []byte) int {
	if _, fits := l.grown(emptyListpack, 0, elems); fits {
		lp := pushPacked(packed.NewListpack(buf), elems, front)
		c.Create(k, core.Stored{Type: keyspace.List, Enc: keyspace.EncListpack, Packed: lp}, core.NoDeadline)
		if cap(buf) < len(lp) {
			c.SetScratch(lp)
		}
		return len(elems)
	}
	d := l.fromPacked(nil)
	d.pushAll(elems, front)
	c.Create(k, core.Stored{Type: keyspace.List, Enc: keyspace.EncQuicklist, Object: d}, core.NoDeadline)
	return d.n
}

func (d *deque) pushAll(elems [][]byte, front bool) {
	for _, s := range elems {
		if front {
			d.pushFront(s)
		} else {
			d.pushBack(s)
		}
	}
}

func pushPacked(lp packed.Listpack, elems [][]byte, front bool) packed.Listpack {
	for _, s := range elems {
		if front {
			lp = lp.Prepend(s)
		} else {
			lp = lp.Append(s)
		}
	}
	return lp
}

// pop removes the first or last element of the list at k, whose entry is e, and appends its text to dst. empty tells
// that it was the only one; the key is removed then. Entry style.
func (l *lists) pop(c *core.Ctx, k core.Key, e keyspace.Entry, front bool, dst []byte) (s []byte, empty bool) {
	if !e.IsObject() {
		lp := packed.Listpack(e.Bytes())
		pos := lp.First()
		if !front {
			pos = lp.Last()
		}
		dst = lp.AppendValue(dst, pos)
		if lp.Next(lp.First()) < 0 {
			c.Remove(k)
			return dst, true
		}
		e.Resize(len(lp.Delete(pos, 1)))
		return dst, false
	}
	d := e.Object().(*deque)
	before := d.MemoryUsage()
	if front {
		dst = d.popFront(dst)
	} else {
		dst = d.popBack(dst)
	}
	if delta := d.MemoryUsage() - before; delta != 0 {
		e.ObjectResized(delta)
	}
	if d.n == 0 {
		c.Remove(k)
		return dst, true
	}
	if lp, ok := d.packable(l.limit()); ok {
		e.SetBytes(keyspace.EncListpack, append([]byte(nil), lp...))
	}
	return dst, false
}

// put stores what became of the list at k after a change in value style: lp is the changed listpack if v was one. It
// reports whether the list is empty; the key is removed then.
func (l *lists) put(c *core.Ctx, k core.Key, v view, lp packed.Listpack) (empty bool) {
	switch {
	case v.d == nil && lp.Empty(), v.d != nil && v.d.n == 0:
		c.Remove(k)
		return true
	case v.d == nil:
		l.putPacked(c, k, lp)
	default:
		if lp, ok := v.d.packable(l.limit()); ok {
			l.putPacked(c, k, append([]byte(nil), lp...))
		}
	}
	return false
}

// putPacked stores lp, or a deque if it has outgrown the limit.
func (l *lists) putPacked(c *core.Ctx, k core.Key, lp packed.Listpack) {
	s := core.Stored{Type: keyspace.List, Enc: keyspace.EncListpack, Packed: lp}
	if !l.limit().fits(len(lp), lp.Len()) {
		s = core.Stored{Type: keyspace.List, Enc: keyspace.EncQuicklist, Object: l.fromPacked(lp)}
	}
	c.Update(k, s)
}

// scratchCopy returns a copy of lp in the command's scratch memory, to be edited.
func scratchCopy(c *core.Ctx, lp packed.Listpack) packed.Listpack {
	b := append(c.Scratch(), lp...)
	c.SetScratch(b)
	return packed.Listpack(b)
}
