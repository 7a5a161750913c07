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

// findShort finds a string of up to 63 bytes that is no integer: its encoding byte gives the length away, and names
// that begin alike often end differently, so the last byte is compared before the whole.
func (lp Listpack) findShort(from int, s []byte, skip int) int {
	want, last := encStr6|byte(len(s)), byte(0)
	if len(s) > 0 {
		last = s[len(s)-1]
	} else {
		last = want // the byte at the position itself
	}
	pos, left := from, 0
	for {
		b := lp[pos]
		if left == 0 {
			left = skip + 1
			if b == want {
				if data := lp[pos:]; data[len(s)] == last && string(data[1:len(s)+1]) == string(s) {
					return pos
				}
			} else if b >= encStr12 && b <= encStr32 { // longer than it need be, which is unusual but valid
				if str, _, _ := lp.Get(pos); string(str) == string(s) {
					return pos
				}
			}
		}
		left--
		// As after does, inlined: a walk is nothing but this.
		switch {
		case b < encStr6:
			pos += 2
		case b < encInt13:
			pos += int(b-encStr6) + 2
		case b == listpackEnd:
			return -1
		default:
			pos = lp.afterWide(pos)
		}
	}
}

// findInt finds an integer, or its text s where somebody stored it as a string.
func (lp Listpack) findInt(from int, v int64, s []byte, skip int) int {
	pos, left := from, 0
	for {
		b := lp[pos]
		if b == listpackEnd {
			return -1
		}
		if left == 0 {
			left = skip + 1
			if b < encStr6 && int64(b) == v || b >= encStr6 && lp.equalInt(pos, v, s) {
				return pos
			}
		}
		left--
		switch {
		case b < encStr6:
			pos += 2
		case b < encInt13:
			pos += int(b-encStr6) + 2
		default:
			pos = lp.afterWide(pos)
		}
	}
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
