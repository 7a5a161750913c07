package protocol

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
)

// LongDouble is the 80-bit float of x87, which Redis computes INCRBYFLOAT and HINCRBYFLOAT with: 64 bits of mantissa,
// rounded to nearest even. Its value is mant * 2^exp, negated if neg. The mantissa's top bit is set unless the value
// is 0. There is no NaN; denormals keep all their bits, which no reply can show.
type LongDouble struct {
	mant uint64
	exp  int32
	neg  bool
	inf  bool
}

const (
	ldMaxExp    = 16384 - 64         // exp of the largest finite numbers
	ldMinExp    = -16445 - 63        // exp of the smallest number when normalized
	ldMaxLen    = 5*1024 - 1         // longer text is refused, as Redis does
	decimalUnit = 100000000000000000 // 10^17: there are 17 decimals
)

// ParseLongDouble reads a number as Redis reads the arguments of INCRBYFLOAT: C's strtold, less leading spaces, NaN,
// overflow and underflow to zero. Infinity is taken; the sum then isn't finite.
func ParseLongDouble(b []byte) (LongDouble, bool) {
	if len(b) == 0 || len(b) > ldMaxLen {
		return LongDouble{}, false
	}
	body := unsigned(b)
	neg := b[0] == '-'
	if len(body) != len(unsigned(body)) { // a second sign
		return LongDouble{}, false
	}
	if isHex(body) {
		return parseHexLong(body, neg)
	}
	if equalFold(body, "inf") || equalFold(body, "infinity") {
		return LongDouble{neg: neg, inf: true}, true
	}
	return parseDecimalLong(body, neg)
}

func equalFold(b []byte, lowerCase string) bool {
	if len(b) != len(lowerCase) {
		return false
	}
	for i, c := range b {
		if lower(c) != lowerCase[i] {
			return false
		}
	}
	return true
}

// parseDecimalLong reads digits, point and exponent.
func parseDecimalLong(b []byte, neg bool) (LongDouble, bool) {
	var mant uint64
	exp10, kept, digits, point, i := 0, 0, 0, false, 0
	exact := true
	for ; i < len(b); i++ {
		c := b[i]
		if c == '.' && !point {
			point = true
			continue
		}
		d := c - '0'
		if d > 9 {
			break
		}
		digits++
		if point {
			exp10--
		}
		switch {
		case kept == 0 && d == 0: // a leading zero
		case kept < 19:
			mant = mant*10 + uint64(d)
			kept++
		default:
			exp10++
			exact = exact && d == 0
		}
	}
	if digits == 0 {
		return LongDouble{}, false
	}
	mantText := b[:i]
	if i < len(b) {
		e, ok := parseExponent(b[i:])
		if !ok {
			return LongDouble{}, false
		}
		exp10 += e
	}
	if mant == 0 && exact {
		return LongDouble{neg: neg}, true
	}
	if exp10 > 5000 || exp10 < -5000 {
		return LongDouble{}, false // far outside what can be represented, with 5119 digits as well
	}
	if exact && exp10 >= -maxPow5 && exp10 <= maxPow5 {
		return scaleShort(mant, exp10, neg), true
	}
	return scaleLong(mantText, exp10, kept, neg)
}

// parseExponent reads "e+12". Beyond any range it stops counting.
func parseExponent(b []byte) (int, bool) {
	if b[0]|0x20 != 'e' {
		return 0, false
	}
	digits := unsigned(b[1:])
	if len(digits) == 0 {
		return 0, false
	}
	e := 0
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		}
		if e < 1e6 {
			e = e*10 + int(c)
		}
	}
	if b[1] == '-' {
		e = -e
	}
	return e, true
}

// maxPow5 is the largest power of five that fits 64 bits.
const maxPow5 = 27

var pow5 = func() (t [maxPow5 + 1]uint64) {
	t[0] = 1
	for i := 1; i < len(t); i++ {
		t[i] = t[i-1] * 5
	}
	return t
}()

// scaleShort is mant * 10^e, correctly rounded, for a mant above 0 and an |e| of at most maxPow5: one multiplication or
// division by 5^|e|, the rest is the exponent.
func scaleShort(mant uint64, e int, neg bool) LongDouble {
	if e >= 0 {
		hi, lo := bits.Mul64(mant, pow5[e])
		return round128(hi, lo, false, e, neg)
	}
	// Normalized dividend and divisor give a quotient of 64 or 65 bits; half the dividend makes it fit.
	n := bits.LeadingZeros64(mant)
	d := bits.LeadingZeros64(pow5[-e])
	hi, lo := mant<<n>>1, mant<<n<<63
	q, rem := bits.Div64(hi, lo, pow5[-e]<<d)
	q2, rem := bits.Div64(rem, 0, pow5[-e]<<d)
	return round128(q, q2, rem != 0, e+d-n+1-128, neg)
}

// round128 rounds (hi*2^64 + lo) * 2^exp, a little more if sticky, to 64 bits.
func round128(hi, lo uint64, sticky bool, exp int, neg bool) LongDouble {
	if hi == 0 {
		if lo == 0 {
			return LongDouble{neg: neg}
		}
		hi, lo, exp = lo, 0, exp-64
		if sticky {
			lo = 1
		}
	}
	n := bits.LeadingZeros64(hi)
	hi = hi<<n | lo>>1>>(63-n)
	lo <<= n
	exp += 64 - n
	const half = 1 << 63
	if lo > half || lo == half && (sticky || hi&1 == 1) {
		if hi++; hi == 0 {
			hi, exp = half, exp+1
		}
	}
	if exp > ldMaxExp {
		return LongDouble{neg: neg, inf: true}
	}
	return LongDouble{mant: hi, exp: int32(exp), neg: neg}
}

// scaleLong does the same with integers of any size: the digits of text times 10^exp10, where exp10 counts from the
// 19 digits that were kept. Many digits or a large exponent lead here.
func scaleLong(text []byte, exp10, kept int, neg bool) (LongDouble, bool) {
	digits := make([]byte, 0, len(text))
	for _, c := range text {
		if c != '.' && (c != '0' || len(digits) > 0) {
			digits = append(digits, c)
		}
	}
	exp10 -= len(digits) - kept
	num, ok := new(big.Int).SetString(string(digits), 10)
	if !ok {
		return LongDouble{}, false
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exp10, -exp10))), nil)
	if exp10 >= 0 {
		return fromBig(num.Mul(num, scale), false, 0, neg)
	}
	// 130 bits of quotient are more than the 65 and a sticky bit that rounding needs.
	shift := max(0, scale.BitLen()-num.BitLen()+130)
	num.Lsh(num, uint(shift))
	quo, rem := num.QuoRem(num, scale, new(big.Int))
	return fromBig(quo, rem.Sign() != 0, -shift, neg)
}

// fromBig rounds n * 2^exp, which is above 0. It fails on overflow and on underflow to zero.
func fromBig(n *big.Int, sticky bool, exp int, neg bool) (LongDouble, bool) {
	if extra := n.BitLen() - 128; extra > 0 {
		sticky = sticky || int(n.TrailingZeroBits()) < extra
		n = new(big.Int).Rsh(n, uint(extra))
		exp += extra
	}
	var mask big.Int
	lo := mask.And(n, mask.SetUint64(math.MaxUint64)).Uint64()
	hi := new(big.Int).Rsh(n, 64).Uint64()
	l := round128(hi, lo, sticky, exp, neg)
	// The smallest denormal is 2^-16445; what is at most half of it rounds to zero.
	under := int(l.exp) < ldMinExp-1 || int(l.exp) == ldMinExp-1 && l.mant == 1<<63
	return l, !l.inf && !under
}

// parseHexLong reads a hex float of C, whose exponent may be missing.
func parseHexLong(b []byte, neg bool) (LongDouble, bool) {
	if !cFloat(b) || len(b) < 3 || b[2] == '+' || b[2] == '-' {
		return LongDouble{}, false
	}
	if spellsZero(b) {
		_, ok := strtod(b)
		return LongDouble{neg: neg}, ok
	}
	// Binary input needs no scaling, so big.Float rounds once, correctly. The exponent must be small enough for it.
	f, _, err := big.ParseFloat(string(b), 0, 64, big.ToNearestEven)
	if err != nil || f.IsInf() || f.Sign() == 0 {
		return LongDouble{}, false
	}
	mant, exp := new(big.Float), f.MantExp(nil)
	mant.SetMantExp(f, 64-exp)
	m, _ := mant.Uint64()
	if exp-64 > ldMaxExp || exp-64 < ldMinExp-1 {
		return LongDouble{}, false
	}
	return fromBig(new(big.Int).SetUint64(m), false, exp-64, neg)
}

// LongDoubleFromFloat is the exact value of f; NaN gives infinity.
func LongDoubleFromFloat(f float64) LongDouble {
	neg := math.Signbit(f)
	if f == 0 {
		return LongDouble{neg: neg}
	}
	if math.IsInf(f, 0) || f != f {
		return LongDouble{neg: neg, inf: true}
	}
	frac, exp := math.Frexp(math.Abs(f))
	return LongDouble{mant: uint64(math.Ldexp(frac, 53)) << 11, exp: int32(exp - 64), neg: neg}
}

// IsInf tells that the number is infinite: Redis then refuses with [ErrIncrNaN].
func (x LongDouble) IsInf() bool { return x.inf }

// Float64 is the nearest double, infinite if there is none.
func (x LongDouble) Float64() float64 {
	f := math.Ldexp(float64(x.mant), int(x.exp))
	if x.inf {
		f = math.Inf(1)
	}
	if x.neg {
		f = -f
	}
	return f
}

// Add is x + y, rounded once. Infinities of opposite signs give an infinity as well, which callers refuse alike.
func (x LongDouble) Add(y LongDouble) LongDouble {
	switch {
	case x.inf:
		return x
	case y.inf:
		return y
	case x.mant == 0 && y.mant == 0:
		return LongDouble{neg: x.neg && y.neg}
	case x.mant == 0:
		return y
	case y.mant == 0:
		return x
	}
	if y.exp > x.exp || y.exp == x.exp && y.mant > x.mant {
		x, y = y, x
	}
	// Both in 128 bits with one bit of room for the carry; what y loses to the shift is kept as one sticky bit.
	xhi, xlo := x.mant>>1, x.mant<<63
	yhi, ylo := y.mant>>1, y.mant<<63
	yhi, ylo, sticky := shiftRight128(yhi, ylo, uint(x.exp-y.exp))
	exp := int(x.exp) + 1 - 64
	if x.neg == y.neg {
		lo, carry := bits.Add64(xlo, ylo, 0)
		hi, _ := bits.Add64(xhi, yhi, carry)
		return round128(hi, lo, sticky, exp, x.neg)
	}
	borrow := uint64(0)
	if sticky { // y is a little more than what was kept of it
		borrow = 1
	}
	lo, borrow := bits.Sub64(xlo, ylo, borrow)
	hi, _ := bits.Sub64(xhi, yhi, borrow)
	if hi|lo == 0 {
		return LongDouble{} // x - x is +0
	}
	return round128(hi, lo, sticky, exp, x.neg)
}

// shiftRight128 shifts by n bits and tells whether any bit set was lost.
func shiftRight128(hi, lo uint64, n uint) (uint64, uint64, bool) {
	switch {
	case n == 0:
		return hi, lo, false
	case n < 64:
		return hi >> n, lo>>n | hi<<(64-n), lo<<(64-n) != 0
	case n < 128:
		n -= 64
		return 0, hi >> n, lo != 0 || n > 0 && hi<<(64-n) != 0
	}
	return 0, 0, hi|lo != 0
}

// AppendText appends x with up to 17 decimals and without trailing zeros: C's %.17Lf, as Redis stores and replies it.
func (x LongDouble) AppendText(dst []byte) []byte {
	if x.inf {
		if x.neg {
			return append(dst, "-inf"...)
		}
		return append(dst, "inf"...)
	}
	if x.exp > 0 {
		return x.appendHuge(dst)
	}
	whole, frac := x.split()
	if x.neg && whole|frac != 0 {
		dst = append(dst, '-')
	}
	dst = strconv.AppendUint(dst, whole, 10)
	if frac == 0 {
		return dst
	}
	// A 1 in front keeps the zeros behind the point; its digit becomes the point.
	at := len(dst)
	dst = strconv.AppendUint(dst, frac+decimalUnit, 10)
	dst[at] = '.'
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// split returns the whole part and the decimals times 10^17, rounded to nearest even; for an exp of at most 0.
func (x LongDouble) split() (whole, frac uint64) {
	k := uint(-x.exp)
	rest := x.mant
	if k < 64 {
		whole = x.mant >> k
		rest = x.mant & (1<<k - 1)
	}
	if rest == 0 || k >= 127 {
		return whole, 0 // rest * 10^17 is below 2^121: from 2^-127 on, less than half a decimal
	}
	hi, lo := bits.Mul64(rest, decimalUnit)
	_, doubled, more := shiftRight128(hi, lo, k-1) // the decimals and one bit, at most 2 * 10^17
	frac = doubled >> 1
	if doubled&1 == 1 && (more || frac&1 == 1) {
		frac++
	}
	if frac == decimalUnit {
		return whole + 1, 0
	}
	return whole, frac
}

// appendHuge prints numbers of 2^64 and more, which are whole.
func (x LongDouble) appendHuge(dst []byte) []byte {
	if x.neg {
		dst = append(dst, '-')
	}
	n := new(big.Int).SetUint64(x.mant)
	return n.Lsh(n, uint(x.exp)).Append(dst, 10)
}

// AppendHumanFloat appends f with up to 17 decimals and without trailing zeros, which is how Redis prints coordinates.
func AppendHumanFloat(dst []byte, f float64) []byte {
	if f != f {
		return append(dst, "nan"...)
	}
	return LongDoubleFromFloat(f).AppendText(dst)
}
