package packed

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func members(t testing.TB, is Intset) []int64 {
	t.Helper()
	if _, err := ValidateIntset(is, Deep); err != nil {
		t.Fatalf("invalid: %v", err)
	}
	var out []int64
	for i := range is.Len() {
		out = append(out, is.Get(i))
	}
	return out
}

func TestIntsetKnownBytes(t *testing.T) {
	is := NewIntset(nil)
	if want := []byte{2, 0, 0, 0, 0, 0, 0, 0}; !bytes.Equal(is, want) {
		t.Fatalf("% x", is)
	}
	is, _ = is.Add(5)
	is, _ = is.Add(-1)
	if want := []byte{2, 0, 0, 0, 2, 0, 0, 0, 0xFF, 0xFF, 5, 0}; !bytes.Equal(is, want) {
		t.Fatalf("% x", is)
	}
	is, _ = is.Add(40000)
	want := []byte{4, 0, 0, 0, 3, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 5, 0, 0, 0, 0x40, 0x9C, 0, 0}
	if !bytes.Equal(is, want) {
		t.Fatalf("% x", is)
	}
	is, _ = is.Remove(40000)
	if is.Width() != 4 || is.Len() != 2 {
		t.Fatal("the width must stay")
	}
}

// intsetModel adds and removes numbers near the limits of the widths, against a sorted slice.
func intsetModel(t testing.TB, steps []byte) {
	base := []int64{0, math.MaxInt16, math.MinInt16, math.MaxInt32, math.MinInt32, math.MaxInt64 - 10, math.MinInt64 + 10}
	is := NewIntset(nil)
	var want []int64
	for ; len(steps) >= 2; steps = steps[2:] {
		v := base[int(steps[0]>>1)%len(base)] + int64(steps[1])%20 - 10
		i, found := slices.BinarySearch(want, v)
		if gi, gf := is.Find(v); gi != i || gf != found {
			t.Fatalf("Find(%d) = %d %v, want %d %v", v, gi, gf, i, found)
		}
		var changed bool
		if steps[0]&1 == 0 {
			if is, changed = is.Add(v); changed == found {
				t.Fatalf("Add(%d): %v", v, changed)
			}
			if !found {
				want = slices.Insert(want, i, v)
			}
		} else {
			if is, changed = is.Remove(v); changed != found {
				t.Fatalf("Remove(%d): %v", v, changed)
			}
			if found {
				want = slices.Delete(want, i, i+1)
			}
		}
		if got := members(t, is); !slices.Equal(got, want) {
			t.Fatalf("got %d, want %d", got, want)
		}
	}
}

func TestIntsetModel(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		steps := make([]byte, 600)
		for i := range steps {
			steps[i] = byte(r.Uint32())
		}
		intsetModel(t, steps)
	}
}

func FuzzIntsetModel(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Fuzz(func(t *testing.T, steps []byte) { intsetModel(t, steps[:min(len(steps), 400)]) })
}

func FuzzValidateIntset(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 2, 0, 0, 0, 0xFF, 0xFF, 5, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		is, err := ValidateIntset(b, Shallow)
		if err != nil {
			return
		}
		for i := range is.Len() {
			is.Find(is.Get(i))
		}
		if is, err = ValidateIntset(b, Deep); err == nil && !slices.IsSorted(members(t, is)) {
			t.Fatal("not sorted")
		}
	})
}

func TestValidateIntsetDamaged(t *testing.T) {
	cases := map[string][]byte{
		"short":       {2, 0, 0, 0, 0, 0, 0},
		"width":       {3, 0, 0, 0, 0, 0, 0, 0},
		"count":       {2, 0, 0, 0, 2, 0, 0, 0, 1, 0},
		"huge count":  {8, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF},
		"descending":  {2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 0},
		"equal twice": {2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 1, 0},
	}
	for name, b := range cases {
		if _, err := ValidateIntset(b, Deep); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func BenchmarkIntset(b *testing.B) {
	is := NewIntset(make([]byte, 0, 8192))
	for i := range 512 {
		is, _ = is.Add(int64(i * 2))
	}
	b.Run("find", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			is.Has(int64(i & 1023))
		}
	})
	b.Run("add and remove", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			v := int64(i&1023 | 1)
			is, _ = is.Add(v)
			is, _ = is.Remove(v)
		}
	})
}
