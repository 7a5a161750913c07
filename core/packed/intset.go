package packed

import (
	"encoding/binary"
	"math"
	"slices"
)

// An Intset is a sorted array of distinct integers:
//
//	width (4, little endian: 2, 4 or 8) | count (4, little endian) | integers of that width, little endian
//
// The width grows with the largest integer added and never shrinks, as in Redis. len(is) is 8 + width*count.
// A random member is Get of a random index.
type Intset []byte

const (
	intsetHeader = 8
	// MaxIntsetLen is the number of members that fit the widest encoding below 4 GiB.
	MaxIntsetLen = (math.MaxUint32 - intsetHeader) / 8
)

// NewIntset returns an empty set in dst's memory, from its start, if there are 8 bytes of capacity.
func NewIntset(dst []byte) Intset {
	return append(dst[:0], 2, 0, 0, 0, 0, 0, 0, 0)
}

// Bytes returns the encoded form, which is is itself.
func (is Intset) Bytes() []byte { return is }

// Len returns the number of members.
func (is Intset) Len() int { return int(binary.LittleEndian.Uint32(is[4:])) }

// Width returns the bytes of one member: 2, 4 or 8.
func (is Intset) Width() int { return int(is[0]) }

// Get returns the member at index i in ascending order; i must be in range.
func (is Intset) Get(i int) int64 {
	switch is[0] {
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(is[intsetHeader+2*i:])))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(is[intsetHeader+4*i:])))
	}
	return int64(binary.LittleEndian.Uint64(is[intsetHeader+8*i:]))
}

// Find returns the index of v, or the index at which it would stand. O(log N).
func (is Intset) Find(v int64) (index int, found bool) {
	n := is.Len()
	if n == 0 || v > is.Get(n-1) {
		return n, false
	}
	if v < is.Get(0) {
		return 0, false
	}
	// From here on v fits the width, or it would be out of the range of the members.
	lo, hi := 0, n-1
	data := is[intsetHeader:]
	switch is[0] {
	case 2:
		for lo < hi {
			mid := int(uint(lo+hi) / 2)
			if int64(int16(binary.LittleEndian.Uint16(data[2*mid:]))) < v {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
	case 4:
		for lo < hi {
			mid := int(uint(lo+hi) / 2)
			if int64(int32(binary.LittleEndian.Uint32(data[4*mid:]))) < v {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
	default:
		for lo < hi {
			mid := int(uint(lo+hi) / 2)
			if int64(binary.LittleEndian.Uint64(data[8*mid:])) < v {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
	}
	return lo, is.Get(lo) == v
}

// Has reports whether v is a member.
func (is Intset) Has(v int64) bool {
	_, found := is.Find(v)
	return found
}

// Add puts v in and reports whether it is new. It edits in place if the capacity suffices; is must not be used after
// it. O(N), as members move.
func (is Intset) Add(v int64) (Intset, bool) {
	if w := intsetWidth(v); w > is.Width() {
		return is.widen(w, v), true
	}
	i, found := is.Find(v)
	if found {
		return is, false
	}
	n, w := is.Len(), is.Width()
	if n >= MaxIntsetLen {
		panic("packed: intset above 4 GiB")
	}
	was := len(is)
	is = slices.Grow(is, w)[:was+w]
	at := intsetHeader + i*w
	copy(is[at+w:], is[at:was])
	is.put(i, v)
	is.setLen(n + 1)
	return is, true
}

// Remove takes v out and reports whether it was in.
func (is Intset) Remove(v int64) (Intset, bool) {
	i, found := is.Find(v)
	if !found {
		return is, false
	}
	return is.RemoveAt(i), true
}

// RemoveAt takes the member at index i out; i must be in range.
func (is Intset) RemoveAt(i int) Intset {
	w := is.Width()
	at := intsetHeader + i*w
	copy(is[at:], is[at+w:])
	is.setLen(is.Len() - 1)
	return is[:len(is)-w]
}

// widen moves all members to width w and adds v, which the old width can't hold and which therefore is the new first
// or last one.
func (is Intset) widen(w int, v int64) Intset {
	n, old := is.Len(), is.Width()
	size := intsetHeader + (n+1)*w
	is = slices.Grow(is, size-len(is))[:size]
	shift := 0
	if v < 0 {
		shift = 1
	}
	// From the last on, so that no member is overwritten before it is read.
	for i := n - 1; i >= 0; i-- {
		is[0] = byte(old)
		m := is.Get(i)
		is[0] = byte(w)
		is.put(i+shift, m)
	}
	is[0] = byte(w)
	if v < 0 {
		is.put(0, v)
	} else {
		is.put(n, v)
	}
	is.setLen(n + 1)
	return is
}

func (is Intset) put(i int, v int64) {
	switch is[0] {
	case 2:
		binary.LittleEndian.PutUint16(is[intsetHeader+2*i:], uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(is[intsetHeader+4*i:], uint32(v))
	default:
		binary.LittleEndian.PutUint64(is[intsetHeader+8*i:], uint64(v))
	}
}

func (is Intset) setLen(n int) { binary.LittleEndian.PutUint32(is[4:], uint32(n)) }

// intsetWidth returns the narrowest width that holds v.
func intsetWidth(v int64) int {
	switch {
	case v >= math.MinInt16 && v <= math.MaxInt16:
		return 2
	case v >= math.MinInt32 && v <= math.MaxInt32:
		return 4
	}
	return 8
}

// ValidateIntset returns b as an intset, or a *FormatError. Shallow checks the sizes, after which nothing can panic;
// Deep also that members ascend. It is safe on any bytes and keeps b.
func ValidateIntset(b []byte, depth Depth) (Intset, error) {
	if len(b) < intsetHeader {
		return nil, intsetError(len(b), "shorter than a header")
	}
	w := uint64(binary.LittleEndian.Uint32(b))
	if w != 2 && w != 4 && w != 8 {
		return nil, intsetError(0, "width is not 2, 4 or 8")
	}
	n := uint64(binary.LittleEndian.Uint32(b[4:]))
	if intsetHeader+n*w != uint64(len(b)) {
		return nil, intsetError(4, "count differs from the size")
	}
	is := Intset(b)
	if depth == Shallow || n == 0 {
		return is, nil
	}
	prev := is.Get(0)
	for i := 1; i < int(n); i++ {
		v := is.Get(i)
		if v <= prev {
			return nil, intsetError(intsetHeader+i*int(w), "members not ascending")
		}
		prev = v
	}
	return is, nil
}

func intsetError(offset int, reason string) error {
	return &FormatError{Format: "intset", Offset: offset, Reason: reason}
}
