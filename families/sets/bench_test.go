package sets_test

import (
	"strconv"
	"testing"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
)

func args(words ...string) [][]byte {
	out := make([][]byte, len(words))
	for i, w := range words {
		out[i] = []byte(w)
	}
	return out
}

func bench(b *testing.B, h *coretest.Harness, words ...string) {
	c := h.Client()
	request := args(words...)
	b.ReportAllocs()
	for b.Loop() {
		c.C.W.Reset()
		if h.Engine.Handle(c.C, request) != core.Continue {
			b.Fatal("not answered")
		}
	}
	b.ReportMetric(float64(len(c.C.W.Buf)), "reply-B")
}

func BenchmarkMember(b *testing.B) {
	for name, m := range map[string][]string{"intset": numbered("", 0, 500), "listpack": numbered("m", 0, 50), "hashtable": numbered("m", 0, 100000)} {
		b.Run(name, func(b *testing.B) {
			h := newHarness(b).WithoutReplay()
			add(h, "k", m)
			b.Run("SISMEMBER", func(b *testing.B) { bench(b, h, "SISMEMBER", "k", m[len(m)/2]) })
			b.Run("SADD-existing", func(b *testing.B) { bench(b, h, "SADD", "k", m[len(m)/2]) })
		})
	}
}

func BenchmarkAlgebra(b *testing.B) {
	for _, n := range []int{20, 100, 10000, 100000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			h := newHarness(b).WithoutReplay()
			add(h, "a", numbered("member:", 0, n))
			add(h, "b", numbered("member:", n/2, n+n/2))
			for _, op := range []string{"SINTER", "SUNION", "SDIFF"} {
				b.Run(op, func(b *testing.B) { bench(b, h, op, "a", "b") })
			}
		})
	}
}

func BenchmarkUnionOfMany(b *testing.B) {
	for _, k := range []int{4, 8, 12} {
		b.Run(strconv.Itoa(k), func(b *testing.B) {
			h := newHarness(b).WithoutReplay()
			words := []string{"SUNION"}
			for i := range k {
				key := "k" + strconv.Itoa(i)
				add(h, key, numbered("member:", i*5000, i*5000+20000))
				words = append(words, key)
			}
			bench(b, h, words...)
		})
	}
}

func BenchmarkStore(b *testing.B) {
	for _, n := range []int{1000, 100000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			h := newHarness(b).WithoutReplay()
			add(h, "a", numbered("member:", 0, n))
			add(h, "b", numbered("member:", n/2, n+n/2))
			for _, op := range []string{"SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"} {
				b.Run(op, func(b *testing.B) { bench(b, h, op, "d", "a", "b") })
			}
		})
	}
}
