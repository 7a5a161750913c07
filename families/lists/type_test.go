package lists

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/core/rdb"
)

func newLists(t *testing.T) *lists {
	table, err := options.Standard()
	if err != nil {
		t.Fatal(err)
	}
	return &lists{arena: keyspace.NewArena(keyspace.NewPageHeap()), debug: new(core.DebugSettings), size: table.Int("list-max-listpack-size")}
}

func elements(v core.Value) (out []string) {
	viewOf(v).each(func(s []byte) bool { out = append(out, string(s)); return true })
	return out
}

// TestLoadOfEveryForm reads what Redis has written as a list, small and large.
func TestLoadOfEveryForm(t *testing.T) {
	for _, n := range []int{1, 30, 5000} {
		var want []string
		for i := range n {
			want = append(want, fmt.Sprintf("value %d", i))
		}
		old := rdb.NewEncoder(nil, rdb.EncoderOptions{})
		old.Length(uint64(n))
		for _, s := range want {
			old.String([]byte(s))
		}
		nodes := rdb.NewEncoder(nil, rdb.EncoderOptions{})
		nodes.Length(uint64(n+99)/100 + 1)
		for from := 0; from < n; from += 100 {
			lp := packed.NewListpack(nil)
			for _, s := range want[from:min(from+100, n)] {
				lp = lp.Append([]byte(s))
			}
			nodes.PackedNode(lp)
		}
		nodes.PlainNode([]byte("plain"))
		check := func(typ rdb.Type, body []byte, want []string) {
			t.Helper()
			l := newLists(t)
			v, err := l.load(rdb.NewBytesDecoder(body, rdb.DecoderOptions{}), typ)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(elements(v), want) {
				t.Errorf("%v of %d elements differs", typ, n)
			}
			if large := v.Object != nil; large != (n > 1000) {
				t.Errorf("%v of %d elements is large: %v", typ, n, large)
			}
		}
		check(rdb.TypeList, old.Bytes(), want)
		check(rdb.TypeListQuicklist2, nodes.Bytes(), append(slices.Clone(want), "plain"))
	}
}

// TestFailedLoadLeavesNothing: what was built before the damage is freed.
func TestFailedLoadLeavesNothing(t *testing.T) {
	e := rdb.NewEncoder(nil, rdb.EncoderOptions{})
	e.Length(5000)
	for i := range 4000 {
		e.String(fmt.Appendf(nil, "value %d", i))
	}
	l := newLists(t)
	if _, err := l.load(rdb.NewBytesDecoder(e.Bytes(), rdb.DecoderOptions{}), rdb.TypeList); err == nil {
		t.Fatal("no error")
	}
	if n := l.arena.Used(); n != 0 {
		t.Errorf("%d bytes left", n)
	}
}

// TestFromElements is what SORT ... STORE makes.
func TestFromElements(t *testing.T) {
	l := newLists(t)
	for _, n := range []int{1, 4000} {
		v := l.fromElements(n, func(i int) core.Element { return core.Element{Text: fmt.Append(nil, i)} })
		if got := elements(v); len(got) != n || got[n-1] != fmt.Sprint(n-1) {
			t.Errorf("%d elements of %d", len(got), n)
		}
	}
}

// TestElementsStayNumbers builds lists of texts and integers and visits them in all forms.
func TestElementsStayNumbers(t *testing.T) {
	l := newLists(t)
	long := strings.Repeat("z", plainBytes)
	for _, texts := range [][]string{
		{"7"},
		{"07", "", "-9223372036854775808", "x"},
		{long, "1"},
		{"1", long + long + long, "2"},
		sequence(5, "%d"), sequence(3000, "%d"), sequence(3000, "element:%d"), append(sequence(4000, "%04d"), long),
	} {
		v := l.fromElements(len(texts), func(i int) core.Element {
			if n, ok := packed.ParseInt([]byte(texts[i])); ok && i%3 != 0 {
				return core.Element{Int: n, IsInt: true}
			}
			return core.Element{Text: []byte(texts[i])}
		})
		var got []string
		viewOf(v).eachElement(func(e core.Element) bool {
			if _, canonical := packed.ParseInt(e.Text); canonical && v.Object == nil {
				t.Errorf("%q came as a text", e.Text)
			}
			got = append(got, string(e.AppendTo(nil)))
			return true
		})
		if !slices.Equal(got, texts) || !slices.Equal(elements(v), texts) {
			t.Errorf("%d elements from %.20q: differ", len(texts), texts[0])
		}
		n := 0
		if viewOf(v).eachElement(func(core.Element) bool { n++; return n < 2 }); n != min(2, len(texts)) {
			t.Errorf("visited %d", n)
		}
		v.Free()
	}
	if n := l.arena.Used(); n != 0 {
		t.Errorf("%d bytes left", n)
	}
}

func sequence(n int, format string) []string {
	var s []string
	for i := range n {
		s = append(s, fmt.Sprintf(format, i))
	}
	return s
}
