package core

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseSyntax(t *testing.T) {
	for _, tc := range []struct {
		name, syntax string
		want         []Arg
	}{
		{"none", "", nil},
		{"string and key", "key@0 value", []Arg{
			{Name: "key", Type: "key", KeySpec: 0},
			{Name: "value", Type: "string", KeySpec: -1},
		}},
		{"explicit type and token", "[count:integer=COUNT<6.2.0>]", []Arg{
			{Name: "count", Type: "integer", KeySpec: -1, Token: "COUNT", Since: "6.2.0", Optional: true},
		}},
		{"bare words", "NX on=ENABLED none=\"\" equal=\"=\" approx=~", []Arg{
			{Name: "nx", Type: "pure-token", KeySpec: -1, Token: "NX"},
			{Name: "on", Type: "pure-token", KeySpec: -1, Token: "ENABLED"},
			{Name: "none", Type: "pure-token", KeySpec: -1},
			{Name: "equal", Type: "pure-token", KeySpec: -1, Token: "="},
			{Name: "approx", Type: "pure-token", KeySpec: -1, Token: "~"},
		}},
		{"string after a word", "pattern:string=MATCH", []Arg{
			{Name: "pattern", Type: "string", KeySpec: -1, Token: "MATCH"},
		}},
		{"repeated", "[by:pattern@1=GET...=] [keys@2=KEYS<3.0.6>...]", []Arg{
			{Name: "by", Type: "pattern", KeySpec: 1, Token: "GET", Optional: true, Multiple: true, MultipleToken: true},
			{Name: "keys", Type: "key", KeySpec: 2, Token: "KEYS", Since: "3.0.6", Optional: true, Multiple: true},
		}},
		{"nested", "[order<6.2.0>(ASC|DESC)] data(score:double member)... one:oneof(A)", []Arg{
			{Name: "order", Type: "oneof", KeySpec: -1, Since: "6.2.0", Optional: true, Args: []Arg{
				{Name: "asc", Type: "pure-token", KeySpec: -1, Token: "ASC"},
				{Name: "desc", Type: "pure-token", KeySpec: -1, Token: "DESC"},
			}},
			{Name: "data", Type: "block", KeySpec: -1, Multiple: true, Args: []Arg{
				{Name: "score", Type: "double", KeySpec: -1},
				{Name: "member", Type: "string", KeySpec: -1},
			}},
			{Name: "one", Type: "oneof", KeySpec: -1, Args: []Arg{
				{Name: "a", Type: "pure-token", KeySpec: -1, Token: "A"},
			}},
		}},
		{"versions and quoted name", `"ip:port"<!2.8.12> yes/no<1.0.0!2.0.0>`, []Arg{
			{Name: "ip:port", Type: "string", KeySpec: -1, Deprecated: "2.8.12"},
			{Name: "yes/no", Type: "string", KeySpec: -1, Since: "1.0.0", Deprecated: "2.0.0"},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := ParseSyntax(tc.syntax)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v\nwant %+v", got, tc.want)
			}
			if back := FormatSyntax(got); back != tc.syntax {
				t.Errorf("written back as %s, want %s", back, tc.syntax)
			}
		})
	}
}

func TestParseSyntaxErrors(t *testing.T) {
	for _, tc := range []struct{ name, syntax, want string }{
		{"two spaces", "key@0  value", "offset 6: expected a name"},
		{"trailing space", "key@0 ", "offset 6: expected a name"},
		{"type", "key:list", `unknown type "list"`},
		{"key spec", "key@x", "expected a key spec index"},
		{"no token", "on=", "expected a token"},
		{"no version end", "value<6.2", `expected ">"`},
		{"open bracket", "[value", `expected "]"`},
		{"open parenthesis", "a(b c", `expected ")"`},
		{"mixed separators", "a(b c|d)", `expected ")"`},
		{"choice at the top", "a|b", "a choice needs a name"},
		{"empty block", "a()", "expected a name"},
		{"block without arguments", "a:block", `block "a" with 0 arguments`},
		{"arguments of a string", "a:string(b)", `string "a" with 1 arguments`},
		{"block with choices", "a:block(b|c)", `wrong separator in block "a"`},
		{"pure-token without one", "a:pure-token", `pure-token "a" without a token`},
		{"open quote", `"a`, "unterminated quote"},
		{"closing only", "a)", `unexpected ')'`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			args, err := ParseSyntax(tc.syntax)
			if err == nil {
				t.Fatalf("accepted as %+v", args)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %q lacks %q", err, tc.want)
			}
		})
	}
}

func FuzzParseSyntax(f *testing.F) {
	f.Add(`key@0 value [condition<2.6.12>(NX|XX)] [GET<6.2.0>] [expiration(seconds:integer=EX<2.6.12>|KEEPTTL<6.0.0>)]`)
	f.Add(`[p:pattern@1=GET...=] a:oneof(b(c "d\n")...) "ip:port"<!2.8.12> none=""`)
	f.Fuzz(func(t *testing.T, s string) {
		args, err := ParseSyntax(s)
		if err != nil {
			return
		}
		text := FormatSyntax(args)
		again, err := ParseSyntax(text)
		if err != nil {
			t.Fatalf("%q written as %q: %v", s, text, err)
		}
		if !reflect.DeepEqual(again, args) {
			t.Fatalf("%q written as %q\n%+v\n%+v", s, text, args, again)
		}
	})
}
