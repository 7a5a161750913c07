package lists

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/redust/redust/core/packed"
)

// A frozen chunk is a run of elements in the smallest of three forms, written once and read in place:
//
//	integers   width of a number in bits, the least of them; then the differences to it, width bits each
//	fixed      elements of one length; each takes the same number of bytes
//	varying    each element is its length and its bytes; the place of every 16th is in a table
//
// The bytes that all elements begin and end with are kept once. What is between is written with as few bits a byte as the
// number of different bytes needs ("symbols"): digits take 4, letters and digits 6. Header, 16 bytes, little endian:
//
//	form (1) | bits (1) | length of the common begin (2), of the common end (2), of what is between, if fixed (2) |
//	least integer (8)
//
// Then begin, end, the symbols' bytes (1<<bits if bits is below 7), the table, the elements, and padding that makes it safe to
// read eight bytes at any of them.
type frozen struct {
	form   byte
	bits   uint // of a symbol, or of an integer
	n      int
	mid    int // bytes between begin and end, if fixed
	stride int // bytes of an element, if fixed
	least  int64
	begin  []byte
	end    []byte
	alpha  []byte
	table  []byte
	body   []byte
}

const (
	formInts = 1 + iota
	formFixed
	formVarying
)

const (
	frozenHeader = 16
	frozenPad    = 8
	tableStep    = 16
	longLength   = 0xC0 // lengths from here on take two bytes, which holds for 14 bits
)

// openFrozen reads the header of a frozen chunk of n elements.
func openFrozen(b []byte, n int) (f frozen) {
	f.form, f.bits, f.n = b[0], uint(b[1]), n
	f.least = int64(binary.LittleEndian.Uint64(b[8:]))
	if f.form == formInts {
		f.body = b[frozenHeader:]
		return f
	}
	begin, end := int(binary.LittleEndian.Uint16(b[2:])), int(binary.LittleEndian.Uint16(b[4:]))
	f.mid = int(binary.LittleEndian.Uint16(b[6:]))
	f.stride = symbolBytes(f.mid, f.bits)
	at := frozenHeader
	f.begin = b[at : at+begin]
	at += begin
	f.end = b[at : at+end]
	at += end
	if f.bits < 7 {
		f.alpha = b[at : at+1<<f.bits]
		at += 1 << f.bits
	}
	if f.form == formVarying {
		size := tableBytes(n)
		f.table = b[at : at+size]
		at += size
	}
	f.body = b[at:]
	return f
}

func symbolBytes(n int, bits uint) int { return (n*int(bits) + 7) >> 3 }

func tableBytes(n int) int { return (n + tableStep - 1) / tableStep * 2 }

func load64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// integer returns the i-th element of the integer form.
func (f *frozen) integer(i int) int64 {
	if f.bits == 64 {
		return f.least + int64(load64(f.body[i*8:]))
	}
	at := i * int(f.bits)
	return f.least + int64(load64(f.body[at>>3:])>>(at&7)&(1<<f.bits-1))
}

// place returns where element i begins in body, and the length of what is between begin and end.
func (f *frozen) place(i int) (at, mid int) {
	if f.form == formFixed {
		return i * f.stride, f.mid
	}
	at = int(binary.LittleEndian.Uint16(f.table[i/tableStep*2:]))
	for i %= tableStep; ; i-- {
		head, mid := f.length(at)
		if i == 0 {
			return at + head, mid
		}
		at += head + symbolBytes(mid, f.bits)
	}
}

// length reads the length of the varying element at at; head is how many bytes it takes.
func (f *frozen) length(at int) (head, mid int) {
	if b := f.body[at]; b >= longLength {
		return 2, int(b&^longLength)<<8 | int(f.body[at+1])
	}
	return 1, int(f.body[at])
}

// symbols appends the mid bytes that are written at at.
func (f *frozen) symbols(dst []byte, at, mid int) []byte {
	from := len(dst)
	dst = slices.Grow(dst, mid)[:from+mid]
	f.decode(dst[from:], at)
	return dst
}

// decode fills out with what is written at at.
func (f *frozen) decode(out []byte, at int) {
	switch f.bits {
	case 8:
		copy(out, f.body[at:at+len(out)])
	case 0:
		for i := range out {
			out[i] = f.alpha[0]
		}
	case 7:
		for i, bit := 0, 0; i < len(out); {
			x := load64(f.body[at+bit>>3:]) >> (bit & 7)
			stop := min(len(out), i+8)
			bit += 7 * (stop - i)
			for ; i < stop; i++ {
				out[i] = byte(x & 127)
				x >>= 7
			}
		}
	default:
		f.translate(out, at)
	}
}

// translate fills out with symbols of less than 7 bits.
func (f *frozen) translate(out []byte, at int) {
	mask := uint64(1)<<f.bits - 1
	alpha := f.alpha[:mask+1]
	step := 56 / int(f.bits)
	for i, bit := 0, 0; i < len(out); {
		x := load64(f.body[at+bit>>3:]) >> (bit & 7)
		stop := min(len(out), i+step)
		bit += int(f.bits) * (stop - i)
		for ; i < stop; i++ {
			out[i] = alpha[x&mask]
			x >>= f.bits
		}
	}
}

// A frozenWalk visits the elements of a frozen chunk in order.
type frozenWalk struct {
	frozen
	i, at int // next element, and where it begins
}

// walk returns a walk that begins at element i, which may be n.
func (f frozen) walk(i int) frozenWalk {
	w := frozenWalk{frozen: f, i: i}
	if f.form == formVarying && i < f.n {
		at, mid := f.place(i)
		w.at = at - 1
		if mid >= longLength {
			w.at--
		}
	} else if f.form == formFixed {
		w.at = i * f.stride
	}
	return w
}

// next returns the place of the next element; in the integer form there is none.
func (w *frozenWalk) next() (at, mid int) {
	w.i++
	at, mid = w.at, w.mid
	if w.form == formFixed {
		w.at += w.stride
		return at, mid
	}
	head, mid := w.length(at)
	w.at = at + head + symbolBytes(mid, w.bits)
	return at + head, mid
}

// appendNext appends the text of the next element of a string form.
func (w *frozenWalk) appendNext(dst []byte) []byte {
	at, mid := w.next()
	dst = append(dst, w.begin...)
	dst = w.symbols(dst, at, mid)
	return append(dst, w.end...)
}

// matches appends to dst the places of the elements that equal s. It compares what is written, without decoding it: well
// below the cost of a comparison in a listpack.
func (f *frozen) matches(s []byte, dst []int32) []int32 {
	if f.form == formInts {
		return f.matchInt(s, dst)
	}
	mid := len(s) - len(f.begin) - len(f.end)
	if mid < 0 || f.form == formFixed && mid != f.mid || !bytes.HasPrefix(s, f.begin) || !bytes.HasSuffix(s, f.end) {
		return dst
	}
	var room [256]byte
	want, ok := f.encode(room[:0], s[len(f.begin):len(f.begin)+mid])
	switch {
	case !ok:
		return dst
	case f.form == formFixed:
		return f.matchFixed(want, dst)
	}
	return f.matchVarying(want, mid, dst)
}

func (f *frozen) matchInt(s []byte, dst []int32) []int32 {
	v, ok := packed.ParseInt(s)
	if !ok || v < f.least {
		return dst
	}
	want := uint64(v) - uint64(f.least)
	if f.bits < 64 {
		if want>>f.bits != 0 {
			return dst
		}
		mask := uint64(1)<<f.bits - 1
		for i, bit := 0, 0; i < f.n; i++ {
			if load64(f.body[bit>>3:])>>(bit&7)&mask == want {
				dst = append(dst, int32(i))
			}
			bit += int(f.bits)
		}
		return dst
	}
	for i := range f.n {
		if load64(f.body[i*8:]) == want {
			dst = append(dst, int32(i))
		}
	}
	return dst
}

// encode appends the written form of the bytes between begin and end; false if one of them is no symbol here.
func (f *frozen) encode(dst, mid []byte) ([]byte, bool) {
	switch f.bits {
	case 8:
		return append(dst, mid...), true
	case 7:
		for _, c := range mid {
			if c >= 128 {
				return dst, false
			}
		}
		return packSymbols(dst, mid, 7, nil), true
	}
	var rank [256]byte
	for _, c := range mid {
		r := bytes.IndexByte(f.alpha, c)
		if r < 0 {
			return dst, false
		}
		rank[c] = byte(r)
	}
	return packSymbols(dst, mid, f.bits, &rank), true
}

func (f *frozen) matchFixed(want []byte, dst []int32) []int32 {
	var eight [8]byte
	copy(eight[:], want)
	first, mask := load64(eight[:]), ^uint64(0)
	if f.stride < 8 {
		mask = 1<<(8*f.stride) - 1
	}
	for i, at := 0, 0; i < f.n; i++ {
		if load64(f.body[at:])&mask == first && (f.stride <= 8 || bytes.Equal(f.body[at:at+f.stride], want)) {
			dst = append(dst, int32(i))
		}
		at += f.stride
	}
	return dst
}

func (f *frozen) matchVarying(want []byte, mid int, dst []int32) []int32 {
	at := 0
	for i := range f.n {
		head, n := f.length(at)
		at += head
		if n == mid && bytes.Equal(f.body[at:at+len(want)], want) {
			dst = append(dst, int32(i))
		}
		at += symbolBytes(n, f.bits)
	}
	return dst
}

// replace overwrites element i with s if s fits the form as it is, and reports whether it did.
func (f *frozen) replace(i int, s []byte) bool {
	if f.form == formInts {
		v, ok := packed.ParseInt(s)
		diff := uint64(v) - uint64(f.least)
		if !ok || v < f.least || f.bits < 64 && diff>>f.bits != 0 {
			return false
		}
		f.putInt(i, diff)
		return true
	}
	at, mid := f.place(i)
	if len(s) != mid+len(f.begin)+len(f.end) || !bytes.HasPrefix(s, f.begin) || !bytes.HasSuffix(s, f.end) {
		return false
	}
	var room [256]byte
	enc, ok := f.encode(room[:0], s[len(f.begin):len(f.begin)+mid])
	if ok {
		copy(f.body[at:], enc)
	}
	return ok
}

// putInt writes the difference of element i, over whatever was there.
func (f *frozen) putInt(i int, diff uint64) {
	if f.bits == 64 {
		binary.LittleEndian.PutUint64(f.body[i*8:], diff)
		return
	}
	at := i * int(f.bits)
	b, shift := f.body[at>>3:], at&7
	mask := uint64(1)<<f.bits - 1
	binary.LittleEndian.PutUint64(b, load64(b)&^(mask<<shift)|diff<<shift)
}

// packSymbols appends the symbols of src, bits each: their ranks, or the bytes themselves if rank is nil.
func packSymbols(dst, src []byte, width uint, rank *[256]byte) []byte {
	var acc uint64
	var have uint
	for _, c := range src {
		if rank != nil {
			c = rank[c]
		}
		acc |= uint64(c) << have
		for have += width; have >= 8; have -= 8 {
			dst = append(dst, byte(acc))
			acc >>= 8
		}
	}
	if have > 0 {
		dst = append(dst, byte(acc))
	}
	return dst
}

// intWidth is the width of the differences of integers: up to 56 bits, so that one load holds any, or 64.
func intWidth(least, most int64) uint {
	w := uint(bits.Len64(uint64(most) - uint64(least)))
	if w > 56 {
		return 64
	}
	return w
}
