package redustcmd

import (
	"errors"
	"slices"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []string // nil: the quotes are unbalanced
	}{
		{"", []string{}},
		{" \t ", []string{}},
		{"port 6379", []string{"port", "6379"}},
		{"  port\t6379  ", []string{"port", "6379"}},
		{`save ""`, []string{"save", ""}},
		{`save ''`, []string{"save", ""}},
		{`requirepass "a b"`, []string{"requirepass", "a b"}},
		{`requirepass 'a "b"'`, []string{"requirepass", `a "b"`}},
		{`x "\n\r\t\b\a\q\\\""`, []string{"x", "\n\r\t\b\aq\\\""}},
		{`x "\x41\xfF\xg1\x4"`, []string{"x", "A\xffxg1x4"}},
		{`x '\x41\n\'\\ '`, []string{"x", `\x41\n'\\ `}},
		{`x 'a\\'`, nil}, // the second backslash escapes the quote
		{`x a"b c"`, []string{"x", "ab c"}},
		{`x a#b # c`, []string{"x", "a#b", "#", "c"}},
		{`x \x41\`, []string{"x", `\x41\`}},
		{`x "a`, nil},
		{`x 'a`, nil},
		{`x "a\"`, nil},
		{`x 'a\'`, nil},
		{`x "a"b`, nil},
		{`x 'a'"b"`, nil},
		{`x "`, nil},
		{`x "\`, nil},
	} {
		got, err := splitWords(tt.line)
		if tt.want == nil {
			if !errors.Is(err, ErrQuotes) {
				t.Errorf("%s: %q, %v; want unbalanced quotes", tt.line, got, err)
			}
			continue
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, %v; want %q", tt.line, got, err, tt.want)
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("a b")
	f.Add("\x00\xff\n'\"\\#")
	f.Fuzz(func(t *testing.T, word string) {
		for _, text := range []string{quote(word), quoteIfNeeded(word)} {
			got, err := splitWords("x " + text + " y")
			if err != nil || len(got) != 3 || got[1] != word {
				t.Errorf("%q is written as %s and read as %q, %v", word, text, got, err)
			}
		}
	})
}

func FuzzSplitWords(f *testing.F) {
	f.Add(`save "a\x41" 'b'`)
	f.Fuzz(func(_ *testing.T, line string) {
		_, _ = splitWords(line)
	})
}
