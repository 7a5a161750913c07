package load

import (
	"math/bits"
	"time"
)

const (
	// subBits is the precision: each power of two is cut into 128 equal buckets, so a reported value is at most 1/128 too high.
	subBits    = 7
	subBuckets = 1 << subBits
	octaves    = 64 - subBits + 1
)

// Histogram counts durations in log-linear buckets, as HDR histograms do. The zero value is empty and ready.
// An octave's buckets are made at its first sample, so that recording allocates a handful of times in a run and an unused one costs
// half a kilobyte. It isn't safe for concurrent use: each connection keeps its own and [Histogram.Merge] joins them.
type Histogram struct {
	octave [octaves]*[subBuckets]uint64
	count  uint64
	sum    float64 // nanoseconds; a float, since a sum of 1e9 long samples may pass 2^63
	max    int64
}

// bucketOf gives the octave and the bucket within it. Octave 0 holds 0 to 127 ns exactly; octave o > 0 holds values of
// o+subBits bits, 2^(o-1) ns to a bucket.
func bucketOf(ns uint64) (octave, bucket int) {
	shift := bits.Len64(ns) - subBits - 1
	if shift < 0 {
		return 0, int(ns)
	}
	return shift + 1, int(ns>>shift) & (subBuckets - 1)
}

// bucketTop is the highest value that falls into a bucket.
func bucketTop(octave, bucket int) int64 {
	if octave == 0 {
		return int64(bucket)
	}
	shift := octave - 1
	return int64(uint64(subBuckets+bucket+1)<<shift - 1)
}

// Record adds n samples of d. Negative durations count as zero.
func (h *Histogram) Record(d time.Duration, n uint64) {
	if d < 0 {
		d = 0
	}
	o, b := bucketOf(uint64(d))
	if h.octave[o] == nil {
		h.octave[o] = new([subBuckets]uint64)
	}
	h.octave[o][b] += n
	h.count += n
	h.sum += float64(d) * float64(n)
	h.max = max(h.max, int64(d))
}

// Merge adds the samples of other to h.
func (h *Histogram) Merge(other *Histogram) {
	for o, buckets := range other.octave {
		if buckets == nil {
			continue
		}
		if h.octave[o] == nil {
			h.octave[o] = new([subBuckets]uint64)
		}
		for b, n := range buckets {
			h.octave[o][b] += n
		}
	}
	h.count += other.count
	h.sum += other.sum
	h.max = max(h.max, other.max)
}

// Quantile is the smallest recorded value, rounded up to its bucket's end, that at least the share q of the samples don't exceed.
// It never exceeds Max; an empty histogram answers 0. q is between 0 and 1.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.count == 0 {
		return 0
	}
	want := uint64(q * float64(h.count))
	if float64(want) < q*float64(h.count) {
		want++
	}
	want = min(max(want, 1), h.count)
	var seen uint64
	for o, buckets := range h.octave {
		if buckets == nil {
			continue
		}
		for b, n := range buckets {
			if seen += n; seen >= want {
				return time.Duration(min(bucketTop(o, b), h.max))
			}
		}
	}
	return time.Duration(h.max)
}

// Count is the number of samples.
func (h *Histogram) Count() uint64 { return h.count }

// Max is the largest sample, exactly.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max) }

// Mean is the average of the samples, 0 when there are none.
func (h *Histogram) Mean() time.Duration {
	if h.count == 0 {
		return 0
	}
	return time.Duration(h.sum / float64(h.count))
}
