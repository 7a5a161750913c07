package zsets

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/redust/redust/core/keyspace"
)

// check verifies the whole structure: order, separators, counts, links.
func (s *sortedSet) check() error {
	t := &s.tree
	if t.n != s.dict.Len() {
		return fmt.Errorf("tree has %d, dict %d", t.n, s.dict.Len())
	}
	if t.root == 0 {
		if t.n != 0 || t.first != 0 || t.last != 0 || t.height != 0 {
			return fmt.Errorf("empty tree with remains: %+v", t)
		}
		return nil
	}
	var leaves []keyspace.Ref
	var walk func(r keyspace.Ref, h int) (uint32, float64, keyspace.Ref, error)
	walk = func(r keyspace.Ref, h int) (uint32, float64, keyspace.Ref, error) {
		if h == 0 {
			leaves = append(leaves, r)
			l := t.leaf(r)
			if l.n == 0 || l.n > leafCap {
				return 0, 0, 0, fmt.Errorf("leaf of %d", l.n)
			}
			return l.n, l.scores[0], l.refs[0], nil
		}
		in := t.inner(r)
		if in.n == 0 || in.n > innerCap || r == t.root && in.n < 2 {
			return 0, 0, 0, fmt.Errorf("inner node of %d", in.n)
		}
		total := uint32(0)
		for i := range int(in.n) {
			n, score, ref, err := walk(in.kids[i], h-1)
			if err != nil {
				return 0, 0, 0, err
			}
			if n != in.counts[i] || score != in.scores[i] || ref != in.refs[i] {
				return 0, 0, 0, fmt.Errorf("height %d child %d: %d %v %d, told %d %v %d", h, i, n, score, ref, in.counts[i], in.scores[i], in.refs[i])
			}
			total += n
		}
		return total, in.scores[0], in.refs[0], nil
	}
	n, _, _, err := walk(t.root, t.height)
	if err != nil {
		return err
	}
	if int(n) != t.n || leaves[0] != t.first || leaves[len(leaves)-1] != t.last {
		return fmt.Errorf("%d elements, told %d; ends wrong", n, t.n)
	}
	prev := keyspace.Ref(0)
	for i, r := range leaves {
		l := t.leaf(r)
		if l.prev != prev || i+1 < len(leaves) && l.next != leaves[i+1] || i+1 == len(leaves) && l.next != 0 {
			return fmt.Errorf("leaf %d badly linked", i)
		}
		prev = r
	}
	lastScore, lastMember := 0.0, []byte(nil)
	for i := range t.n {
		c := t.at(i)
		m := s.dict.Key(c.ref())
		if i > 0 && (c.score() < lastScore || c.score() == lastScore && bytes.Compare(m, lastMember) <= 0) {
			return fmt.Errorf("rank %d out of order", i)
		}
		if got := getScore(s.dict.Value(c.ref())); got != c.score() {
			return fmt.Errorf("dict says %v, tree %v", got, c.score())
		}
		lastScore, lastMember = c.score(), m
	}
	return nil
}

type pair struct {
	score  float64
	member string
}

func comparePairs(a, b pair) int {
	if a.score != b.score {
		if a.score < b.score {
			return -1
		}
		return 1
	}
	return bytes.Compare([]byte(a.member), []byte(b.member))
}

// model is a plain sorted slice.
type model []pair

func (m *model) set(member string, score float64) {
	m.del(member)
	p := pair{score, member}
	i, _ := slices.BinarySearchFunc(*m, p, comparePairs)
	*m = slices.Insert(*m, i, p)
}

func (m *model) del(member string) {
	*m = slices.DeleteFunc(*m, func(p pair) bool { return p.member == member })
}

func put(s *sortedSet, member string, score float64) {
	if ref, old, ok := s.find([]byte(member)); ok {
		s.rescore(ref, old, score)
	} else {
		s.add([]byte(member), score)
	}
}

// TestTreeAgainstSlice runs random changes and compares everything with a sorted slice.
func TestTreeAgainstSlice(t *testing.T) {
	for _, tc := range []struct {
		name            string
		members, scores int
		grow            int // percent of insertions
	}{
		{"distinct scores", 3000, 1 << 30, 60}, {"few scores", 3000, 5, 60}, {"one score", 2000, 1, 55}, {"shrinking", 2000, 100, 45},
	} {
		t.Run(tc.name, func(t *testing.T) {
			seed := rand.Uint64()
			rnd := rand.New(rand.NewPCG(seed, 1))
			ks := keyspace.New(keyspace.Config{})
			defer ks.Close()
			s := newSortedSet(ks)
			var m model
			for i := range 1500 {
				put(s, fmt.Sprint("m", i), float64(rnd.IntN(tc.scores)))
				m.set(fmt.Sprint("m", i), float64(-1))
			}
			m = m[:0]
			for i := range s.len() {
				c := s.tree.at(i)
				m = append(m, pair{c.score(), string(s.dict.Key(c.ref()))})
			}
			for step := range 4000 {
				member := fmt.Sprint("m", rnd.IntN(tc.members))
				switch x := rnd.IntN(100); {
				case x < tc.grow:
					score := float64(rnd.IntN(tc.scores))
					put(s, member, score)
					m.set(member, score)
				case x < 97:
					s.remove([]byte(member))
					m.del(member)
				case s.len() > 0:
					from := rnd.IntN(s.len())
					n := min(rnd.IntN(150)+1, s.len()-from)
					var got model
					s.removeRange(from, n, func(b []byte, f float64) { got = append(got, pair{f, string(b)}) })
					if !slices.Equal(got, m[from:from+n]) {
						t.Fatalf("seed %d step %d: removeRange gave %v", seed, step, got)
					}
					m = slices.Delete(m, from, from+n)
				}
				if step%97 == 0 {
					compare(t, s, m, seed, rnd)
				}
			}
			compare(t, s, m, seed, rnd)
			c := s.clone(ks)
			compare(t, c, m, seed, rnd)
			s.removeRange(0, s.len(), nil)
			compare(t, s, nil, seed, rnd)
		})
	}
}

func compare(t *testing.T, s *sortedSet, m model, seed uint64, rnd *rand.Rand) {
	t.Helper()
	if err := s.check(); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if s.len() != len(m) {
		t.Fatalf("seed %d: %d elements, want %d", seed, s.len(), len(m))
	}
	for i, p := range m {
		c := s.tree.at(i)
		if c.score() != p.score || string(s.dict.Key(c.ref())) != p.member {
			t.Fatalf("seed %d: rank %d is %v %q, want %v", seed, i, c.score(), s.dict.Key(c.ref()), p)
		}
		if i%7 != 0 {
			continue
		}
		if r := s.tree.rank(&bound{kind: boundKey, score: p.score, member: []byte(p.member)}); r != i {
			t.Fatalf("seed %d: rank of %v is %d, want %d", seed, p, r, i)
		}
		for _, after := range []bool{false, true} {
			want := 0
			for _, q := range m {
				if q.score < p.score || after && q.score == p.score {
					want++
				}
			}
			if r := s.tree.rank(&bound{kind: boundScore, score: p.score, after: after}); r != want {
				t.Fatalf("seed %d: %d below score %v (after %v), want %d", seed, r, p.score, after, want)
			}
		}
	}
}

// TestTreeInOrder fills from either end: leaves stay full.
func TestTreeInOrder(t *testing.T) {
	for _, step := range []int{1, -1} {
		ks := keyspace.New(keyspace.Config{})
		s := newSortedSet(ks)
		const n = 30000
		for i := range n {
			s.add(fmt.Appendf(nil, "m%d", i), float64(i*step))
		}
		if err := s.check(); err != nil {
			t.Fatal(err)
		}
		leaves := 0
		for r := s.tree.first; r != 0; r = s.tree.leaf(r).next {
			leaves++
		}
		if leaves > n/leafCap+2 {
			t.Errorf("step %d: %d leaves for %d elements", step, leaves, n)
		}
		for s.len() > 0 { // as ZPOPMIN does
			s.removeRange(0, min(s.len(), 7), nil)
		}
		if err := s.check(); err != nil {
			t.Fatal(err)
		}
		ks.Close()
	}
}

// TestTreeFill measures how full leaves are after random insertion.
func TestTreeFill(t *testing.T) {
	ks := keyspace.New(keyspace.Config{})
	defer ks.Close()
	s := newSortedSet(ks)
	const n = 100000
	for i := range n {
		s.add(fmt.Appendf(nil, "m%d", i), rand.Float64())
	}
	leaves := 0
	for r := s.tree.first; r != 0; r = s.tree.leaf(r).next {
		leaves++
	}
	if fill := float64(n) / float64(leaves*leafCap); fill < 0.7 {
		t.Errorf("leaves are %.2f full", fill)
	}
}
