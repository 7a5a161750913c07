package core

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Arg is one argument of a command as COMMAND DOCS describes it. The reply
// gives the fields in this order: name, type, key_spec_index, token, since,
// deprecated_since, flags, arguments; absent ones are left out.
type Arg struct {
	Name string
	// Type is string, integer, double, key, pattern, unix-time, pure-token,
	// oneof (one of Args) or block (all of Args, in order).
	Type string
	// KeySpec is the index of the key spec that finds this argument, or -1.
	KeySpec int
	// Token is the word before the argument, or the whole argument when it is
	// a pure-token. See HasToken.
	Token             string
	Since, Deprecated string // Redis versions, or empty
	Optional          bool
	Multiple          bool // may be repeated
	MultipleToken     bool // Token stands before each repetition, not only the first
	Args              []Arg
}

// HasToken reports whether Token is to be shown. A pure-token always has one,
// even if empty: MIGRATE takes the empty string in place of a key.
func (a *Arg) HasToken() bool { return a.Token != "" || a.Type == "pure-token" }

// FlagNames lists the argument's flags as COMMAND DOCS prints them.
func (a *Arg) FlagNames() []string {
	var out []string
	if a.Optional {
		out = append(out, "optional")
	}
	if a.Multiple {
		out = append(out, "multiple")
	}
	if a.MultipleToken {
		out = append(out, "multiple_token")
	}
	return out
}

var argTypes = []string{"string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof", "block"}

// ParseSyntax reads the notation of Command.Syntax: arguments separated by one
// space, each written as
//
//	name:type@keyspec=TOKEN<since!deprecated>(arguments)...
//
// of which only the name is required:
//
//	value               a string
//	count:integer       any other type: integer, double, pattern, unix-time ...
//	key@0               a key, found by key spec 0
//	count:integer=COUNT an integer after the word COUNT
//	NX                  the bare word NX: short for nx:pure-token=NX
//	on=ENABLED          a bare word whose name is not the word in lower case
//	range(min max)      a block: all of the arguments, in order
//	order(ASC|DESC)     a choice (oneof)
//	[arg]               optional
//	arg...              one or more; the token, if any, is not repeated
//	arg...=             one or more, the token before each
//	arg<6.2.0>          available since 6.2.0
//	arg<!2.8.12>        deprecated since 2.8.12; <6.2.0!7.0.0> is both
//	"ip:port"           quoted as in Go: a name or token with other characters
//	                    than letters, digits, - _ and / (tokens: also * $ ~ + # % &)
//
// A type left out is key after @, else oneof or block before parentheses with
// or without |, else pure-token before a token, else string. SET, for example:
//
//	key@0 value [condition<2.6.12>(NX|XX)] [GET<6.2.0>] [expiration(seconds:integer=EX<2.6.12>|KEEPTTL<6.0.0>)]
//
// The error gives the offset in s of the first fault.
func ParseSyntax(s string) ([]Arg, error) {
	if s == "" {
		return nil, nil
	}
	p := syntaxParser{s: s}
	args, choice := p.list()
	if p.pos < len(s) {
		p.fail("unexpected %q", s[p.pos])
	}
	if choice {
		p.fail("a choice needs a name and parentheses")
	}
	if p.err != nil {
		return nil, p.err
	}
	return args, nil
}

// syntaxParser keeps the first error; after it, every method returns early.
type syntaxParser struct {
	s   string
	pos int
	err error
}

func (p *syntaxParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("syntax %q: offset %d: %s", p.s, p.pos, fmt.Sprintf(format, args...))
	}
}

// accept skips lit if it comes next.
func (p *syntaxParser) accept(lit string) bool {
	if p.err != nil || !strings.HasPrefix(p.s[p.pos:], lit) {
		return false
	}
	p.pos += len(lit)
	return true
}

func (p *syntaxParser) expect(lit string) {
	if !p.accept(lit) {
		p.fail("expected %q", lit)
	}
}

// takeWhile skips and returns the longest run of bytes that fit.
func (p *syntaxParser) takeWhile(fits func(byte) bool) string {
	start := p.pos
	for p.pos < len(p.s) && fits(p.s[p.pos]) {
		p.pos++
	}
	return p.s[start:p.pos]
}

// list reads arguments up to a closing bracket or the end. All are separated
// by the same byte; choice reports whether that is |.
func (p *syntaxParser) list() (args []Arg, choice bool) {
	args = append(args, p.item())
	sep := " "
	if strings.HasPrefix(p.s[p.pos:], "|") {
		sep = "|"
	}
	for p.accept(sep) {
		args = append(args, p.item())
	}
	return args, sep == "|"
}

func (p *syntaxParser) item() Arg {
	if !p.accept("[") {
		return p.arg()
	}
	a := p.arg()
	p.expect("]")
	a.Optional = true
	return a
}

func (p *syntaxParser) arg() Arg {
	a := Arg{KeySpec: -1}
	hasToken := p.head(&a)
	if p.accept("<") {
		a.Since = p.takeWhile(isVersionByte)
		if p.accept("!") {
			a.Deprecated = p.takeWhile(isVersionByte)
		}
		p.expect(">")
	}
	choice := false
	if p.accept("(") {
		a.Args, choice = p.list()
		p.expect(")")
	}
	if a.Type == "" {
		a.Type = defaultType(&a, hasToken, choice)
	}
	if nested := a.Type == "oneof" || a.Type == "block"; nested != (len(a.Args) > 0) {
		p.fail("%s %q with %d arguments", a.Type, a.Name, len(a.Args))
	}
	if len(a.Args) > 1 && choice != (a.Type == "oneof") {
		p.fail("wrong separator in %s %q", a.Type, a.Name)
	}
	if a.Type == "pure-token" && !hasToken {
		p.fail("pure-token %q without a token", a.Name)
	}
	if p.accept("...") {
		a.Multiple = true
		a.MultipleToken = p.accept("=")
	}
	return a
}

// head reads name, type, key spec and token.
func (p *syntaxParser) head(a *Arg) (hasToken bool) {
	if p.pos < len(p.s) && isUpper(p.s[p.pos]) {
		a.Token = p.takeWhile(isTokenByte)
		a.Name, a.Type = strings.ToLower(a.Token), "pure-token"
		return true
	}
	if a.Name = p.word(isNameByte); a.Name == "" {
		p.fail("expected a name")
	}
	if p.accept(":") {
		a.Type = p.takeWhile(isNameByte)
		if !slices.Contains(argTypes, a.Type) {
			p.fail("unknown type %q", a.Type)
		}
	}
	if p.accept("@") {
		n, err := strconv.Atoi(p.takeWhile(isDigit))
		if err != nil {
			p.fail("expected a key spec index")
		}
		a.KeySpec = n
	}
	if p.accept("=") {
		quoted := strings.HasPrefix(p.s[p.pos:], `"`)
		if a.Token = p.word(isTokenByte); a.Token == "" && !quoted {
			p.fail("expected a token")
		}
		return true
	}
	return false
}

// defaultType is the type of an argument written without one.
func defaultType(a *Arg, hasToken, choice bool) string {
	switch {
	case a.KeySpec >= 0:
		return "key"
	case choice:
		return "oneof"
	case len(a.Args) > 0:
		return "block"
	case hasToken:
		return "pure-token"
	}
	return "string"
}

// word reads a quoted string or a run of bytes that fit.
func (p *syntaxParser) word(fits func(byte) bool) string {
	if !strings.HasPrefix(p.s[p.pos:], `"`) {
		return p.takeWhile(fits)
	}
	quoted, err := strconv.QuotedPrefix(p.s[p.pos:])
	if err != nil {
		p.fail("unterminated quote")
		return ""
	}
	p.pos += len(quoted)
	out, _ := strconv.Unquote(quoted) // QuotedPrefix has checked it
	return out
}

func isDigit(b byte) bool       { return '0' <= b && b <= '9' }
func isUpper(b byte) bool       { return 'A' <= b && b <= 'Z' }
func isLower(b byte) bool       { return 'a' <= b && b <= 'z' }
func isVersionByte(b byte) bool { return isDigit(b) || b == '.' }
func isNameByte(b byte) bool    { return isLower(b) || isDigit(b) || strings.IndexByte("-_/", b) >= 0 }

func isTokenByte(b byte) bool {
	return isLower(b) || isUpper(b) || isDigit(b) || strings.IndexByte("-_/*$~+#%&", b) >= 0
}

// FormatSyntax writes args in the notation of ParseSyntax, which reads them
// back as they were. Args that no syntax describes (an unknown type, a oneof
// of nothing) give text that ParseSyntax rejects.
func FormatSyntax(args []Arg) string {
	return string(appendArgs(nil, args, ' '))
}

func appendArgs(b []byte, args []Arg, sep byte) []byte {
	for i := range args {
		if i > 0 {
			b = append(b, sep)
		}
		b = appendArg(b, &args[i])
	}
	return b
}

func appendArg(b []byte, a *Arg) []byte {
	if a.Optional {
		b = append(b, '[')
	}
	if isShorthand(a) {
		b = append(b, a.Token...)
	} else {
		b = appendHead(b, a)
	}
	if a.Since != "" || a.Deprecated != "" {
		b = append(append(b, '<'), a.Since...)
		if a.Deprecated != "" {
			b = append(append(b, '!'), a.Deprecated...)
		}
		b = append(b, '>')
	}
	if len(a.Args) > 0 {
		sep := byte(' ')
		if a.Type == "oneof" {
			sep = '|'
		}
		b = append(appendArgs(append(b, '('), a.Args, sep), ')')
	}
	if a.Multiple {
		b = append(b, "..."...)
		if a.MultipleToken {
			b = append(b, '=')
		}
	}
	if a.Optional {
		b = append(b, ']')
	}
	return b
}

func appendHead(b []byte, a *Arg) []byte {
	b = appendWord(b, a.Name, isNameByte)
	choice := a.Type == "oneof" && len(a.Args) > 1
	if a.Type != defaultType(a, a.HasToken(), choice) {
		b = append(append(b, ':'), a.Type...)
	}
	if a.KeySpec >= 0 {
		b = strconv.AppendInt(append(b, '@'), int64(a.KeySpec), 10)
	}
	if a.HasToken() {
		b = appendWord(append(b, '='), a.Token, isTokenByte)
	}
	return b
}

// isShorthand reports whether the token alone tells the whole head.
func isShorthand(a *Arg) bool {
	return a.Type == "pure-token" && a.KeySpec < 0 && a.Token != "" && isUpper(a.Token[0]) &&
		isWord(a.Token, isTokenByte) && strings.ToLower(a.Token) == a.Name
}

func appendWord(b []byte, s string, fits func(byte) bool) []byte {
	if isWord(s, fits) {
		return append(b, s...)
	}
	return strconv.AppendQuote(b, s)
}

func isWord(s string, fits func(byte) bool) bool {
	for i := range len(s) {
		if !fits(s[i]) {
			return false
		}
	}
	return s != ""
}
