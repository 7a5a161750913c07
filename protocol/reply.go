package protocol

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// ErrReply is wrapped by every error about bytes that aren't RESP, or are more than the limits allow.
var ErrReply = errors.New("protocol: bad reply")

// ReplyLimits bound one reply. A zero field means the default.
type ReplyLimits struct {
	MaxBulk     int // bytes of one string; 512 MB
	MaxLine     int // bytes of one line; 64 KB
	MaxDepth    int // aggregates within aggregates; 32
	MaxElements int // elements of all aggregates together; 16 million
}

// readChunk is how much memory a declared length may cost before its bytes are there.
const readChunk = 64 << 10

// ReplyReader reads the replies of a server, or requests, which are RESP2 arrays. Bytes and elements are
// allocated as they arrive, never as declared. After an error it stays at that error.
type ReplyReader struct {
	br     *bufio.Reader
	lim    ReplyLimits
	left   int // elements still allowed in the reply being read
	offset int64
	record bool
	raw    []byte
	line   []byte // of one that is longer than br's buffer
	err    error
}

// NewReplyReader returns a reader of r, which it buffers.
func NewReplyReader(r io.Reader, lim ReplyLimits) *ReplyReader {
	lim.MaxBulk = orDefault(lim.MaxBulk, DefaultMaxBulk)
	lim.MaxLine = orDefault(lim.MaxLine, DefaultMaxInline)
	lim.MaxDepth = orDefault(lim.MaxDepth, 32)
	lim.MaxElements = orDefault(lim.MaxElements, 16<<20)
	return &ReplyReader{br: bufio.NewReaderSize(r, 16<<10), lim: lim}
}

func orDefault(v, d int) int {
	if v > 0 {
		return v
	}
	return d
}

// Record makes Raw available for the replies read from now on.
func (r *ReplyReader) Record(on bool) { r.record = on }

// Raw is the last reply as it came, valid until the next Read. Nil unless recorded.
func (r *ReplyReader) Raw() []byte { return r.raw }

// Offset is the number of bytes that the replies read so far took.
func (r *ReplyReader) Offset() int64 { return r.offset }

// Buffered is the number of bytes that are here and not read.
func (r *ReplyReader) Buffered() int { return r.br.Buffered() }

// Read returns the next reply, pushes included, with memory of its own. At the end between replies the error is io.EOF,
// within one io.ErrUnexpectedEOF; bad bytes wrap [ErrReply]; others are the source's.
func (r *ReplyReader) Read() (Reply, error) {
	if r.err != nil {
		return Reply{}, r.err
	}
	r.raw = r.raw[:0]
	r.left = r.lim.MaxElements
	start := r.offset
	reply, err := r.read(r.lim.MaxDepth)
	if err == io.EOF && r.offset > start {
		err = io.ErrUnexpectedEOF
	}
	r.err = err
	if err != nil {
		return Reply{}, err
	}
	return reply, nil
}

func (r *ReplyReader) read(depth int) (Reply, error) {
	line, err := r.readLine()
	if err != nil {
		return Reply{}, err
	}
	if len(line) == 0 {
		return Reply{}, r.bad("empty header")
	}
	reply := Reply{Kind: Kind(line[0])}
	text := line[1:]
	switch reply.Kind {
	case KindSimple, KindError, KindBigNumber:
		reply.Str = append([]byte(nil), text...)
	case KindInt:
		reply.Int, err = r.integer(text)
	case KindNull:
		reply.Null = true
		if len(text) > 0 {
			err = r.bad("null with a value")
		}
	case KindBool:
		reply.Bool = string(text) == "t"
		if !reply.Bool && string(text) != "f" {
			err = r.bad("boolean %q", text)
		}
	case KindDouble:
		err = r.double(&reply, text)
	case KindBulk, KindBulkError, KindVerbatim:
		err = r.bulk(&reply, text)
	case KindArray, KindMap, KindSet, KindPush:
		err = r.elements(&reply, text, depth)
	case KindAttribute:
		return r.attribute(text, depth)
	default:
		err = r.bad("type byte %q", line[0])
	}
	return reply, err
}

func (r *ReplyReader) bad(format string, args ...any) error {
	return fmt.Errorf("%w at offset %d: %s", ErrReply, r.offset, fmt.Sprintf(format, args...))
}

// readLine returns a line without its end, valid until the next read.
func (r *ReplyReader) readLine() ([]byte, error) {
	r.line = r.line[:0]
	for {
		part, err := r.br.ReadSlice('\n')
		r.took(part)
		if err == nil && len(r.line) == 0 {
			return r.cutEnd(part)
		}
		r.line = append(r.line, part...)
		if len(r.line) > r.lim.MaxLine+2 {
			return nil, r.bad("line of more than %d bytes", r.lim.MaxLine)
		}
		if err == nil {
			return r.cutEnd(r.line)
		}
		if err != bufio.ErrBufferFull {
			return nil, err
		}
	}
}

func (r *ReplyReader) cutEnd(line []byte) ([]byte, error) {
	n := len(line) - 2
	if n < 0 || line[n] != '\r' {
		return nil, r.bad("line that doesn't end in CR LF")
	}
	if n > r.lim.MaxLine {
		return nil, r.bad("line of more than %d bytes", r.lim.MaxLine)
	}
	return line[:n], nil
}

// took accounts for bytes that were read.
func (r *ReplyReader) took(b []byte) {
	r.offset += int64(len(b))
	if r.record {
		r.raw = append(r.raw, b...)
	}
}

func (r *ReplyReader) integer(text []byte) (int64, error) {
	n, ok := ParseInt(text)
	if !ok {
		return 0, r.bad("integer %q", text)
	}
	return n, nil
}

func (r *ReplyReader) double(reply *Reply, text []byte) error {
	reply.Str = append([]byte(nil), text...)
	f, ok := strtod(text)
	if !ok {
		return r.bad("double %q", text)
	}
	reply.Double = f
	return nil
}

// length parses a declared length; -1 is the null of RESP2.
func (r *ReplyReader) length(text []byte, limit int) (int, error) {
	n, err := r.integer(text)
	if err != nil {
		return 0, err
	}
	if n < -1 || n > int64(limit) {
		return 0, r.bad("length %d", n)
	}
	return int(n), nil
}

func (r *ReplyReader) bulk(reply *Reply, text []byte) error {
	n, err := r.length(text, r.lim.MaxBulk)
	if err != nil {
		return err
	}
	if n < 0 {
		reply.Null = true
		if reply.Kind != KindBulk {
			return r.bad("length -1")
		}
		return nil
	}
	if reply.Str, err = r.readBytes(n); err != nil {
		return err
	}
	if reply.Kind == KindVerbatim {
		if len(reply.Str) < 4 || reply.Str[3] != ':' {
			return r.bad("verbatim string without format")
		}
		reply.Format, reply.Str = string(reply.Str[:3]), reply.Str[4:]
	}
	return nil
}

// readBytes reads n bytes and the line end behind them, in pieces that grow with what has arrived.
func (r *ReplyReader) readBytes(n int) ([]byte, error) {
	b := make([]byte, 0, min(n, readChunk))
	for len(b) < n {
		if len(b) == cap(b) {
			b = append(make([]byte, 0, min(n, 2*cap(b))), b...)
		}
		from := len(b)
		got, err := io.ReadFull(r.br, b[from:cap(b)])
		b = b[:from+got]
		r.took(b[from:])
		if err != nil {
			return nil, unexpected(err)
		}
	}
	var end [2]byte
	got, err := io.ReadFull(r.br, end[:])
	r.took(end[:got])
	if err != nil {
		return nil, unexpected(err)
	}
	if end != [2]byte{'\r', '\n'} {
		return nil, r.bad("string that doesn't end in CR LF")
	}
	return b, nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// elements reads the elements of an aggregate, for a map twice as many as it declares.
func (r *ReplyReader) elements(reply *Reply, text []byte, depth int) error {
	n, err := r.length(text, r.left)
	if err != nil {
		return err
	}
	if n < 0 {
		reply.Null = true
		if reply.Kind != KindArray {
			return r.bad("length -1")
		}
		return nil
	}
	if reply.Kind == KindMap || reply.Kind == KindAttribute {
		n *= 2
	}
	if n > r.left {
		return r.bad("more than %d elements", r.lim.MaxElements)
	}
	if depth == 0 {
		return r.bad("aggregates nested deeper than %d", r.lim.MaxDepth)
	}
	r.left -= n
	reply.Elems = make([]Reply, 0, min(n, 64))
	for range n {
		e, err := r.read(depth - 1)
		if err != nil {
			return err
		}
		reply.Elems = append(reply.Elems, e)
	}
	return nil
}

// attribute reads annotations and then the reply that they belong to.
func (r *ReplyReader) attribute(text []byte, depth int) (Reply, error) {
	attrs := Reply{Kind: KindAttribute}
	if err := r.elements(&attrs, text, depth); err != nil {
		return Reply{}, err
	}
	// Each attribute counts as a level, so that a chain of them can't grow the stack.
	reply, err := r.read(depth - 1)
	reply.Attrs = append(attrs.Elems, reply.Attrs...)
	return reply, err
}
