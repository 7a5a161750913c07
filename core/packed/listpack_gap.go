package packed

import "encoding/binary"

// The functions of this file work on a listpack somewhere inside a larger buffer, at buf[off:end]. They change its front by
// moving the header of six bytes instead of all elements, so that a queue costs O(1) at both ends.

// PrependAt adds s before the first element, towards the front of buf: O(len(s)). It returns where the listpack begins now;
// ok is false, and nothing changed, if there is too little room before off. s must not be part of buf.
func PrependAt(buf []byte, off, end int, s []byte) (begin int, ok bool) {
	size := ListpackEntrySize(s)
	if size > off {
		return off, false
	}
	n := Listpack(buf[off:end]).count()
	begin = off - size
	head := Listpack(buf[begin : begin+listpackHeader+size])
	if v, isInt := ParseInt(s); isInt {
		head.putInt(listpackHeader, size, v)
	} else {
		head.putString(listpackHeader, size, s)
	}
	setHeader(buf[begin:end], n+1)
	return begin, true
}

// CutFront removes the first n elements, where pos is the position of the element behind them, or End. It returns
// where the listpack begins now. O(1).
func CutFront(buf []byte, off, end, pos, n int) int {
	left := Listpack(buf[off:end]).count() - n
	begin := off + pos - listpackHeader
	setHeader(buf[begin:end], left)
	return begin
}

// setHeader writes total and count, which must be below 65535.
func setHeader(lp Listpack, n int) {
	binary.LittleEndian.PutUint32(lp, uint32(len(lp)))
	lp.setCount(n)
}
