package server

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestMergeFields replaces and adds lines in any order, in a section that others stand before.
func TestMergeFields(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for round := range 200 {
		s := &fields{}
		s.title("Before")
		s.set("f1", "not this one")
		s.title("Section")
		var names []string
		values := map[string]string{}
		put := func(name, value string) {
			if _, ok := values[name]; !ok {
				names = append(names, name)
			}
			values[name] = value
		}
		for i := range 5 {
			name := fmt.Sprint("f", i)
			s.set(name, "0")
			put(name, "0")
		}
		s.next = s.section
		for range 3 {
			other := &fields{}
			for i := range 8 {
				if round%2 == 0 {
					i = r.IntN(12)
				}
				name, value := fmt.Sprint("f", i), strings.Repeat("9", r.IntN(4))
				other.set(name, value)
				put(name, value)
			}
			s.merge(other.out)
		}
		want := "# Before\r\nf1:not this one\r\n\r\n# Section\r\n"
		for _, name := range names {
			want += name + ":" + values[name] + "\r\n"
		}
		if string(s.out) != want {
			t.Fatalf("round %d: %q, want %q", round, s.out, want)
		}
	}
}

func TestPercentField(t *testing.T) {
	s := &fields{}
	s.percent("p", 1, 3)
	s.percent("none", 1, 0)
	s.bytes("b", 1536)
	if got, want := string(s.out), "p:33.33%\r\nnone:0.00%\r\nb:1536\r\nb_human:1.50K\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
