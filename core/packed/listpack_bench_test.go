package packed

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkListpackFind(b *testing.B) {
	fields := func(f string) Listpack {
		lp := NewListpack(nil)
		for i := range 128 {
			lp = lp.Append(fmt.Appendf(nil, f, i)).Append([]byte("value-of-a-field"))
		}
		return lp
	}
	for _, c := range []struct{ name, format string }{{"string", "field:%03d"}, {"integer", "%d"}, {"long", "field" + strings.Repeat("-", 70) + "%03d"}} {
		lp := fields(c.format)
		for _, i := range []int{0, 64, 127} {
			want := fmt.Appendf(nil, c.format, i)
			b.Run(fmt.Sprintf("%s/%d", c.name, i), func(b *testing.B) {
				for b.Loop() {
					if lp.Find(listpackHeader, want, 1) < 0 {
						b.Fatal("not found")
					}
				}
			})
		}
	}
}

func BenchmarkListpackAppend(b *testing.B) {
	lp := make(Listpack, 0, 8192)
	for _, c := range []struct{ name, s string }{{"string", "sixteen bytes..."}, {"integer", "123456"}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				lp = NewListpack(lp)
				for range 128 {
					lp = lp.Append([]byte(c.s))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/128, "ns/element")
		})
	}
}

func BenchmarkListpackInsertDelete(b *testing.B) {
	lp := make(Listpack, 0, 8192)
	lp = NewListpack(lp)
	for range 128 {
		lp = lp.Append([]byte("sixteen bytes..."))
	}
	pos := lp.Seek(64)
	for b.Loop() {
		lp = lp.Insert(pos, []byte("another value"), Before).Delete(pos, 1)
	}
}

// BenchmarkListpackIterate visits 100 elements.
func BenchmarkListpackIterate(b *testing.B) {
	for _, element := range []string{"xxx", "value:000000012345", "12345", "5"} {
		b.Run(element, func(b *testing.B) {
			lp := NewListpack(nil)
			for range 100 {
				lp = lp.Append([]byte(element))
			}
			bytes := 0
			for b.Loop() {
				it := lp.Iter(lp.First())
				for it.Next() {
					bytes += len(it.Str)
				}
			}
		})
	}
}
