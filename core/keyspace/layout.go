package keyspace

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"
)

// An entry's block:
//
//	0   u32  access bits (24) | epoch << 24; the access bits change under a shared lock, so this word is read and written atomically
//	4   u8   type << 4 | encoding
//	5   u8   flags
//	6        key length, value length, as wide as the flags say
//	         if flagTTL: deadline (i64, ms since the Unix epoch), next and prev (Ref) on the timing wheel
//	         key
//	         value: bytes; or 8 bytes of an integer; or the 4-byte number of an object
//
// A Dict's block begins with the flags and has neither TTL nor object. Numbers are little endian; nothing is aligned but the first word.
const (
	offAccess = 0
	offType   = 4
	entryHdr  = 5 // offset of the flags in an entry
	ttlBytes  = 16

	maskKeyWidth = 0x03 // 1, 2, 4 bytes, or (in a Dict) the length is the upper half of the flags
	maskValWidth = 0x0c
	valNone      = 0x00 // no length: an empty value, or an object's number
	val1         = 0x04 // one byte of length
	val4         = 0x08 // four
	valFixed     = 0x0c // no length: 8 bytes
	flagTTL      = 0x10
	flagObject   = 0x20

	keyNibble = 0x03 // Dict only

	maxByteLen = 255
)

var (
	entryLayout = makeLayout(entryHdr, false)
	dictLayout  = makeLayout(0, true)
)

// makeLayout tabulates the offset of the key by flags.
func makeLayout(hdr uint8, dict bool) (t [256]uint8) {
	for f := range t {
		off := hdr + 1 + keyWidth(uint8(f)) + valWidth(uint8(f))
		if !dict && f&flagTTL != 0 {
			off += ttlBytes
		}
		t[f] = off
	}
	return t
}

func keyWidth(f uint8) uint8 { return [4]uint8{1, 2, 4, 0}[f&maskKeyWidth] }
func valWidth(f uint8) uint8 { return [4]uint8{0, 1, 4, 0}[f&maskValWidth>>2] }

func keyWidthFlag(n int) uint8 {
	switch {
	case n <= maxByteLen:
		return 0
	case n <= 1<<16-1:
		return 1
	}
	return 2
}

func u8(p unsafe.Pointer, off int) *uint8 { return (*uint8)(unsafe.Add(p, off)) }

func get16(p unsafe.Pointer, off int) uint16 {
	return binary.LittleEndian.Uint16((*[2]byte)(unsafe.Add(p, off))[:])
}

func get32(p unsafe.Pointer, off int) uint32 {
	return binary.LittleEndian.Uint32((*[4]byte)(unsafe.Add(p, off))[:])
}

func get64(p unsafe.Pointer, off int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, off))[:])
}

func put16(p unsafe.Pointer, off int, v uint16) {
	binary.LittleEndian.PutUint16((*[2]byte)(unsafe.Add(p, off))[:], v)
}

func put32(p unsafe.Pointer, off int, v uint32) {
	binary.LittleEndian.PutUint32((*[4]byte)(unsafe.Add(p, off))[:], v)
}

func put64(p unsafe.Pointer, off int, v uint64) {
	binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(p, off))[:], v)
}

func accessWord(p unsafe.Pointer) *atomic.Uint32 { return (*atomic.Uint32)(p) }

// bytesAt is n bytes of a block, capacity included, so that an append can not run into a neighbour.
func bytesAt(p unsafe.Pointer, off, n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(p, off)), n)
}

// keyLen returns the length of the key of a block whose flags, at hdr, are f.
func keyLen(p unsafe.Pointer, hdr int, f uint8) int {
	switch f & maskKeyWidth {
	case 0:
		return int(*u8(p, hdr+1))
	case 1:
		return int(get16(p, hdr+1))
	case 2:
		return int(get32(p, hdr+1))
	}
	return int(f >> 4)
}

func putKeyLen(p unsafe.Pointer, hdr int, f uint8, n int) {
	switch f & maskKeyWidth {
	case 0:
		*u8(p, hdr+1) = uint8(n)
	case 1:
		put16(p, hdr+1, uint16(n))
	case 2:
		put32(p, hdr+1, uint32(n))
	}
}

// valLen returns the length of the value; an object's is 0.
func valLen(p unsafe.Pointer, hdr int, f uint8) int {
	switch f & maskValWidth {
	case val1:
		return int(*u8(p, hdr+1+int(keyWidth(f))))
	case val4:
		return int(get32(p, hdr+1+int(keyWidth(f))))
	case valFixed:
		return 8
	}
	return 0
}

func putValLen(p unsafe.Pointer, hdr int, f uint8, n int) {
	switch f & maskValWidth {
	case val1:
		*u8(p, hdr+1+int(keyWidth(f))) = uint8(n)
	case val4:
		put32(p, hdr+1+int(keyWidth(f)), uint32(n))
	}
}

func (ix *index) keyOf(p unsafe.Pointer) []byte {
	f := *u8(p, int(ix.hdr))
	return bytesAt(p, int(ix.layout[f]), keyLen(p, int(ix.hdr), f))
}

func (ix *index) hasKey(p unsafe.Pointer, key []byte) bool {
	return string(ix.keyOf(p)) == string(key)
}

// valueOf returns the value's bytes, aliasing the block.
func (ix *index) valueOf(p unsafe.Pointer) []byte {
	f := *u8(p, int(ix.hdr))
	return bytesAt(p, int(ix.layout[f])+keyLen(p, int(ix.hdr), f), valLen(p, int(ix.hdr), f))
}
