package lists

import (
	"math/rand/v2"
	"testing"

	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

// fill makes a deque of n elements of a shape; redisBytes is what they take in listpacks.
func fillDeque(shape string, n int) (d *deque, redisBytes int) {
	r := rand.New(rand.NewPCG(1, 2))
	d = newDeque(keyspace.NewArena(keyspace.NewPageHeap()))
	for i := range n {
		s := []byte(shapes[shape](r, i))
		redisBytes += packed.ListpackEntrySize(s)
		d.pushBack(s)
	}
	return d, redisBytes
}

var benchShapes = []string{"sequence", "varying", "letters", "ascii", "integers"}

// BenchmarkPush reports memory beside the time: bytes per element, and that of listpacks.
func BenchmarkPush(b *testing.B) {
	for _, shape := range benchShapes {
		b.Run(shape, func(b *testing.B) {
			n := max(b.N, 100000)
			d, redis := fillDeque(shape, n)
			b.ReportMetric(float64(d.MemoryUsage())/float64(n), "B/elem")
			b.ReportMetric(float64(redis)/float64(n), "listpackB/elem")
			d.Free()
		})
	}
}

func BenchmarkRange500(b *testing.B) {
	for _, shape := range benchShapes {
		b.Run(shape, func(b *testing.B) {
			d, _ := fillDeque(shape, 1000000)
			defer d.Free()
			var w protocol.Writer
			for i := 0; b.Loop(); i++ {
				w.Reset()
				d.writeRange(&w, 500000+i%1000, 500)
			}
		})
	}
}

func BenchmarkScan100k(b *testing.B) {
	for _, shape := range benchShapes {
		b.Run(shape, func(b *testing.B) {
			d, _ := fillDeque(shape, 100000)
			defer d.Free()
			s := d.appendAt(nil, 99999)
			var hits []int32
			for b.Loop() {
				for _, c := range d.live() {
					hits = c.matches(s, false, 0, hits[:0])
				}
			}
		})
	}
}

func BenchmarkSetMiddle(b *testing.B) {
	for _, shape := range benchShapes {
		b.Run(shape, func(b *testing.B) {
			d, _ := fillDeque(shape, 100000)
			defer d.Free()
			r := rand.New(rand.NewPCG(1, 2))
			s := []byte("something else")
			for b.Loop() {
				d.set(r.IntN(100000), s)
			}
		})
	}
}

func BenchmarkQueue(b *testing.B) {
	d, _ := fillDeque("letters", 100000)
	defer d.Free()
	s := []byte("0123456789")
	var buf [64]byte
	for b.Loop() {
		d.pushFront(s)
		d.popBack(buf[:0])
	}
}

// BenchmarkRangePacked writes 100 elements of a listpack.
func BenchmarkRangePacked(b *testing.B) {
	for _, element := range []string{"xxx", "value:000000012345", "12345", ""} {
		b.Run(element, func(b *testing.B) {
			lp := packed.NewListpack(nil)
			for i := range 128 {
				if element == "" { // of many lengths
					lp = lp.Append([]byte("element of a list, or less")[:1+i%26])
					continue
				}
				lp = lp.Append([]byte(element))
			}
			var w protocol.Writer
			for b.Loop() {
				w.Reset()
				writePacked(&w, lp, 3, 100)
			}
		})
	}
}
