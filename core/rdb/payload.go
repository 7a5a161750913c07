package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/redust/redust/core/packed"
)

// What RESTORE replies, after "ERR ".
var (
	// ErrPayload is for a payload that is damaged or of a newer version.
	ErrPayload = errors.New("DUMP payload version or checksum are wrong")
	// ErrBadFormat is for one that is intact but holds no value that can be decoded, whatever the detail.
	ErrBadFormat = errors.New("Bad data format")
)

// payloadFooter is a version of two bytes and a checksum of eight over all that is before it.
const payloadFooter = 10

// AppendPayload appends what DUMP replies for a value of type t whose encoded body is given.
func AppendPayload(dst []byte, t Type, body []byte) []byte {
	return SealPayload(append(append(dst, byte(t)), body...), len(dst))
}

// SealPayload appends the footer to dst, in which the payload, type and body, begins at start. It saves the copy of
// AppendPayload where the value was encoded straight behind its type.
func SealPayload(dst []byte, start int) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, Version)
	return binary.LittleEndian.AppendUint64(dst, CRC64(0, dst[start:]))
}

// CheckPayload returns type and body of a payload, which are part of b, or ErrPayload, or ErrBadFormat if it is empty.
// That the checksum is right says nothing about the body: anybody can compute it. skipChecksum leaves it unchecked.
func CheckPayload(b []byte, skipChecksum bool) (t Type, body []byte, err error) {
	if len(b) < payloadFooter {
		return 0, nil, ErrPayload
	}
	footer := b[len(b)-payloadFooter:]
	if binary.LittleEndian.Uint16(footer) > MaxVersion {
		return 0, nil, ErrPayload
	}
	if !skipChecksum && CRC64(0, b[:len(b)-8]) != binary.LittleEndian.Uint64(footer[2:]) {
		return 0, nil, ErrPayload
	}
	if len(b) == payloadFooter {
		return 0, nil, ErrBadFormat
	}
	return Type(b[0]), b[1 : len(b)-payloadFooter], nil
}

// Refusal tells of a value of type t that was refused because of err, which it wraps. The packed encodings are named in
// the words that Redis has for them.
func Refusal(t Type, err error) error {
	var format *packed.FormatError
	if errors.As(err, &format) || errors.Is(err, errOdd) || errors.Is(err, errOrder) {
		return fmt.Errorf("%s integrity check failed: %w", encodingTitle(t), err)
	}
	return err
}

// encodingTitle names the encoding of a type whose values, or their nodes, are packed.
func encodingTitle(t Type) string {
	switch t {
	case TypeHashZipmap:
		return "Zipmap"
	case TypeSetIntset:
		return "Intset"
	case TypeListQuicklist:
		return "Ziplist"
	case TypeListQuicklist2:
		return "Listpack"
	case TypeListZiplist:
		return "List ziplist"
	case TypeZSetZiplist:
		return "Zset ziplist"
	case TypeZSetListpack:
		return "Zset listpack"
	case TypeHashZiplist:
		return "Hash ziplist"
	case TypeHashListpack:
		return "Hash listpack"
	case TypeSetListpack:
		return "Set listpack"
	case TypeStreamListpacks, TypeStreamListpacks2, TypeStreamListpacks3:
		return "Stream listpack"
	}
	return t.String()
}
