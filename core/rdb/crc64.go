package rdb

import "encoding/binary"

// crc64Poly is the polynomial that Redis took from David T. Jones, 0xad93d23594c935a9, with its bits reversed, as the
// checksum works on the least significant bit first. Neither start nor result is inverted.
const crc64Poly = 0x95ac9329ac4bc9b5

// crc64Tables[k][b] is the checksum of byte b followed by k zero bytes: sixteen bytes are looked up at once and the
// results, independent of each other, are combined (slicing-by-8, Kounavis and Berry, ISCC 2005, for twice as many). Each step
// waits for the one before, so that half as many steps take little more than half the time.
var crc64Tables = func() (t [16][256]uint64) {
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
		for k := 1; k < len(t); k++ {
			prev := t[k-1][b]
			t[k][b] = t[0][byte(prev)] ^ prev>>8
		}
	}
	return t
}()

// CRC64 continues the checksum crc, 0 at the start, with p.
func CRC64(crc uint64, p []byte) uint64 {
	t := &crc64Tables
	for len(p) >= 16 {
		crc ^= binary.LittleEndian.Uint64(p)
		more := binary.LittleEndian.Uint64(p[8:])
		// What doesn't wait for the last step comes first, and the rest is a tree, not a chain.
		early := t[7][byte(more)] ^ t[6][byte(more>>8)] ^ t[5][byte(more>>16)] ^ t[4][byte(more>>24)] ^
			t[3][byte(more>>32)] ^ t[2][byte(more>>40)] ^ t[1][byte(more>>48)] ^ t[0][byte(more>>56)]
		crc = ((t[15][byte(crc)] ^ t[14][byte(crc>>8)]) ^ (t[13][byte(crc>>16)] ^ t[12][byte(crc>>24)])) ^
			((t[11][byte(crc>>32)] ^ t[10][byte(crc>>40)]) ^ ((t[9][byte(crc>>48)] ^ t[8][byte(crc>>56)]) ^ early))
		p = p[16:]
	}
	if len(p) >= 8 {
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
