package load

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestBucketBounds(t *testing.T) {
	// Every value lies in a bucket whose end is at most 1/128 above it, and buckets follow each other without gaps.
	for _, v := range []uint64{0, 1, 127, 128, 129, 255, 256, 257, 1000, 1<<20 - 1, 1 << 20, 123456789, 1<<62 + 12345, 1<<63 - 1} {
		o, b := bucketOf(v)
		top := uint64(bucketTop(o, b))
		if top < v || top-v > v>>subBits {
			t.Errorf("value %d: bucket (%d,%d) ends at %d", v, o, b, top)
		}
		if o2, b2 := bucketOf(top); o2 != o || b2 != b {
			t.Errorf("value %d: its bucket's end %d is in (%d,%d), not (%d,%d)", v, top, o2, b2, o, b)
		}
		if top < 1<<63-1 {
			if o2, b2 := bucketOf(top + 1); o2 == o && b2 == b {
				t.Errorf("value %d: %d is in the same bucket as its end %d", v, top+1, top)
			}
		}
	}
}

func TestHistogramQuantilesAgainstSorting(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var whole Histogram
	parts := make([]Histogram, 3)
	var all []time.Duration
	for i := range 20_000 {
		d := time.Duration(rng.Int64N(1 << rng.Int64N(40)))
		n := uint64(1 + i%3)
		for range n {
			all = append(all, d)
		}
		whole.Record(d, n)
		parts[i%3].Record(d, n)
	}
	slices.Sort(all)
	var merged Histogram
	for i := range parts {
		merged.Merge(&parts[i])
	}
	for _, q := range []float64{0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1} {
		rank := max(int(q*float64(len(all))+0.999999), 1)
		want := all[rank-1]
		got := whole.Quantile(q)
		if got < want || got > want+want>>subBits {
			t.Errorf("quantile %v: got %d, sorted %d", q, got, want)
		}
		if m := merged.Quantile(q); m != got {
			t.Errorf("quantile %v: merged %d, whole %d", q, m, got)
		}
	}
	if whole.Max() != all[len(all)-1] || merged.Max() != whole.Max() {
		t.Errorf("max %d and %d, want %d", whole.Max(), merged.Max(), all[len(all)-1])
	}
	if whole.Count() != uint64(len(all)) || merged.Count() != whole.Count() {
		t.Errorf("count %d and %d, want %d", whole.Count(), merged.Count(), len(all))
	}
	var sum float64
	for _, d := range all {
		sum += float64(d)
	}
	if mean := float64(whole.Mean()); mean < sum/float64(len(all))-1 || mean > sum/float64(len(all))+1 {
		t.Errorf("mean %v, want %v", mean, sum/float64(len(all)))
	}
}

func TestHistogramEdges(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 || h.Max() != 0 || h.Mean() != 0 {
		t.Error("an empty histogram isn't 0 throughout")
	}
	h.Record(-5, 1)
	if h.Quantile(1) != 0 || h.Count() != 1 {
		t.Error("a negative sample isn't counted as 0")
	}
	h.Record(1_000_003, 1)
	if got := h.Quantile(1); got != 1_000_003 {
		t.Errorf("the highest quantile %d exceeds or misses the maximum", got)
	}
}

func TestRecordAllocatesOnceAnOctave(t *testing.T) {
	var h Histogram
	h.Record(time.Millisecond, 1)
	if n := testing.AllocsPerRun(100, func() { h.Record(time.Millisecond, 3) }); n != 0 {
		t.Errorf("%v allocations a sample", n)
	}
}
