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
