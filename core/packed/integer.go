package packed

import "math"

// maxIntDigits is the length of the longest text of an int64, "-9223372036854775808".
const maxIntDigits = 20

// ParseInt reads s as the decimal text of an int64 and reports whether s is exactly the text that formatting the
// number gives back: no sign but a minus, no leading zero, no "-0", no spaces. This is the rule by which Redis
// decides that a string is kept as an integer.
func ParseInt(s []byte) (int64, bool) {
	n := len(s)
	if n == 0 || n > maxIntDigits {
		return 0, false
	}
	i, neg := 0, false
	if s[0] == '-' {
		if n == 1 {
			return 0, false
		}
		i, neg = 1, true
	}
	first := s[i] - '0'
	if first > 9 {
		return 0, false
	}
	if first == 0 {
		return 0, n == 1
	}
	if n-i > 19 {
		return 0, false
	}
	// 19 digits are below 10^19, which a uint64 holds.
	v := uint64(first)
	for _, c := range s[i+1:] {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		v = v*10 + uint64(d)
	}
	if neg {
		if v > -math.MinInt64 {
			return 0, false
		}
		return -int64(v), true
	}
	return int64(v), v <= math.MaxInt64
}
