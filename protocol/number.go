package protocol

import (
	"math"
	"strconv"
	"unsafe"
)

// maxIntText is the length of the longest integer, -9223372036854775808.
const maxIntText = 20

// ParseInt reads a decimal 64-bit integer as strictly as Redis: no spaces, no plus sign, no leading zeros, no "-0".
// What it accepts is exactly what printing the result gives back.
func ParseInt(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > maxIntText {
		return 0, false
	}
	if len(b) == 1 {
		c := b[0] - '0'
		return int64(c), c <= 9
	}
	digits, neg := b, b[0] == '-'
	if neg {
		digits = b[1:]
	}
	if c := digits[0] - '1'; c > 8 {
		return 0, false
	}
	var v uint64
	for i, c := range digits {
		c -= '0'
		if c > 9 {
			return 0, false
		}
		// Nineteen digits can't overflow an unsigned 64-bit integer; the twentieth can.
		if i == 19 && (v > math.MaxUint64/10 || v*10 > math.MaxUint64-uint64(c)) {
			return 0, false
		}
		v = v*10 + uint64(c)
	}
	if neg {
		if v > 1<<63 {
			return 0, false
		}
		return -int64(v), true
	}
	return int64(v), v <= math.MaxInt64
}

// ParseIntString is ParseInt for a string.
func ParseIntString(s string) (n int64, ok bool) {
	return ParseInt(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// ParseUint reads an unsigned 64-bit decimal integer by the same rules.
func ParseUint(b []byte) (n uint64, ok bool) {
	if len(b) == maxIntText {
		// One digit more than ParseInt takes: 10000000000000000000 and up.
		head, ok := ParseInt(b[:maxIntText-1])
		last := b[maxIntText-1] - '0'
		if !ok || head <= 0 || last > 9 || uint64(head) > (math.MaxUint64-uint64(last))/10 {
			return 0, false
		}
		return uint64(head)*10 + uint64(last), true
	}
	if len(b) == maxIntText-1 && b[0] >= '1' && b[0] <= '9' {
		head, ok := ParseInt(b[:maxIntText-2])
		last := b[maxIntText-2] - '0'
		return uint64(head)*10 + uint64(last), ok && last <= 9
	}
	v, ok := ParseInt(b)
	return uint64(v), ok && v >= 0
}

// ParseFloat reads a float as Redis reads scores and other doubles: everything that C's strtod takes in whole, with
// hex floats and "inf", "infinity" in any case; but no leading space, no NaN, and nothing that overflows to infinity
// or underflows to zero.
func ParseFloat(b []byte) (f float64, ok bool) {
	if f, ok := parseShortFloat(b); ok {
		return f, true
	}
	f, ok = strtod(b)
	if !ok || f != f {
		return 0, false
	}
	if math.IsInf(f, 0) && !spellsInf(b) {
		return 0, false
	}
	if f == 0 && !spellsZero(b) {
		return 0, false
	}
	return f, true
}

// parseShortFloat reads the plain decimals that are exact in one step: a mantissa below 2^53 and at most 22 decimals
// give the correctly rounded quotient. It fails for everything else, right or wrong.
func parseShortFloat(b []byte) (f float64, ok bool) {
	digits := b
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 16 {
		return 0, false
	}
	var mant uint64
	point := -1
	for i, c := range digits {
		d := c - '0'
		if d > 9 {
			if c != '.' || point >= 0 {
				return 0, false
			}
			point = i
			continue
		}
		mant = mant*10 + uint64(d)
	}
	if mant >= 1<<53 {
		return 0, false
	}
	f = float64(mant)
	if point >= 0 {
		if len(digits) == 1 {
			return 0, false
		}
		f /= pow10[len(digits)-1-point]
	}
	if neg {
		f = -f
	}
	return f, true
}

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16}

// strtod converts all of b as C's strtod does, overflow giving an infinity and underflow zero. ok is false when it
// would stop before the end.
func strtod(b []byte) (f float64, ok bool) {
	if !cFloat(b) {
		return 0, false
	}
	if equalFold(unsigned(b), "nan") {
		return math.NaN(), true
	}
	s := unsafe.String(unsafe.SliceData(b), len(b))
	if isHex(b) && !hasHexExponent(b) {
		s += "p0" // C takes a hex float without exponent, Go doesn't
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// cFloat refuses what Go's syntax has and C's hasn't: underscores. Other differences only make Go refuse more.
func cFloat(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	for _, c := range b {
		if c == '_' {
			return false
		}
	}
	return true
}

// unsigned cuts the sign.
func unsigned(b []byte) []byte {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		return b[1:]
	}
	return b
}

func isHex(b []byte) bool {
	b = unsigned(b)
	return len(b) > 2 && b[0] == '0' && b[1]|0x20 == 'x'
}

func hasHexExponent(b []byte) bool {
	for _, c := range b {
		if c|0x20 == 'p' {
			return true
		}
	}
	return false
}

// spellsInf tells an infinity that was asked for from an overflow.
func spellsInf(b []byte) bool {
	b = unsigned(b)
	return len(b) > 0 && b[0]|0x20 == 'i'
}

// spellsZero tells a zero that was asked for from an underflow: no digit of the mantissa is above 0.
func spellsZero(b []byte) bool {
	b = unsigned(b)
	hex := isHex(b)
	if hex {
		b = b[2:]
	}
	for _, c := range b {
		if !hex && c|0x20 == 'e' || c|0x20 == 'p' {
			break
		}
		if c != '0' && c != '.' {
			return false
		}
	}
	return true
}

// AppendDouble appends f as C's %.17g prints it: what Redis 7.0 replies for scores. Infinities are "inf" and "-inf".
func AppendDouble(dst []byte, f float64) []byte {
	if i := int64(f); float64(i) == f && i > -1e17 && i < 1e17 && (i != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(dst, i, 10)
	}
	switch {
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case f != f && math.Signbit(f):
		return append(dst, "-nan"...)
	case f != f:
		return append(dst, "nan"...)
	}
	return strconv.AppendFloat(dst, f, 'g', 17, 64)
}

// FormatDouble is AppendDouble as a string.
func FormatDouble(f float64) string {
	var text [32]byte
	return string(AppendDouble(text[:0], f))
}
