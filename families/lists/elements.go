package lists

import (
	"slices"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
)

// eachElement visits all elements in order, integers as they are kept, until yield returns false.
func (v view) eachElement(yield func(e core.Element) bool) {
	switch {
	case v.d != nil:
		var buf []byte
		for _, c := range v.d.live() {
			if !c.eachElement(&buf, yield) {
				return
			}
		}
	case v.lp != nil:
		eachPackedElement(v.lp, yield)
	}
}

// eachElement visits the elements of the chunk; false when yield has ended it. buf is for text.
func (c *chunk) eachElement(buf *[]byte, yield func(e core.Element) bool) bool {
	switch c.kind {
	case kindPlain:
		return yield(core.Element{Text: c.data})
	case kindOpen:
		return eachPackedElement(c.listpack(), yield)
	}
	f := c.frozen()
	w := f.walk(0)
	for i := range f.n {
		e := core.Element{IsInt: true}
		if f.form == formInts {
			e.Int = f.integer(i)
		} else {
			*buf = w.appendNext((*buf)[:0])
			e = core.Element{Text: *buf}
		}
		if !yield(e) {
			return false
		}
	}
	return true
}

func eachPackedElement(lp packed.Listpack, yield func(e core.Element) bool) bool {
	it := lp.Iter(lp.First())
	for it.Next() {
		if !yield(core.Element{Text: it.Str, Int: it.Int, IsInt: it.IsInt}) {
			return false
		}
	}
	return true
}

// fromElements builds the list of SORT ... STORE: a listpack as long as that is enough, then a deque.
func (l *lists) fromElements(n int, elem func(i int) core.Element) core.Stored {
	ws := workspaces.Get().(*workspace)
	defer workspaces.Put(ws)
	b := packed.Build(ws.buf)
	limit, plain := l.limit(), l.plainWithin()
	i := 0
	for ; i < n; i++ {
		e := elem(i)
		if len(e.Text) >= plain || !limit.fits(b.Bytes()+len(e.Text), i+1) {
			break
		}
		if e.IsInt {
			b.AddInt(e.Int)
		} else {
			b.Add(e.Text)
		}
		if !limit.fits(b.Bytes(), i+1) {
			i++
			break
		}
	}
	lp := b.Listpack()
	ws.buf = lp[:0]
	if i == n && limit.fits(len(lp), n) {
		return core.Stored{Type: keyspace.List, Enc: keyspace.EncListpack, Packed: slices.Clone(lp)}
	}
	d := l.fromPacked(lp)
	for ; i < n; i++ {
		ws.text = elem(i).AppendTo(ws.text[:0])
		d.pushBack(ws.text)
	}
	return core.Stored{Type: keyspace.List, Enc: keyspace.EncQuicklist, Object: d}
}
