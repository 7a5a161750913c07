package protocol

import (
	"fmt"
	"math"
	"math/big"
	"math/rand"
	"strconv"
	"strings"
	"testing"
	"time"
)

// newRand is a generator whose seed is in the test's output.
func newRand(tb testing.TB) *rand.Rand {
	seed := time.Now().UnixNano()
	tb.Logf("seed %d", seed)
	return rand.New(rand.NewSource(seed))
}

func TestParseInt(t *testing.T) {
	for _, c := range []struct {
		in string
		n  int64
		ok bool
	}{
		{"0", 0, true},
		{"7", 7, true},
		{"-7", -7, true},
		{"9223372036854775807", math.MaxInt64, true},
		{"-9223372036854775808", math.MinInt64, true},
		{"9223372036854775808", 0, false},
		{"-9223372036854775809", 0, false},
		{"18446744073709551616", 0, false},
		{"99999999999999999999", 0, false},
		{"", 0, false},
		{"-", 0, false},
		{"-0", 0, false},
		{"00", 0, false},
		{"01", 0, false},
		{"-01", 0, false},
		{"+1", 0, false},
		{" 1", 0, false},
		{"1 ", 0, false},
		{"1\x00", 0, false},
		{"a", 0, false},
		{"123456789012345678901", 0, false},
	} {
		n, ok := ParseInt([]byte(c.in))
		if ok != c.ok || ok && n != c.n {
			t.Errorf("%q: %d, %v", c.in, n, ok)
		}
	}
}

func TestParseUint(t *testing.T) {
	for _, in := range []string{
		"0", "9", "9223372036854775808", "9999999999999999999", "10000000000000000000",
		"18446744073709551615", "18446744073709551616", "99999999999999999999", "-1", "", "00", "+1", "1844674407370955161x",
		"01844674407370955161", "1000000000000000000", "999999999999999999",
	} {
		want, err := strconv.ParseUint(in, 10, 64)
		strict := err == nil && strconv.FormatUint(want, 10) == in
		if got, ok := ParseUint([]byte(in)); ok != strict || ok && got != want {
			t.Errorf("%q: %d, %v", in, got, ok)
		}
	}
}

func FuzzParseInt(f *testing.F) {
	f.Add("-9223372036854775808")
	f.Fuzz(func(t *testing.T, in string) {
		want, err := strconv.ParseInt(in, 10, 64)
		strict := err == nil && strconv.FormatInt(want, 10) == in
		if got, ok := ParseInt([]byte(in)); ok != strict || ok && got != want {
			t.Errorf("%q: %d, %v; want %d, %v", in, got, ok, want, strict)
		}
		wantU, err := strconv.ParseUint(in, 10, 64)
		strict = err == nil && strconv.FormatUint(wantU, 10) == in
		if got, ok := ParseUint([]byte(in)); ok != strict || ok && got != wantU {
			t.Errorf("%q: %d, %v; want %d, %v", in, got, ok, wantU, strict)
		}
	})
}

// randomFloatText makes numbers of every shape, and many that are nearly numbers.
func randomFloatText(r *rand.Rand) string {
	sign := []string{"", "", "", "-", "+"}[r.Intn(5)]
	switch r.Intn(12) {
	case 0:
		return fmt.Sprint(r.Int63n(1<<uint(1+r.Intn(62))) - r.Int63n(1000))
	case 1:
		return strconv.FormatFloat(r.NormFloat64()*math.Pow(10, float64(r.Intn(30)-15)), 'f', r.Intn(20), 64)
	case 2:
		return strconv.FormatFloat(math.Float64frombits(r.Uint64()), 'e', r.Intn(25), 64)
	case 3:
		return sign + strconv.FormatFloat(r.Float64()*1000, 'f', r.Intn(6), 64)
	case 4:
		return sign + strconv.FormatFloat(r.Float64()*1000, 'x', r.Intn(18), 64)
	case 5:
		return sign + []string{"inf", "INF", "Infinity", "infinit", "nan", "NaN", "nan(1)", "infi", "0x", "0x.", "", ".", "e5", "0x.8", "0X1P", "1e", "1e+", "0x1p+", "1p5"}[r.Intn(19)]
	case 6:
		return sign + strings.Repeat("0", r.Intn(30)) + "." + strings.Repeat("0", r.Intn(30)) + fmt.Sprint(r.Intn(1000)) + fmt.Sprintf("e%d", r.Intn(700)-350)
	case 7:
		return sign + randomDigits(r, 60) + "." + randomDigits(r, 60)
	case 8:
		return sign + randomDigits(r, 40) + fmt.Sprintf("e%d", r.Intn(80)-40)
	case 9:
		const alphabet = "0123456789.eExXpP+-_ infa\x00"
		var b []byte
		for range r.Intn(8) {
			b = append(b, alphabet[r.Intn(len(alphabet))])
		}
		return string(b)
	case 10: // halfway between two doubles or two long doubles
		n := new(big.Int).Lsh(big.NewInt(r.Int63()|1<<62), uint(r.Intn(70)))
		return sign + n.Add(n, big.NewInt(int64(r.Intn(3)-1))).String()
	}
	return fmt.Sprintf("%s%d.%0*d", sign, r.Intn(100), 1+r.Intn(10), r.Intn(10))
}

func randomDigits(r *rand.Rand, n int) string {
	b := make([]byte, r.Intn(n))
	for i := range b {
		b[i] = byte('0' + r.Intn(10))
	}
	return string(b)
}

// ParseFloat and AppendDouble against ZADD and ZSCORE.
func TestDoublesAgainstRedis(t *testing.T) {
	o := newOracle(t)
	o.do("CONFIG", "SET", "zset-max-listpack-entries", "0") // a listpack stores whole scores as integers: -0 becomes 0
	r := newRand(t)
	for range 10 {
		var texts []string
		var commands [][]string
		for range 2000 {
			s := randomFloatText(r)
			texts = append(texts, s)
			commands = append(commands, []string{"ZADD", "z", s, "a"}, []string{"ZSCORE", "z", "a"}, []string{"ZREM", "z", "a"},
				[]string{"ZCOUNT", "z", s, "inf"})
		}
		replies := o.pipeline(commands...)
		for i, s := range texts {
			f, ok := ParseFloat([]byte(s))
			if want := replies[4*i].Err() == nil; ok != want {
				t.Fatalf("ParseFloat(%q): %v, Redis %v", s, ok, want)
			}
			if want := replies[4*i+1].Text(); ok && FormatDouble(f) != want {
				t.Fatalf("%q prints as %s, in Redis as %s", s, FormatDouble(f), want)
			}
			_, _, ok = ParseScoreBound([]byte(s))
			if want := replies[4*i+3].Err() == nil; ok != want {
				t.Fatalf("ParseScoreBound(%q): %v, Redis %v", s, ok, want)
			}
		}
	}
}

func TestScoreBoundsAgainstRedis(t *testing.T) {
	o := newOracle(t)
	for _, s := range []string{"-5", "1", "2", "3"} {
		o.do("ZADD", "z", s, s)
	}
	for _, s := range []string{
		"", " 1", "(", "( 1", "(1", "((1", " (1", "  ", "(  ", "1 ", "1\x00x", "\x00", "\x001", "nan", "1e400",
		"-1e400", "(-inf", "+inf", "1e-400", "0x1", "(0x1", "+(1",
	} {
		r := o.do("ZRANGEBYSCORE", "z", s, "+inf")
		f, exclusive, ok := ParseScoreBound([]byte(s))
		if ok != (r.Err() == nil) {
			t.Errorf("%q: %v, Redis %v", s, ok, r.Err())
			continue
		}
		var in []string
		for _, m := range []float64{-5, 1, 2, 3} {
			if m > f || m == f && !exclusive {
				in = append(in, fmt.Sprint(m))
			}
		}
		if ok && fmt.Sprintf("%q", in) != texts(r) {
			t.Errorf("%q: %q, Redis %s", s, in, texts(r))
		}
	}
}

func TestLongDoublesAgainstRedis(t *testing.T) {
	o := newOracle(t)
	r := newRand(t)
	for range 10 {
		var pairs [][2]string
		var commands [][]string
		for range 2000 {
			a, b := randomFloatText(r), randomFloatText(r)
			if r.Intn(10) == 0 {
				a = fmt.Sprintf("%s%de%d", []string{"", "-"}[r.Intn(2)], r.Int63(), r.Intn(9900)-4970)
			}
			if r.Intn(10) == 0 {
				b = fmt.Sprintf("-%s", strings.TrimPrefix(a, "-"))
			}
			pairs = append(pairs, [2]string{a, b})
			commands = append(commands, []string{"SET", "f", a}, []string{"INCRBYFLOAT", "f", b},
				[]string{"HSET", "h", "f", a}, []string{"HINCRBYFLOAT", "h", "f", b})
		}
		replies := o.pipeline(commands...)
		for i, p := range pairs {
			if got, want := incrByFloat(p[0], p[1]), replies[4*i+1].Text(); got != want {
				t.Fatalf("%q + %q = %s, Redis %s", p[0], p[1], got, want)
			}
			inHash, asString := replies[4*i+3], replies[4*i+1]
			if (inHash.Err() == nil) != (asString.Err() == nil) || inHash.Err() == nil && inHash.Text() != asString.Text() {
				t.Fatalf("%q + %q: HINCRBYFLOAT %q, INCRBYFLOAT %q", p[0], p[1], inHash.Text(), asString.Text())
			}
		}
	}
	if got, want := incrByFloat(strings.Repeat("0", 5118)+"1", "1"), o.pipeline([]string{"SET", "f", strings.Repeat("0", 5118) + "1"}, []string{"INCRBYFLOAT", "f", "1"})[1].Text(); got != want {
		t.Errorf("5119 bytes: %s, Redis %s", got, want)
	}
	for _, s := range []string{
		strings.Repeat("0", 5119) + "1", "4e-4951", "1.8e-4951", "1.9e-4951", "0x1p-16446", "0x1.000001p-16446", "0x1p16384",
		"0x1.fffffffffffffffep16383", "0x1.ffffffffffffffffp16383", "1e4932", "1.19e4932", "0x1p99999999999", "0x1p-99999999999", "0x0p99999999999",
		"0e99999999999", "1e99999999999", "1e-99999999999", "0." + strings.Repeat("0", 4990) + "1e4991", "1" + strings.Repeat("0", 5000) + "e-5000", "0x1.8", "0x", "0x.", "0xp1",
	} {
		want := o.pipeline([]string{"DEL", "f"}, []string{"INCRBYFLOAT", "f", s})[1].Text()
		if got := incrByFloat("0", s); got != want {
			t.Errorf("%.40q: %.60q, Redis %.60q", s, got, want)
		}
	}
}

// incrByFloat is what INCRBYFLOAT replies.
func incrByFloat(value, increment string) string {
	x, ok := ParseLongDouble([]byte(value))
	if !ok {
		return string(ErrNotFloat)
	}
	y, ok := ParseLongDouble([]byte(increment))
	if !ok {
		return string(ErrNotFloat)
	}
	sum := x.Add(y)
	if sum.IsInf() {
		return string(ErrIncrNaN)
	}
	return string(sum.AppendText(nil))
}

// Coordinates are printed by the same rules; the exact value of a double is what counts.
func TestHumanFloatAgainstBigFloat(t *testing.T) {
	r := newRand(t)
	for range 50_000 {
		f := r.NormFloat64() * math.Pow(2, float64(r.Intn(160)-100))
		want := new(big.Float).SetFloat64(f).Text('f', 17)
		want = strings.TrimSuffix(strings.TrimRight(want, "0"), ".")
		if want == "-0" || want == "-" || want == "" {
			want = "0"
		}
		if got := string(AppendHumanFloat(nil, f)); got != want {
			t.Fatalf("%b: %s, want %s", f, got, want)
		}
	}
	for f, want := range map[float64]string{0: "0", math.Copysign(0, -1): "0", math.Inf(1): "inf", math.Inf(-1): "-inf", 1e22: "10000000000000000000000", math.NaN(): "nan"} {
		if got := string(AppendHumanFloat(nil, f)); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}

func TestLongDoubleFloat64(t *testing.T) {
	r := newRand(t)
	for range 10_000 {
		f := math.Float64frombits(r.Uint64())
		if f != f {
			continue
		}
		if got := LongDoubleFromFloat(f).Float64(); got != f {
			t.Fatalf("%b came back as %b", f, got)
		}
	}
	if x, ok := ParseLongDouble([]byte("1e400")); !ok || !math.IsInf(x.Float64(), 1) || x.IsInf() {
		t.Errorf("1e400: %v, %v", x, ok)
	}
}

func FuzzParseFloat(f *testing.F) {
	for _, s := range []string{"1", "0x1p-3", "inf", "-1.5e300", "1e-4951", "0x1p-16446", "123456789012345678901234567890.5", "0x_1p1", "0x1p99999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, ok := ParseFloat([]byte(s))
		ld, ldOK := ParseLongDouble([]byte(s))
		if len(s) > ldMaxLen {
			return
		}
		if ok && !ldOK {
			t.Fatalf("%q is a double but not a long double", s)
		}
		if !ldOK {
			return
		}
		text := ld.AppendText(nil)
		back, ok2 := ParseLongDouble(text)
		if !ok2 || string(back.AppendText(nil)) != string(text) {
			t.Fatalf("%q prints as %s, which reads as %s", s, text, back.AppendText(nil))
		}
		if ok {
			again, ok := ParseFloat(AppendDouble(nil, v))
			if !ok || again != v {
				t.Fatalf("%q is %v, which prints as %s", s, v, FormatDouble(v))
			}
		}
	})
}

func BenchmarkNumbers(b *testing.B) {
	var dst [64]byte
	ld, _ := ParseLongDouble([]byte("10.5"))
	inc, _ := ParseLongDouble([]byte("0.1"))
	for _, c := range []struct {
		name string
		run  func()
	}{
		{"ParseInt", func() { ParseInt([]byte("1234567890")) }},
		{"ParseFloatShort", func() { ParseFloat([]byte("3.14159")) }},
		{"ParseFloatLong", func() { ParseFloat([]byte("3.1415926535897931e-5")) }},
		{"AppendDoubleInt", func() { AppendDouble(dst[:0], 1234567) }},
		{"AppendDouble", func() { AppendDouble(dst[:0], 3.14159) }},
		{"ParseLongDouble", func() { ParseLongDouble([]byte("10.50000001")) }},
		{"LongDoubleAdd", func() { benchSum = ld.Add(inc) }},
		{"LongDoubleText", func() { ld.AppendText(dst[:0]) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.run()
			}
		})
	}
}

// benchSum keeps a benchmarked result alive.
var benchSum LongDouble
