package protocol

import (
	"fmt"
	"strings"
	"testing"
)

// checkAhead compares what Ahead says of data with what a parser finds in it, and returns it.
func checkAhead(tb testing.TB, data []byte, room int) (keys [][]byte, requests int) {
	tb.Helper()
	keys, requests = Ahead(data, make([][]byte, 0, room))
	if requests == 0 && len(keys) == 0 {
		return keys, 0
	}
	var p Parser
	var want []string
	for rest, n := data, requests; n > 0; n-- {
		args, used, err := p.Next(rest, &Limits{})
		if err != nil {
			tb.Fatalf("%.200q: request %d of %d: %v", data, requests-n, requests, err)
		}
		if len(args) > 1 && len(args[1]) <= longestKeyAhead {
			want = append(want, string(args[1]))
		}
		rest = rest[used:]
	}
	if got := fmt.Sprintf("%q", keys); got != fmt.Sprintf("%q", want) {
		tb.Fatalf("%.200q: keys %.200s of %d requests, the parser has %.200q", data, got, requests, want)
	}
	return keys, requests
}

func TestAhead(t *testing.T) {
	set := "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\nabcdefghijkl\r\n"
	long := fmt.Sprintf("*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", longestKeyAhead+1, strings.Repeat("k", longestKeyAhead+1))
	for _, tc := range []struct {
		in             string
		room           int
		keys, requests int
	}{
		{"", 4, 0, 0},
		{set, 4, 1, 1},
		{set + set + "*1\r\n$4\r\nPING\r\n" + set, 9, 3, 4},
		{set + set + set, 2, 2, 2},
		{set + set, 0, 0, 0},
		{set + set[:len(set)-1], 4, 1, 1},
		{set + set[:len(set)-2], 4, 1, 1},
		{set + "PING\r\n" + set, 4, 1, 1},
		{set + "*0\r\n" + set, 4, 1, 1},
		{set + "*-1\r\n" + set, 4, 1, 1},
		{set + "*10\r\n" + set, 4, 1, 1},
		{set + "*2\r\n$3\r\nGET\r\n$-1\r\n" + set, 4, 1, 1},
		{set + "*2\r\n$3\r\nGET\r\n$99999\r\nk\r\n", 4, 1, 1},
		{set + "*2\r\n$3\r\nGET\r\n$0\r\n\r\n" + set, 4, 3, 3},
		{set + long + set, 4, 2, 3},
	} {
		if keys, requests := checkAhead(t, []byte(tc.in), tc.room); len(keys) != tc.keys || requests != tc.requests {
			t.Errorf("%.100q: %d keys of %d requests, want %d of %d", tc.in, len(keys), requests, tc.keys, tc.requests)
		}
	}
	for cut := range set + set {
		checkAhead(t, []byte((set + set)[:cut]), 4)
	}
}

func FuzzAhead(f *testing.F) {
	for _, c := range parserCases {
		f.Add([]byte(c.in))
		f.Add([]byte("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n" + c.in))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkAhead(t, data, 16) })
}

func BenchmarkAhead(b *testing.B) {
	in := []byte(strings.Repeat("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000012345\r\n$3\r\nxxx\r\n", 16))
	var room [16][]byte
	for b.Loop() {
		if _, n := Ahead(in, room[:0]); n != 16 {
			b.Fatal(n)
		}
	}
}
