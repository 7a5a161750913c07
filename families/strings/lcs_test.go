package strfamily

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// table is the plain way: every cell of the table, as Redis fills it.
func table(a, b []byte) [][]int {
	l := make([][]int, len(a)+1)
	for i := range l {
		l[i] = make([]int, len(b)+1)
		for j := range l[i] {
			switch {
			case i == 0 || j == 0:
			case a[i-1] == b[j-1]:
				l[i][j] = l[i-1][j-1] + 1
			default:
				l[i][j] = max(l[i-1][j], l[i][j-1])
			}
		}
	}
	return l
}

func plainWalk(a, b []byte, l [][]int) (pairs [][2]int) {
	for i, j := len(a), len(b); i > 0 && j > 0; {
		switch {
		case a[i-1] == b[j-1]:
			i, j = i-1, j-1
			pairs = append(pairs, [2]int{i, j})
		case l[i-1][j] > l[i][j-1]:
			i--
		default:
			j--
		}
	}
	return pairs
}

func TestMatcherAgainstTable(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	random := func(n, letters int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('a' + rnd.IntN(letters))
		}
		return b
	}
	for range 2000 {
		letters := 1 + rnd.IntN(6)
		a, b := random(rnd.IntN(150), letters), random(rnd.IntN(150), letters)
		l := table(a, b)
		want := l[len(a)][len(b)]
		if got := newMatcher(a, b, false).length; got != want {
			t.Fatalf("%q %q: length %d, want %d", a, b, got, want)
		}
		m := newMatcher(a, b, true)
		var pairs [][2]int
		m.walk(func(i, j int) { pairs = append(pairs, [2]int{i, j}) })
		if m.length != want || len(pairs) != want {
			t.Fatalf("%q %q: length %d, %d pairs, want %d", a, b, m.length, len(pairs), want)
		}
		for n, p := range plainWalk(a, b, l) {
			if pairs[n] != p {
				t.Fatalf("%q %q: pair %d is %v, want %v", a, b, n, pairs[n], p)
			}
		}
	}
}

func BenchmarkLCS(b *testing.B) {
	x, y := bytes.Repeat([]byte("abcdefgh"), 1250), bytes.Repeat([]byte("hgfedcba"), 1250)
	for b.Loop() {
		newMatcher(x, y, true)
	}
}
