package rdb

import (
	"encoding/binary"
	"errors"
)

// ErrPayload is what RESTORE replies, after "ERR ", to a payload that is damaged or of a newer version.
var ErrPayload = errors.New("DUMP payload version or checksum are wrong")

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

// CheckPayload returns type and body of a payload, which are part of b, or ErrPayload. That the checksum is right
// says nothing about the body: anybody can compute it.
func CheckPayload(b []byte) (t Type, body []byte, err error) {
	if len(b) < payloadFooter+1 {
		return 0, nil, ErrPayload
	}
	footer := b[len(b)-payloadFooter:]
	if binary.LittleEndian.Uint16(footer) > MaxVersion {
		return 0, nil, ErrPayload
	}
	if CRC64(0, b[:len(b)-8]) != binary.LittleEndian.Uint64(footer[2:]) {
		return 0, nil, ErrPayload
	}
	return Type(b[0]), b[1 : len(b)-payloadFooter], nil
}
