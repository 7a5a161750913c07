package conformance_test

import (
	"bytes"
	"slices"
	"testing"
)

// The suite is only worth what its own tools are: these check them without a
// server.

func TestLineToArguments(t *testing.T) {
	for _, c := range []struct {
		line string
		want []string
	}{
		{`SET k v`, []string{"SET", "k", "v"}},
		{`SET "a b" ''`, []string{"SET", "a b", ""}},
		{`SET "\x00\xff\r\n\"" 'it\'s \n'`, []string{"SET", "\x00\xff\r\n\"", `it's \n`}},
		{`SADD k m%{1..3}`, []string{"SADD", "k", "m1", "m2", "m3"}},
		{`HSET k %{f#,v#|1..2}`, []string{"HSET", "k", "f1", "v1", "f2", "v2"}},
		{`SET k%{i} %{ab*3}`, []string{"SET", "k7", "ababab"}},
		{`MSET %{k%{i}:#,v|1..2}`, []string{"MSET", "k7:1", "v", "k7:2", "v"}},
		{`GET "%{1..3}"`, []string{"GET", "%{1..3}"}},
		{`GET {{x}}{{other.x}}{{nosuch}}`, []string{"GET", "minehers{{nosuch}}"}},
	} {
		tokens, err := splitArgs(c.line)
		if err != nil {
			t.Fatalf("%s: %v", c.line, err)
		}
		mine, other := map[string][]byte{"x": []byte("mine")}, map[string][]byte{"x": []byte("hers")}
		var got []string
		for _, a := range arguments(tokens, 7, mine, other) {
			got = append(got, string(a))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.line, got, c.want)
		}
	}
	for _, line := range []string{`GET "a`, `GET 'a`, `GET "a"b`} {
		if _, err := splitArgs(line); err == nil {
			t.Errorf("%s: unbalanced quotes went unnoticed", line)
		}
	}
}

func TestComparers(t *testing.T) {
	for _, c := range []struct {
		name, arg    string
		ours, theirs string
		want         bool
	}{
		{"exact", "", ":1\r\n", ":1\r\n", true},
		{"exact", "", "$1\r\n1\r\n", ":1\r\n", false},
		{"exact", "", "*-1\r\n", "$-1\r\n", false},
		{"unordered", "", "*2\r\n:1\r\n:2\r\n", "*2\r\n:2\r\n:1\r\n", true},
		{"unordered", "", "~2\r\n:1\r\n:2\r\n", "*2\r\n:2\r\n:1\r\n", false},
		{"unordered", "", "*2\r\n:1\r\n:1\r\n", "*2\r\n:2\r\n:1\r\n", false},
		{"pairs", "", "*4\r\n+a\r\n+1\r\n+b\r\n+2\r\n", "*4\r\n+b\r\n+2\r\n+a\r\n+1\r\n", true},
		{"pairs", "", "*4\r\n+a\r\n+2\r\n+b\r\n+1\r\n", "*4\r\n+b\r\n+2\r\n+a\r\n+1\r\n", false},
		{"approx", "10", ":100\r\n", ":109\r\n", true},
		{"approx", "10", ":100\r\n", ":111\r\n", false},
		{"approx", "10", ":-1\r\n", "+-1\r\n", false},
		{"shape", "", "$3\r\nabc\r\n", "$1\r\nx\r\n", true},
		{"shape", "", "-ERR a\r\n", "-WRONGTYPE b\r\n", false},
		{"shape", "", "$7\r\na:1\r\nb:\r\n", "$5\r\na:2\r\n\r\n", false},
		{"fields", "a", "$8\r\na:1\r\nb:2\r\n", "$8\r\na:1\r\nb:3\r\n", true},
		{"fields", "b", "$8\r\na:1\r\nb:2\r\n", "$8\r\na:1\r\nb:3\r\n", false},
		{"at", "1.0", "*2\r\n:1\r\n*1\r\n:5\r\n", "*2\r\n:2\r\n*1\r\n:5\r\n", true},
		{"at", "1.0", "*2\r\n:1\r\n*1\r\n:5\r\n", "*2\r\n:1\r\n*1\r\n:6\r\n", false},
		{"masked", "", "+at 0xff 12\r\n", "+at 0x1 7\r\n", true},
		{"masked", "", "+at 12\r\n", "+in 12\r\n", false},
	} {
		mode, err := newComparer(c.name, c.arg)
		if err != nil {
			t.Fatal(err)
		}
		if got := mode.equal([]byte(c.ours), []byte(c.theirs)); got != c.want {
			t.Errorf("%s %s of %q and %q: %v", c.name, c.arg, c.ours, c.theirs, got)
		}
	}
}

func TestTraceLines(t *testing.T) {
	for _, raw := range []string{"", "+OK\r\n", "$4\r\n\x00\r\n~\r\n", "$9\r\n<no re\"\\>\r\n", "~1\r\n$2\r\n\xff\n\r\n"} {
		line := squeeze([]byte(raw))
		back, err := unsqueeze(line)
		if err != nil || !bytes.Equal(back, []byte(raw)) || bytes.ContainsAny([]byte(line), "<\n\r") {
			t.Errorf("%q became %q and then %q (%v)", raw, line, back, err)
		}
	}
}

func TestSkipFilePatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"GET k", "GET k", true},
		{"GET k", "GET kk", false},
		{"* HELP", "CLIENT HELP", true},
		{"*/*-help", "server/config-help", true},
		{"ZRANK k *WITHSCORE", "ZRANK k a WITHSCORE", true},
		{"ZRANK k *WITHSCORE", "ZRANK k a", false},
		{"a*b*c", "abc", true},
		{"a*b*c", "acb", false},
		{"*", "", true},
	} {
		if fits(c.pattern, c.text) != c.want {
			t.Errorf("%q and %q: want %v", c.pattern, c.text, c.want)
		}
	}
}
