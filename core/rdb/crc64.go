package rdb

import "encoding/binary"

// crc64Poly is the polynomial that Redis took from David T. Jones, 0xad93d23594c935a9, with its bits reversed, as the
// checksum works on the least significant bit first. Neither start nor result is inverted.
const crc64Poly = 0x95ac9329ac4bc9b5

// crc64Tables[k][b] is the checksum of byte b followed by k zero bytes: eight bytes are looked up at once and the
// eight results, independent of each other, are combined (slicing-by-8, Kounavis and Berry, ISCC 2005).
var crc64Tables = func() (t [8][256]uint64) {
	for b := range 256 {
		crc := uint64(b)
		for range 8 {
			low := crc & 1
			crc >>= 1
			if low != 0 {
				crc ^= crc64Poly
			}
		}
		t[0][b] = crc
	}
	for b := range 256 {
		for k := 1; k < 8; k++ {
			prev := t[k-1][b]
			t[k][b] = t[0][byte(prev)] ^ prev>>8
		}
	}
	return t
}()

// CRC64 continues the checksum crc, 0 at the start, with p.
func CRC64(crc uint64, p []byte) uint64 {
	t := &crc64Tables
	for len(p) >= 8 {
		crc ^= binary.LittleEndian.Uint64(p)
		crc = t[7][byte(crc)] ^ t[6][byte(crc>>8)] ^ t[5][byte(crc>>16)] ^ t[4][byte(crc>>24)] ^
			t[3][byte(crc>>32)] ^ t[2][byte(crc>>40)] ^ t[1][byte(crc>>48)] ^ t[0][byte(crc>>56)]
		p = p[8:]
	}
	for _, b := range p {
		crc = t[0][byte(crc)^b] ^ crc>>8
	}
	return crc
}
