package packed

import (
	"bytes"
	"encoding/binary"
)

// Find returns the position of the first element that equals s, looking at the one at from and then at every
// (skip+1)th behind it, or -1. from may be -1, which finds nothing. A hash is searched for a field with skip 1. An
// integer element equals its decimal text.
func (lp Listpack) Find(from int, s []byte, skip int) int {
	if from < 0 {
		return -1
	}
	if v, ok := ParseInt(s); ok {
		return lp.findInt(from, v, s, skip)
	}
	if len(s) < 64 {
		return lp.findShort(from, s, skip)
	}
	for pos := from; lp[pos] != listpackEnd; {
		next := lp.after(pos)
		// The whole element can't be shorter than its data: most mismatches end here.
		if next-pos > len(s) {
			if str, _, isInt := lp.Get(pos); !isInt && bytes.Equal(str, s) {
				return pos
			}
		}
		pos = lp.skip(next, skip)
	}
	return -1
}

// findShort finds a string of up to 63 bytes that is no integer: its encoding byte gives the length away.
func (lp Listpack) findShort(from int, s []byte, skip int) int {
	want := encStr6 | byte(len(s))
	for pos := from; ; {
		b := lp[pos]
		switch {
		case b == want:
			if data := lp[pos+1:]; string(data[:len(s)]) == string(s) {
				return pos
			}
		case b == listpackEnd:
			return -1
		case b >= encStr12 && b <= encStr32: // a longer encoding of a short string is unusual but valid
			if str, _, _ := lp.Get(pos); len(str) == len(s) && string(str) == string(s) {
				return pos
			}
		}
		pos = lp.after(pos)
		for range skip {
			if lp[pos] == listpackEnd {
				return -1
			}
			pos = lp.after(pos)
		}
	}
}

// findInt finds an integer, or its text s where somebody stored it as a string.
func (lp Listpack) findInt(from int, v int64, s []byte, skip int) int {
	for pos := from; lp[pos] != listpackEnd; {
		if lp.equalInt(pos, v, s) {
			return pos
		}
		pos = lp.skip(lp.after(pos), skip)
	}
	return -1
}

func (lp Listpack) equalInt(pos int, v int64, s []byte) bool {
	switch b := lp[pos]; {
	case b < encStr6:
		return int64(b) == v
	case b == encInt32:
		return int64(int32(binary.LittleEndian.Uint32(lp[pos+1:]))) == v
	case b < encInt13 && int(b&0x3F) != len(s):
		return false
	}
	str, num, isInt := lp.Get(pos)
	if isInt {
		return num == v
	}
	return string(str) == string(s)
}

// skip returns the offset n elements behind pos, or of the end.
func (lp Listpack) skip(pos, n int) int {
	for ; n > 0 && lp[pos] != listpackEnd; n-- {
		pos = lp.after(pos)
	}
	return pos
}

// Equal reports whether the element at pos equals s.
func (lp Listpack) Equal(pos int, s []byte) bool {
	str, num, isInt := lp.Get(pos)
	if !isInt {
		return bytes.Equal(str, s)
	}
	v, ok := ParseInt(s)
	return ok && v == num
}

// Compare orders the element at pos against s as byte strings: negative, zero or positive as bytes.Compare.
func (lp Listpack) Compare(pos int, s []byte) int {
	str, _, isInt := lp.Get(pos)
	if isInt {
		var buf [maxIntDigits]byte
		str = lp.AppendValue(buf[:0], pos)
	}
	return bytes.Compare(str, s)
}
