package rdb

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// LZF, the compression of strings in RDB files, is a sequence of two kinds of items:
//
//	000lllll                   the next l+1 bytes are data
//	lllooooo oooooooo          copy l+2 bytes from o+1 bytes before (l 1..6)
//	111ooooo llllllll oooooooo the same, of l+9 bytes
const (
	lzfMaxLiteral = 32
	lzfMaxOffset  = 1 << 13
	lzfMaxMatch   = 264
	lzfHashBits   = 13
	// lzfMaxRatio is by how much data can be larger than its compressed form: 264 bytes from 3.
	lzfMaxRatio = lzfMaxMatch / 3
)

var errLZF = errors.New("damaged LZF data")

// An LZF compresses. It remembers where it has seen each three bytes, in 32 kB that it keeps between calls without
// having to clear them. The zero value is ready; not safe for concurrent use.
type LZF struct {
	// seen has, by hash of three bytes, base + their position of the latest place.
	seen [1 << lzfHashBits]uint32
	// base is further than any match from all entries of earlier calls, which makes them void.
	base uint32
}

// Compress appends the compressed src to dst. If that would take more than limit bytes it gives up, and returns dst
// as it was and false.
func (z *LZF) Compress(dst, src []byte, limit int) ([]byte, bool) {
	const maxBase, far = 1 << 31, lzfMaxOffset + 1
	start := len(dst)
	if uint64(len(src)) >= maxBase-far {
		return dst, false
	}
	if z.base >= maxBase {
		*z = LZF{}
	}
	z.base = max(z.base, far)
	literal := 0 // src[literal:] is not written yet
	for {
		i, distance := z.find(src, literal, limit-(len(dst)-start))
		if distance == 0 {
			break
		}
		n := matchLen(src, i-distance, i)
		if dst = appendItems(dst, src, literal, i, distance-1, n); len(dst)-start > limit {
			break
		}
		literal = i + n
		z.noteLast(src, literal)
	}
	z.base += uint32(len(src)) + far
	if len(dst)-start+len(src)-literal <= limit { // what follows takes its lengths, too
		if dst = appendLiterals(dst, src[literal:]); len(dst)-start <= limit {
			return dst, true
		}
	}
	return dst[:start], false
}

// find returns the next place from literal on whose three bytes have been seen, and how far before that was: 0 if there is none, or if it
// takes more than most bytes to write what is before.
func (z *LZF) find(src []byte, literal, most int) (i, distance int) {
	// A match needs three bytes, and reading four makes the hash cheap.
	for i = literal; i+4 <= len(src); {
		four := load32(src, i)
		slot, place := z.slot(four), z.base+uint32(i)
		d := place - *slot
		*slot = place
		if d <= lzfMaxOffset && (load32(src, i-int(d))^four)<<8 == 0 {
			return i, int(d)
		}
		i++
		// Data that doesn't compress is passed over faster and faster, and given up early.
		if run := i - literal; run > 256 {
			if run > most {
				return i, 0
			}
			i += run >> 8
		}
	}
	return i, 0
}

// noteLast remembers the last two places before end, at which a match has ended: they can start the next one.
func (z *LZF) noteLast(src []byte, end int) {
	if end+2 <= len(src) {
		*z.slot(load32(src, end-2)) = z.base + uint32(end) - 2
	}
	if end+3 <= len(src) {
		*z.slot(load32(src, end-1)) = z.base + uint32(end) - 1
	}
}

// slot is where the place of the first three bytes of four is remembered.
func (z *LZF) slot(four uint32) *uint32 { return &z.seen[four<<8*2654435761>>(32-lzfHashBits)] }

// load32 and load64 read bytes from i on. That the capacity is given, too, saves the compiler a mask.
func load32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i : i+4 : i+4]) }
func load64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8 : i+8]) }

// appendItems writes src[from:to] as it is, and then a copy of n bytes; distance is one less than how far before they are. Short
// runs, which most are, are copied as sixteen bytes.
func appendItems(dst, src []byte, from, to, distance, n int) []byte {
	const most = 16
	at, run := len(dst), to-from
	if run > most || cap(dst)-at < 1+most+3 || len(src)-from < most {
		return appendMatch(appendLiterals(dst, src[from:to]), distance, n)
	}
	out := dst[at : at+1+most+3]
	if run > 0 {
		out[0] = byte(run - 1)
		binary.LittleEndian.PutUint64(out[1:], load64(src, from))
		binary.LittleEndian.PutUint64(out[9:], load64(src, from+8))
		run++
	}
	out = out[run : run+3]
	if n -= 2; n < 7 {
		out[0], out[1] = byte(n<<5|distance>>8), byte(distance)
		return dst[:at+run+2]
	}
	out[0], out[1], out[2] = byte(7<<5|distance>>8), byte(n-7), byte(distance)
	return dst[:at+run+3]
}

// matchLen returns how many bytes at i equal those at an earlier place at, which are three at least.
func matchLen(src []byte, at, i int) int {
	most := min(len(src)-i, lzfMaxMatch)
	was, is := src[at:at+most], src[i:i+most]
	is = is[:len(was)]
	n := 3
	for ; n <= len(was)-8; n += 8 {
		if d := load64(was, n) ^ load64(is, n); d != 0 {
			return n + bits.TrailingZeros64(d)/8
		}
	}
	for n < len(was) && was[n] == is[n] {
		n++
	}
	return n
}

func appendLiterals(dst, p []byte) []byte {
	for len(p) > 0 {
		n := min(len(p), lzfMaxLiteral)
		dst = append(dst, byte(n-1))
		dst = append(dst, p[:n]...)
		p = p[n:]
	}
	return dst
}

// appendMatch writes a copy of n bytes; distance is one less than how far before they are.
func appendMatch(dst []byte, distance, n int) []byte {
	n -= 2
	if n < 7 {
		return append(dst, byte(n<<5|distance>>8), byte(distance))
	}
	return append(dst, byte(7<<5|distance>>8), byte(n-7), byte(distance))
}

// DecompressLZF fills dst, which must have exactly the length of the data, from src. It is safe on any input.
func DecompressLZF(dst, src []byte) error {
	n := 0
	for i := 0; i < len(src); {
		ctrl := int(src[i])
		i++
		if ctrl < lzfMaxLiteral {
			ctrl++
			if ctrl > len(src)-i || ctrl > len(dst)-n {
				return errLZF
			}
			copy(dst[n:n+ctrl], src[i:i+ctrl])
			i += ctrl
			n += ctrl
			continue
		}
		size := ctrl>>5 + 2
		if size == 7+2 {
			if i >= len(src) {
				return errLZF
			}
			size += int(src[i])
			i++
		}
		if i >= len(src) {
			return errLZF
		}
		from := n - (ctrl&0x1F)<<8 - int(src[i]) - 1
		i++
		if from < 0 || size > len(dst)-n {
			return errLZF
		}
		if from+size <= n {
			copy(dst[n:n+size], dst[from:])
			n += size
			continue
		}
		// The copy overlaps what it writes: the bytes repeat.
		for range size {
			dst[n] = dst[from]
			n++
			from++
		}
	}
	if n != len(dst) {
		return errLZF
	}
	return nil
}
