package protocol

import "bytes"

// ParseScoreBound reads min or max of a score range: a float, or "(" and a float that is excluded. Redis is less strict
// here than in [ParseFloat]: leading white space, the empty string (0), overflow and underflow are taken, NaN isn't.
func ParseScoreBound(b []byte) (f float64, exclusive, ok bool) {
	if len(b) > 0 && b[0] == '(' {
		exclusive, b = true, b[1:]
	}
	if nul := bytes.IndexByte(b, 0); nul >= 0 {
		b = b[:nul] // C's end of string
	}
	number := b
	for len(number) > 0 && isSpace(number[0]) {
		number = number[1:]
	}
	if len(b) == 0 {
		return 0, exclusive, true
	}
	f, ok = strtod(number)
	return f, exclusive, ok && f == f
}
