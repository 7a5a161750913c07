package lists

import (
	"encoding/binary"
	"strconv"
	"sync"

	"github.com/redust/redust/core/packed"
)

// workspace is memory for taking chunks apart, lent from a pool for the length of one operation.
type workspace struct {
	elems [][]byte
	text  []byte // of the integers among elems
	buf   []byte
	hits  []int32
}

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// take lists n elements of a listpack from pos on as text: parts of it, or of the workspace.
func (ws *workspace) take(lp packed.Listpack, pos, n int) {
	ws.elems = ws.elems[:0]
	if need := n * 20; cap(ws.text) < need {
		ws.text = make([]byte, 0, need)
	}
	ws.text = ws.text[:0]
	it := lp.Iter(pos)
	for ; n > 0 && it.Next(); n-- {
		e := it.Str
		if it.IsInt {
			from := len(ws.text)
			ws.text = strconv.AppendInt(ws.text, it.Int, 10)
			e = ws.text[from:]
		}
		ws.elems = append(ws.elems, e)
	}
}

// plan says how a run of elements is frozen.
type plan struct {
	form       byte
	bits       uint
	begin, end int // bytes common to all
	mid        int // bytes of each between, if fixed
	least      int64
	symbols    int // different bytes between begin and end
	alpha      [64]byte
	rank       [256]byte
	fixedSize  int // bytes that don't depend on the number of elements
}

// Symbols of less than 8 bits cost about a nanosecond each to read. For long elements that is more than it saves.
const (
	maxNarrowMean = 64 // mean bytes between begin and end for which symbols of up to 4 bits are used
	maxWideMean   = 40 // the same for 5 to 7 bits
)

// makePlan looks at all elements, of which there is at least one.
func (p *plan) makePlan(elems [][]byte) {
	p.least = 0
	if p.integers(elems) {
		return
	}
	shortest, longest, total := p.common(elems)
	p.form = formVarying
	p.mid = 0
	if shortest == longest {
		p.form, p.mid = formFixed, shortest-p.begin-p.end
	}
	p.chooseSymbols(elems, (total-len(elems)*(p.begin+p.end))/len(elems))
	p.fixedSize = frozenHeader + p.begin + p.end + frozenPad
	if p.bits < 7 {
		p.fixedSize += 1 << p.bits
	}
}

// integers plans the integer form if all elements are integers and it is no larger than their digits.
func (p *plan) integers(elems [][]byte) bool {
	if _, ok := packed.ParseInt(elems[0]); !ok {
		return false
	}
	least, most, digits := int64(1<<63-1), int64(-1<<63), 0
	for _, e := range elems {
		v, ok := packed.ParseInt(e)
		if !ok {
			return false
		}
		least, most = min(least, v), max(most, v)
		digits += 1 + (len(e)+1)/2
	}
	p.form, p.bits, p.least = formInts, intWidth(least, most), least
	p.begin, p.end, p.mid = 0, 0, 0
	p.fixedSize = frozenHeader + frozenPad
	return p.size(elems) <= digits+frozenHeader+frozenPad
}

// common finds what all elements begin and end with.
func (p *plan) common(elems [][]byte) (shortest, longest, total int) {
	first := elems[0]
	shortest, longest = len(first), len(first)
	begin, end := len(first), len(first)
	for _, e := range elems {
		shortest, longest, total = min(shortest, len(e)), max(longest, len(e)), total+len(e)
		begin = min(begin, len(e))
		for i := range begin {
			if e[i] != first[i] {
				begin = i
				break
			}
		}
		end = min(end, len(e))
		for i := range end {
			if e[len(e)-1-i] != first[len(first)-1-i] {
				end = i
				break
			}
		}
	}
	p.begin, p.end = begin, min(end, shortest-begin)
	return shortest, longest, total
}

// chooseSymbols finds the bytes that occur between begin and end, and how many bits tell them apart.
func (p *plan) chooseSymbols(elems [][]byte, mean int) {
	var seen [256]bool
	for _, e := range elems {
		for _, c := range e[p.begin : len(e)-p.end] {
			seen[c] = true
		}
	}
	n, high := 0, false
	for c, there := range seen {
		if !there {
			continue
		}
		if n < len(p.alpha) {
			p.alpha[n], p.rank[c] = byte(c), byte(n)
		}
		n++
		high = c >= 128
	}
	p.symbols = n
	p.bits = 8
	switch {
	case n <= 64:
		for p.bits = 0; 1<<p.bits < n; {
			p.bits++
		}
	case !high:
		p.bits = 7
	}
	if mean > maxNarrowMean || mean > maxWideMean && p.bits > 4 {
		p.bits = 8
	}
}

// elementBytes is what one element takes, beside its share of the table and but for integers.
func (p *plan) elementBytes(e []byte) int {
	mid := len(e) - p.begin - p.end
	n := symbolBytes(mid, p.bits)
	if p.form == formFixed {
		return n
	}
	if mid >= longLength {
		return n + 2
	}
	return n + 1
}

// size is the number of bytes that the elements take when frozen by the plan.
func (p *plan) size(elems [][]byte) int {
	switch p.form {
	case formInts:
		return p.fixedSize + symbolBytes(len(elems), p.bits)
	case formFixed:
		return p.fixedSize + len(elems)*symbolBytes(p.mid, p.bits)
	}
	n := p.fixedSize + tableBytes(len(elems))
	for _, e := range elems {
		n += p.elementBytes(e)
	}
	return n
}

// fit returns how many elements, from the front or from the back, fit into size bytes.
func (p *plan) fit(elems [][]byte, size int, back bool) int {
	size -= p.fixedSize
	switch {
	case p.form == formInts && p.bits > 0:
		return min(len(elems), size*8/int(p.bits))
	case p.form == formFixed && p.mid*int(p.bits) > 0:
		return min(len(elems), size/symbolBytes(p.mid, p.bits))
	case p.form != formVarying:
		return len(elems)
	}
	n := 0
	for used := 0; n < len(elems); n++ {
		e := elems[n]
		if back {
			e = elems[len(elems)-1-n]
		}
		if used += p.elementBytes(e); used+tableBytes(n+1) > size {
			break
		}
	}
	return n
}

// write freezes the elements into b, which has at least p.size(elems) bytes.
func (p *plan) write(b []byte, elems [][]byte) {
	clear(b[:frozenHeader])
	b[0], b[1] = p.form, byte(p.bits)
	binary.LittleEndian.PutUint16(b[2:], uint16(p.begin))
	binary.LittleEndian.PutUint16(b[4:], uint16(p.end))
	binary.LittleEndian.PutUint16(b[6:], uint16(p.mid))
	binary.LittleEndian.PutUint64(b[8:], uint64(p.least))
	if p.form == formInts {
		p.writeInts(b, elems)
		return
	}
	out := append(b[:frozenHeader], elems[0][:p.begin]...)
	out = append(out, elems[0][len(elems[0])-p.end:]...)
	if p.bits < 7 {
		n := 1 << p.bits
		from := len(out)
		out = append(out, p.alpha[:n]...)
		for i := p.symbols; i < n; i++ { // unused ones must not hide those that are used
			out[from+i] = p.alpha[0]
		}
	}
	table := out[len(out):]
	if p.form == formVarying {
		out = out[:len(out)+tableBytes(len(elems))]
	}
	start := len(out)
	for i, e := range elems {
		mid := e[p.begin : len(e)-p.end]
		if p.form == formVarying {
			if i%tableStep == 0 {
				binary.LittleEndian.PutUint16(table[i/tableStep*2:cap(table)], uint16(len(out)-start))
			}
			if len(mid) >= longLength {
				out = append(out, longLength|byte(len(mid)>>8), byte(len(mid)))
			} else {
				out = append(out, byte(len(mid)))
			}
		}
		switch p.bits {
		case 8:
			out = append(out, mid...)
		case 7:
			out = packSymbols(out, mid, 7, nil)
		default:
			out = packSymbols(out, mid, p.bits, &p.rank)
		}
	}
}

func (p *plan) writeInts(b []byte, elems [][]byte) {
	f := frozen{bits: p.bits, body: b[frozenHeader:]}
	clear(b[frozenHeader : frozenHeader+symbolBytes(len(elems), p.bits)])
	for i, e := range elems {
		v, _ := packed.ParseInt(e)
		f.putInt(i, uint64(v)-uint64(p.least))
	}
}

// thawInto writes the elements of a frozen chunk as a listpack into dst's memory.
func (f frozen) thawInto(dst []byte, ws *workspace) packed.Listpack {
	lp := packed.NewListpack(dst)
	w := f.walk(0)
	for i := range f.n {
		if f.form == formInts {
			lp = lp.AppendInt(f.integer(i))
			continue
		}
		ws.text = w.appendNext(ws.text[:0])
		lp = lp.Append(ws.text)
	}
	return lp
}
