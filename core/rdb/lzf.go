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
	// seen has, by hash of three bytes, base + their position + 1 of the latest place.
	seen [1 << lzfHashBits]uint32
	// base is above all entries of earlier calls, which makes them void.
	base uint32
}

// Compress appends the compressed src to dst. If that would take more than limit bytes it gives up, and returns dst
// as it was and false.
func (z *LZF) Compress(dst, src []byte, limit int) ([]byte, bool) {
	const maxBase = 1 << 31
	start := len(dst)
	if uint64(len(src)) >= maxBase {
		return dst, false
	}
	if z.base >= maxBase {
		*z = LZF{}
	}
	base := z.base
	z.base += uint32(len(src)) + 1

	literal, i := 0, 0 // src[literal:i] is not written yet
	// A match needs three bytes, and reading four makes the hash cheap.
	for i+4 <= len(src) {
		four := binary.LittleEndian.Uint32(src[i:])
		slot := &z.seen[four<<8*2654435761>>(32-lzfHashBits)]
		at := int(*slot) - int(base) - 1
		*slot = base + uint32(i) + 1
		if at < 0 || i-at > lzfMaxOffset || (binary.LittleEndian.Uint32(src[at:])^four)<<8 != 0 {
			i++
			// Data that doesn't compress is passed over faster and faster, and given up early.
			if run := i - literal; run > 256 {
				if len(dst)-start+run > limit {
					return dst[:start], false
				}
				i += run >> 8
			}
			continue
		}
		n := matchLen(src, at, i)
		dst = appendLiterals(dst, src[literal:i])
		dst = appendMatch(dst, i-at-1, n)
		if len(dst)-start > limit {
			return dst[:start], false
		}
		end := i + n
		// The last two positions of the match can start the next one.
		for i = max(i+1, end-2); i < end && i+4 <= len(src); i++ {
			four := binary.LittleEndian.Uint32(src[i:])
			z.seen[four<<8*2654435761>>(32-lzfHashBits)] = base + uint32(i) + 1
		}
		i, literal = end, end
	}
	dst = appendLiterals(dst, src[literal:])
	if len(dst)-start > limit {
		return dst[:start], false
	}
	return dst, true
}

// matchLen returns how many bytes at i equal those at an earlier place at, which are three at least.
func matchLen(src []byte, at, i int) int {
	most := min(len(src)-i, lzfMaxMatch)
	n := 3
	for ; n+8 <= most; n += 8 {
		if d := binary.LittleEndian.Uint64(src[at+n:]) ^ binary.LittleEndian.Uint64(src[i+n:]); d != 0 {
			return n + bits.TrailingZeros64(d)/8
		}
	}
	for n < most && src[at+n] == src[i+n] {
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
