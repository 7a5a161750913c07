package packed

import (
	"encoding/binary"
	"strconv"
)

// A Listpack is a sequence of byte strings and integers in one block:
//
//	total bytes (4, little endian) | element count (2, little endian) | element ... | 0xFF
//
// An element is its encoding byte and data, followed by the length of those two ("backlen"), written so that it can be
// read backwards from the next element:
//
//	0xxxxxxx                 integer 0..127
//	10xxxxxx                 string of up to 63 bytes
//	110xxxxx yyyyyyyy        integer of 13 bits, signed
//	1110xxxx yyyyyyyy        string of up to 4095 bytes
//	11110000 + 4 bytes       string of up to 2^32-1 bytes
//	11110001 + 2, 11110010 + 3, 11110011 + 4, 11110100 + 8   integers of 16, 24, 32 and 64 bits
//
// Elements are addressed by position, the byte offset of the element; -1 is no element. A change moves the
// elements behind it: positions after the place of a change are void, those before it stay.
// len(lp) is always the total in the header.
type Listpack []byte

const (
	// MaxListpackBytes is the size that Redis lets no listpack pass; see [Listpack.SafeToAdd].
	MaxListpackBytes = 1 << 30

	listpackHeader = 6
	listpackEnd    = 0xFF
	// countUnknown in the header stands for "65535 or more, count them".
	countUnknown = 65535
)

// Encoding bytes, and the masks of those that carry data.
const (
	encStr6  = 0x80
	encInt13 = 0xC0
	encStr12 = 0xE0
	encStr32 = 0xF0
	encInt16 = 0xF1
	encInt24 = 0xF2
	encInt32 = 0xF3
	encInt64 = 0xF4
)

// NewListpack returns an empty listpack in dst's memory, from its start, if there are 7 bytes of capacity.
func NewListpack(dst []byte) Listpack {
	return append(dst[:0], listpackHeader+1, 0, 0, 0, 0, 0, listpackEnd)
}

// Bytes returns the encoded form, which is lp itself.
func (lp Listpack) Bytes() []byte { return lp }

// Len returns the number of elements: O(1) up to 65534, else O(N), as the header can't count further.
func (lp Listpack) Len() int {
	n := lp.count()
	if n < countUnknown {
		return n
	}
	n = 0
	for p := listpackHeader; lp[p] != listpackEnd; p = lp.after(p) {
		n++
	}
	return n
}

// Empty reports whether there is no element, in O(1).
func (lp Listpack) Empty() bool { return lp[listpackHeader] == listpackEnd }

// First returns the position of the first element, or -1.
func (lp Listpack) First() int {
	if lp.Empty() {
		return -1
	}
	return listpackHeader
}

// Last returns the position of the last element, or -1.
func (lp Listpack) Last() int { return lp.Prev(lp.End()) }

// End returns the position behind the last element. Nothing can be read there, but Insert before it appends and Prev
// of it is the last element.
func (lp Listpack) End() int { return len(lp) - 1 }

// Next returns the position of the element behind the one at pos, or -1.
func (lp Listpack) Next(pos int) int {
	pos = lp.after(pos)
	if lp[pos] == listpackEnd {
		return -1
	}
	return pos
}

// Prev returns the position of the element before the one at pos, or -1.
func (lp Listpack) Prev(pos int) int {
	if pos <= listpackHeader {
		return -1
	}
	size := lp.backlen(pos - 1)
	return pos - size - backlenSize(size)
}

// Seek returns the position of the element at index, counted from 0 at the head, or from -1 at the tail; -1 when there
// is none. O(N) from the nearer end.
func (lp Listpack) Seek(index int) int {
	n := lp.count()
	if n < countUnknown {
		if index < -n || index >= n {
			return -1
		}
		if index < 0 {
			index += n
		}
		if index > n/2 {
			index -= n
		}
	}
	if index >= 0 {
		pos := lp.forward(listpackHeader, index)
		if lp[pos] == listpackEnd {
			return -1
		}
		return pos
	}
	return lp.back(lp.End(), -index)
}

// forward passes over n elements, the first of them at pos, or to the end if there are fewer. A walk waits for each element before it
// knows where the next one is; where two short strings of one length followed each other, four more are looked for at once.
func (lp Listpack) forward(pos, n int) int {
	last := byte(listpackEnd)
	for n > 0 && lp[pos] != listpackEnd {
		b := lp[pos]
		if b < encInt13 && b == last && b >= encStr6 && n >= 4 {
			size := int(b-encStr6) + 2
			if pos+3*size < len(lp) && lp[pos+size] == b && lp[pos+2*size] == b && lp[pos+3*size] == b {
				pos += 4 * size
				n -= 4
				continue
			}
		}
		last = b
		pos = lp.after(pos)
		n--
	}
	return pos
}

// back passes over n elements towards the front, the first of them before pos, and returns the position of the last, or -1 if there are
// fewer. It looks for four at once as forward does, by their sizes.
func (lp Listpack) back(pos, n int) int {
	last := byte(0x80)
	for n > 0 && pos > listpackHeader {
		b := lp[pos-1]
		size := int(b) + 1
		if b == last && n >= 4 && pos-4*size >= listpackHeader {
			if lp[pos-1-size] == b && lp[pos-1-2*size] == b && lp[pos-1-3*size] == b {
				pos -= 4 * size
				n -= 4
				continue
			}
		}
		if last = 0x80; b < 0x80 {
			last = b
			pos -= size
		} else {
			pos = lp.Prev(pos)
		}
		n--
	}
	if n > 0 {
		return -1
	}
	return pos
}

// Get returns the element at pos: a string, which is part of lp and valid until lp changes, or an integer (str is nil).
func (lp Listpack) Get(pos int) (str []byte, num int64, isInt bool) {
	b := lp[pos]
	switch {
	case b < encStr6:
		return nil, int64(b), true
	case b < encInt13:
		from := pos + 1
		to := from + int(b&0x3F)
		return lp[from:to:to], 0, false
	case b < encStr12:
		// 13 bits, the sign moved to the top and back.
		return nil, int64(int16(uint16(b&0x1F)<<8|uint16(lp[pos+1]))<<3) >> 3, true
	}
	if b > encStr32 {
		return nil, lp.wideInt(pos), true
	}
	head, n := lp.stringHead(pos)
	from := pos + head
	to := from + n
	return lp[from:to:to], 0, false
}

// Short is Get where the element at pos is a string of at most 63 bytes, as most are; nil if it isn't. The next one is len(str)+2 behind it.
func (lp Listpack) Short(pos int) (str []byte) {
	b := lp[pos]
	if b&0xC0 != encStr6 {
		return nil
	}
	from := pos + 1
	to := from + int(b&0x3F)
	return lp[from:to:to]
}

// AppendValue appends the element at pos as text to dst.
func (lp Listpack) AppendValue(dst []byte, pos int) []byte {
	str, num, isInt := lp.Get(pos)
	if isInt {
		return strconv.AppendInt(dst, num, 10)
	}
	return append(dst, str...)
}

// Iter returns an iterator that stands before the element at pos; pos -1 gives one that is done. It holds no memory of
// its own and is void once lp changes.
//
//	it := lp.Iter(lp.First())
//	for it.Next() {
//		use(it.Str, it.Int, it.IsInt)
//	}
//
// Declared in the for clause it would be copied for each element, which takes four times as long as the rest.
func (lp Listpack) Iter(pos int) Iterator {
	if pos < 0 {
		pos = lp.End()
	}
	return Iterator{lp: lp, next: pos}
}

// An Iterator walks a listpack forward. Its fields describe the element that the last Next reached.
type Iterator struct {
	Str   []byte // part of the listpack; nil for an integer
	Int   int64  // the value, if IsInt
	Pos   int
	IsInt bool

	next int
	lp   Listpack
}

// Next reads the next element and reports whether there was one.
func (it *Iterator) Next() bool {
	lp, pos := it.lp, it.next
	b := lp[pos]
	if b == listpackEnd {
		return false
	}
	it.Pos = pos
	switch {
	case b < encStr6:
		it.Str, it.Int, it.IsInt = nil, int64(b), true
		it.next = pos + 2
	case b < encInt13:
		it.Str, it.IsInt = lp.Short(pos), false
		it.next = pos + 2 + len(it.Str)
	default:
		it.Str, it.Int, it.IsInt = lp.Get(pos)
		it.next = lp.after(pos)
	}
	return true
}

// Skip passes over n elements, or to the end if there are fewer.
func (it *Iterator) Skip(n int) {
	for ; n > 0 && it.lp[it.next] != listpackEnd; n-- {
		it.next = it.lp.after(it.next)
	}
}

// AppendTo appends the current element as text to dst.
func (it *Iterator) AppendTo(dst []byte) []byte {
	if it.IsInt {
		return strconv.AppendInt(dst, it.Int, 10)
	}
	return append(dst, it.Str...)
}

// Pick calls visit with the position of element indexes[k]*step for each k, in one walk. indexes must ascend (repeats
// are fine) and be in range; step is 1 for lists and sets, 2 for pairs. It serves random selections, whose
// indexes the caller draws and sorts.
func (lp Listpack) Pick(indexes []int, step int, visit func(k, pos int)) {
	pos, at := listpackHeader, 0
	for k, index := range indexes {
		for index *= step; at < index; at++ {
			pos = lp.after(pos)
		}
		visit(k, pos)
	}
}

// count is the header's element count, where countUnknown means that it must be counted.
func (lp Listpack) count() int { return int(binary.LittleEndian.Uint16(lp[4:])) }

// after returns the offset behind the element at pos: the next element, or the end byte. It is inlined for
// the two most frequent encodings: branches, which are predicted, where a table would be one more load that each
// step of a walk waits for.
func (lp Listpack) after(pos int) int {
	b := lp[pos]
	if b >= encInt13 {
		return lp.afterWide(pos)
	}
	if b >= encStr6 {
		pos += int(b - encStr6)
	}
	return pos + 2
}

func (lp Listpack) afterWide(pos int) int {
	b := lp[pos]
	if n := fixedSize(b); n != 0 {
		return pos + n
	}
	head, n := lp.stringHead(pos)
	size := head + n
	return pos + size + backlenSize(size)
}

// fixedSize is the whole length of an element, backlen included, where the encoding byte gives it away: all but
// strings above 63 bytes, for which it is 0, as it is for bytes that are no encoding.
func fixedSize(b byte) int {
	switch {
	case b < encStr6:
		return 2
	case b < encInt13:
		return int(b&0x3F) + 2
	case b < encStr12:
		return 3
	}
	switch b {
	case encInt16:
		return 4
	case encInt24:
		return 5
	case encInt32:
		return 6
	case encInt64:
		return 10
	}
	return 0
}

// stringHead returns the length of encoding byte plus length field, and of the data, of a 12 or 32 bit string.
func (lp Listpack) stringHead(pos int) (head, n int) {
	b := lp[pos]
	if b < encStr32 {
		return 2, int(b&0x0F)<<8 | int(lp[pos+1])
	}
	if b > encStr32 {
		panic("packed: no listpack element at this position")
	}
	return 5, int(binary.LittleEndian.Uint32(lp[pos+1:]))
}

// wideInt reads an integer of 16 bits or more.
func (lp Listpack) wideInt(pos int) int64 {
	data := lp[pos+1:]
	switch lp[pos] {
	case encInt16:
		return int64(int16(binary.LittleEndian.Uint16(data)))
	case encInt24:
		return int64(int32(uint32(data[0])<<8|uint32(data[1])<<16|uint32(data[2])<<24) >> 8)
	case encInt32:
		return int64(int32(binary.LittleEndian.Uint32(data)))
	case encInt64:
		return int64(binary.LittleEndian.Uint64(data))
	}
	panic("packed: no listpack element at this position")
}

// backlen reads the backlen whose last byte is at offset at. Seven bits a byte, the last byte being the least
// significant, and a set top bit saying that there is another byte before it.
func (lp Listpack) backlen(at int) int {
	size, shift := 0, 0
	for {
		b := lp[at]
		size |= int(b&0x7F) << shift
		if b < 0x80 {
			return size
		}
		at--
		if shift += 7; shift > 28 {
			panic("packed: damaged listpack")
		}
	}
}

// backlenSize returns the bytes that a backlen of size takes. That 16383 and the like take one byte more than they
// need is part of the format.
func backlenSize(size int) int {
	switch {
	case size <= 127:
		return 1
	case size < 16383:
		return 2
	case size < 2097151:
		return 3
	case size < 268435455:
		return 4
	}
	return 5
}
