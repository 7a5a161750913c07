package packed

import (
	"encoding/binary"
	"math"
	"slices"
)

// A Side says on which side of an element another is inserted.
type Side int

const (
	Before Side = iota
	After
)

// The methods of this file return the changed listpack, which shares lp's memory if its capacity sufficed; lp itself
// must not be used any more. Strings that are the decimal text of an int64 are kept as integers. A string given
// must not be part of lp. All are O(bytes behind the place of the change), and panic if the
// result would pass 4 GiB, which callers prevent with SafeToAdd.

// SafeToAdd reports whether an addition of n bytes of data keeps lp below MaxListpackBytes.
func (lp Listpack) SafeToAdd(n int) bool { return n <= MaxListpackBytes-len(lp) }

// Append adds s behind the last element.
func (lp Listpack) Append(s []byte) Listpack {
	if v, ok := ParseInt(s); ok {
		return lp.AppendInt(v)
	}
	return lp.putString(lp.End(), 0, s).recount(1)
}

// AppendInt adds the integer v behind the last element.
func (lp Listpack) AppendInt(v int64) Listpack { return lp.putInt(lp.End(), 0, v).recount(1) }

// AppendPair adds two elements behind the last: a field and its value, a member and its score.
func (lp Listpack) AppendPair(a, b []byte) Listpack { return lp.Append(a).Append(b) }

// Prepend adds s before the first element.
func (lp Listpack) Prepend(s []byte) Listpack { return lp.Insert(listpackHeader, s, Before) }

// PrependInt adds the integer v before the first element.
func (lp Listpack) PrependInt(v int64) Listpack { return lp.InsertInt(listpackHeader, v, Before) }

// Insert adds s on the given side of the element at pos. Before pos, the new element is then at pos; pos may be End.
// After it, the new one is at Next(pos).
func (lp Listpack) Insert(pos int, s []byte, side Side) Listpack {
	if v, ok := ParseInt(s); ok {
		return lp.InsertInt(pos, v, side)
	}
	if side == After {
		pos = lp.after(pos)
	}
	return lp.putString(pos, 0, s).recount(1)
}

// InsertInt is Insert of an integer.
func (lp Listpack) InsertInt(pos int, v int64, side Side) Listpack {
	if side == After {
		pos = lp.after(pos)
	}
	return lp.putInt(pos, 0, v).recount(1)
}

// Replace puts s in the place of the element at pos, which stays its position.
func (lp Listpack) Replace(pos int, s []byte) Listpack {
	if v, ok := ParseInt(s); ok {
		return lp.ReplaceInt(pos, v)
	}
	return lp.putString(pos, lp.after(pos)-pos, s)
}

// ReplaceInt is Replace with an integer.
func (lp Listpack) ReplaceInt(pos int, v int64) Listpack {
	return lp.putInt(pos, lp.after(pos)-pos, v)
}

// Delete removes up to n elements, the first of them at pos. What followed is then at pos, or pos is End.
func (lp Listpack) Delete(pos, n int) Listpack {
	to, gone := pos, 0
	for ; gone < n && lp[to] != listpackEnd; gone++ {
		to = lp.after(to)
	}
	return lp.cut(pos, to, gone)
}

// DeleteRange removes up to n elements from index on, which counts from -1 at the tail if negative. An index out of
// range removes nothing.
func (lp Listpack) DeleteRange(index, n int) Listpack {
	pos := lp.Seek(index)
	if pos < 0 || n <= 0 {
		return lp
	}
	if count := lp.count(); count < countUnknown {
		if index < 0 {
			index += count
		}
		if n >= count-index { // to the end: no need to walk there
			return lp.cut(pos, lp.End(), count-index)
		}
	}
	return lp.Delete(pos, n)
}

// cut removes the bytes from..to, which hold gone elements.
func (lp Listpack) cut(from, to, gone int) Listpack {
	if gone == 0 {
		return lp
	}
	return lp.splice(from, to-from, 0).recount(-gone)
}

// AppendAll adds all elements of other, which must not share memory with lp, behind the last one of lp.
// O(bytes of other).
func (lp Listpack) AppendAll(other Listpack) Listpack { return lp.join(lp.End(), other) }

// PrependAll adds all elements of other, which must not share memory with lp, in their order before the first of lp.
func (lp Listpack) PrependAll(other Listpack) Listpack { return lp.join(listpackHeader, other) }

func (lp Listpack) join(pos int, other Listpack) Listpack {
	n := lp.Len() + other.Len()
	body := other[listpackHeader:other.End()]
	lp = lp.splice(pos, 0, len(body))
	copy(lp[pos:], body)
	lp.setCount(n)
	return lp
}

// AppendRange adds n elements of other, the first of them at pos, behind the last one of lp. With Delete it splits a
// listpack in two.
func (lp Listpack) AppendRange(other Listpack, pos, n int) Listpack {
	to, added := pos, 0
	for ; added < n && other[to] != listpackEnd; added++ {
		to = other.after(to)
	}
	end := lp.End()
	lp = lp.splice(end, 0, to-pos)
	copy(lp[end:], other[pos:to])
	return lp.recount(added)
}

// putString replaces old bytes at pos by an element that holds s.
func (lp Listpack) putString(pos, old int, s []byte) Listpack {
	head := stringHeadSize(len(s))
	size := head + len(s)
	lp = lp.splice(pos, old, size+backlenSize(size))
	putString(lp[pos:], head, s)
	return lp
}

// putString writes an element that holds s, whose length takes head bytes, to b.
func putString(b []byte, head int, s []byte) {
	switch head {
	case 1:
		b[0] = encStr6 | byte(len(s))
	case 2:
		b[0], b[1] = encStr12|byte(len(s)>>8), byte(len(s))
	default:
		b[0] = encStr32
		binary.LittleEndian.PutUint32(b[1:], uint32(len(s)))
	}
	copy(b[head:], s)
	putBacklen(b[head+len(s):], head+len(s))
}

// putInt replaces old bytes at pos by an element that holds v, in the narrowest encoding.
func (lp Listpack) putInt(pos, old int, v int64) Listpack {
	size := intSize(v)
	lp = lp.splice(pos, old, size+1)
	putInt(lp[pos:], size, v)
	return lp
}

// putInt writes an element that holds v in size bytes, and its backlen, to b.
func putInt(b []byte, size int, v int64) {
	switch size {
	case 1:
		b[0] = byte(v)
	case 2:
		b[0], b[1] = encInt13|byte(v>>8)&0x1F, byte(v)
	case 3:
		b[0] = encInt16
		binary.LittleEndian.PutUint16(b[1:], uint16(v))
	case 4:
		b[0], b[1], b[2], b[3] = encInt24, byte(v), byte(v>>8), byte(v>>16)
	case 5:
		b[0] = encInt32
		binary.LittleEndian.PutUint32(b[1:], uint32(v))
	default:
		b[0] = encInt64
		binary.LittleEndian.PutUint64(b[1:], uint64(v))
	}
	b[size] = byte(size)
}

// splice replaces old bytes at pos by as many undefined ones, and sets the total.
func (lp Listpack) splice(pos, old, size int) Listpack {
	was := len(lp)
	total := was + size - old
	if uint64(total) > math.MaxUint32 {
		panic("packed: listpack above 4 GiB")
	}
	if total > was {
		lp = slices.Grow(lp, total-was)[:total]
	}
	copy(lp[pos+size:], lp[pos+old:was])
	lp = lp[:total]
	binary.LittleEndian.PutUint32(lp, uint32(total))
	return lp
}

// recount adds delta to the header's count. A count that reached countUnknown stays there, as in Redis.
func (lp Listpack) recount(delta int) Listpack {
	if n := lp.count(); n < countUnknown {
		lp.setCount(n + delta)
	}
	return lp
}

func (lp Listpack) setCount(n int) {
	binary.LittleEndian.PutUint16(lp[4:], uint16(min(n, countUnknown)))
}

// ListpackEntrySize returns the bytes that an element holding s takes.
func ListpackEntrySize(s []byte) int {
	if v, ok := ParseInt(s); ok {
		return intSize(v) + 1
	}
	size := stringHeadSize(len(s)) + len(s)
	return size + backlenSize(size)
}

func stringHeadSize(n int) int {
	switch {
	case n < 64:
		return 1
	case n < 4096:
		return 2
	}
	return 5
}

// intSize returns the bytes of the narrowest encoding of v, without the backlen, which is always one byte.
func intSize(v int64) int {
	switch {
	case v >= 0 && v <= 127:
		return 1
	case v >= -1<<12 && v < 1<<12:
		return 2
	case v >= math.MinInt16 && v <= math.MaxInt16:
		return 3
	case v >= -1<<23 && v < 1<<23:
		return 4
	case v >= math.MinInt32 && v <= math.MaxInt32:
		return 5
	}
	return 9
}

// putBacklen writes size, the most significant group of seven bits first, a set top bit on all bytes but that one.
func putBacklen(b []byte, size int) {
	n := backlenSize(size)
	for i := n - 1; i > 0; i-- {
		b[i] = byte(size)&0x7F | 0x80
		size >>= 7
	}
	b[0] = byte(size)
}
