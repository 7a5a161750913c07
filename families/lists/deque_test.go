package lists

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

// shapes are kinds of elements, each of which leads to other frozen forms.
var shapes = map[string]func(r *rand.Rand, i int) string{
	"sequence": func(_ *rand.Rand, i int) string { return fmt.Sprintf("element:%012d", i) },
	"varying":  func(_ *rand.Rand, i int) string { return fmt.Sprintf("element:%d", i*7919) },
	"integers": func(r *rand.Rand, _ int) string { return fmt.Sprint(r.IntN(1 << 21)) },
	"wide":     func(r *rand.Rand, _ int) string { return fmt.Sprint(int64(r.Uint64())) },
	"letters": func(r *rand.Rand, _ int) string {
		return random(r, 10, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
	},
	"ascii": func(r *rand.Rand, _ int) string { return random(r, 10, printable) },
	"binary": func(r *rand.Rand, _ int) string {
		b := make([]byte, r.IntN(30))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return string(b)
	},
	"same":  func(*rand.Rand, int) string { return "the same" },
	"empty": func(r *rand.Rand, _ int) string { return strings.Repeat("x", r.IntN(2)) },
	"mixed": func(r *rand.Rand, i int) string {
		switch r.IntN(12) {
		case 0:
			return random(r, r.IntN(400), printable)
		case 1:
			return fmt.Sprint(i)
		case 2:
			if r.IntN(40) == 0 {
				return random(r, 3000+r.IntN(12000), printable)
			}
		case 3:
			return random(r, 200+r.IntN(1500), "0123456789")
		}
		return random(r, r.IntN(12), "abc")
	},
}

const printable = " !#$%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~"

func random(r *rand.Rand, n int, from string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = from[r.IntN(len(from))]
	}
	return string(b)
}

// TestDequeAgainstSlice makes random changes to a deque and to a slice.
func TestDequeAgainstSlice(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(3) {
				plain := []int{plainBytes, plainBytes, 64}[seed]
				compareWithSlice(t, shape, rand.New(rand.NewPCG(seed, 7)), plain)
			}
		})
	}
}

func compareWithSlice(t *testing.T, shape func(*rand.Rand, int) string, r *rand.Rand, plain int) {
	t.Helper()
	arena := keyspace.NewArena(keyspace.NewPageHeap())
	d := newDeque(arena)
	d.plain = plain
	var want []string
	step := 0
	elem := func() string { step++; return shape(r, step) }
	for range 130 {
		switch op := r.IntN(20); {
		case op < 3:
			for range r.IntN(600) {
				s := elem()
				d.pushBack([]byte(s))
				want = append(want, s)
			}
		case op < 6:
			var add []string
			for range r.IntN(600) {
				s := elem()
				d.pushFront([]byte(s))
				add = append(add, s)
			}
			slices.Reverse(add)
			want = append(add, want...)
		case op < 8:
			for range min(len(want), r.IntN(700)) {
				if got := string(d.popBack(nil)); got != want[len(want)-1] {
					t.Fatalf("popBack %q, want %q", got, want[len(want)-1])
				}
				want = want[:len(want)-1]
			}
		case op < 10:
			for range min(len(want), r.IntN(700)) {
				if got := string(d.popFront(nil)); got != want[0] {
					t.Fatalf("popFront %q, want %q", got, want[0])
				}
				want = want[1:]
			}
		case op < 13:
			for range r.IntN(20) {
				i, s := r.IntN(len(want)+1), elem()
				d.insert(i, []byte(s))
				want = slices.Insert(want, i, s)
			}
		case op < 15 && len(want) > 0:
			for range r.IntN(20) {
				i, s := r.IntN(len(want)), elem()
				d.set(i, []byte(s))
				want[i] = s
			}
		case op < 17 && len(want) > 0:
			i := r.IntN(len(want))
			n := min(len(want)-i, r.IntN(1+[]int{3, 50, 3000}[r.IntN(3)]))
			d.remove(i, n)
			want = slices.Delete(want, i, i+n)
		case op < 19 && len(want) > 0:
			want = compareRemove(t, d, want, want[r.IntN(len(want))], r)
		}
		compareAll(t, d, want, r)
		if t.Failed() {
			return
		}
	}
	dup := d.clone()
	d.Free()
	compareAll(t, dup, want, r)
	dup.Free()
	if n := arena.Used(); n != 0 {
		t.Errorf("%d bytes left", n)
	}
}

func compareRemove(t *testing.T, d *deque, want []string, s string, r *rand.Rand) []string {
	t.Helper()
	limit, back := 1+r.IntN(5), r.IntN(2) == 0
	if back {
		slices.Reverse(want)
	}
	n := 0
	want = slices.DeleteFunc(want, func(e string) bool {
		if e == s && n < limit {
			n++
			return true
		}
		return false
	})
	if back {
		slices.Reverse(want)
	}
	if got := d.removeMatches([]byte(s), limit, back); got != n {
		t.Errorf("removed %d of %q, want %d", got, s, n)
	}
	return want
}

func compareAll(t *testing.T, d *deque, want []string, r *rand.Rand) {
	t.Helper()
	if err := d.check(); err != nil {
		t.Fatal(err)
	}
	if d.n != len(want) {
		t.Fatalf("%d elements, want %d", d.n, len(want))
	}
	i := 0
	d.each(0, d.n, func(s []byte) bool {
		if string(s) != want[i] {
			t.Fatalf("element %d of %d is %q, want %q", i, d.n, s, want[i])
		}
		i++
		return true
	})
	if len(want) == 0 {
		return
	}
	for range 5 {
		from := r.IntN(len(want))
		n := min(len(want)-from, r.IntN(900))
		var got, exp protocol.Writer
		d.writeRange(&got, from, n)
		for _, s := range want[from : from+n] {
			exp.BulkString(s)
		}
		if !bytes.Equal(got.Buf, exp.Buf) {
			t.Fatalf("range %d+%d differs", from, n)
		}
		if got := string(d.appendAt(nil, from)); got != want[from] {
			t.Fatalf("element %d is %q, want %q", from, got, want[from])
		}
	}
	if s := want[r.IntN(len(want))]; r.IntN(4) == 0 {
		compareMatches(t, d, want, s)
	}
}

func compareMatches(t *testing.T, d *deque, want []string, s string) {
	t.Helper()
	var got []int
	at := 0
	for _, c := range d.live() {
		all := c.matches([]byte(s), false, 0, nil)
		for _, h := range all {
			got = append(got, at+int(h))
		}
		for most := 1; most <= 3; most++ {
			n := min(most, len(all))
			first, last := c.matches([]byte(s), false, most, nil), c.matches([]byte(s), true, most, nil)
			if len(first) < n || !slices.Equal(first[:n], all[:n]) || len(last) < n || !slices.Equal(last[len(last)-n:], all[len(all)-n:]) {
				t.Fatalf("%d matches of %q of %v: the first are %v, the last %v", most, s, all, first, last)
			}
		}
		at += int(c.n)
	}
	var exp []int
	for i, e := range want {
		if e == s {
			exp = append(exp, i)
		}
	}
	if !slices.Equal(got, exp) {
		t.Fatalf("matches of %q: %v, want %v", s, got, exp)
	}
}

// TestDequeSteadyStateAllocatesNothing: a queue of constant length makes no garbage but chunk records.
func TestDequeSteadyStateAllocatesNothing(t *testing.T) {
	d := newDeque(keyspace.NewArena(keyspace.NewPageHeap()))
	defer d.Free()
	s := []byte("0123456789")
	for range 20000 {
		d.pushBack(s)
	}
	var buf [64]byte
	if n := testing.AllocsPerRun(20000, func() {
		d.pushBack(s)
		d.popFront(buf[:0])
	}); n > 0.1 {
		t.Errorf("%.2f allocations a push and pop", n)
	}
}
