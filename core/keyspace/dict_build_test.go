package keyspace

import (
	"fmt"
	"testing"
)

func TestDictBuild(t *testing.T) {
	for _, n := range []int{0, 1, 11, 336, 337, 500, 5000, 100000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			ks, d := newTestDict(t)
			grown := ks.NewDict()
			want, refs := map[string][]byte{}, map[string]Ref{}
			list := make([]Ref, n)
			for i := range list {
				key, value := fmt.Appendf(nil, "member:%d", i), fmt.Appendf(nil, "%08d", i)
				list[i] = d.Put(key, value)
				want[string(key)], refs[string(key)] = value, list[i]
				grown.Set(key, value)
			}
			d.Build(n, func(i int) Ref { return list[i] })
			checkDict(t, d, want, refs)
			if have, most := d.MemoryUsage(), grown.MemoryUsage(); have > most+most/25 { // tables split by chance, of 2 % with these sizes
				t.Errorf("%d bytes, %d when grown step by step", have, most)
			}
			for i := range n { // and it lives on as any other
				key := fmt.Appendf(nil, "other:%d", i)
				refs[string(key)], _ = d.Set(key, nil)
				want[string(key)] = nil
				if i%2 == 0 {
					key = fmt.Appendf(nil, "member:%d", i)
					d.Delete(key)
					delete(want, string(key))
					delete(refs, string(key))
				}
			}
			checkDict(t, d, want, refs)
		})
	}
}

func BenchmarkDictBuild(b *testing.B) {
	ks, _ := newTestDict(b)
	keys := make([][]byte, 500)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "member:%d", i)
	}
	b.Run("set", func(b *testing.B) {
		for b.Loop() {
			d := ks.NewDict()
			for _, k := range keys {
				d.Set(k, nil)
			}
			d.Free()
		}
	})
	b.Run("build", func(b *testing.B) {
		list := make([]Ref, len(keys))
		for b.Loop() {
			d := ks.NewDict()
			for i, k := range keys {
				list[i] = d.Put(k, nil)
			}
			d.Build(len(list), func(i int) Ref { return list[i] })
			d.Free()
		}
	})
}
