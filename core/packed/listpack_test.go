package packed

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// edgeValues has one on each side of every limit of the encodings.
func edgeValues() [][]byte {
	var vals [][]byte
	for _, v := range []int64{
		0, 1, 127, 128, 4095, 4096, 32767, 32768, 1<<23 - 1, 1 << 23, math.MaxInt32, math.MaxInt32 + 1,
		math.MaxInt64, -1, -4096, -4097, -32768, -32769, -1 << 23, -1<<23 - 1, math.MinInt32, math.MinInt32 - 1, math.MinInt64,
	} {
		vals = append(vals, strconv.AppendInt(nil, v, 10))
	}
	for _, n := range []int{0, 1, 5, 62, 63, 64, 125, 126, 127, 128, 4095, 4096, 16376, 16377, 16378, 16380, 20000} {
		vals = append(vals, bytes.Repeat([]byte{'x'}, n))
	}
	for _, s := range []string{
		"-", "-0", "00", "01", "+1", " 1", "1 ", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999", "1e3", "\x00\xff", "123456789012345678901",
	} {
		vals = append(vals, []byte(s))
	}
	return vals
}

func build(vals ...[]byte) Listpack {
	lp := NewListpack(nil)
	for _, v := range vals {
		lp = lp.Append(v)
	}
	return lp
}

// contents reads lp forward and checks that walking backwards and the count agree.
func contents(t testing.TB, lp Listpack) [][]byte {
	t.Helper()
	if _, err := ValidateListpack(lp, Deep); err != nil {
		t.Fatalf("invalid: %v", err)
	}
	var out [][]byte
	var at []int
	for it := lp.Iter(lp.First()); it.Next(); {
		out = append(out, it.AppendTo([]byte{}))
		at = append(at, it.Pos)
	}
	for pos, i := lp.Last(), len(out)-1; pos >= 0 || i >= 0; pos, i = lp.Prev(pos), i-1 {
		if i < 0 || pos != at[i] {
			t.Fatalf("walking backwards: element %d at %d", i, pos)
		}
	}
	if lp.Len() != len(out) {
		t.Fatalf("Len %d, elements %d", lp.Len(), len(out))
	}
	return out
}

func sameContents(t testing.TB, lp Listpack, want [][]byte) {
	t.Helper()
	if got := contents(t, lp); !slices.EqualFunc(got, want, bytes.Equal) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func TestListpackEncodings(t *testing.T) {
	for _, v := range edgeValues() {
		lp := NewListpack(nil).Append(v)
		if want := listpackHeader + 1 + ListpackEntrySize(v); len(lp) != want {
			t.Errorf("%.20q: size %d, want %d", v, len(lp), want)
		}
		sameContents(t, lp, [][]byte{v})
		if !lp.Equal(lp.First(), v) || lp.Equal(lp.First(), append([]byte("z"), v...)) {
			t.Errorf("%.20q: Equal", v)
		}
		if lp.Compare(lp.First(), v) != 0 || lp.Compare(lp.First(), append(bytes.Clone(v), 0)) >= 0 {
			t.Errorf("%.20q: Compare", v)
		}
		_, isInt := ParseInt(v)
		if _, _, got := lp.Get(lp.First()); got != isInt {
			t.Errorf("%.20q: kept as integer: %v", v, got)
		}
	}
}

func TestListpackKnownBytes(t *testing.T) {
	// Written down from the format.
	cases := []struct {
		in   string
		want []byte
	}{
		{"127", []byte{0x7F, 1}},
		{"-1", []byte{0xDF, 0xFF, 2}},
		{"4095", []byte{0xCF, 0xFF, 2}},
		{"4096", []byte{0xF1, 0x00, 0x10, 3}},
		{"-32769", []byte{0xF2, 0xFF, 0x7F, 0xFF, 4}},
		{"2147483647", []byte{0xF3, 0xFF, 0xFF, 0xFF, 0x7F, 5}},
		{"2147483648", []byte{0xF4, 0, 0, 0, 0x80, 0, 0, 0, 0, 9}},
		{"ab", []byte{0x82, 'a', 'b', 3}},
		{"", []byte{0x80, 1}},
		{strings.Repeat("a", 64), append(append([]byte{0xE0, 64}, strings.Repeat("a", 64)...), 66)},
		{strings.Repeat("a", 126), append(append([]byte{0xE0, 126}, strings.Repeat("a", 126)...), 1, 0x80)},
		{strings.Repeat("a", 4096), append(append([]byte{0xF0, 0, 0x10, 0, 0}, strings.Repeat("a", 4096)...), 0x20, 0x85)},
		// 16383 bytes of element take a backlen of three bytes.
		{strings.Repeat("a", 16378), append(append([]byte{0xF0, 0xFA, 0x3F, 0, 0}, strings.Repeat("a", 16378)...), 0, 0xFF, 0xFF)},
	}
	for _, c := range cases {
		lp := build([]byte(c.in))
		if got := []byte(lp[listpackHeader:lp.End()]); !bytes.Equal(got, c.want) {
			t.Errorf("%.10s: % x, want % x", c.in, got, c.want)
		}
	}
	if got, want := []byte(build([]byte("a"), []byte("1"))), []byte{12, 0, 0, 0, 2, 0, 0x81, 'a', 2, 1, 1, 0xFF}; !bytes.Equal(got, want) {
		t.Errorf("% x, want % x", got, want)
	}
}

func TestListpackSeek(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 10, 70000} {
		lp := NewListpack(nil)
		for i := range n {
			lp = lp.AppendInt(int64(i))
		}
		if lp.Len() != n {
			t.Fatalf("Len %d, want %d", lp.Len(), n)
		}
		for _, i := range []int{0, 1, 2, n / 2, n - 2, n - 1, n, n + 1, -1, -2, -n, -n - 1} {
			want := i
			if i < 0 {
				want += n
			}
			pos := lp.Seek(i)
			if want < 0 || want >= n {
				if pos != -1 {
					t.Errorf("n %d: Seek(%d) = %d, want none", n, i, pos)
				}
				continue
			}
			if _, v, _ := lp.Get(pos); v != int64(want) {
				t.Errorf("n %d: Seek(%d) is %d", n, i, v)
			}
		}
	}
}

func TestListpackUnknownCount(t *testing.T) {
	lp := NewListpack(nil)
	for range countUnknown - 1 {
		lp = lp.AppendInt(1)
	}
	if lp.count() != countUnknown-1 {
		t.Fatalf("count %d", lp.count())
	}
	lp = lp.AppendInt(1).AppendInt(1)
	if lp.count() != countUnknown || lp.Len() != countUnknown+1 {
		t.Fatalf("count %d, Len %d", lp.count(), lp.Len())
	}
	lp = lp.DeleteRange(-3, 10)
	if lp.count() != countUnknown || lp.Len() != countUnknown-2 {
		t.Fatalf("after deletion: count %d, Len %d", lp.count(), lp.Len())
	}
	if _, err := ValidateListpack(lp, Deep); err != nil {
		t.Fatal(err)
	}
}

func TestListpackFind(t *testing.T) {
	vals := edgeValues()
	lp := build(vals...)
	for i, v := range vals {
		pos := lp.Find(lp.First(), v, 0)
		if pos < 0 || !lp.Equal(pos, v) {
			t.Errorf("%.20q not found", v)
		}
		if got, even := lp.Find(lp.First(), v, 1), i%2 == 0; (got >= 0) != even {
			t.Errorf("%.20q: found with skip 1: %v, want %v", v, got >= 0, even)
		}
		if got := lp.Find(lp.Next(pos), v, 0); got != -1 {
			t.Errorf("%.20q: found twice", v)
		}
	}
	for _, s := range []string{"nope", "77", "-77", "7777777777", strings.Repeat("y", 64), strings.Repeat("x", 5000)} {
		if lp.Find(lp.First(), []byte(s), 0) != -1 {
			t.Errorf("%.20q found", s)
		}
	}
	if NewListpack(nil).Find(-1, nil, 0) != -1 {
		t.Error("found in an empty one")
	}
}

// TestListpackUnusualEncodings looks at elements that are valid, but not in the encoding that Redis would choose.
func TestListpackUnusualEncodings(t *testing.T) {
	body := []byte{
		0x82, '4', '2', 3, // the text of an integer as a string
		0xE0, 2, 'a', 'b', 4, // a short string with a 12-bit length
		0xF0, 1, 0, 0, 0, 'c', 6, // with a 32-bit one
		0xF4, 5, 0, 0, 0, 0, 0, 0, 0, 9, // a small integer in 64 bits
	}
	lp := Listpack(append(append([]byte{0, 0, 0, 0, 4, 0}, body...), 0xFF))
	binary.LittleEndian.PutUint32(lp, uint32(len(lp)))
	want := [][]byte{[]byte("42"), []byte("ab"), []byte("c"), []byte("5")}
	sameContents(t, lp, want)
	for i, v := range want {
		if got := lp.Find(lp.First(), v, 0); got != lp.Seek(i) {
			t.Errorf("%q: at %d, want %d", v, got, lp.Seek(i))
		}
	}
}

func TestListpackInPlace(t *testing.T) {
	buf := make([]byte, 0, 4096)
	lp := NewListpack(buf)
	allocs := testing.AllocsPerRun(10, func() {
		lp = NewListpack(lp)
		for range 50 {
			lp = lp.Append([]byte("hello")).PrependInt(1234567)
		}
		lp = lp.Replace(lp.Seek(20), []byte("longer than before"))
		lp = lp.DeleteRange(10, 30)
		if lp.Find(lp.First(), []byte("hello"), 0) < 0 {
			t.Fatal("not found")
		}
		for it := lp.Iter(lp.First()); it.Next(); {
			_ = it.Str
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	if &lp[0] != &buf[:1][0] {
		t.Error("moved although the capacity sufficed")
	}
}

// model applies random edits to a listpack and to a slice, which must stay the same.
func model(t testing.TB, steps []byte) {
	vals := edgeValues()
	lp := NewListpack(nil)
	var want [][]byte
	next := func(n int) int {
		if len(steps) == 0 || n <= 0 {
			return 0
		}
		b := int(steps[0])
		steps = steps[1:]
		return b % n
	}
	for len(steps) > 0 {
		op, v := next(12), vals[next(len(vals))]
		i := next(len(want))
		pos := lp.Seek(i)
		if (pos < 0) != (len(want) == 0) {
			t.Fatalf("Seek(%d) with %d elements: %d", i, len(want), pos)
		}
		if pos < 0 && op > 1 {
			continue
		}
		switch op {
		case 0:
			lp, want = lp.Append(v), append(want, v)
		case 1:
			lp, want = lp.Prepend(v), slices.Insert(want, 0, v)
		case 2:
			lp, want = lp.Insert(pos, v, Before), slices.Insert(want, i, v)
		case 3:
			lp, want = lp.Insert(pos, v, After), slices.Insert(want, i+1, v)
		case 4, 5:
			lp = lp.Replace(pos, v)
			want[i] = v
		case 6:
			n := next(4)
			lp, want = lp.Delete(pos, n), slices.Delete(want, i, min(i+n, len(want)))
		case 7:
			n := next(6)
			lp, want = lp.DeleteRange(i-len(want), n), slices.Delete(want, i, min(i+n, len(want)))
		case 8:
			other := build(v, []byte("o"))
			lp, want = lp.AppendAll(other), append(want, v, []byte("o"))
		case 9:
			other := build(v, []byte("o"))
			lp, want = lp.PrependAll(other), slices.Insert(want, 0, v, []byte("o"))
		case 10: // split and put together again in the other order
			tail := NewListpack(nil).AppendRange(lp, pos, len(want))
			lp = tail.AppendAll(lp.Delete(pos, len(want)))
			want = slices.Concat(want[i:], want[:i])
		case 11:
			lp, want = lp.AppendPair(v, []byte("p")), append(want, v, []byte("p"))
		}
		sameContents(t, lp, want)
		found := slices.IndexFunc(want, func(w []byte) bool { return bytes.Equal(w, v) })
		if pos := lp.Find(lp.First(), v, 0); pos != lp.Seek(found) && found >= 0 || (pos < 0) != (found < 0) {
			t.Fatalf("Find(%.20q) = %d, index %d", v, pos, found)
		}
	}
}

func TestListpackModel(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		steps := make([]byte, 600)
		for i := range steps {
			steps[i] = byte(r.Uint32())
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { model(t, steps) })
	}
}

func FuzzListpackModel(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Fuzz(func(t *testing.T, steps []byte) {
		model(t, steps[:min(len(steps), 300)])
	})
}

func TestListpackPick(t *testing.T) {
	lp := NewListpack(nil)
	for i := range 20 {
		lp = lp.AppendInt(int64(i))
	}
	var got []int64
	lp.Pick([]int{0, 0, 3, 9}, 2, func(k, pos int) {
		_, v, _ := lp.Get(pos)
		got = append(got, v)
	})
	if want := []int64{0, 0, 6, 18}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestIteratorSkip(t *testing.T) {
	lp := build([]byte("a"), []byte("1"), []byte("b"), []byte("2"))
	it := lp.Iter(lp.First())
	it.Skip(2)
	if !it.Next() || string(it.Str) != "b" {
		t.Errorf("%q", it.Str)
	}
	if it.Skip(9); it.Next() {
		t.Error("there is an element behind the end")
	}
	if none := lp.Iter(-1); none.Next() {
		t.Error("there is an element at -1")
	}
}

func TestSafeToAdd(t *testing.T) {
	lp := NewListpack(nil)
	if !lp.SafeToAdd(MaxListpackBytes-len(lp)) || lp.SafeToAdd(MaxListpackBytes) {
		t.Error("the limit is not MaxListpackBytes")
	}
}

// TestListpackSeekAlike seeks in listpacks with runs of elements of one size, from both ends.
func TestListpackSeekAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for round := range 300 {
		lp := NewListpack(nil)
		var positions []int
		for range r.IntN(8) {
			s := bytes.Repeat([]byte{'v'}, []int{0, 1, 7, 62, 63, 64, 125, 126, 130}[r.IntN(9)])
			if r.IntN(4) == 0 {
				s = strconv.AppendInt(nil, int64(r.Uint64())>>r.IntN(64), 10)
			}
			for range r.IntN(11) {
				positions = append(positions, lp.End())
				lp = lp.Append(s)
			}
		}
		n := len(positions)
		for i := -n - 6; i < n+6; i++ {
			want := -1
			switch {
			case i >= 0 && i < n:
				want = positions[i]
			case i < 0 && -i <= n:
				want = positions[n+i]
			}
			if got := lp.Seek(i); got != want {
				t.Fatalf("round %d: Seek(%d) of %d is %d, want %d", round, i, n, got, want)
			}
		}
		if got := lp.forward(listpackHeader, n+3); got != lp.End() {
			t.Fatalf("round %d: forward over more than there are: %d, want %d", round, got, lp.End())
		}
		if got := lp.back(lp.End(), n+3); got != -1 {
			t.Fatalf("round %d: back over more than there are: %d", round, got)
		}
	}
}

func BenchmarkListpackSeek(b *testing.B) {
	for _, c := range []struct {
		name string
		text func(i int) string
	}{
		{"alike", func(i int) string { return fmt.Sprintf("element:%03d", i) }},
		{"varying", func(i int) string { return strings.Repeat("x", 1+i*7919%13) }},
		{"numbers", func(i int) string { return fmt.Sprint(i * i) }},
	} {
		lp := NewListpack(nil)
		for i := range 1000 {
			lp = lp.Append([]byte(c.text(i)))
		}
		for _, at := range []int{490, -490} {
			b.Run(fmt.Sprintf("%s/%d", c.name, at), func(b *testing.B) {
				for b.Loop() {
					lp.Seek(at)
				}
			})
		}
	}
}

// What Get, Short and an iterator return can be appended to without harm to the listpack.
func TestListpackStringsAreCapped(t *testing.T) {
	lp := NewListpack(nil).Append([]byte("one")).Append([]byte("two"))
	want := string(lp)
	it := lp.Iter(lp.First())
	it.Next()
	str, _, _ := lp.Get(lp.First())
	for _, s := range [][]byte{it.Str, str, lp.Short(lp.First())} {
		if _ = append(s, "xxxx"...); string(lp) != want {
			t.Fatalf("appending to an element has made %q of %q", lp, want)
		}
	}
}
