package hashes

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

// pairs is a small hash in one block: what a listpack holds, less what a hash has no use for. An element of a listpack
// ends with its own length, so that lists can be walked backwards; a hash never is. And the block knows its size. For
// a hash of 8 fields that saves 22 of 231 bytes.
//
//	number of fields (1 byte, 255: more than 254, count them) | field | value | field | value ...
//
// An element is
//
//	0xxxxxxx                                  integer 0..127
//	10xxxxxx + bytes                          string of up to 63 bytes
//	C0 + length (1) + bytes                   string of up to 255 bytes
//	C1 + length (4, little endian) + bytes    longer string
//	C2 + 2, C3 + 3, C4 + 4, C5 + 8            integers of 16, 24, 32 and 64 bits, little endian
//
// A text that formatting an integer gives back is always kept as one, so equal texts are equal bytes. Positions
// are offsets of elements. Methods that change pairs work in place while the capacity suffices, and return the slice.
type pairs []byte

// encPairs is the encoding of entries that hold pairs: OBJECT ENCODING says listpack, and nobody else takes them for one.
const encPairs = keyspace.EncStream + 2

const (
	firstPair = 1 // position of the first field
	maxCount  = 255

	elemStr6  = 0x80
	elemStr8  = 0xC0
	elemStr32 = 0xC1
	elemInt16 = 0xC2
	elemInt24 = 0xC3
	elemInt32 = 0xC4
	elemInt64 = 0xC5
)

// newPairs returns an empty hash in dst's memory.
func newPairs(dst []byte) pairs { return append(dst[:0], 0) }

// len is the number of fields: O(1) up to 254, else O(N).
func (p pairs) len() int {
	if p[0] != maxCount {
		return int(p[0])
	}
	n := 0
	for pos := firstPair; pos < len(p); pos = p.nextPair(pos) {
		n++
	}
	return n
}

// after is the offset behind the element at pos.
func (p pairs) after(pos int) int {
	b := p[pos]
	if b < elemStr6 {
		return pos + 1
	}
	if b < elemStr8 {
		return pos + 1 + int(b-elemStr6)
	}
	return p.afterWide(pos)
}

func (p pairs) afterWide(pos int) int {
	switch p[pos] {
	case elemStr8:
		return pos + 2 + int(p[pos+1])
	case elemStr32:
		return pos + 5 + int(binary.LittleEndian.Uint32(p[pos+1:]))
	case elemInt16:
		return pos + 3
	case elemInt24:
		return pos + 4
	case elemInt32:
		return pos + 5
	}
	return pos + 9
}

// nextPair is the position of the field behind the one at pos, or len(p).
func (p pairs) nextPair(pos int) int { return p.after(p.after(pos)) }

// get is the element at pos.
func (p pairs) get(pos int) value {
	b := p[pos]
	switch {
	case b < elemStr6:
		return value{num: int64(b), isInt: true}
	case b < elemStr8:
		to := pos + 1 + int(b-elemStr6)
		return value{str: p[pos+1 : to : to]}
	}
	data := p[pos+1:]
	switch b {
	case elemStr8:
		to := p.afterWide(pos)
		return value{str: p[pos+2 : to : to]}
	case elemStr32:
		to := p.afterWide(pos)
		return value{str: p[pos+5 : to : to]}
	case elemInt16:
		return value{num: int64(int16(binary.LittleEndian.Uint16(data))), isInt: true}
	case elemInt24:
		return value{num: int64(int32(uint32(data[0])<<8|uint32(data[1])<<16|uint32(data[2])<<24) >> 8), isInt: true}
	case elemInt32:
		return value{num: int64(int32(binary.LittleEndian.Uint32(data))), isInt: true}
	}
	return value{num: int64(binary.LittleEndian.Uint64(data)), isInt: true}
}

// find returns the position of a field, or -1. O(N).
func (p pairs) find(field []byte) int {
	if v, ok := packed.ParseInt(field); ok {
		return p.findInt(v)
	}
	n := len(field)
	if n >= elemStr8-elemStr6 {
		for pos := firstPair; pos < len(p); pos = p.nextPair(pos) {
			if p[pos] >= elemStr8 && string(p.get(pos).str) == string(field) {
				return pos
			}
		}
		return -1
	}
	// The first byte gives the length away, and names that begin alike often end differently: the last byte is compared
	// before the whole.
	want := elemStr6 | byte(n)
	last := want
	if n > 0 {
		last = field[n-1]
	}
	for pos := firstPair; pos < len(p); {
		if p[pos] == want && p[pos+n] == last && string(p[pos+1:pos+1+n]) == string(field) {
			return pos
		}
		pos = p.after(pos)
		pos = p.after(pos)
	}
	return -1
}

func (p pairs) findInt(v int64) int {
	for pos := firstPair; pos < len(p); pos = p.nextPair(pos) {
		if b := p[pos]; b < elemStr6 {
			if int64(b) == v {
				return pos
			}
		} else if b >= elemInt16 && p.get(pos).num == v {
			return pos
		}
	}
	return -1
}

// elementSize is the number of bytes that s takes.
func elementSize(s []byte) int {
	if v, ok := packed.ParseInt(s); ok {
		return 1 + intBytes(v)
	}
	switch n := len(s); {
	case n < elemStr8-elemStr6:
		return 1 + n
	case n <= math.MaxUint8:
		return 2 + n
	default:
		return 5 + n
	}
}

// intBytes is how many bytes v takes beside the first, which holds small ones itself.
func intBytes(v int64) int {
	switch {
	case v >= 0 && v < elemStr6:
		return 0
	case v >= math.MinInt16 && v <= math.MaxInt16:
		return 2
	case v >= -1<<23 && v < 1<<23:
		return 3
	case v >= math.MinInt32 && v <= math.MaxInt32:
		return 4
	}
	return 8
}

// put replaces the bytes pos to end by the element for s. O(bytes behind).
func (p pairs) put(pos, end int, s []byte) pairs {
	size, was := elementSize(s), len(p)
	if total := was + size - (end - pos); total > was {
		p = slices.Grow(p, total-was)[:total]
		copy(p[pos+size:], p[end:was])
	} else if total < was {
		copy(p[pos+size:], p[end:])
		p = p[:total]
	}
	if v, ok := packed.ParseInt(s); ok {
		p.putInt(pos, v)
		return p
	}
	to := p[pos:]
	switch head := size - len(s); head {
	case 1:
		to[0] = elemStr6 | byte(len(s))
	case 2:
		to[0], to[1] = elemStr8, byte(len(s))
	default:
		to[0] = elemStr32
		binary.LittleEndian.PutUint32(to[1:], uint32(len(s)))
	}
	copy(to[size-len(s):], s)
	return p
}

func (p pairs) putInt(pos int, v int64) {
	to := p[pos:]
	switch intBytes(v) {
	case 0:
		to[0] = byte(v)
	case 2:
		to[0] = elemInt16
		binary.LittleEndian.PutUint16(to[1:], uint16(v))
	case 3:
		to[0], to[1], to[2], to[3] = elemInt24, byte(v), byte(v>>8), byte(v>>16)
	case 4:
		to[0] = elemInt32
		binary.LittleEndian.PutUint32(to[1:], uint32(v))
	default:
		to[0] = elemInt64
		binary.LittleEndian.PutUint64(to[1:], uint64(v))
	}
}

// add appends a field, which must be absent, with its value.
func (p pairs) add(field, value []byte) pairs {
	p = p.put(len(p), len(p), field)
	p = p.put(len(p), len(p), value)
	if p[0] < maxCount {
		p[0]++
	}
	return p
}

// remove takes out the field at pos with its value.
func (p pairs) remove(pos int) pairs {
	end := p.nextPair(pos)
	p = p[:pos+copy(p[pos:], p[end:])]
	if p[0] < maxCount {
		p[0]--
	} else if n := p.len(); n < maxCount {
		p[0] = byte(n)
	}
	return p
}

// appendListpack appends fields and values to a listpack, the form of RDB files.
func (p pairs) appendListpack(lp packed.Listpack) packed.Listpack {
	for pos := firstPair; pos < len(p); pos = p.after(pos) {
		if v := p.get(pos); v.isInt {
			lp = lp.AppendInt(v.num)
		} else {
			lp = lp.Append(v.str)
		}
	}
	return lp
}

// addListpack adds the fields and values of a listpack, none of which may be there yet.
func (p pairs) addListpack(lp packed.Listpack) pairs {
	var text [20]byte
	it := lp.Iter(lp.First())
	for it.Next() {
		s := it.Str
		if it.IsInt {
			s = strconv.AppendInt(text[:0], it.Int, 10)
		}
		p = p.put(len(p), len(p), s)
	}
	p[0] = byte(min(lp.Len()/2, maxCount))
	return p
}

// value is an element: str, or num if isInt.
type value struct {
	str   []byte // part of the hash
	num   int64
	isInt bool
}

func (v value) reply(out *protocol.Writer) {
	if v.isInt {
		out.BulkInt(v.num)
		return
	}
	out.Bulk(v.str)
}

// len is the length of the value's text.
func (v value) len() int {
	if v.isInt {
		var text [20]byte
		return len(strconv.AppendInt(text[:0], v.num, 10))
	}
	return len(v.str)
}

// text is the value's text, in buf if it is an integer.
func (v value) text(buf []byte) []byte {
	if v.isInt {
		return strconv.AppendInt(buf, v.num, 10)
	}
	return v.str
}
