package packed

import (
	"encoding/binary"
	"strconv"
)

// A Ziplist is what Redis 2.0 to 6.2 used where a Listpack serves today; RDB files and DUMP payloads of those versions
// hold it. It is only read:
//
//	total bytes (4) | offset of the last entry (4) | entry count (2), all little endian | entry ... | 0xFF
//
// An entry is the size of the one before it (1 byte, or 0xFE and 4 bytes), its encoding, and data:
//
//	00pppppp                    string of up to 63 bytes
//	01pppppp qqqqqqqq           string of up to 16383 bytes
//	10______ + 4, big endian    longer string
//	0xC0 + 2, 0xF0 + 3, 0xD0 + 4, 0xE0 + 8, 0xFE + 1   integers, little endian
//	1111xxxx                    xxxx 1..13: the integers 0..12
type Ziplist []byte

const (
	ziplistHeader  = 10
	ziplistEnd     = 0xFF
	ziplistBigPrev = 0xFE
)

// ValidateZiplist walks b and returns it as a ziplist, or a *FormatError. It is safe on any bytes and keeps b.
func ValidateZiplist(b []byte) (Ziplist, error) {
	if len(b) < ziplistHeader+1 {
		return nil, ziplistError(len(b), "shorter than a header")
	}
	if uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) {
		return nil, ziplistError(0, "total differs from the size")
	}
	end := len(b) - 1
	if b[end] != ziplistEnd {
		return nil, ziplistError(end, "no end byte")
	}
	zl, n, prev := Ziplist(b), 0, 0
	pos, last := ziplistHeader, ziplistHeader
	for pos < end && b[pos] != ziplistEnd {
		e, reason := zl.check(pos, end)
		if reason == "" && e.prev != prev {
			reason = "size of the previous entry is wrong"
		}
		if reason != "" {
			return nil, ziplistError(pos, reason)
		}
		last, prev = pos, e.next-pos
		pos = e.next
		n++
	}
	if pos != end {
		return nil, ziplistError(pos, "end byte in the middle")
	}
	if n > 0 && uint64(binary.LittleEndian.Uint32(b[4:])) != uint64(last) {
		return nil, ziplistError(4, "offset of the last entry is wrong")
	}
	if count := int(binary.LittleEndian.Uint16(b[8:])); count != countUnknown && count != n {
		return nil, ziplistError(8, "count differs from the number of entries")
	}
	return zl, nil
}

// A zipEntry is one decoded entry: the data is from..next of the ziplist, or the number.
type zipEntry struct {
	prev       int // size of the entry before, as this one says
	from, next int
	num        int64
	isInt      bool
}

// check decodes the entry at pos, which must lie before end.
func (zl Ziplist) check(pos, end int) (e zipEntry, reason string) {
	const past = "entry reaches past the end"
	at := pos + 1
	e.prev = int(zl[pos])
	if zl[pos] == ziplistBigPrev {
		if at+4 >= end {
			return e, past
		}
		prev := binary.LittleEndian.Uint32(zl[at:])
		if uint64(prev) >= uint64(len(zl)) {
			return e, "size of the previous entry is wrong"
		}
		e.prev = int(prev)
		at += 4
	}
	if at >= end {
		return e, past
	}
	size, known := 0, true
	b := zl[at]
	at++
	switch b >> 6 {
	case 0:
		size = int(b & 0x3F)
	case 1:
		if at >= end {
			return e, past
		}
		size = int(b&0x3F)<<8 | int(zl[at])
		at++
	case 2:
		if at+4 > end {
			return e, past
		}
		n := binary.BigEndian.Uint32(zl[at:])
		if uint64(n) > uint64(end) {
			return e, past
		}
		size = int(n)
		at += 4
	default:
		e.isInt = true
		size, known = zipIntSize(b)
	}
	if !known {
		return e, "unknown encoding"
	}
	if size > end-at {
		return e, past
	}
	e.from, e.next = at, at+size
	if e.isInt {
		e.num = zipInt(b, zl[at:e.next])
	}
	return e, ""
}

// zipIntSize returns the bytes of data behind the encoding byte of an integer.
func zipIntSize(b byte) (size int, known bool) {
	switch b {
	case 0xC0:
		return 2, true
	case 0xD0:
		return 4, true
	case 0xE0:
		return 8, true
	case 0xF0:
		return 3, true
	case 0xFE:
		return 1, true
	}
	return 0, b >= 0xF1 && b <= 0xFD
}

func zipInt(b byte, data []byte) int64 {
	switch len(data) {
	case 1:
		return int64(int8(data[0]))
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(data)))
	case 3:
		return int64(int32(uint32(data[0])<<8|uint32(data[1])<<16|uint32(data[2])<<24) >> 8)
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(data)))
	case 8:
		return int64(binary.LittleEndian.Uint64(data))
	}
	return int64(b&0x0F) - 1
}

// Len returns the number of entries, O(N) from 65535 on.
func (zl Ziplist) Len() int {
	if n := int(binary.LittleEndian.Uint16(zl[8:])); n < countUnknown {
		return n
	}
	n := 0
	it := zl.Iter()
	for it.Next() {
		n++
	}
	return n
}

// Iter returns an iterator over a validated ziplist.
func (zl Ziplist) Iter() ZiplistIterator { return ZiplistIterator{zl: zl, next: ziplistHeader} }

// A ZiplistIterator walks a ziplist forward. Its fields describe the entry that the last Next reached.
type ZiplistIterator struct {
	Str   []byte // part of the ziplist; nil for an integer
	Int   int64  // the value, if IsInt
	IsInt bool

	next int
	zl   Ziplist
}

// Next reads the next entry and reports whether there was one.
func (it *ZiplistIterator) Next() bool {
	end := len(it.zl) - 1
	if it.next >= end {
		return false
	}
	e, reason := it.zl.check(it.next, end)
	if reason != "" {
		panic("packed: ziplist was not validated")
	}
	it.next, it.Int, it.IsInt, it.Str = e.next, e.num, e.isInt, nil
	if !e.isInt {
		it.Str = it.zl[e.from:e.next:e.next]
	}
	return true
}

// AppendTo appends the current entry as text to dst.
func (it *ZiplistIterator) AppendTo(dst []byte) []byte {
	if it.IsInt {
		return strconv.AppendInt(dst, it.Int, 10)
	}
	return append(dst, it.Str...)
}

// AppendListpack appends all entries of a validated ziplist to lp. The result is about as large as the ziplist.
func (zl Ziplist) AppendListpack(lp Listpack) Listpack {
	it := zl.Iter()
	for it.Next() {
		if it.IsInt {
			lp = lp.AppendInt(it.Int)
		} else {
			lp = lp.Append(it.Str)
		}
	}
	return lp
}

func ziplistError(offset int, reason string) error {
	return &FormatError{Format: "ziplist", Offset: offset, Reason: reason}
}
