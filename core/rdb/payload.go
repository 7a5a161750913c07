package rdb

import (
	"encoding/binary"
	"errors"
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
// That the checksum is right says nothing about the body: anybody can compute it.
func CheckPayload(b []byte) (t Type, body []byte, err error) {
	if len(b) < payloadFooter {
		return 0, nil, ErrPayload
	}
	footer := b[len(b)-payloadFooter:]
	if binary.LittleEndian.Uint16(footer) > MaxVersion {
		return 0, nil, ErrPayload
	}
	if CRC64(0, b[:len(b)-8]) != binary.LittleEndian.Uint64(footer[2:]) {
		return 0, nil, ErrPayload
	}
	if len(b) == payloadFooter {
		return 0, nil, ErrBadFormat
	}
	return Type(b[0]), b[1 : len(b)-payloadFooter], nil
}
