package sets_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/core/keyspace"
)

func strs(r *coretest.Reply) []string {
	out := make([]string, len(r.Elems))
	for i, e := range r.Elems {
		out[i] = string(e.Str)
	}
	sort.Strings(out)
	return out
}

func encoding(h *coretest.Harness, key string) (enc string) {
	h.Engine.WithAllShards(func() {
		ks := h.Engine.Keyspace()
		if e, ok := ks.Find(0, ks.Hash([]byte(key)), []byte(key)); ok {
			enc = h.Engine.Registry().Type(keyspace.Set).Encoding(core.ValueOf(e))
		}
	})
	return enc
}

func numbered(prefix string, from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, prefix+strconv.Itoa(i))
	}
	return out
}

func add(h *coretest.Harness, key string, members []string) {
	for part := range slices.Chunk(members, 500) {
		h.Do(append([]string{"SADD", key}, part...)...)
	}
}

func TestEncodingsAtThresholds(t *testing.T) {
	tests := []struct {
		name    string
		members []string
		want    string
	}{
		{"integers up to the limit", numbered("", 0, 512), "intset"},
		{"one integer more", numbered("", 0, 513), "hashtable"},
		{"strings up to the limit", numbered("m", 0, 128), "listpack"},
		{"one string more", numbered("m", 0, 129), "hashtable"},
		{"a few integers, then a string", append(numbered("", 0, 20), "x"), "listpack"},
		{"127 integers, then a string", append(numbered("", 0, 127), "x"), "listpack"},
		{"128 integers, then a string", append(numbered("", 0, 128), "x"), "hashtable"},
		{"longest packed member", []string{"a", strings.Repeat("x", 64)}, "listpack"},
		{"a member too long", []string{"a", strings.Repeat("x", 65)}, "hashtable"},
		{"a first member too long", []string{strings.Repeat("x", 65)}, "hashtable"},
		{"integers and a member too long", []string{"1", strings.Repeat("x", 65)}, "hashtable"},
		{"no integer by its text", []string{"01"}, "listpack"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHarness(t)
			add(h, "k", tt.members)
			if got := encoding(h, "k"); got != tt.want {
				t.Errorf("encoding %s, want %s", got, tt.want)
			}
			for _, c := range []string{"SUNIONSTORE", "SINTERSTORE", "SDIFFSTORE"} {
				h.Do(c, "d", "k")
				if got := encoding(h, "d"); got != tt.want {
					t.Errorf("%s: encoding %s, want %s", c, got, tt.want)
				}
			}
			sort.Strings(tt.members)
			if got := strs(h.Do("SMEMBERS", "k")); !slices.Equal(got, tt.members) {
				t.Errorf("members %q", got)
			}
		})
	}
}

func TestListpackOff(t *testing.T) {
	h := newHarness(t)
	h.Set("set-max-listpack-entries", "0")
	h.Do("SADD", "k", "a").Int(1)
	h.Do("SADD", "n", "1", "2").Int(2)
	if got := encoding(h, "k") + encoding(h, "n"); got != "hashtableintset" {
		t.Error(got)
	}
	h.Do("SADD", "n", "a").Int(1)
	if got := encoding(h, "n"); got != "hashtable" {
		t.Error(got)
	}
}

func TestEffects(t *testing.T) {
	h := newHarness(t)
	want := func(lines ...string) {
		t.Helper()
		got := slices.DeleteFunc(h.Effects(), func(l string) bool { return l == "SELECT 0" || l == "MULTI" || l == "EXEC" })
		if !slices.Equal(got, lines) {
			t.Errorf("effects %q, want %q", got, lines)
		}
	}
	h.WithoutReplay()
	h.Do("SADD", "k", "a")
	h.Do("SADD", "k", "a")
	want("SADD k a")
	h.Do("SPOP", "k").Bulk("a")
	want("SREM k a")
	h.Do("SADD", "k", "a", "b")
	h.Do("SPOP", "k", "5")
	want("SADD k a b", "DEL k")
	h.Do("SADD", "k", "7")
	h.Do("SADD", "k", "8", "9")
	h.Effects()
	popped := h.Do("SPOP", "k", "2")
	want("SREM k "+string(popped.Elems[0].Str), "SREM k "+string(popped.Elems[1].Str))
	h.Do("SMOVE", "k", "k2", "nope").Int(0)
	want()
}

func TestErrors(t *testing.T) {
	h := newHarness(t)
	h.Do("SADD", "s", "a", "b")
	tests := []struct{ cmd, err string }{
		{"SPOP s -1", "ERR value is out of range, must be positive"},
		{"SPOP s 1 2", "ERR syntax error"},
		{"SRANDMEMBER s x", "ERR value is not an integer or out of range"},
		{"SRANDMEMBER s -9223372036854775808", "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"},
		{"SINTERCARD 0 s", "ERR numkeys should be greater than 0"},
		{"SINTERCARD 2 s", "ERR Number of keys can't be greater than number of args"},
		{"SINTERCARD 1 s LIMIT -1", "ERR LIMIT can't be negative"},
		{"SINTERCARD 1 s LIMIT", "ERR syntax error"},
		{"SSCAN s x", "ERR invalid cursor"},
		{"SSCAN s 0 COUNT 0", "ERR syntax error"},
		{"SSCAN s 0 MATCH", "ERR syntax error"},
	}
	for _, tt := range tests {
		h.Do(strings.Fields(tt.cmd)...).Error(tt.err)
	}
	h.Do("SSCAN", "none", "0", "junk").Equals("*2\r\n$1\r\n0\r\n*0\r\n")
}

// model is what a set must be.
type model map[string]map[string]bool

func (m model) combine(op string, keys []string) []string {
	var out []string
	count := map[string]int{}
	for _, k := range keys {
		for e := range m[k] {
			count[e]++
		}
	}
	for e, n := range count {
		in := m[keys[0]][e]
		switch op {
		case "SUNION":
		case "SINTER":
			seen := map[string]bool{}
			all := true
			for _, k := range keys {
				all = all && m[k][e]
				seen[k] = true
			}
			if !all {
				continue
			}
		case "SDIFF":
			rest := false
			for _, k := range keys[1:] {
				rest = rest || m[k][e]
			}
			if !in || rest {
				continue
			}
		}
		_ = n
		out = append(out, e)
	}
	sort.Strings(out)
	return out
}

func (m model) set(key string, members []string) {
	delete(m, key)
	if len(members) > 0 {
		m[key] = map[string]bool{}
		for _, e := range members {
			m[key][e] = true
		}
	}
}

// TestAgainstModel runs random commands on sets of all encodings, with thresholds that change on the way.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runModel(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func runModel(t *testing.T, r *rand.Rand) {
	h := newHarness(t)
	m := model{}
	keys := []string{"a", "b", "c", "d", "e", "f"}
	key := func() string { return keys[r.IntN(len(keys))] }
	member := func() string {
		if r.IntN(3) > 0 {
			return strconv.Itoa(r.IntN(400) - 20)
		}
		return "m" + strconv.Itoa(r.IntN(200)) + strings.Repeat("x", r.IntN(2)*r.IntN(70))
	}
	for range 1000 {
		switch k := key(); r.IntN(12) {
		case 0, 1, 2, 3:
			var ms []string
			for range 1 + r.IntN(1+r.IntN(60)) {
				ms = append(ms, member())
			}
			n := 0
			for _, e := range ms {
				if !m[k][e] {
					n++
				}
				if m[k] == nil {
					m[k] = map[string]bool{}
				}
				m[k][e] = true
			}
			h.Do(append([]string{"SADD", k}, ms...)...).Int(int64(n))
		case 4, 5:
			var ms []string
			n := 0
			for range 1 + r.IntN(10) {
				e := member()
				ms = append(ms, e)
				if m[k][e] {
					n++
					delete(m[k], e)
				}
			}
			if len(m[k]) == 0 {
				delete(m, k)
			}
			h.Do(append([]string{"SREM", k}, ms...)...).Int(int64(n))
		case 6:
			dst, e := key(), member()
			had := m[k][e]
			if had && k != dst {
				delete(m[k], e)
				if len(m[k]) == 0 {
					delete(m, k)
				}
				if m[dst] == nil {
					m[dst] = map[string]bool{}
				}
				m[dst][e] = true
			}
			h.Do("SMOVE", k, dst, e).Int(map[bool]int64{true: 1}[had])
		case 7, 8:
			op := []string{"SUNION", "SINTER", "SDIFF"}[r.IntN(3)]
			from := []string{k}
			for range r.IntN(5) {
				from = append(from, key())
			}
			want := m.combine(op, from)
			if got := strs(h.Do(append([]string{op}, from...)...)); !slices.Equal(got, want) {
				t.Fatalf("%s %q: got %q, want %q", op, from, got, want)
			}
			if r.IntN(3) == 0 {
				dst := key()
				h.Do(append([]string{op + "STORE", dst}, from...)...).Int(int64(len(want)))
				m.set(dst, want)
			}
		case 9:
			count := r.IntN(30)
			for _, e := range h.Do("SPOP", k, strconv.Itoa(count)).Elems {
				if !m[k][string(e.Str)] {
					t.Fatalf("SPOP %s: %q is no member", k, e.Str)
				}
				delete(m[k], string(e.Str))
			}
			if len(m[k]) == 0 {
				delete(m, k)
			}
		case 10:
			count := r.IntN(30)
			got := strs(h.Do("SRANDMEMBER", k, strconv.Itoa(count)))
			if len(slices.Compact(got)) != min(count, len(m[k])) {
				t.Fatalf("SRANDMEMBER %s %d of %d: %q", k, count, len(m[k]), got)
			}
		case 11:
			if r.IntN(5) == 0 {
				h.Set([]string{"set-max-intset-entries", "set-max-listpack-entries", "set-max-listpack-value"}[r.IntN(3)],
					strconv.Itoa([]int{0, 5, 64, 128, 512}[r.IntN(5)]))
			}
			e := member()
			h.Do("SISMEMBER", k, e).Int(map[bool]int64{true: 1}[m[k][e]])
			h.Do("SCARD", k).Int(int64(len(m[k])))
			if got := strs(h.Do("SMEMBERS", k)); len(got) != len(m[k]) {
				t.Fatalf("SMEMBERS %s: %d members, want %d", k, len(got), len(m[k]))
			}
		}
	}
}

// TestReserved runs commands heavy enough to work on reserved keys.
func TestReserved(t *testing.T) {
	h := newHarness(t)
	a, b := numbered("m", 0, 6000), numbered("m", 4000, 12000)
	h.Do(append([]string{"SADD", "a"}, a...)...).Int(6000)
	h.Do(append([]string{"SADD", "b"}, b...)...).Int(8000)
	h.Do("SUNIONSTORE", "d", "a", "b").Int(12000)
	h.Do("SINTERSTORE", "i", "a", "b").Int(2000)
	h.Do("SDIFFSTORE", "a", "a", "b").Int(4000)
	h.Do("SINTERCARD", "2", "d", "b").Int(8000)
	if n := len(h.Do("SUNION", "a", "b", "i").Elems); n != 12000 {
		t.Errorf("SUNION: %d", n)
	}
	if n := len(h.Do("SPOP", "d", "7000").Elems); n != 7000 {
		t.Errorf("SPOP: %d", n)
	}
	h.Do("SCARD", "d").Int(5000)
	h.Do(append([]string{"SREM", "b"}, numbered("m", 4000, 9000)...)...).Int(5000)
	h.Do(append([]string{"SREM", "b"}, numbered("m", 4000, 12000)...)...).Int(3000)
	h.Do("SCARD", "b").Int(0)
	h.Do(append([]string{"SADD", "n"}, numbered("", 0, 5000)...)...).Int(5000)
	h.Do(append([]string{"SADD", "few"}, slices.Repeat([]string{"1", "2"}, 3000)...)...).Int(2)
	h.Do(append([]string{"SREM", "few"}, slices.Repeat([]string{"1", "9"}, 3000)...)...).Int(1)
	if got := encoding(h, "few"); got != "intset" {
		t.Error(got)
	}
	h.Do("SPOP", "n", "100000")
	h.Do("SCARD", "n").Int(0)
}

// TestScanUnderChange checks the guarantee: what is there all the time is returned.
func TestScanUnderChange(t *testing.T) {
	h := newHarness(t)
	add(h, "k", numbered("stay", 0, 3000))
	seen := map[string]bool{}
	cursor, i := "0", 0
	for {
		r := h.Do("SSCAN", "k", cursor, "COUNT", "50")
		for _, e := range r.Elems[1].Elems {
			seen[string(e.Str)] = true
		}
		if cursor = string(r.Elems[0].Str); cursor == "0" {
			break
		}
		add(h, "k", numbered("new", i*200, i*200+200))
		if i > 3 {
			h.Do(append([]string{"SREM", "k"}, numbered("new", (i-3)*200, (i-3)*200+200)...)...)
		}
		if i++; i > 10000 {
			t.Fatal("no end")
		}
	}
	for _, e := range numbered("stay", 0, 3000) {
		if !seen[e] {
			t.Fatalf("%s was not returned", e)
		}
	}
}

func TestRandomMembersAreUniform(t *testing.T) {
	for name, members := range map[string][]string{
		"intset": numbered("", 0, 20), "listpack": numbered("m", 0, 20),
		"hashtable": numbered(strings.Repeat("m", 70), 0, 20),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			add(h, "k", members)
			for _, count := range []string{"1", "4", "12", "-4"} {
				got := map[string]int{}
				total := 0
				for range 1000 {
					for _, e := range h.Do("SRANDMEMBER", "k", count).Elems {
						got[string(e.Str)]++
						total++
					}
				}
				for _, m := range members {
					if n := got[m]; n < total/20*6/10-30 || n > total/20*14/10+30 {
						t.Errorf("count %s: %q came %d times of %d", count, m, n, total)
					}
				}
			}
		})
	}
}

// What the STORE forms make of two overlapping sets, on both sides of the limits of a packed set.
func TestStoredResults(t *testing.T) {
	h := newHarness(t)
	for _, prefix := range []string{"m", ""} {
		for _, n := range []int{2, 60, 100, 200, 400, 1200} {
			h.Do("DEL", "a", "b", "d")
			add(h, "a", numbered(prefix, 0, n))
			add(h, "b", numbered(prefix, n/2, n+n/2))
			for _, c := range []struct{ op, reads string }{{"SINTERSTORE", "SINTER"}, {"SUNIONSTORE", "SUNION"}, {"SDIFFSTORE", "SDIFF"}} {
				want := slices.Sorted(slices.Values(strs(h.Do(c.reads, "a", "b"))))
				h.Do(c.op, "d", "a", "b").Int(int64(len(want)))
				if got := slices.Sorted(slices.Values(strs(h.Do("SMEMBERS", "d")))); !slices.Equal(got, want) {
					t.Errorf("%s of %d: %d members, want %d", c.op, n, len(got), len(want))
				}
				for _, m := range want {
					h.Do("SISMEMBER", "d", m).Int(1)
				}
			}
		}
	}
}
