package rdb

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/redust/redust/core/packed"
)

// First bytes of lengths, and the low bits of those that introduce an encoded string.
const (
	len14   = 0x40
	len32   = 0x80
	len64   = 0x81
	lenMask = 0xC0

	encoded  = 0xC0
	encInt8  = 0
	encInt16 = 1
	encInt32 = 2
	encLZF   = 3
)

const (
	// encoderChunk is how much an Encoder gathers before it writes.
	encoderChunk = 64 << 10
	// Only strings longer than this are compressed, and only if that saves lzfMinGain bytes, as in Redis.
	lzfMinString = 20
	lzfMinGain   = 4
)

// EncoderOptions are the options of an Encoder. The zero value writes neither compressed strings nor a checksum.
type EncoderOptions struct {
	Compress bool // rdbcompression: strings are compressed where that saves something
	Checksum bool // rdbchecksum: else the checksum of a file is written as 0, "not checked"
}

// An Encoder appends the elements of the format to a buffer. With a writer, the buffer is written whenever a chunk of
// 64 kB is full, and Flush must be called at the end; without one it grows and Bytes returns it.
//
// The first error of the writer stays: what follows is dropped, and Err, Flush and EOF return it. An Encoder keeps
// nothing that it is given. It is not safe for concurrent use.
type Encoder struct {
	w       io.Writer
	opts    EncoderOptions
	buf     []byte
	crc     uint64 // of what has been written
	written int64
	lzf     *LZF // allocated at the first string to compress
	err     error
}

// NewEncoder returns an encoder that writes to w, or to memory if w is nil.
func NewEncoder(w io.Writer, opts EncoderOptions) *Encoder {
	return &Encoder{w: w, opts: opts}
}

// Reset makes the encoder one that has written nothing, to w or to memory, in which case dst[:0] is its buffer.
func (e *Encoder) Reset(w io.Writer, dst []byte) {
	*e = Encoder{w: w, opts: e.opts, buf: dst[:0], lzf: e.lzf}
}

// Bytes returns what is in the buffer: everything, if there is no writer. Valid until the next call.
func (e *Encoder) Bytes() []byte { return e.buf }

// Offset returns how many bytes have been encoded so far.
func (e *Encoder) Offset() int64 { return e.written + int64(len(e.buf)) }

// Err returns the first error of the writer.
func (e *Encoder) Err() error { return e.err }

// Flush writes what is in the buffer.
func (e *Encoder) Flush() error {
	if e.w != nil && len(e.buf) > 0 {
		e.write(e.buf)
		e.buf = e.buf[:0]
		if cap(e.buf) > keepScratch { // a large string was compressed
			e.buf = nil
		}
	}
	return e.err
}

func (e *Encoder) write(p []byte) {
	e.written += int64(len(p))
	if e.opts.Checksum {
		e.crc = CRC64(e.crc, p)
	}
	if e.err != nil {
		return
	}
	if _, err := e.w.Write(p); err != nil {
		e.err = fmt.Errorf("rdb: write: %w", err)
	}
}

// chunk writes the buffer if it is full.
func (e *Encoder) chunk() {
	if e.w != nil && len(e.buf) >= encoderChunk {
		_ = e.Flush() // the error stays in e.err
	}
}

// Raw appends bytes that are already encoded, such as a value that ReadRaw kept.
func (e *Encoder) Raw(p []byte) {
	if e.w != nil && len(p) >= encoderChunk {
		_ = e.Flush()
		e.write(p) // large ones go past the buffer
		return
	}
	e.buf = append(e.buf, p...)
	e.chunk()
}

// Length appends a length or count.
func (e *Encoder) Length(n uint64) {
	e.buf = AppendLength(e.buf, n)
	e.chunk()
}

// AppendLength appends n in one, two, five or nine bytes.
func AppendLength(dst []byte, n uint64) []byte {
	switch {
	case n < 1<<6:
		return append(dst, byte(n))
	case n < 1<<14:
		return append(dst, len14|byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, len32), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, len64), n)
}

// String appends a string: as an integer if it is the decimal text of one of 32 bits, else compressed if that is
// wanted and worth it, else as it is.
func (e *Encoder) String(s []byte) {
	if len(s) <= 11 {
		if v, ok := packed.ParseInt(s); ok && e.int32(v) {
			return
		}
	}
	if e.opts.Compress && len(s) > lzfMinString && e.compressed(s) {
		return
	}
	e.Length(uint64(len(s)))
	e.Raw(s)
}

// Int appends an integer as the string that it is.
func (e *Encoder) Int(v int64) {
	if e.int32(v) {
		return
	}
	var text [20]byte
	s := strconv.AppendInt(text[:0], v, 10)
	e.Length(uint64(len(s)))
	e.Raw(s)
}

// int32 appends v as an encoded integer if 32 bits hold it.
func (e *Encoder) int32(v int64) bool {
	switch {
	case v >= math.MinInt8 && v <= math.MaxInt8:
		e.buf = append(e.buf, encoded|encInt8, byte(v))
	case v >= math.MinInt16 && v <= math.MaxInt16:
		e.buf = append(e.buf, encoded|encInt16, byte(v), byte(v>>8))
	case v >= math.MinInt32 && v <= math.MaxInt32:
		e.buf = binary.LittleEndian.AppendUint32(append(e.buf, encoded|encInt32), uint32(v))
	default:
		return false
	}
	e.chunk()
	return true
}

// compressed appends s compressed, or nothing if that is not worth it.
func (e *Encoder) compressed(s []byte) bool {
	if e.lzf == nil {
		e.lzf = new(LZF)
	}
	// The length of the compressed data stands before it: leave the room that the longest takes, then close the gap.
	const room = 1 + 5 + 9
	start := len(e.buf)
	var gap [room]byte
	buf, ok := e.lzf.Compress(append(e.buf, gap[:]...), s, len(s)-lzfMinGain)
	if !ok {
		e.buf = buf[:start]
		return false
	}
	data := buf[start+room:]
	head := append(buf[:start], encoded|encLZF)
	head = AppendLength(head, uint64(len(data)))
	head = AppendLength(head, uint64(len(s)))
	e.buf = append(head, data...) // moves towards the start, as head is no longer than room
	e.chunk()
	return true
}

// Double appends a double in binary.
func (e *Encoder) Double(f float64) { e.fixed64(math.Float64bits(f)) }

// fixed64 appends eight bytes, little endian.
func (e *Encoder) fixed64(v uint64) {
	e.buf = binary.LittleEndian.AppendUint64(e.buf, v)
	e.chunk()
}

// Header appends the start of a file.
func (e *Encoder) Header() {
	e.buf = fmt.Appendf(e.buf, "%s%04d", magic, Version)
}

// Aux appends an auxiliary field, such as "redis-ver".
func (e *Encoder) Aux(key, value string) {
	e.buf = append(e.buf, opAux)
	e.String([]byte(key))
	e.String([]byte(value))
}

// SelectDB says in which database the keys that follow are.
func (e *Encoder) SelectDB(db int) {
	e.buf = append(e.buf, opSelectDB)
	e.Length(uint64(db))
}

// ResizeDB says how many keys the database has, and how many of them with a TTL.
func (e *Encoder) ResizeDB(keys, expires uint64) {
	e.buf = append(e.buf, opResizeDB)
	e.Length(keys)
	e.Length(expires)
}

// Function appends the source of a library of functions.
func (e *Encoder) Function(code []byte) {
	e.buf = append(e.buf, opFunction2)
	e.String(code)
}

// KeyMeta is what is known of a key beside its value. The zero value is a key without TTL and nothing known.
type KeyMeta struct {
	ExpireMs  int64  // milliseconds since the Unix epoch, if HasExpire
	IdleSec   uint64 // seconds since the last access, if HasIdle
	Freq      uint8  // the counter of LFU, if HasFreq
	HasExpire bool
	HasIdle   bool
	HasFreq   bool
}

// Key appends what stands before a value of type t. The value's body must follow.
func (e *Encoder) Key(t Type, key []byte, meta KeyMeta) {
	if meta.HasExpire {
		e.buf = append(e.buf, opExpireMs)
		e.fixed64(uint64(meta.ExpireMs))
	}
	if meta.HasIdle {
		e.buf = append(e.buf, opIdle)
		e.Length(meta.IdleSec)
	}
	if meta.HasFreq {
		e.buf = append(e.buf, opFreq, meta.Freq)
	}
	e.buf = append(e.buf, byte(t))
	e.String(key)
}

// PlainNode appends a node of a TypeListQuicklist2 that is one element. The body of such a list is Length of the number
// of nodes, then the nodes.
func (e *Encoder) PlainNode(element []byte) {
	e.buf = append(e.buf, quicklistPlain)
	e.String(element)
}

// PackedNode appends a node of a TypeListQuicklist2 that is a listpack.
func (e *Encoder) PackedNode(lp packed.Listpack) {
	e.buf = append(e.buf, quicklistPacked)
	e.String(lp)
}

// EOF appends the end of a file with its checksum and writes everything.
func (e *Encoder) EOF() error {
	e.buf = append(e.buf, opEOF)
	var crc uint64
	if e.opts.Checksum {
		crc = CRC64(e.crc, e.buf)
	}
	e.buf = binary.LittleEndian.AppendUint64(e.buf, crc)
	return e.Flush()
}
