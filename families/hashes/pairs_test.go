package hashes

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/redust/redust/core/packed"
)

var texts = []string{
	"", "a", "field:01", "127", "128", "0", "-1", "32767", "-32768", "32768", "8388607", "-8388608", "8388608",
	"2147483647", "-2147483649", strconv.Itoa(math.MaxInt64), strconv.Itoa(math.MinInt64), "9223372036854775808", "-0", "01", "+1",
	strings.Repeat("x", 63), strings.Repeat("x", 64), strings.Repeat("x", 255), strings.Repeat("x", 256), strings.Repeat("x", 70000),
}

func TestPairsHoldEveryText(t *testing.T) {
	p := newPairs(nil)
	for i, f := range texts {
		p = p.add([]byte(f), []byte(texts[len(texts)-1-i]))
	}
	check := func(p pairs) {
		t.Helper()
		for i, f := range texts {
			pos := p.find([]byte(f))
			if pos < 0 {
				t.Fatalf("%.20q is not found", f)
			}
			v := p.get(p.after(pos))
			if want := texts[len(texts)-1-i]; string(v.text(nil)) != want || v.len() != len(want) {
				t.Errorf("%.20q holds %.20q, want %.20q", f, v.text(nil), want)
			}
		}
		if p.len() != len(texts) {
			t.Errorf("%d fields, want %d", p.len(), len(texts))
		}
	}
	check(p)
	lp := p.appendListpack(packed.NewListpack(nil))
	if _, err := packed.ValidateListpack(lp, packed.Deep); err != nil {
		t.Fatal(err)
	}
	check(newPairs(nil).addListpack(lp))
	for _, f := range texts {
		p = p.remove(p.find([]byte(f)))
		if p.find([]byte(f)) >= 0 {
			t.Errorf("%.20q is still there", f)
		}
	}
	if len(p) != 1 || p.len() != 0 {
		t.Errorf("%d bytes left", len(p))
	}
}

func TestPairsCountPastOneByte(t *testing.T) {
	p := newPairs(nil)
	for i := range 600 {
		p = p.add([]byte("f"+strconv.Itoa(i)), nil)
		if p.len() != i+1 {
			t.Fatalf("%d fields, want %d", p.len(), i+1)
		}
	}
	for i := 599; i >= 0; i-- {
		p = p.remove(p.find([]byte("f" + strconv.Itoa(i))))
		if p.len() != i {
			t.Fatalf("%d fields, want %d", p.len(), i)
		}
	}
}

// FuzzPairs edits pairs as the input says and compares with a map.
func FuzzPairs(f *testing.F) {
	f.Add([]byte("\x01ab\x02cd\x00ab"))
	f.Add([]byte("seed with several words that become fields and values"))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, m := newPairs(nil), map[string]string{}
		for len(in) >= 3 {
			op, fl, vl := in[0], int(in[1]%5), int(in[2])
			in = in[3:]
			field := in[:min(fl, len(in))]
			in = in[len(field):]
			value := in[:min(vl, len(in))]
			in = in[len(value):]
			pos := p.find(field)
			if _, ok := m[string(field)]; ok != (pos >= 0) {
				t.Fatalf("%q: found %v", field, pos)
			}
			switch {
			case op%4 == 0 && pos >= 0:
				p = p.remove(pos)
				delete(m, string(field))
			case pos >= 0:
				v := p.after(pos)
				p = p.put(v, p.after(v), value)
				m[string(field)] = string(value)
			default:
				p = p.add(field, value)
				m[string(field)] = string(value)
			}
		}
		if p.len() != len(m) {
			t.Fatalf("%d fields, want %d", p.len(), len(m))
		}
		view{p: p, n: p.len()}.each(func(f, v []byte) bool {
			if got, ok := m[string(f)]; !ok || got != string(v) {
				t.Fatalf("%q: %q, want %q", f, v, got)
			}
			return true
		})
	})
}
