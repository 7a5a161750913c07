package conformance_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// token is one argument of a line. Only unquoted tokens expand: quotes keep a
// text as it is.
type token struct {
	text   []byte
	quoted bool
}

var errQuotes = fmt.Errorf("unbalanced quotes")

// splitArgs cuts a line into arguments by redis-cli's rules: double quotes with
// \n \r \t \b \a \xHH escapes, single quotes with \' only, and a closing quote
// must be followed by a space or the end.
func splitArgs(line string) ([]token, error) {
	var out []token
	for i := 0; i < len(line); {
		if line[i] == ' ' || line[i] == '\t' {
			i++
			continue
		}
		var t token
		var err error
		if t, i, err = nextToken(line, i); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func nextToken(line string, i int) (token, int, error) {
	var t token
	for i < len(line) && line[i] != ' ' && line[i] != '\t' {
		quote := line[i]
		if quote != '"' && quote != '\'' {
			t.text = append(t.text, line[i])
			i++
			continue
		}
		t.quoted = true
		i++
		closed := false
		for i < len(line) && !closed {
			switch {
			case line[i] == quote:
				closed = true
				i++
			case quote == '"' && line[i] == '\\' && i+1 < len(line):
				var c byte
				c, i = unescape(line, i+1)
				t.text = append(t.text, c)
			case quote == '\'' && strings.HasPrefix(line[i:], `\'`):
				t.text = append(t.text, '\'')
				i += 2
			default:
				t.text = append(t.text, line[i])
				i++
			}
		}
		if !closed || i < len(line) && line[i] != ' ' && line[i] != '\t' {
			return t, i, errQuotes
		}
	}
	return t, i, nil
}

// unescape reads the escape whose letter is at i and returns the index after it.
func unescape(line string, i int) (byte, int) {
	if line[i] == 'x' && i+2 < len(line) {
		if n, err := strconv.ParseUint(line[i+1:i+3], 16, 8); err == nil {
			return byte(n), i + 3
		}
	}
	if p := strings.IndexByte("nrtba", line[i]); p >= 0 {
		return "\n\r\t\b\a"[p], i + 1
	}
	return line[i], i + 1
}

// expand turns a token into arguments. In unquoted tokens
//
//	%{i}         is the number of the repetition, from 1
//	%{x*65}      is "x" 65 times
//	a%{1..600}b  is 600 arguments, a1b to a600b
//	%{f#,v#|1..9} is f1 v1 f2 v2 ... f9 v9
//
// Anything else between %{ and } stays as it is.
func (t token) expand(rep int) [][]byte {
	if !t.quoted { // may stand inside another one
		t.text = bytes.ReplaceAll(t.text, []byte("%{i}"), strconv.AppendInt(nil, int64(rep), 10))
	}
	start := bytes.Index(t.text, []byte("%{"))
	if t.quoted || start < 0 {
		return [][]byte{t.text}
	}
	length := bytes.IndexByte(t.text[start:], '}')
	if length < 0 {
		return [][]byte{t.text}
	}
	pre, post := string(t.text[:start]), string(t.text[start+length+1:])
	body := string(t.text[start+2 : start+length])
	again := func(texts ...string) [][]byte { // the rest may hold more of them
		var out [][]byte
		for _, s := range texts {
			out = append(out, token{text: []byte(pre + s + post)}.expand(rep)...)
		}
		return out
	}
	if i := strings.LastIndexByte(body, '*'); i >= 0 {
		if n, err := strconv.Atoi(body[i+1:]); err == nil {
			return again(strings.Repeat(body[:i], n))
		}
	}
	pattern, span, ok := strings.Cut(body, "|")
	if !ok {
		pattern, span = "#", body
	}
	lo, hi, ok := strings.Cut(span, "..")
	first, err1 := strconv.Atoi(lo)
	last, err2 := strconv.Atoi(hi)
	if !ok || err1 != nil || err2 != nil {
		return [][]byte{t.text}
	}
	var texts []string
	for n := first; n <= last; n++ {
		for p := range strings.SplitSeq(pattern, ",") {
			texts = append(texts, strings.ReplaceAll(p, "#", strconv.Itoa(n)))
		}
	}
	return again(texts...)
}
