package redustcmd

import (
	"errors"
	"strings"

	"github.com/redust/redust/protocol"
)

// ErrQuotes is the fault of a line whose quotes aren't closed, or are followed by something other than a space.
var ErrQuotes = errors.New("unbalanced quotes")

// splitWords cuts a line of redis.conf into words. Words are separated by white space. Double quotes hold spaces and the escapes
// \n \r \t \b \a, \xHH and \ before any other character, which stands for itself; single quotes hold everything but \', which is a
// quote. A closing quote must end the word.
func splitWords(line string) ([]string, error) {
	var words []string
	for {
		line = strings.TrimLeft(line, " \t\n\v\f\r\x00")
		if line == "" {
			return words, nil
		}
		word, rest, err := cutWord(line)
		if err != nil {
			return nil, err
		}
		words = append(words, word)
		line = rest
	}
}

// cutWord reads the word at the start of the line, which may be partly quoted: a"b c" is one word.
func cutWord(line string) (word, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case isSpace(c):
			return b.String(), line[i:], nil
		case c == '"' || c == '\'':
			n, ok := quoted(line[i:], &b)
			if !ok || i+n < len(line) && !isSpace(line[i+n]) {
				return "", "", ErrQuotes
			}
			return b.String(), line[i+n:], nil
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), "", nil
}

// quoted appends the quoted text at the start of the line and returns how many bytes it took, quotes included.
func quoted(line string, b *strings.Builder) (n int, ok bool) {
	quote := line[0]
	for i := 1; i < len(line); i++ {
		switch c := line[i]; {
		case c == quote:
			return i + 1, true
		case c != '\\' || i+1 == len(line):
			b.WriteByte(c)
		case quote == '\'':
			if line[i+1] == '\'' {
				i++
			}
			b.WriteByte(line[i])
		default:
			i += unescape(line[i+1:], b)
		}
	}
	return 0, false
}

// unescape appends what the escape whose backslash was before the text stands for, and returns its length.
func unescape(text string, b *strings.Builder) int {
	if text[0] == 'x' && len(text) > 2 {
		if hi, lo := hexDigit(text[1]), hexDigit(text[2]); hi >= 0 && lo >= 0 {
			b.WriteByte(byte(hi<<4 | lo))
			return 3
		}
	}
	switch text[0] {
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'b':
		b.WriteByte('\b')
	case 'a':
		b.WriteByte('\a')
	default:
		b.WriteByte(text[0])
	}
	return 1
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	default:
		return -1
	}
}

func isSpace(c byte) bool {
	return c == ' ' || '\t' <= c && c <= '\r' || c == 0
}

// quote writes a word so that splitWords reads it back, whatever bytes it has.
func quote(word string) string { return string(protocol.AppendQuoted(nil, []byte(word))) }

// quoteIfNeeded leaves plain words as they are.
func quoteIfNeeded(word string) string {
	for i := 0; i < len(word); i++ {
		if c := word[i]; c <= ' ' || c > '~' || c == '"' || c == '\'' || c == '\\' || c == '#' && i == 0 {
			return quote(word)
		}
	}
	if word == "" {
		return `""`
	}
	return word
}
