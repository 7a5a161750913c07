package keysfamily

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

// sorter holds the elements of one SORT. Those that were texts lie one after the other in text, whatever the value's form was; integers
// stay numbers, as most of them only have to be compared.
type sorter struct {
	c     *core.Ctx
	o     *sortOptions
	text  []byte
	elems []sortElement
	order []int32 // elements as they will be returned; after a sort only those that LIMIT leaves, at their places

	keys  []byte   // what BY found, unless numeric
	spans [][2]int // by element: its part of keys; {-1, -1} where BY found nothing
	list  []ranked // while it sorts
	spare []ranked
}

// sortElement is text[at:at+n], or the integer n if at is negative.
type sortElement struct {
	at int
	n  int64
}

func (e sortElement) in(text []byte) []byte { return text[e.at : e.at+int(e.n)] }

// sorterPool keeps the slices of sorters, until the second collection of garbage, unless they are very large: to make those of 100,000 elements anew takes
// as long as to sort with them.
var sorterPool = sync.Pool{New: func() any { return new(sorter) }}

const (
	keptElements = 128 << 10
	keptBytes    = 2 << 20
)

func newSorter(c *core.Ctx, o *sortOptions) *sorter {
	s := sorterPool.Get().(*sorter)
	s.c, s.o = c, o
	return s
}

// free ends the use of a sorter and of all that it returned.
func (s *sorter) free() {
	if cap(s.elems) > keptElements || cap(s.text) > keptBytes || cap(s.keys) > keptBytes {
		return
	}
	*s = sorter{
		text: s.text[:0], elems: s.elems[:0], order: s.order[:0],
		keys: s.keys[:0], spans: s.spans[:0], list: s.list[:0], spare: s.spare[:0],
	}
	sorterPool.Put(s)
}

// room returns n elements of a slice that is used again, content arbitrary.
func room[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// element returns element i, valid until the sorter is freed.
func (s *sorter) element(i int32) core.Element {
	e := s.elems[i]
	if e.at < 0 {
		return core.Element{Int: e.n, IsInt: true}
	}
	return core.Element{Text: e.in(s.text)}
}

// digits is room for the text of an integer.
type digits [20]byte

// bytes is the text of element i, for which room may serve.
func (s *sorter) bytes(i int32, room *digits) []byte {
	e := s.elems[i]
	if e.at < 0 {
		return strconv.AppendInt(room[:0], e.n, 10)
	}
	return e.in(s.text)
}

// load takes over the value's elements, in its own order; as many as are needed where that is the order wanted.
func (s *sorter) load(t *core.TypeInfo, v core.Value) {
	size, need := 0, math.MaxInt
	if t.Len != nil {
		size = t.Len(v)
	}
	// Lists and sorted sets have an order that can be reversed, sets have none.
	backwards := s.o.nosort && s.o.desc && v.Type != keyspace.Set
	if s.o.nosort && !backwards && s.o.count >= 0 {
		if end := max(s.o.start, 0) + s.o.count; end >= 0 {
			need = int(end)
		}
	}
	s.elems = room(s.elems, min(size, need))[:0]
	if need > 0 {
		s.take(t, v, need)
	}
	if s.order = room(s.order, len(s.elems)); !s.o.nosort {
		return
	}
	for i := range s.order {
		s.order[i] = int32(i)
	}
	if backwards {
		slices.Reverse(s.order)
	}
}

// take adds up to need elements. Integers stay such where their text is not what they are sorted by.
func (s *sorter) take(t *core.TypeInfo, v core.Value, need int) {
	if t.EachElement == nil || s.o.alpha || s.o.by != nil {
		t.Each(v, func(elem []byte) bool {
			s.elems = append(s.elems, sortElement{len(s.text), int64(len(elem))})
			s.text = append(s.text, elem...)
			return len(s.elems) < need
		})
		return
	}
	t.EachElement(v, func(elem core.Element) bool {
		e := sortElement{-1, elem.Int}
		if !elem.IsInt {
			e = sortElement{len(s.text), int64(len(elem.Text))}
			s.text = append(s.text, elem.Text...)
		}
		s.elems = append(s.elems, e)
		return len(s.elems) < need
	})
}

// sort puts the order right; false when a number was wanted and is none. Elements of equal score are ordered by their bytes, so that
// the result is one and the same; those for which BY finds equal strings stay as they were.
func (s *sorter) sort() bool {
	s.list = room(s.list, len(s.elems))
	k := ranking{list: s.list, flip: 0, next: s.textHead, tie: s.compareTexts}
	if s.o.desc {
		k.flip = ^uint64(0)
	}
	switch {
	case !s.o.alpha:
		if !s.score(k.flip) {
			return false
		}
	case s.o.by == nil:
		var room digits
		for i := range s.list {
			s.list[i] = ranked{head(s.bytes(int32(i), &room)) ^ k.flip, int32(i)}
		}
		k.next = s.secondTextHead
	default:
		s.findKeys()
		for i := range s.list {
			s.list[i] = ranked{head(s.sortKey(int32(i))) ^ k.flip, int32(i)}
		}
		k.next, k.tie = s.secondKeyHead, s.compareKeys
	}
	_, to := s.o.window(len(s.elems))
	s.spare = k.sort(to, s.spare)
	for n, e := range s.list[:to] {
		s.order[n] = e.i
	}
	return true
}

// score gives each element the rank of its number, or that of what BY finds for it; false when one has none. An element for which
// BY finds nothing has 0.
func (s *sorter) score(flip uint64) bool {
	look := lookup{c: s.c}
	all := true
	for i, e := range s.elems {
		f, ok := float64(e.n), true
		if e.at >= 0 {
			val := e.in(s.text)
			if s.o.by != nil {
				val, ok = look.value(s.o.by, val)
			}
			if f = 0; ok {
				f, ok = sortScore(val)
				all = all && ok
			}
		}
		s.list[i] = ranked{floatRank(f) ^ flip, int32(i)}
	}
	return all
}

// findKeys looks up what BY names for each element.
func (s *sorter) findKeys() {
	look := lookup{c: s.c}
	s.spans = room(s.spans, len(s.elems))
	for i := range s.spans {
		val, ok := look.value(s.o.by, s.element(int32(i)).Text)
		if !ok {
			s.spans[i] = [2]int{-1, -1}
			continue
		}
		s.spans[i] = [2]int{len(s.keys), len(s.keys) + len(val)}
		s.keys = append(s.keys, val...)
	}
}

// sortScore reads a number as C's strtod does: leading white space is skipped, the empty string is 0. Overflow, underflow
// and NaN are refused.
func sortScore(b []byte) (float64, bool) {
	if n, ok := protocol.ParseInt(b); ok {
		return float64(n), true
	}
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	if len(b) == 0 {
		return 0, true
	}
	f, ok := protocol.ParseFloat(bytes.TrimLeft(b, " \t\n\v\f\r"))
	const smallest = 0x1p-1022 // anything nearer to 0 has underflowed
	return f, ok && (f == 0 || math.Abs(f) >= smallest)
}

// floatRank is a number that orders as f does.
func floatRank(f float64) uint64 {
	b := math.Float64bits(f + 0) // +0: there is no -0
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

func (s *sorter) textHead(i int32) uint64 {
	var room digits
	return head(s.bytes(i, &room))
}

func (s *sorter) secondTextHead(i int32) uint64 {
	var room digits
	return head(behind(s.bytes(i, &room)))
}

func (s *sorter) secondKeyHead(i int32) uint64 { return head(behind(s.sortKey(i))) }

func (s *sorter) compareTexts(a, b int32) int {
	var roomA, roomB digits
	return bytes.Compare(s.bytes(a, &roomA), s.bytes(b, &roomB))
}

// sortKey is what BY found for an element.
func (s *sorter) sortKey(i int32) []byte {
	if sp := s.spans[i]; sp[0] >= 0 {
		return s.keys[sp[0]:sp[1]]
	}
	return nil
}

func (s *sorter) compareKeys(a, b int32) int {
	hasA, hasB := s.spans[a][0] >= 0, s.spans[b][0] >= 0
	switch {
	case hasA && hasB:
		return bytes.Compare(s.sortKey(a), s.sortKey(b))
	case hasA:
		return 1
	case hasB:
		return -1
	}
	return 0
}

// behind is what follows the first eight bytes.
func behind(b []byte) []byte { return b[min(8, len(b)):] }

// head is the first eight bytes as a number that orders as they do; shorter strings are filled with zeros.
func head(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var buf [8]byte
	copy(buf[:], b)
	return binary.BigEndian.Uint64(buf[:])
}
