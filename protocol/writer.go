package protocol

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
)

// A Writer appends replies to Buf in the protocol version of the client. Buf may be lent and taken back at any time
// between replies. It copies what it is given, checks no nesting, and allocates only to grow Buf.
type Writer struct {
	Buf   []byte
	Proto int // 2 or 3; 0 means 2
	Limit int // bytes in Buf beyond which nothing is sent but the connection closed; 0 means none
}

// Full reports whether Buf is over its limit: what makes a long reply may stop in the middle.
func (w *Writer) Full() bool { return w.Limit > 0 && len(w.Buf) > w.Limit }

// maxRepeats is how many elements CheckRepeats lets pass without a limit: the reply would take more than a gigabyte, and Redis would be out
// of memory before long.
const maxRepeats = 1 << 28

// CheckRepeats fails if a reply of n elements, which a client may ask for whatever there is (a negative count of SRANDMEMBER), would
// take all memory. Where there is a limit, whoever makes the reply has to look at Full.
func (w *Writer) CheckRepeats(n int64) error {
	if n > maxRepeats && w.Limit == 0 {
		return ErrOutOfRange
	}
	return nil
}

// Len is the number of bytes in Buf.
func (w *Writer) Len() int { return len(w.Buf) }

// Mark is a position for [Writer.Truncate].
func (w *Writer) Mark() int { return len(w.Buf) }

// Truncate drops what was written since the mark, so that an error can take the place of a reply half written.
func (w *Writer) Truncate(mark int) { w.Buf = w.Buf[:mark] }

// Reset empties Buf and keeps its memory.
func (w *Writer) Reset() { w.Buf = w.Buf[:0] }

// Raw appends bytes that are RESP already.
func (w *Writer) Raw(b []byte) { w.Buf = AppendBytes(w.Buf, b) }

// RawString is Raw for a string.
func (w *Writer) RawString(s string) { w.Buf = append(w.Buf, s...) }

// OK is the status reply OK.
func (w *Writer) OK() { w.Buf = append(w.Buf, "+OK\r\n"...) }

// SimpleString is a status reply. Line breaks in s become spaces.
func (w *Writer) SimpleString(s string) {
	w.Buf = append(w.Buf, '+')
	w.line(s)
}

// Error is an error reply. msg starts with its code ("ERR syntax error"). Line breaks in it become spaces.
func (w *Writer) Error(msg string) {
	w.Buf = append(w.Buf, '-')
	w.line(msg)
}

func isBreak(c byte) bool { return c == '\r' || c == '\n' }

// line appends s without line breaks, and the line end.
func (w *Writer) line(s string) {
	from := len(w.Buf)
	w.Buf = append(w.Buf, s...)
	for i, c := range w.Buf[from:] {
		if isBreak(c) {
			w.Buf[from+i] = ' '
		}
	}
	w.Buf = append(w.Buf, '\r', '\n')
}

// Int is an integer reply.
func (w *Writer) Int(n int64) { w.Buf = appendHeader(w.Buf, ':', n) }

// appendHeader appends a type byte, a number and the line end.
func appendHeader(dst []byte, kind byte, n int64) []byte {
	switch {
	case uint64(n) < 10:
		return append(dst, kind, byte('0'+n), '\r', '\n')
	case uint64(n) < 100:
		return append(dst, kind, byte('0'+n/10), byte('0'+n%10), '\r', '\n')
	}
	dst = append(dst, kind)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, '\r', '\n')
}

// Bulk is a bulk string.
func (w *Writer) Bulk(b []byte) { w.Buf = AppendBulk(w.Buf, b) }

// BulkString is Bulk for a string.
func (w *Writer) BulkString(s string) {
	dst := appendHeader(w.Buf, '$', int64(len(s)))
	dst = append(dst, s...)
	w.Buf = append(dst, '\r', '\n')
}

// AppendBulk appends b as a bulk string, which is the same in requests and replies.
func AppendBulk(dst, b []byte) []byte {
	dst = appendHeader(dst, '$', int64(len(b)))
	n := len(dst)
	if len(b) >= copyStep || cap(dst)-n < len(b)+2 {
		return append(AppendBytes(dst, b), '\r', '\n')
	}
	dst = dst[:n+len(b)+2]
	copy(dst[n:], b)
	dst[len(dst)-2], dst[len(dst)-1] = '\r', '\n'
	return dst
}

// BulkInt is the decimal form of n as a bulk string.
func (w *Writer) BulkInt(n int64) { w.Buf = AppendBulkInt(w.Buf, n) }

// AppendBulkInt appends the decimal form of n as a bulk string.
func AppendBulkInt(dst []byte, n int64) []byte {
	size, u := 0, uint64(n)
	if n < 0 {
		size, u = 1, -u
	}
	size += decimalLen(u)
	dst = appendHeader(dst, '$', int64(size))
	at := len(dst)
	dst = slices.Grow(dst, size+2)[:at+size+2]
	dst[at] = '-' // of a positive number the first digit takes its place
	putDecimal(dst[at:at+size], u)
	dst[len(dst)-2], dst[len(dst)-1] = '\r', '\n'
	return dst
}

// tens are the powers of ten.
var tens = func() (p [20]uint64) {
	p[0] = 1
	for i := range p[1:] {
		p[i+1] = p[i] * 10
	}
	return p
}()

// decimalLen is the number of digits of u.
func decimalLen(u uint64) int {
	n := bits.Len64(u|1) * 1233 >> 12 // by the logarithm: it may be one too many, never too few
	if u|1 < tens[n] {
		return n
	}
	return n + 1
}

// digitPairs are the numbers from 00 to 99.
var digitPairs = func() (p [100]uint16) {
	for i := range p {
		p[i] = uint16('0'+i/10) | uint16('0'+i%10)<<8
	}
	return p
}()

// putDecimal writes the digits of u at the end of out, where there is room for them.
func putDecimal(out []byte, u uint64) {
	i := len(out)
	for ; u >= 100; u /= 100 {
		i -= 2
		binary.LittleEndian.PutUint16(out[i:], digitPairs[u%100])
	}
	if u >= 10 {
		binary.LittleEndian.PutUint16(out[i-2:], digitPairs[u])
		return
	}
	out[i-1] = byte('0' + u)
}

// Null is the absent value: the null bulk string of RESP2, RESP3's null.
func (w *Writer) Null() {
	if w.Proto == 3 {
		w.Buf = append(w.Buf, "_\r\n"...)
		return
	}
	w.Buf = append(w.Buf, "$-1\r\n"...)
}

// NullArray is the absent aggregate: the null array of RESP2, RESP3's null.
func (w *Writer) NullArray() {
	if w.Proto == 3 {
		w.Buf = append(w.Buf, "_\r\n"...)
		return
	}
	w.Buf = append(w.Buf, "*-1\r\n"...)
}

// Array opens an array of n replies.
func (w *Writer) Array(n int) { w.Buf = appendHeader(w.Buf, '*', int64(n)) }

// Map opens a map of n pairs: an array of 2n replies in RESP2.
func (w *Writer) Map(n int) { w.aggregate(kindMap, n) }

// Set opens a set of n replies: an array in RESP2.
func (w *Writer) Set(n int) { w.aggregate(kindSet, n) }

// Push opens an out-of-band message of n replies: an array in RESP2, which has no other form for it.
func (w *Writer) Push(n int) { w.aggregate(kindPush, n) }

// Attribute opens n pairs of annotations before the reply that they belong to. RESP2 has none: there it writes
// nothing, and the caller must not write the pairs either.
func (w *Writer) Attribute(n int) {
	if w.Proto == 3 {
		w.Buf = appendHeader(w.Buf, '|', int64(n))
	}
}

// Double is a float with 17 significant digits, as %.17g prints it: a bulk string in RESP2, a double in RESP3.
func (w *Writer) Double(f float64) {
	var text [32]byte
	w.number(AppendDouble(text[:0], f))
}

// HumanDouble is a float as [AppendHumanFloat] prints it, which Redis uses for coordinates.
func (w *Writer) HumanDouble(f float64) {
	var text [64]byte
	w.number(AppendHumanFloat(text[:0], f))
}

func (w *Writer) number(text []byte) {
	if w.Proto != 3 {
		w.Buf = AppendBulk(w.Buf, text)
		return
	}
	w.Buf = append(w.Buf, ',')
	w.Buf = append(w.Buf, text...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// BigNumber is an integer of any size in decimal: a bulk string in RESP2.
func (w *Writer) BigNumber(digits string) {
	if w.Proto != 3 {
		w.BulkString(digits)
		return
	}
	w.Buf = append(w.Buf, '(')
	w.line(digits)
}

// Bool is a boolean: 1 or 0 in RESP2.
func (w *Writer) Bool(b bool) {
	text := ":0\r\n"
	switch {
	case w.Proto == 3 && b:
		text = "#t\r\n"
	case w.Proto == 3:
		text = "#f\r\n"
	case b:
		text = ":1\r\n"
	}
	w.Buf = append(w.Buf, text...)
}

// Verbatim is text with a format of three letters ("txt", "mkd"): a bulk string in RESP2. A shorter format is filled
// with spaces, a longer one is cut.
func (w *Writer) Verbatim(format string, text []byte) {
	if w.Proto != 3 {
		w.Bulk(text)
		return
	}
	w.Buf = appendHeader(w.Buf, '=', int64(len(text))+4)
	for i := range 3 {
		c := byte(' ')
		if i < len(format) {
			c = format[i]
		}
		w.Buf = append(w.Buf, c)
	}
	w.Buf = append(w.Buf, ':')
	w.Buf = append(w.Buf, text...)
	w.Buf = append(w.Buf, '\r', '\n')
}
