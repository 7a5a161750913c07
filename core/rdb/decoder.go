package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/redust/redust/core/packed"
)

// A Sanitize says whether values are examined for what costs memory or time to know (sanitize-dump-payload).
type Sanitize int

const (
	// SanitizeNo makes sure that what the sinks get can be used without fear: sizes, counts, encodings.
	SanitizeNo Sanitize = iota
	// SanitizeYes also refuses packed values with a field or member twice, or out of order.
	SanitizeYes
)

// DecoderOptions are the options of a Decoder. The zero value is for a stream of unknown length.
type DecoderOptions struct {
	Sanitize Sanitize
	// Size is how many bytes the reader holds in all, 0 if unknown. Knowing it, longer strings and counts are
	// refused as soon as they are declared.
	Size int64
	// MaxStringBytes is the longest string accepted; 0 stands for 4 GiB.
	MaxStringBytes int64
	// SkipChecksum leaves the checksum of a file unchecked (rdbchecksum no).
	SkipChecksum bool
}

const (
	decoderBuffer  = 64 << 10
	maxStringBytes = 4 << 30
	// growStep is how much memory a declared length gets before data arrives; then the buffer doubles.
	growStep = 1 << 20
	// keepScratch is the largest scratch memory that is kept from one string to the next.
	keepScratch = 1 << 20
	// maxHint bounds the count that a sink is told where the size of the input is not known.
	maxHint = 1 << 16
)

// ErrEmptyKey tells of a collection without elements. It has been read to its end: a loader skips the key and goes on,
// RESTORE refuses it.
var ErrEmptyKey = errors.New("empty collection")

// A DecodeError says where the input can't be decoded, and why. It wraps the cause: io.ErrUnexpectedEOF at the
// end of the data, an error of the reader, of a sink, a *packed.FormatError, or ErrEmptyKey.
type DecodeError struct {
	Offset int64 // bytes from the start of the input
	Reason string
	Err    error // nil if Reason says it all
}

// Error gives the offset and the reason in one line.
func (e *DecodeError) Error() string {
	return "at offset " + strconv.FormatInt(e.Offset, 10) + ": " + e.Reason
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// A Decoder reads the elements of the format. Byte strings that it returns or hands to a sink are valid until the next
// call, or until the sink's method returns. After an error other than ErrEmptyKey it is of no further use. It is not
// safe for concurrent use.
type Decoder struct {
	src  io.Reader // nil if all input is in buf
	opts DecoderOptions

	buf     []byte // buf[pos:end] is not consumed yet
	pos     int
	end     int
	base    int64 // offset of buf[0] in the input
	summed  int   // buf[:summed] is in crc
	crc     uint64
	version int

	keep     []byte // what is consumed while keeping
	keeping  bool
	big      []byte // strings longer than buf
	unpacked []byte // decompressed strings
	digits   [20]byte
	key      []byte          // of the record that Next returned
	field    []byte          // first half of a pair
	lp       packed.Listpack // what an old encoding is converted to
}

// NewDecoder returns a decoder that reads r to its own buffer; see Buffered for what follows.
func NewDecoder(r io.Reader, opts DecoderOptions) *Decoder {
	return &Decoder{src: r, opts: opts.withDefaults(), buf: make([]byte, decoderBuffer)}
}

// NewBytesDecoder returns a decoder of b, such as the body of a payload, which it does not copy. Strings that are stored
// as they are, are handed out as parts of b.
func NewBytesDecoder(b []byte, opts DecoderOptions) *Decoder {
	opts.Size = int64(len(b))
	return &Decoder{opts: opts.withDefaults(), buf: b, end: len(b)}
}

func (o DecoderOptions) withDefaults() DecoderOptions {
	if o.MaxStringBytes <= 0 {
		o.MaxStringBytes = maxStringBytes
	}
	return o
}

// Offset returns how many bytes have been consumed.
func (d *Decoder) Offset() int64 { return d.base + int64(d.pos) }

// Buffered returns what has been read but not consumed: behind the end of a file, what follows it, such as the
// commands of an AOF. Valid until the next call.
func (d *Decoder) Buffered() []byte { return d.buf[d.pos:d.end] }

// left returns how many bytes are left, or -1 if that is not known.
func (d *Decoder) left() int64 {
	if d.opts.Size == 0 && d.src != nil {
		return -1
	}
	return max(d.opts.Size-d.Offset(), int64(d.end-d.pos))
}

// fail returns the error that the input is damaged at offset.
func fail(offset int64, format string, args ...any) error {
	return &DecodeError{Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// at wraps an error of a sink or of package packed.
func at(offset int64, err error) error {
	if err == nil {
		return nil
	}
	return &DecodeError{Offset: offset, Reason: err.Error(), Err: err}
}

// take consumes n bytes.
func (d *Decoder) take(n int) ([]byte, error) {
	if n > d.end-d.pos {
		if err := d.fill(n); err != nil {
			return nil, err
		}
		if n > len(d.buf) {
			return d.takeBig(n)
		}
	}
	b := d.buf[d.pos : d.pos+n : d.pos+n]
	d.pos += n
	if d.keeping {
		d.keep = append(d.keep, b...)
	}
	return b, nil
}

func (d *Decoder) readByte() (byte, error) {
	if d.pos < d.end && !d.keeping {
		b := d.buf[d.pos]
		d.pos++
		return b, nil
	}
	b, err := d.take(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// fill reads until n bytes are in the buffer, or does nothing if it can't hold that many.
func (d *Decoder) fill(n int) error {
	if d.src == nil {
		return d.truncated(nil)
	}
	if n > len(d.buf) {
		return nil
	}
	d.sum()
	copy(d.buf, d.buf[d.pos:d.end])
	d.base += int64(d.pos)
	d.end -= d.pos
	d.pos, d.summed = 0, 0
	got, err := io.ReadAtLeast(d.src, d.buf[d.end:], n-d.end)
	d.end += got
	if d.end < n {
		return d.truncated(err)
	}
	return nil
}

// truncated returns the error that the data ends here, because of cause.
func (d *Decoder) truncated(cause error) error {
	if cause == nil || cause == io.EOF || cause == io.ErrUnexpectedEOF {
		return &DecodeError{Offset: d.base + int64(d.end), Reason: "unexpected end of data", Err: io.ErrUnexpectedEOF}
	}
	return &DecodeError{Offset: d.base + int64(d.end), Reason: "read: " + cause.Error(), Err: cause}
}

// takeBig consumes n bytes that the buffer can't hold. Memory grows with what really arrives.
func (d *Decoder) takeBig(n int) ([]byte, error) {
	big := append(d.big[:0], d.buf[d.pos:d.end]...)
	d.pos = d.end
	d.sum()
	d.base += int64(d.end)
	d.pos, d.end, d.summed = 0, 0, 0
	for len(big) < n {
		have := len(big)
		if have == cap(big) {
			grown := make([]byte, have, min(n, max(2*have, growStep)))
			copy(grown, big)
			big = grown
		}
		got, err := io.ReadFull(d.src, big[have:min(n, cap(big))])
		big = big[:have+got]
		if !d.opts.SkipChecksum {
			d.crc = CRC64(d.crc, big[have:])
		}
		d.base += int64(got)
		if err != nil {
			return nil, d.truncated(err)
		}
	}
	d.big = big
	if cap(big) > keepScratch {
		d.big = nil
	}
	if d.keeping {
		d.keep = append(d.keep, big...)
	}
	return big, nil
}

// sum brings the checksum up to what is consumed.
func (d *Decoder) sum() {
	if !d.opts.SkipChecksum {
		d.crc = CRC64(d.crc, d.buf[d.summed:d.pos])
	}
	d.summed = d.pos
}

// ReadLength reads a length or count that is not the length of an encoded string.
func (d *Decoder) ReadLength() (uint64, error) {
	start := d.Offset()
	n, special, err := d.length()
	if err == nil && special {
		return 0, fail(start, "an encoded string where a length is expected")
	}
	return n, err
}

// length reads a length, or (special) the kind of an encoded string.
func (d *Decoder) length() (n uint64, special bool, err error) {
	b, err := d.readByte()
	if err != nil {
		return 0, false, err
	}
	switch b & lenMask {
	case 0:
		return uint64(b), false, nil
	case len14:
		low, err := d.readByte()
		return uint64(b&^lenMask)<<8 | uint64(low), false, err
	case encoded:
		return uint64(b &^ lenMask), true, nil
	}
	switch b {
	case len32:
		p, err := d.take(4)
		if err != nil {
			return 0, false, err
		}
		return uint64(binary.BigEndian.Uint32(p)), false, nil
	case len64:
		p, err := d.take(8)
		if err != nil {
			return 0, false, err
		}
		return binary.BigEndian.Uint64(p), false, nil
	}
	return 0, false, fail(d.Offset()-1, "unknown length encoding 0x%02x", b)
}

// size examines a declared length against the limits before anything is done with it.
func (d *Decoder) size(n uint64, start int64) (int, error) {
	if n > uint64(d.opts.MaxStringBytes) || n > math.MaxInt {
		return 0, fail(start, "declared length %d is above the limit of %d bytes", n, d.opts.MaxStringBytes)
	}
	if left := d.left(); left >= 0 && n > uint64(left) {
		return 0, &DecodeError{
			Offset: start, Err: io.ErrUnexpectedEOF,
			Reason: fmt.Sprintf("declared length %d, but only %d bytes are left", n, left),
		}
	}
	return int(n), nil
}

// count examines a declared number of elements of at least each bytes, and returns what a sink may be told.
func (d *Decoder) count(n uint64, each int64, start int64) (hint int, err error) {
	left := d.left()
	if left < 0 {
		return int(min(n, maxHint)), nil
	}
	if n > uint64(left/each) {
		return 0, &DecodeError{
			Offset: start, Err: io.ErrUnexpectedEOF,
			Reason: fmt.Sprintf("declared count %d, but only %d bytes are left", n, left),
		}
	}
	return int(n), nil
}

// ReadString reads a string in any encoding.
func (d *Decoder) ReadString() ([]byte, error) {
	start := d.Offset()
	n, special, err := d.length()
	if err != nil {
		return nil, err
	}
	if !special {
		size, err := d.size(n, start)
		if err != nil {
			return nil, err
		}
		return d.take(size)
	}
	if n == encLZF {
		return d.compressed(start)
	}
	v, err := d.encodedInt(n, start)
	if err != nil {
		return nil, err
	}
	return strconv.AppendInt(d.digits[:0], v, 10), nil
}

// encodedInt reads the integer of a string encoded as kind.
func (d *Decoder) encodedInt(kind uint64, start int64) (int64, error) {
	if kind > encInt32 {
		return 0, fail(start, "unknown string encoding %d", kind)
	}
	p, err := d.take(1 << kind)
	if err != nil {
		return 0, err
	}
	switch kind {
	case encInt8:
		return int64(int8(p[0])), nil
	case encInt16:
		return int64(int16(binary.LittleEndian.Uint16(p))), nil
	}
	return int64(int32(binary.LittleEndian.Uint32(p))), nil
}

// compressed reads the two lengths and the data of a compressed string.
func (d *Decoder) compressed(start int64) ([]byte, error) {
	packedLen, err := d.ReadLength()
	if err != nil {
		return nil, err
	}
	plainLen, err := d.ReadLength()
	if err != nil {
		return nil, err
	}
	size, err := d.size(packedLen, start)
	if err != nil {
		return nil, err
	}
	// The most that so many bytes can expand to, so that a few of them can't claim gigabytes.
	if plainLen > uint64(d.opts.MaxStringBytes) || plainLen > packedLen*lzfMaxRatio || plainLen > math.MaxInt {
		return nil, fail(start, "declared length %d of %d compressed bytes is above what is possible", plainLen, packedLen)
	}
	src, err := d.take(size)
	if err != nil {
		return nil, err
	}
	dst := d.unpacked
	if uint64(cap(dst)) < plainLen {
		dst = make([]byte, plainLen)
	}
	dst = dst[:plainLen]
	if cap(dst) <= keepScratch {
		d.unpacked = dst
	}
	if err := DecompressLZF(dst, src); err != nil {
		return nil, at(start, err)
	}
	return dst, nil
}

// ReadDouble reads a double in binary.
func (d *Decoder) ReadDouble() (float64, error) {
	v, err := d.fixed64()
	return math.Float64frombits(v), err
}

// fixed64 reads eight bytes, little endian.
func (d *Decoder) fixed64() (uint64, error) {
	p, err := d.take(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(p), nil
}

// textDouble reads a double as Redis wrote it before 4.0: a length byte and text, or one of three special lengths.
func (d *Decoder) textDouble() (float64, error) {
	start := d.Offset()
	n, err := d.readByte()
	if err != nil {
		return 0, err
	}
	switch n {
	case 253:
		return math.NaN(), nil
	case 254:
		return math.Inf(1), nil
	case 255:
		return math.Inf(-1), nil
	}
	p, err := d.take(int(n))
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(string(p), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, fail(start, "score %q is not a number", p)
	}
	return f, nil
}
