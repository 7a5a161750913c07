package protocol

import "bytes"

// Match tells whether s matches a glob pattern, byte for byte as Redis decides:
//
//   - * matches any bytes, ? any one byte, \x the byte x;
//   - [abc], [a-z], [^a-z] match one byte; \ escapes inside, a range may be written backwards, a class that isn't
//     closed ends with the pattern;
//   - the empty string is matched by the empty pattern alone, not by *.
//
// It doesn't recurse or allocate; the work is at most len(pattern) * len(s).
func Match(pattern, s []byte) bool { return match(pattern, s, false) }

// MatchFold is Match without regard to the case of ASCII letters. As in Redis, a byte that is escaped inside a class
// still is compared exactly.
func MatchFold(pattern, s []byte) bool { return match(pattern, s, true) }

// match walks both strings once, and goes back only to the last * on a mismatch: whatever an earlier * could take in
// addition, the last one can as well.
func match(pattern, s []byte, fold bool) bool {
	if len(s) == 0 {
		return len(pattern) == 0
	}
	p, i := 0, 0
	star, resume := -1, 0 // pattern index behind the last *, and where in s it was tried last
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			for p < len(pattern) && pattern[p] == '*' {
				p++
			}
			if p == len(pattern) {
				return true
			}
			star, resume = p, i
		}
		if p < len(pattern) {
			if ok, next := matchOne(pattern, p, s[i], fold); ok {
				p = next
				i++
				continue
			}
		}
		if star < 0 {
			return false
		}
		resume++
		if !fold {
			resume = skipTo(pattern[star:], s, resume)
		}
		p, i = star, resume
	}
	// What is left of the pattern would need bytes, unless it is stars.
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern) && resume < len(s)
}

// skipTo is the next index in s, from i on, where rest can match: its first byte, if that is an ordinary one.
func skipTo(rest, s []byte, i int) int {
	switch rest[0] {
	case '?', '[', '\\':
		return i
	}
	if i >= len(s) {
		return i
	}
	at := bytes.IndexByte(s[i:], rest[0])
	if at < 0 {
		return len(s)
	}
	return i + at
}

// matchOne matches the element of pattern at p, which isn't a *, with one byte, and returns the index behind it.
func matchOne(pattern []byte, p int, c byte, fold bool) (ok bool, next int) {
	switch e := pattern[p]; e {
	case '?':
		return true, p + 1
	case '[':
		return matchClass(pattern, p+1, c, fold)
	case '\\':
		if p+1 < len(pattern) {
			p++
		}
	}
	e := pattern[p]
	return e == c || fold && lower(e) == lower(c), p + 1
}

// matchClass matches the class whose content starts at p.
func matchClass(pattern []byte, p int, c byte, fold bool) (ok bool, next int) {
	not := p < len(pattern) && pattern[p] == '^'
	if not {
		p++
	}
	for {
		rest := pattern[p:]
		switch {
		case len(rest) == 0: // not closed
			return ok != not, p
		case len(rest) >= 2 && rest[0] == '\\':
			ok = ok || rest[1] == c
			p += 2
		case rest[0] == ']':
			return ok != not, p + 1
		case len(rest) >= 3 && rest[1] == '-':
			ok = ok || inRange(rest[0], rest[2], c, fold)
			p += 3
		default:
			ok = ok || rest[0] == c || fold && lower(rest[0]) == lower(c)
			p++
		}
	}
}

// inRange compares as C's signed chars do: bytes from 0x80 up are below the ASCII ones.
func inRange(from, to, c byte, fold bool) bool {
	if int8(from) > int8(to) {
		from, to = to, from
	}
	if fold {
		// After the exchange, as Redis does: [a-Z] becomes [Z-a] and then the empty [z-a].
		return foldOrder(c) >= foldOrder(from) && foldOrder(c) <= foldOrder(to)
	}
	return int8(c) >= int8(from) && int8(c) <= int8(to)
}

// foldOrder is what glibc's tolower makes of a signed char: bytes from 0x80 up become their unsigned value, and so
// are above the ASCII ones, except 0xff, which is taken for the end of a file.
func foldOrder(c byte) int {
	if c == 0xff {
		return -1
	}
	return int(lower(c))
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Glob is a pattern looked at once, for many strings: the common forms need no walk. It is safe for use by several
// goroutines. The zero Glob is the empty pattern.
type Glob struct {
	pattern []byte
	form    globForm
	fold    bool
}

type globForm uint8

const (
	globLiteral  globForm = iota // no special byte
	globAny                      // *, or several
	globPrefix                   // literal*
	globSuffix                   // *literal
	globContains                 // *literal*
	globGeneral
)

// CompileGlob prepares pattern. It keeps the slice, which must not change while the Glob is used.
func CompileGlob(pattern []byte) Glob { return compileGlob(pattern, false) }

// CompileGlobFold is CompileGlob for matching as [MatchFold] does.
func CompileGlobFold(pattern []byte) Glob { return compileGlob(pattern, true) }

func compileGlob(pattern []byte, fold bool) Glob {
	body := bytes.TrimLeft(pattern, "*")
	leading := len(body) < len(pattern)
	if leading && len(body) == 0 {
		return Glob{pattern: pattern, form: globAny, fold: fold}
	}
	trimmed := bytes.TrimRight(body, "*")
	trailing := len(trimmed) < len(body)
	if fold || bytes.ContainsAny(trimmed, `*?[\`) {
		return Glob{pattern: pattern, form: globGeneral, fold: fold}
	}
	g := Glob{pattern: trimmed, fold: fold}
	switch {
	case leading && trailing:
		g.form = globContains
	case leading:
		g.form = globSuffix
	case trailing:
		g.form = globPrefix
	}
	return g
}

// Match tells whether s matches.
func (g Glob) Match(s []byte) bool {
	switch g.form {
	case globLiteral:
		return bytes.Equal(s, g.pattern)
	case globAny:
		return len(s) > 0
	case globPrefix:
		return bytes.HasPrefix(s, g.pattern)
	case globSuffix:
		return bytes.HasSuffix(s, g.pattern)
	case globContains:
		return bytes.Contains(s, g.pattern)
	}
	return match(g.pattern, s, g.fold)
}

// Any tells that the pattern is *, which KEYS and SCAN answer without matching (and, unlike Match, with the empty
// key). As in Redis, ** is matched, and so not by the empty key.
func (g Glob) Any() bool { return g.form == globAny && len(g.pattern) == 1 }

// Literal returns the only string that can match, if the pattern has no special bytes.
func (g Glob) Literal() ([]byte, bool) { return g.pattern, g.form == globLiteral && !g.fold }

// Prefix returns what every match starts with; it may be empty. The order of keys makes use of it.
func (g Glob) Prefix() []byte {
	switch {
	case g.fold || g.form == globAny || g.form == globSuffix || g.form == globContains:
		return nil
	case g.form != globGeneral:
		return g.pattern
	}
	if i := bytes.IndexAny(g.pattern, `*?[\`); i >= 0 {
		return g.pattern[:i]
	}
	return g.pattern
}
