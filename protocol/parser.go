package protocol

import (
	"bytes"
	"errors"
	"math"
)

// Redis's wire limits. The ones that configuration can move are fields of [Limits].
const (
	// DefaultMaxBulk is the default of proto-max-bulk-len: 512 MB.
	DefaultMaxBulk = 512 << 20
	// DefaultMaxInline is the longest line, in bytes, that may stay without an end: an inline request or a
	// length header.
	DefaultMaxInline = 64 << 10
	// DefaultMaxMultibulk is the largest number of arguments of one request; Redis 7 stops at INT_MAX.
	DefaultMaxMultibulk = math.MaxInt32

	// A client that still has to authenticate may send no more arguments, and no longer ones, than this.
	unauthenticatedMultibulk = 10
	unauthenticatedBulk      = 16384

	// The positions of this many arguments are kept while a request arrives; the rest is looked for again when it is complete,
	// so that nothing grows with it but the caller's buffer. Larger argument arrays than this are given back after the
	// request that needed them.
	keptArgs = 4096
)

// ErrIncomplete is what [Parser.Next] returns when the buffer ends before the request does.
var ErrIncomplete = errors.New("protocol: incomplete request")

// The protocol errors of a request, in Redis's words. After any of them the stream has no known boundary:
// the reply is sent, then the connection is closed.
const (
	ErrMultibulkLength    = Error("ERR Protocol error: invalid multibulk length")
	ErrMultibulkCountLine = Error("ERR Protocol error: too big mbulk count string")
	ErrBulkLength         = Error("ERR Protocol error: invalid bulk length")
	ErrBulkCountLine      = Error("ERR Protocol error: too big bulk count string")
	ErrUnauthMultibulk    = Error("ERR Protocol error: unauthenticated multibulk length")
	ErrUnauthBulk         = Error("ERR Protocol error: unauthenticated bulk length")
	ErrInlineTooBig       = Error("ERR Protocol error: too big inline request")
	ErrInlineQuotes       = Error("ERR Protocol error: unbalanced quotes in request")
)

// Limits bound what one request may declare. A zero field means Redis's default, so that the zero Limits is
// what a stock server enforces.
type Limits struct {
	MaxBulk         int64 // bytes of one argument (proto-max-bulk-len)
	MaxInline       int   // bytes of an unfinished line
	MaxMultibulk    int   // arguments of one request
	Unauthenticated bool  // the client has yet to AUTH: at most 10 arguments of at most 16384 bytes
}

// A Parser cuts requests out of a byte stream. It keeps how far it got in an unfinished request, so a request of
// n bytes costs O(n) however many pieces it arrives in. The zero value is ready. A Parser holds no bytes of its
// own, except for inline requests with quotes, whose unquoted arguments live in a scratch slice.
type Parser struct {
	pos     int       // bytes of the unfinished request that are parsed
	pending int       // arguments still to come; 0 between requests
	bulk    int       // length of the argument being waited for; valid when inBulk
	inBulk  bool      // the header of the current argument is parsed, its bytes aren't all here
	need    int       // see Need
	spans   []argSpan // arguments found so far, relative to the start of the request
	more    int       // arguments found behind those of spans, which is full
	args    [][]byte  // what Next handed out last
	raw     []byte    // see Raw
	scratch []byte    // unquoted inline arguments
}

// argSpan is one argument by position, which survives the move of the buffer.
type argSpan struct{ off, end int }

// Next parses one request at the start of buf, which is the first byte not consumed yet. The caller drops
// consumed bytes from the front of its buffer after every call, whatever err is, and calls again with the rest;
// it may move, grow or replace the buffer between calls.
//
//   - err == nil: args is a complete request of at least one argument. The arguments are slices of buf (of the
//     parser's scratch for a quoted inline request), valid until the next call or until the caller touches
//     those bytes. consumed covers the request.
//   - err == ErrIncomplete: more bytes are needed; consumed covers what was skipped (empty lines, *0). The bytes
//     that remain must be the start of the next call's buf.
//   - err is an [Error]: Redis's protocol error. The parser must not be used again before Reset.
//
// As Redis does, requests of no arguments are skipped without a reply, and the byte after a length's \r and the
// two bytes after an argument aren't looked at. It allocates nothing once the argument array has grown.
func (p *Parser) Next(buf []byte, lim *Limits) (args [][]byte, consumed int, err error) {
	if cap(p.args) > keptArgs || cap(p.spans) > keptArgs {
		p.shrink()
	}
	p.need, p.raw = 0, nil
	start := 0
	for p.pending == 0 {
		rest := buf[start:]
		if len(rest) == 0 {
			return nil, start, ErrIncomplete
		}
		if rest[0] != '*' {
			n, err := p.inline(rest, lim)
			start += n
			if err != nil {
				return nil, start, err
			}
			if len(p.args) > 0 {
				return p.args, start, nil
			}
			continue
		}
		count, n, err := multibulkHeader(rest, lim)
		if err != nil {
			return nil, start, err
		}
		if count <= 0 {
			start += n
			continue
		}
		if end := p.whole(rest, n, count, lim); end > 0 {
			return p.args, start + end, nil
		}
		p.pending, p.pos = count, n
		p.spans, p.more = p.spans[:0], 0
		// Room for what can be in the buffer already, whatever was declared: an argument takes six bytes.
		if room := min(count, len(rest)/6+1, keptArgs); cap(p.spans) < room {
			p.spans = make([]argSpan, 0, max(room, 8))
		}
	}
	if err := p.bulks(buf[start:], lim); err != nil {
		return nil, start, err
	}
	args = p.cut(buf[start:])
	consumed = start + p.pos
	p.pos = 0
	return args, consumed, nil
}

// whole cuts a request of count arguments, the first of them at buf[pos:], that is all there and has short headers: nearly every one.
// It returns where the request ends, or 0, which leaves it to bulks and cut.
func (p *Parser) whole(buf []byte, pos, count int, lim *Limits) (end int) {
	if count > cap(p.args) {
		return 0
	}
	args := p.args[:count]
	longest := shortBulk(lim)
	rest := buf[pos:]
	odd := buf[pos-1] ^ '\n' // bits of line ends that are not CR LF
	for i := range args {
		if len(rest) < len("$0\r\n\r\n") || rest[0] != '$' {
			return 0
		}
		var bulk, n int
		tens, ones := uint(rest[1])-'0', uint(rest[2])-'0'
		switch { // a call for each argument would be a fifth of the time
		case tens <= 9 && rest[2] == '\r':
			bulk, n = int(tens), 4
		case tens-1 <= 8 && ones <= 9 && rest[3] == '\r':
			bulk, n = int(10*tens+ones), 5
		default:
			bulk, n = shortHeader(rest, '$')
		}
		end := n + bulk
		if n == 0 || bulk > longest || end+2 > len(rest) {
			return 0
		}
		args[i] = rest[n:end:end]
		odd |= (rest[n-1] ^ '\n') | (rest[end] ^ '\r') | (rest[end+1] ^ '\n')
		rest = rest[end+2:]
	}
	p.args = args
	end = len(buf) - len(rest)
	if odd == 0 && pos == len("*0\r\n") {
		p.raw = buf[:end]
	}
	return end
}

// Raw is the last request as it was sent, if that is what [AppendCommand] makes of it and it is not long; else nil. It is part of the buffer that Next was given.
func (p *Parser) Raw() []byte { return p.raw }

// shortBulk is up to which length an argument needs no check: proto-max-bulk-len is never configured below 1 MB, but a caller may.
func shortBulk(lim *Limits) int { return int(min(unauthenticatedBulk, lim.maxBulk())) }

// Parsed is how many of the bytes that Next left, of an unfinished request, are parsed already.
func (p *Parser) Parsed() int { return p.pos }

// bulks parses the arguments of a multibulk request from p.pos on. The state lives in locals while it runs, since
// the loop is what every request of every client goes through.
func (p *Parser) bulks(buf []byte, lim *Limits) (err error) {
	pos, pending, bulk, inBulk := p.pos, p.pending, p.bulk, p.inBulk
	spans := p.spans
	shortMax := shortBulk(lim)
	for pending > 0 {
		if !inBulk {
			var n int
			if bulk, n = shortHeader(buf[pos:], '$'); n == 0 || bulk > shortMax {
				if bulk, n, err = longBulkHeader(buf[pos:], lim); err != nil {
					break
				}
			}
			pos += n
			inBulk = true
		}
		// Written so that a declared length near the largest int can't overflow.
		if left := len(buf) - pos; left-2 < bulk {
			p.need = bulk - (left - 2)
			err = ErrIncomplete
			break
		}
		if len(spans) < keptArgs {
			spans = append(spans, argSpan{pos, pos + bulk})
		} else {
			p.more++
		}
		pos += bulk + 2
		inBulk = false
		pending--
	}
	p.pos, p.pending, p.bulk, p.inBulk = pos, pending, bulk, inBulk
	p.spans = spans
	return err
}

// cut turns what bulks found into slices of buf. The capacity of each ends where the argument does, so that an append by a
// handler can't write into the next argument.
func (p *Parser) cut(buf []byte) [][]byte {
	n := len(p.spans) + p.more
	if cap(p.args) < n {
		p.args = make([][]byte, n, max(n, 8))
	}
	args := p.args[:n]
	for i, s := range p.spans {
		args[i] = buf[s.off:s.end:s.end]
	}
	if p.more > 0 {
		cutMore(args[len(p.spans):], buf[p.spans[len(p.spans)-1].end+2:])
	}
	p.args = args
	return args
}

// cutMore cuts arguments from the start of b, whose headers have been found right before.
func cutMore(args [][]byte, b []byte) {
	for i := range args {
		bulk, n := shortHeader(b, '$')
		if n == 0 {
			var long int64
			long, n, _ = parseHeader(b, math.MaxInt, ErrBulkCountLine)
			bulk = int(long)
		}
		args[i] = b[n : n+bulk : n+bulk]
		b = b[min(n+bulk+2, len(b)):]
	}
}

// multibulkHeader parses "*3\r\n". A count that isn't positive means that there is no request.
func multibulkHeader(b []byte, lim *Limits) (count, n int, err error) {
	if count, n = shortHeader(b, '*'); n > 0 && count <= unauthenticatedMultibulk && count <= lim.maxMultibulk() {
		return count, n, nil
	}
	long, n, err := parseHeader(b, lim.maxInline(), ErrMultibulkCountLine)
	switch {
	case err != nil:
		return 0, 0, err
	case long == badLength || long > int64(lim.maxMultibulk()):
		return 0, 0, ErrMultibulkLength
	case lim.Unauthenticated && long > unauthenticatedMultibulk:
		return 0, 0, ErrUnauthMultibulk
	}
	return int(max(long, 0)), n, nil
}

// shortHeader parses "$ddd\r\n" of up to five digits, which is nearly every header. n is 0 for everything else,
// right or wrong: parseHeader decides then.
func shortHeader(b []byte, kind byte) (length, n int) {
	if len(b) < 4 || b[0] != kind {
		return 0, 0
	}
	v := int(b[1]) - '0'
	if uint(v) > 9 {
		return 0, 0
	}
	if b[2] == '\r' {
		return v, 4
	}
	if v == 0 { // a leading zero
		return 0, 0
	}
	for i := 2; i < len(b)-1 && i < 7; i++ {
		c := b[i]
		if c == '\r' {
			return v, i + 2
		}
		d := int(c) - '0'
		if uint(d) > 9 {
			return 0, 0
		}
		v = v*10 + d
	}
	return 0, 0
}

// longBulkHeader parses the header of an argument with all checks and errors.
func longBulkHeader(b []byte, lim *Limits) (bulk, n int, err error) {
	length, n, err := parseHeader(b, lim.maxInline(), ErrBulkCountLine)
	if err != nil {
		return 0, 0, err
	}
	if b[0] != '$' {
		return 0, 0, expectedDollar(b[0])
	}
	if length < 0 || length > lim.maxBulk() {
		return 0, 0, ErrBulkLength
	}
	if lim.Unauthenticated && length > unauthenticatedBulk {
		return 0, 0, ErrUnauthBulk
	}
	return int(length), n, nil
}

// badLength stands for a length that isn't a number.
const badLength = math.MinInt64

// parseHeader reads the line of a type byte and a length at the start of b. The line ends at \r and one more byte,
// whatever that is; a NUL byte before the \r hides it, as in Redis, and the line then never ends.
func parseHeader(b []byte, maxLine int, tooBig Error) (length int64, n int, err error) {
	cr := bytes.IndexByte(b, '\r')
	if cr > 0 && bytes.IndexByte(b[:cr], 0) >= 0 {
		cr = -1
	}
	if cr < 0 {
		if len(b) > maxLine {
			return 0, 0, tooBig
		}
		return 0, 0, ErrIncomplete
	}
	if cr+2 > len(b) {
		return 0, 0, ErrIncomplete
	}
	length = badLength
	if cr > 0 {
		if v, ok := ParseInt(b[1:cr]); ok {
			length = v
		}
	}
	return length, cr + 2, nil
}

// expectedDollar is the error for an argument of a wrong type. The byte goes out as it came, but for line ends.
func expectedDollar(got byte) Error {
	if got == '\r' || got == '\n' {
		got = ' '
	}
	return Error("ERR Protocol error: expected '$', got '" + string([]byte{got}) + "'")
}

// Need is a hint after ErrIncomplete: how many bytes the argument being received still lacks with its line end, 0
// when that isn't known. It is what the peer declared, up to MaxBulk: grow the buffer towards it as data
// arrives, never at once.
func (p *Parser) Need() int { return p.need }

// Idle tells that the parser holds no part of a request, so that it can serve another connection.
func (p *Parser) Idle() bool { return p.pending == 0 }

// Reset forgets an unfinished request, and lets go of large arrays and of the caller's buffer, into which the last
// arguments point: call it before the buffer goes elsewhere while the Parser lives on.
func (p *Parser) Reset() {
	clear(p.args[:cap(p.args)])
	p.pending = 0
	p.shrink()
	*p = Parser{spans: p.spans[:0], args: p.args[:0], scratch: p.scratch[:0]}
}

// shrink gives back the arrays that a giant request left behind, unless it is still arriving.
func (p *Parser) shrink() {
	if cap(p.args) > keptArgs {
		p.args = nil
	}
	if p.pending == 0 && cap(p.spans) > keptArgs {
		p.spans = nil
	}
	if cap(p.scratch) > keptArgs {
		p.scratch = nil
	}
}

func (l *Limits) maxBulk() int64 {
	if l.MaxBulk > 0 {
		return l.MaxBulk
	}
	return DefaultMaxBulk
}

func (l *Limits) maxInline() int {
	if l.MaxInline > 0 {
		return l.MaxInline
	}
	return DefaultMaxInline
}

func (l *Limits) maxMultibulk() int {
	if l.MaxMultibulk > 0 {
		return l.MaxMultibulk
	}
	return DefaultMaxMultibulk
}
