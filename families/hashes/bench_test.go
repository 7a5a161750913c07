package hashes_test

import (
	"testing"

	"github.com/redust/redust/core"
)

func BenchmarkHash(b *testing.B) {
	for name, n := range map[string]int{"8": 8, "100": 100, "10000": 10000, "100000": 100000} {
		b.Run(name, func(b *testing.B) {
			h := newHarness(b).WithoutReplay()
			h.Do(cmd("HSET", "k", fieldValues(0, n))...)
			for _, words := range [][]string{{"HGET", "k", "f5"}, {"HSET", "k", "f5", "v5"}, {"HINCRBY", "k", "n", "1"}, {"HGETALL", "k"}} {
				b.Run(words[0], func(b *testing.B) {
					c := h.Client()
					var request [][]byte
					for _, w := range words {
						request = append(request, []byte(w))
					}
					b.ReportAllocs()
					for b.Loop() {
						c.C.W.Reset()
						if h.Engine.Handle(c.C, request) != core.Continue {
							b.Fatal("not answered")
						}
					}
				})
			}
		})
	}
}
