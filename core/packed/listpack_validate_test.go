package packed

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// useAll calls every reading method: none may panic on a validated listpack.
func useAll(lp Listpack) {
	for it := lp.Iter(lp.First()); it.Next(); {
		lp.AppendValue(nil, it.Pos)
	}
	for pos := lp.Last(); pos >= 0; pos = lp.Prev(pos) {
		lp.Get(pos)
	}
	for _, s := range []string{"", "a", "12", "-70000", strings.Repeat("q", 70)} {
		lp.Find(lp.First(), []byte(s), 0)
		lp.Find(lp.First(), []byte(s), 1)
	}
	lp.Len()
	lp.Seek(3)
	lp.Seek(-3)
	_ = lp.CheckUnique(1)
	_ = lp.CheckUnique(2)
}

func FuzzValidateListpack(f *testing.F) {
	f.Add([]byte(NewListpack(nil)))
	f.Add([]byte(build(edgeValues()[:24]...)))
	f.Add([]byte(build(bytes.Repeat([]byte("x"), 130))))
	f.Add([]byte(build([]byte("a"), []byte("1"), []byte("-5000"))))
	f.Fuzz(func(t *testing.T, b []byte) {
		lp, err := ValidateListpack(b, Deep)
		if err != nil {
			var fe *FormatError
			if !errors.As(err, &fe) {
				t.Fatal("not a FormatError")
			}
			return
		}
		useAll(lp)
		if lp.Len() > 0 {
			useAll(Listpack(bytes.Clone(lp)).Replace(lp.First(), []byte("x")).Delete(lp.First(), 1))
		}
	})
}

func TestValidateListpackDamaged(t *testing.T) {
	good := build(edgeValues()[:30]...)
	// Every single changed byte and every cut must be refused or leave something that can be used.
	for i := range good {
		for _, x := range []byte{0x01, 0x80, 0xFF, 0x40} {
			bad := bytes.Clone(good)
			bad[i] ^= x
			if lp, err := ValidateListpack(bad, Deep); err == nil {
				useAll(lp)
			}
		}
		if _, err := ValidateListpack(good[:i], Deep); err == nil {
			t.Errorf("cut at %d accepted", i)
		}
	}
	cases := map[string][]byte{
		"empty":             {},
		"unknown encoding":  {8, 0, 0, 0, 1, 0, 0xF5, 0xFF},
		"end in the middle": {9, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF},
		"wrong count":       {9, 0, 0, 0, 2, 0, 1, 1, 0xFF},
		"wrong backlen":     {9, 0, 0, 0, 1, 0, 1, 2, 0xFF},
		"too long a string": {13, 0, 0, 0, 1, 0, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF, 5, 0xFF},
	}
	for name, b := range cases {
		if _, err := ValidateListpack(b, Deep); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestListpackCheckUnique(t *testing.T) {
	cases := []struct {
		name string
		in   []string
		step int
		ok   bool
	}{
		{"empty", nil, 1, true},
		{"set", []string{"a", "b", "1"}, 1, true},
		{"set twice", []string{"a", "b", "a"}, 1, false},
		{"pairs", []string{"a", "x", "b", "x"}, 2, true},
		{"pairs twice", []string{"a", "x", "a", "y"}, 2, false},
		{"odd", []string{"a", "x", "b"}, 2, false},
	}
	for _, c := range cases {
		lp := NewListpack(nil)
		for _, s := range c.in {
			lp = lp.Append([]byte(s))
		}
		if err := lp.CheckUnique(c.step); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
