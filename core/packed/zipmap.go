package packed

import "encoding/binary"

// A Zipmap is a small hash as Redis before 2.6 wrote it. It is only read:
//
//	count (1; 254 and 255: count them) | length, field, length, free (1), value, free bytes ... | 0xFF
//
// A length is one byte below 254, or 254 and 4 bytes, little endian.
type Zipmap []byte

const (
	zipmapBig = 254
	zipmapEnd = 255
)

// ValidateZipmap walks b and returns it as a zipmap, or a *FormatError: an empty one is none, as in Redis. It is safe on any bytes and keeps b.
func ValidateZipmap(b []byte) (Zipmap, error) {
	if len(b) < 2 {
		return nil, zipmapError(len(b), "shorter than a header")
	}
	end := len(b) - 1
	if b[end] != zipmapEnd {
		return nil, zipmapError(end, "no end byte")
	}
	zm, n, pos := Zipmap(b), 0, 1
	for ; pos < end && b[pos] != zipmapEnd; n++ {
		_, _, next, reason := zm.pair(pos)
		if reason != "" {
			return nil, zipmapError(pos, reason)
		}
		pos = next
	}
	if pos != end {
		return nil, zipmapError(pos, "end byte in the middle")
	}
	if n == 0 {
		return nil, zipmapError(0, "no pairs")
	}
	if b[0] < zipmapBig && int(b[0]) != n {
		return nil, zipmapError(0, "count differs from the number of pairs")
	}
	return zm, nil
}

// pair decodes the pair at pos.
func (zm Zipmap) pair(pos int) (field, value []byte, next int, reason string) {
	const past = "pair reaches past the end"
	end := len(zm) - 1
	from, n, ok := zm.length(pos)
	if !ok || n > end-from {
		return nil, nil, 0, past
	}
	field = zm[from : from+n : from+n]
	from, n, ok = zm.length(from + n)
	if !ok || n >= end-from { // one byte more: free
		return nil, nil, 0, past
	}
	free := int(zm[from])
	from++
	value = zm[from : from+n : from+n]
	if free > end-from-n {
		return nil, nil, 0, past
	}
	return field, value, from + n + free, ""
}

// length reads a length field at pos and returns what is behind it, and whether it lies before the end byte.
func (zm Zipmap) length(pos int) (from, n int, ok bool) {
	end := len(zm) - 1
	if pos >= end || zm[pos] == zipmapEnd {
		return 0, 0, false
	}
	if zm[pos] < zipmapBig {
		return pos + 1, int(zm[pos]), true
	}
	if pos+5 > end {
		return 0, 0, false
	}
	big := binary.LittleEndian.Uint32(zm[pos+1:])
	return pos + 5, int(big), uint64(big) <= uint64(end)
}

// Iter returns an iterator over a validated zipmap.
func (zm Zipmap) Iter() ZipmapIterator { return ZipmapIterator{zm: zm, next: 1} }

// A ZipmapIterator walks the pairs of a zipmap. Field and Value are part of the zipmap.
type ZipmapIterator struct {
	Field, Value []byte

	next int
	zm   Zipmap
}

// Next reads the next pair and reports whether there was one.
func (it *ZipmapIterator) Next() bool {
	if it.next >= len(it.zm)-1 {
		return false
	}
	var reason string
	if it.Field, it.Value, it.next, reason = it.zm.pair(it.next); reason != "" {
		panic("packed: zipmap was not validated")
	}
	return true
}

// AppendListpack appends field, value, field, value... of a validated zipmap to lp.
func (zm Zipmap) AppendListpack(lp Listpack) Listpack {
	it := zm.Iter()
	for it.Next() {
		lp = lp.AppendPair(it.Field, it.Value)
	}
	return lp
}

func zipmapError(offset int, reason string) error {
	return &FormatError{Format: "zipmap", Offset: offset, Reason: reason}
}
