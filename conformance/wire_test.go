package conformance_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// value is one decoded RESP2 or RESP3 reply. kind is its type byte; Redis's two
// RESP2 nulls keep their kind ('$' or '*') and set null.
type value struct {
	kind  byte
	null  bool
	text  []byte  // scalars: the payload; verbatim strings keep their "txt:" prefix
	elems []value // aggregates; a map holds key, value, key, value
}

// maxReplyBytes bounds what a declared length may make the reader allocate.
const maxReplyBytes = 1 << 30

var errMalformed = errors.New("malformed reply")

// replyReader cuts replies off a connection and keeps their raw bytes.
type replyReader struct {
	in  *bufio.Reader
	raw bytes.Buffer
}

// next reads one complete reply. The raw bytes are those consumed, also when an
// error ends the reply early; the caller owns them.
func (r *replyReader) next() (raw []byte, v value, err error) {
	r.raw.Reset()
	v, err = r.value(0)
	return bytes.Clone(r.raw.Bytes()), v, err
}

func (r *replyReader) line() ([]byte, error) {
	line, err := r.in.ReadBytes('\n')
	r.raw.Write(line)
	if err != nil {
		return nil, err
	}
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return nil, fmt.Errorf("%w: line without CRLF: %q", errMalformed, line)
	}
	return line[:len(line)-2], nil
}

func (r *replyReader) value(depth int) (value, error) {
	line, err := r.line()
	if err != nil {
		return value{}, err
	}
	if len(line) == 0 || depth > 64 {
		return value{}, fmt.Errorf("%w: %q", errMalformed, line)
	}
	v := value{kind: line[0]}
	switch v.kind {
	case '+', '-', ':', ',', '#', '(':
		v.text = line[1:]
		return v, nil
	case '_':
		v.null = true
		return v, nil
	case '$', '=', '!':
		return r.bulk(v, line[1:])
	case '*', '~', '>', '%', '|':
		return r.aggregate(v, line[1:], depth)
	}
	return value{}, fmt.Errorf("%w: unknown type %q", errMalformed, line)
}

func (r *replyReader) bulk(v value, length []byte) (value, error) {
	n, err := strconv.Atoi(string(length))
	if err != nil || n < -1 || n > maxReplyBytes {
		return value{}, fmt.Errorf("%w: bulk length %q", errMalformed, length)
	}
	if n == -1 {
		v.null = true
		return v, nil
	}
	start := r.raw.Len()
	if _, err := io.CopyN(&r.raw, r.in, int64(n)+2); err != nil {
		return value{}, err
	}
	body := r.raw.Bytes()[start:]
	if !bytes.HasSuffix(body, []byte("\r\n")) {
		return value{}, fmt.Errorf("%w: bulk without CRLF", errMalformed)
	}
	v.text = bytes.Clone(body[:n])
	return v, nil
}

func (r *replyReader) aggregate(v value, length []byte, depth int) (value, error) {
	n, err := strconv.Atoi(string(length))
	if err != nil || n < -1 || n > maxReplyBytes {
		return value{}, fmt.Errorf("%w: aggregate length %q", errMalformed, length)
	}
	if n == -1 {
		v.null = true
		return v, nil
	}
	if v.kind == '%' || v.kind == '|' {
		n *= 2
	}
	for range n {
		e, err := r.value(depth + 1)
		if err != nil {
			return value{}, err
		}
		v.elems = append(v.elems, e)
	}
	if v.kind == '|' { // attributes precede the value they describe
		return r.value(depth)
	}
	return v, nil
}

// parseReply decodes the raw bytes of one reply.
func parseReply(raw []byte) (value, error) {
	r := replyReader{in: bufio.NewReader(bytes.NewReader(raw))}
	_, v, err := r.next()
	return v, err
}

func (v value) aggregate() bool { return strings.IndexByte("*~>%", v.kind) >= 0 }

// str is the text of a scalar, "" for anything else.
func (v value) str() string {
	if v.kind == '=' && len(v.text) >= 4 {
		return string(v.text[4:])
	}
	return string(v.text)
}

// render shows a reply as redis-cli does, with its type where that is not plain.
func (v value) render(indent string) string {
	switch {
	case v.null && v.kind == '_':
		return "(null)"
	case v.null:
		return "(nil " + string(v.kind) + ")"
	}
	switch v.kind {
	case '+':
		return string(v.text)
	case '-', '!':
		return "(error) " + string(v.text)
	case ':':
		return "(integer) " + string(v.text)
	case ',':
		return "(double) " + string(v.text)
	case '#':
		return "(boolean) " + string(v.text)
	case '(':
		return "(big number) " + string(v.text)
	case '=':
		return "(verbatim) " + quoteBytes(v.text)
	case '$':
		return quoteBytes(v.text)
	}
	names := map[byte]string{'*': "array", '~': "set", '>': "push", '%': "map"}
	if len(v.elems) == 0 {
		return "(empty " + names[v.kind] + ")"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "(%s of %d)", names[v.kind], len(v.elems))
	for i, e := range v.elems {
		label := fmt.Sprintf("%d) ", i+1)
		b.WriteString("\n" + indent + label + e.render(indent+strings.Repeat(" ", len(label))))
	}
	return b.String()
}

// quoteBytes writes bytes as redis-cli would show them, on one line.
func quoteBytes(b []byte) string {
	var s strings.Builder
	s.WriteByte('"')
	for _, c := range b {
		switch {
		case c == '\\' || c == '"':
			s.WriteByte('\\')
			s.WriteByte(c)
		case c == '\n':
			s.WriteString(`\n`)
		case c == '\r':
			s.WriteString(`\r`)
		case c == '\t':
			s.WriteString(`\t`)
		case c < 0x20 || c >= 0x7f:
			fmt.Fprintf(&s, `\x%02x`, c)
		default:
			s.WriteByte(c)
		}
	}
	s.WriteByte('"')
	return s.String()
}

// encodeCommand writes a command as RESP arrays of bulk strings.
func encodeCommand(args [][]byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n", len(a))
		b.Write(a)
		b.WriteString("\r\n")
	}
	return b.Bytes()
}
