package protocol

import (
	"math"
	"math/bits"
	"time"
)

// ParseTimeout reads the timeout of a command that blocks, in seconds. A fraction of a millisecond counts as one; 0 is
// no end, and so are the centuries that a Duration can't hold. Its errors are [ErrTimeoutFloat] and [ErrTimeoutNegative].
func ParseTimeout(arg []byte) (time.Duration, error) {
	x, ok := ParseLongDouble(arg)
	if !ok {
		return 0, ErrTimeoutFloat
	}
	ms, ok := x.ceilTimes(1000)
	switch {
	case !ok || ms < 0: // Redis's conversion turns what is too large into something negative
		return 0, ErrTimeoutNegative
	case ms > math.MaxInt64/int64(time.Millisecond):
		return 0, nil
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// ParseTimeoutMs reads the timeout of a command that takes milliseconds. Its errors are [ErrTimeoutInt] and [ErrTimeoutNegative].
func ParseTimeoutMs(arg []byte) (int64, error) {
	ms, ok := ParseInt(arg)
	switch {
	case !ok:
		return 0, ErrTimeoutInt
	case ms < 0:
		return 0, ErrTimeoutNegative
	}
	return ms, nil
}

// ceilTimes is C's ceill(x * n): the product rounded to 64 bits, then up to a whole number. -0.001 times 1000 is a
// little more than -1 and gives 0. Not ok: the result doesn't fit, or x is infinite.
func (x LongDouble) ceilTimes(n uint64) (whole int64, ok bool) {
	if x.inf {
		return 0, false
	}
	hi, lo := bits.Mul64(x.mant, n)
	x = round128(hi, lo, false, int(x.exp), x.neg)
	if x.inf || x.mant != 0 && x.exp >= 0 {
		return 0, false
	}
	m := x.mant >> uint(-x.exp) // 0 from 64 on
	if x.neg {
		return -int64(m), true // towards zero
	}
	if x.mant != 0 && bits.TrailingZeros64(x.mant) < int(-x.exp) {
		m++
	}
	return int64(m), m <= math.MaxInt64
}
