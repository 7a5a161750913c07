package packed

import "encoding/binary"

// A Depth says how thoroughly bytes from outside are examined.
type Depth int

const (
	// Shallow checks the header and the end byte, in O(1). What passes may still panic when walked.
	Shallow Depth = iota
	// Deep also walks all elements: what passes can be used without fear.
	Deep
)

// ValidateListpack returns b as a listpack, or a *FormatError. It is safe on any bytes and keeps b.
func ValidateListpack(b []byte, depth Depth) (Listpack, error) {
	if len(b) < listpackHeader+1 {
		return nil, listpackError(len(b), "shorter than a header")
	}
	if uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) {
		return nil, listpackError(0, "total differs from the size")
	}
	if b[len(b)-1] != listpackEnd {
		return nil, listpackError(len(b)-1, "no end byte")
	}
	if depth == Shallow {
		return b, nil
	}
	lp, n := Listpack(b), 0
	pos, end := listpackHeader, len(b)-1
	for ; pos < end; n++ {
		next, reason := lp.checkElement(pos, end)
		if reason != "" {
			return nil, listpackError(pos, reason)
		}
		pos = next
	}
	if count := lp.count(); count != countUnknown && count != n {
		return nil, listpackError(4, "count differs from the number of elements")
	}
	return lp, nil
}

// checkElement examines the element at pos, which must end at or before end, and returns the offset behind it.
func (lp Listpack) checkElement(pos, end int) (next int, reason string) {
	b := lp[pos]
	if n := fixedSize(b); n != 0 {
		next = pos + n
		if next > end {
			return 0, "element reaches past the end"
		}
		if int(lp[next-1]) != n-1 {
			return 0, "backlen differs from the element's size"
		}
		return next, ""
	}
	switch {
	case b > encStr32:
		return 0, "unknown encoding"
	case b == encStr32 && pos+5 > end, pos+2 > end:
		return 0, "element reaches past the end"
	}
	head, n := lp.stringHead(pos)
	if n > end-pos { // before adding: a 32-bit int must not overflow
		return 0, "element reaches past the end"
	}
	size := head + n
	backlen := backlenSize(size)
	if next = pos + size + backlen; next > end {
		return 0, "element reaches past the end"
	}
	var want [5]byte
	putBacklen(want[:], size)
	if string(lp[next-backlen:next]) != string(want[:backlen]) {
		return 0, "backlen differs from the element's size"
	}
	return next, ""
}

// CheckUnique returns a *FormatError if two of the elements 0, step, 2*step... are equal as text, or the number of
// elements is no multiple of step: 1 for sets, 2 for hashes and sorted sets. lp must have passed the Deep validation.
// O(N), allocates.
func (lp Listpack) CheckUnique(step int) error {
	n := lp.Len()
	if n%step != 0 {
		return listpackError(4, "odd number of elements for pairs")
	}
	seen := make(map[string]struct{}, n/step)
	var buf []byte
	for pos := lp.First(); pos >= 0 && lp[pos] != listpackEnd; pos = lp.skip(pos, step) {
		buf = lp.AppendValue(buf[:0], pos)
		if _, dup := seen[string(buf)]; dup {
			return listpackError(pos, "duplicate element")
		}
		seen[string(buf)] = struct{}{}
	}
	return nil
}

func listpackError(offset int, reason string) error {
	return &FormatError{Format: "listpack", Offset: offset, Reason: reason}
}
