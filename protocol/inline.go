package protocol

import "bytes"

// inline parses a request line: the arguments of it land in p.args, none for an empty line. It returns the bytes
// of the line. As in Redis a line ends at \n, a \r before it is dropped, and a NUL byte hides the end.
func (p *Parser) inline(buf []byte, lim *Limits) (n int, err error) {
	p.args = p.args[:0]
	nl := bytes.IndexByte(buf, '\n')
	if nl > 0 && bytes.IndexByte(buf[:nl], 0) >= 0 {
		nl = -1
	}
	if nl < 0 {
		if len(buf) > lim.maxInline() {
			return 0, ErrInlineTooBig
		}
		return 0, ErrIncomplete
	}
	end := nl
	if nl > 0 && buf[nl-1] == '\r' {
		end--
	}
	var ok bool
	if p.args, p.scratch, ok = splitArgs(p.args, p.scratch[:0], buf[:end]); !ok {
		return 0, ErrInlineQuotes
	}
	return nl + 1, nil
}

// SplitArgs cuts a line into arguments by the quoting rules of inline requests, redis-cli and redis.conf:
//
//   - arguments are separated by white space;
//   - "double quotes" keep it, and know \xHH, \n, \r, \t, \b, \a; a backslash before any other byte is dropped;
//   - 'single quotes' keep it too, and know only \';
//   - quotes may open inside an argument, but must be followed by white space or the end where they close.
//
// A NUL byte ends the line. ok is false when quotes are unbalanced. Arguments without quotes are slices of line, the others are copies.
func SplitArgs(line []byte) (args [][]byte, ok bool) {
	if nul := bytes.IndexByte(line, 0); nul >= 0 {
		line = line[:nul]
	}
	args, _, ok = splitArgs(nil, nil, line)
	return args, ok
}

// AppendQuoted appends s in double quotes, with what is not printable ASCII escaped, so that SplitArgs, redis-cli and Redis
// read it back, whatever bytes it has.
func AppendQuoted(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range s {
		switch c {
		case '\\', '"':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\a':
			dst = append(dst, `\a`...)
		case '\b':
			dst = append(dst, `\b`...)
		default:
			if c < ' ' || c > '~' {
				dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
			} else {
				dst = append(dst, c)
			}
		}
	}
	return append(dst, '"')
}

// splitArgs appends the arguments of line to args, and the bytes of those with quotes to scratch.
// line holds no NUL byte.
func splitArgs(args [][]byte, scratch, line []byte) ([][]byte, []byte, bool) {
	i := 0
	for {
		for i < len(line) && isSpace(line[i]) {
			i++
		}
		if i == len(line) {
			return args, scratch, true
		}
		start := i
		for i < len(line) && !endsPlain(line[i]) {
			i++
		}
		if i == len(line) || (line[i] != '"' && line[i] != '\'') {
			args = append(args, line[start:i:i])
			continue
		}
		// Unquoting never makes an argument longer. With room for the rest of the line at the first of them,
		// no append moves the scratch while arguments point into it.
		if cap(scratch)-len(scratch) < len(line)-start {
			scratch = make([]byte, 0, len(line))
		}
		from := len(scratch)
		var next int
		if scratch, next = unquote(scratch, line, start); next < 0 {
			return args, scratch, false
		}
		args = append(args, scratch[from:len(scratch):len(scratch)])
		i = next
	}
}

// endsPlain tells where an unquoted stretch ends. Vertical tab and form feed separate arguments but, inside one,
// are ordinary bytes: so it is in Redis.
func endsPlain(c byte) bool {
	switch c {
	case ' ', '\n', '\r', '\t', '"', '\'':
		return true
	}
	return false
}

// unquote appends the argument that starts at line[i] to dst and returns the index behind it, -1 for
// unbalanced quotes.
func unquote(dst, line []byte, i int) ([]byte, int) {
	for i < len(line) {
		switch c := line[i]; {
		case c == '"':
			dst, i = unquoteDouble(dst, line, i+1)
		case c == '\'':
			dst, i = unquoteSingle(dst, line, i+1)
		case endsPlain(c):
			return dst, i
		default:
			dst = append(dst, c)
			i++
			continue
		}
		return dst, i // what closes a quote also ends the argument
	}
	return dst, i
}

func unquoteDouble(dst, line []byte, i int) ([]byte, int) {
	for ; i < len(line); i++ {
		c := line[i]
		if c == '"' {
			return dst, closeQuote(line, i+1)
		}
		if c == '\\' && i+1 < len(line) {
			if i+3 < len(line) && line[i+1] == 'x' {
				hi, lo := hexDigit(line[i+2]), hexDigit(line[i+3])
				if hi >= 0 && lo >= 0 {
					dst = append(dst, byte(hi<<4|lo))
					i += 3
					continue
				}
			}
			i++
			c = unescape(line[i])
		}
		dst = append(dst, c)
	}
	return dst, -1
}

func unquoteSingle(dst, line []byte, i int) ([]byte, int) {
	for ; i < len(line); i++ {
		c := line[i]
		if c == '\'' {
			return dst, closeQuote(line, i+1)
		}
		if c == '\\' && i+1 < len(line) && line[i+1] == '\'' {
			i++
			c = '\''
		}
		dst = append(dst, c)
	}
	return dst, -1
}

// closeQuote checks what follows a closing quote.
func closeQuote(line []byte, i int) int {
	if i < len(line) && !isSpace(line[i]) {
		return -1
	}
	return i
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// isSpace is the C locale's isspace.
func isSpace(c byte) bool { return c == ' ' || (c >= '\t' && c <= '\r') }
