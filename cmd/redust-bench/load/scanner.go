package load

import (
	"bytes"
	"errors"
	"fmt"
)

// maxErrorText bounds the error text a [Scanner] keeps.
const maxErrorText = 200

var errReplyType = errors.New("not a RESP reply")

// Scanner counts complete replies in a stream of RESP2 or RESP3 bytes without building them. It keeps its place between calls, so replies
// may be split anywhere. Error replies are counted wherever they stand (EXEC's array too) and the first text is kept.
type Scanner struct {
	Errors    uint64
	FirstText string

	skip    int  // bytes of a bulk payload, its CRLF counted, that are still to come
	pending int  // values missing to the end of the reply; 0 between replies
	push    bool // the value at hand is a RESP3 push, which answers nothing
}

// Scan takes what it can from b. It returns how many bytes it used and how many replies ended in them. The rest, at most one unfinished
// line, must stand in front of the next call's bytes.
func (s *Scanner) Scan(b []byte) (used, replies int, err error) {
	for used < len(b) {
		if s.skip > 0 {
			n := min(s.skip, len(b)-used)
			s.skip -= n
			used += n
			if s.skip > 0 {
				break
			}
			replies += s.valueEnded()
			continue
		}
		eol := bytes.IndexByte(b[used:], '\n')
		if eol < 0 {
			break
		}
		line := b[used : used+eol]
		if eol < 2 || line[eol-1] != '\r' {
			return used, replies, fmt.Errorf("%w: line %.40q", errReplyType, line)
		}
		used += eol + 1
		n, err := s.line(line[:eol-1])
		if err != nil {
			return used, replies, err
		}
		replies += n
	}
	return used, replies, nil
}

// line takes one header line without CRLF and tells whether a reply ended with it (1 or 0).
func (s *Scanner) line(line []byte) (int, error) {
	if s.pending == 0 {
		s.pending = 1
		s.push = line[0] == '>'
	}
	switch line[0] {
	case '+', ':', '_', ',', '#', '(':
		return s.valueEnded(), nil
	case '-':
		s.countError(line[1:])
		return s.valueEnded(), nil
	case '$', '=', '!':
		n, ok := length(line[1:])
		if !ok {
			return 0, fmt.Errorf("%w: length in %.40q", errReplyType, line)
		}
		if line[0] == '!' {
			s.countError(nil)
		}
		if n < 0 { // RESP2's null
			return s.valueEnded(), nil
		}
		s.skip = n + 2
		return 0, nil
	case '*', '~', '>', '%', '|':
		n, ok := length(line[1:])
		if !ok {
			return 0, fmt.Errorf("%w: length in %.40q", errReplyType, line)
		}
		return s.aggregate(line[0], max(n, 0)), nil
	}
	return 0, fmt.Errorf("%w: %.40q", errReplyType, line)
}

// aggregate replaces one expected value by the n it consists of. That is all nesting needs here: a reply has ended when
// nothing is expected any more, at whatever depth.
func (s *Scanner) aggregate(kind byte, n int) int {
	switch kind {
	case '%':
		n *= 2
	case '|': // attributes come in front of a value and don't replace it
		s.pending += 2 * n
		return 0
	}
	s.pending += n
	return s.valueEnded()
}

func (s *Scanner) valueEnded() int {
	if s.pending--; s.pending > 0 || s.push {
		return 0
	}
	return 1
}

func (s *Scanner) countError(text []byte) {
	s.Errors++
	if s.FirstText == "" {
		s.FirstText = string(text[:min(len(text), maxErrorText)])
	}
}

// length reads a decimal number; -1 is the only negative one the protocol has.
func length(b []byte) (n int, ok bool) {
	if len(b) == 2 && b[0] == '-' && b[1] == '1' {
		return -1, true
	}
	if len(b) == 0 || len(b) > 10 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
