package keysfamily

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"sync"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

// sorter holds the elements of one SORT. Their bytes lie one after the other in text, whatever the value's form was.
type sorter struct {
	c     *core.Ctx
	o     *sortOptions
	text  []byte
	ends  []int   // element i is text[ends[i]:ends[i+1]]
	order []int32 // elements as they will be returned

	scores []float64 // by element, unless alpha
	keys   []byte    // what BY found, unless numeric
	spans  [][2]int  // by element: its part of keys; {-1, -1} where BY found nothing
	list   []ranked  // while it sorts
}

// sorterPool keeps the slices of sorters that were small.
var sorterPool = sync.Pool{New: func() any { return new(sorter) }}

const (
	keptElements = 4096
	keptBytes    = 64 << 10
)

func newSorter(c *core.Ctx, o *sortOptions) *sorter {
	s := sorterPool.Get().(*sorter)
	s.c, s.o = c, o
	return s
}

// free ends the use of a sorter and of all that it returned.
func (s *sorter) free() {
	if cap(s.ends) > keptElements || cap(s.text) > keptBytes || cap(s.keys) > keptBytes {
		return
	}
	*s = sorter{
		text: s.text[:0], ends: s.ends[:0], order: s.order[:0], scores: s.scores[:0],
		keys: s.keys[:0], spans: s.spans[:0], list: s.list[:0],
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

func (s *sorter) element(i int32) []byte { return s.text[s.ends[i]:s.ends[i+1]] }

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
	s.ends = append(room(s.ends, min(size, need)+1)[:0], 0)
	if need > 0 {
		t.Each(v, func(elem []byte) bool {
			s.text = append(s.text, elem...)
			s.ends = append(s.ends, len(s.text))
			return len(s.ends) <= need
		})
	}
	s.order = room(s.order, len(s.ends)-1)
	for i := range s.order {
		s.order[i] = int32(i)
	}
	if backwards {
		slices.Reverse(s.order)
	}
}

// weigh finds what each element is sorted by; false when a number was wanted and is none. An element for which BY finds
// nothing weighs 0, or comes first with ALPHA.
func (s *sorter) weigh() bool {
	by, alpha := s.o.by, s.o.alpha
	if alpha && by == nil {
		return true
	}
	look := lookup{c: s.c}
	if alpha {
		s.spans = room(s.spans, len(s.order))
		for i := range s.spans {
			val, ok := look.value(by, s.element(int32(i)))
			if !ok {
				s.spans[i] = [2]int{-1, -1}
				continue
			}
			s.spans[i] = [2]int{len(s.keys), len(s.keys) + len(val)}
			s.keys = append(s.keys, val...)
		}
		return true
	}
	s.scores = room(s.scores, len(s.order))
	clear(s.scores)
	all := true
	for i := range s.scores {
		val, ok := s.element(int32(i)), true
		if by != nil {
			val, ok = look.value(by, val)
		}
		if ok {
			s.scores[i], ok = sortScore(val)
			all = all && ok
		}
	}
	return all
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

// sort puts the order right. Elements of equal score are ordered by their bytes, so that the result is one and the same;
// those for which BY finds equal strings stay as they were.
func (s *sorter) sort() {
	rank, next := s.rank, func(i int32) uint64 { return head(s.element(i)) }
	tie := func(a, b int32) int { return bytes.Compare(s.element(a), s.element(b)) }
	switch {
	case s.o.alpha && s.o.by != nil:
		rank, tie = func(i int32) uint64 { return head(s.sortKey(i)) }, s.compareKeys
		next = func(i int32) uint64 { return head(behind(s.sortKey(i))) }
	case s.o.alpha:
		rank, next = next, func(i int32) uint64 { return head(behind(s.element(i))) }
	}
	if s.o.desc {
		r, n, t := rank, next, tie
		rank, next = func(i int32) uint64 { return ^r(i) }, func(i int32) uint64 { return ^n(i) }
		tie = func(a, b int32) int { return t(b, a) }
	}
	s.list = room(s.list, len(s.order))
	list := s.list
	for n, i := range s.order {
		list[n] = ranked{rank(i), i}
	}
	sortRanked(list, next, tie)
	for n := range list {
		s.order[n] = list[n].i
	}
}

// rank is the score as a number that orders as it does.
func (s *sorter) rank(i int32) uint64 {
	b := math.Float64bits(s.scores[i] + 0) // +0: there is no -0
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
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
