package hashes_test

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

func encoding(h *coretest.Harness, key string) (enc string) {
	h.Engine.WithAllShards(func() {
		ks := h.Engine.Keyspace()
		if e, ok := ks.Find(0, ks.Hash([]byte(key)), []byte(key)); ok {
			enc = h.Engine.Registry().Type(keyspace.Hash).Encoding(core.ValueOf(e))
		}
	})
	return enc
}

// fieldValues are the pairs from to to, as HSET takes them.
func fieldValues(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, "f"+strconv.Itoa(i), "v"+strconv.Itoa(i))
	}
	return out
}

func cmd(name, key string, args []string) []string { return append([]string{name, key}, args...) }

func TestEncodingsAtThresholds(t *testing.T) {
	tests := []struct {
		name  string
		pairs []string
		want  string
	}{
		{"fields up to the limit", fieldValues(0, 512), "listpack"},
		{"one field more", fieldValues(0, 513), "hashtable"},
		{"longest value", []string{"f", strings.Repeat("x", 64)}, "listpack"},
		{"a value too long", []string{"f", strings.Repeat("x", 65)}, "hashtable"},
		{"a field too long", []string{strings.Repeat("x", 65), "v"}, "hashtable"},
		{"a value that grows", []string{"f", "v", "g", "w", "f", strings.Repeat("x", 65)}, "hashtable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHarness(t)
			h.Do(cmd("HSET", "k", tt.pairs)...)
			if got := encoding(h, "k"); got != tt.want {
				t.Errorf("encoding %s, want %s", got, tt.want)
			}
			for i := len(tt.pairs) - 2; i >= len(tt.pairs)-4 && i >= 0; i -= 2 {
				if tt.pairs[i] != "f" || i == len(tt.pairs)-2 {
					h.Do("HGET", "k", tt.pairs[i]).Bulk(tt.pairs[i+1])
				}
			}
		})
	}
}

func TestLimitsWhileRunning(t *testing.T) {
	h := newHarness(t)
	h.Do(cmd("HSET", "k", fieldValues(0, 10))...).Int(10)
	h.Set("hash-max-ziplist-entries", "5")
	h.Do("HGET", "k", "f3").Bulk("v3")
	if got := encoding(h, "k"); got != "listpack" {
		t.Errorf("before the next write: %s", got)
	}
	h.Do("HSET", "k", "f3", "new").Int(0)
	if got := encoding(h, "k"); got != "hashtable" {
		t.Errorf("after it: %s", got)
	}
}

func TestErrors(t *testing.T) {
	h := newHarness(t)
	h.Do("HSET", "h", "t", "x", "max", "9223372036854775807", "inf", "inf", "sp", " 5", "n", "3")
	tests := []struct{ cmd, err string }{
		{"HSET h a", "ERR wrong number of arguments for 'hset' command"},
		{"HSET h a 1 b", "ERR wrong number of arguments for 'hset' command"},
		{"HMSET h a 1 b", "ERR wrong number of arguments for 'hmset' command"},
		{"HINCRBY h t 1", "ERR hash value is not an integer"},
		{"HINCRBY h sp 1", "ERR hash value is not an integer"},
		{"HINCRBY h n x", "ERR value is not an integer or out of range"},
		{"HINCRBY h max 1", "ERR increment or decrement would overflow"},
		{"HINCRBYFLOAT h t 1", "ERR hash value is not a float"},
		{"HINCRBYFLOAT h n nan", "ERR value is not a valid float"},
		{"HINCRBYFLOAT h n inf", "ERR value is NaN or Infinity"},
		{"HINCRBYFLOAT h inf 1", "ERR increment would produce NaN or Infinity"},
		{"HRANDFIELD h x", "ERR value is not an integer or out of range"},
		{"HRANDFIELD h 1 x", "ERR syntax error"},
		{"HRANDFIELD h -9223372036854775808", "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"},
		{"HRANDFIELD h 4611686018427387904 WITHVALUES", "ERR value is out of range"},
		{"HSCAN h x", "ERR invalid cursor"},
		{"HSCAN h 0 COUNT 0", "ERR syntax error"},
	}
	for _, tt := range tests {
		h.Do(strings.Fields(tt.cmd)...).Error(tt.err)
	}
	h.Do("HLEN", "h").Int(5)
}

func TestEffects(t *testing.T) {
	h := newHarness(t).WithoutReplay()
	want := func(lines ...string) {
		t.Helper()
		got := slices.DeleteFunc(h.Effects(), func(l string) bool { return l == "SELECT 0" })
		if !slices.Equal(got, lines) {
			t.Errorf("effects %q, want %q", got, lines)
		}
	}
	h.Do("HSET", "k", "a", "1.5")
	h.Do("HINCRBYFLOAT", "k", "a", "0.25").Bulk("1.75")
	h.Do("HINCRBY", "k", "n", "5").Int(5)
	h.Do("HSETNX", "k", "a", "x").Int(0)
	h.Do("HDEL", "k", "nope").Int(0)
	h.Do("HDEL", "k", "a", "n", "more").Int(2)
	want("HSET k a 1.5", "HSET k a 1.75", "HINCRBY k n 5", "HDEL k a n more")
}

func TestReplies(t *testing.T) {
	h := newHarness(t)
	h.Do("HSET", "k", "a", "1").Int(1)
	h.Do("HGETALL", "k").Equals("*2\r\n$1\r\na\r\n$1\r\n1\r\n")
	h.Do("HRANDFIELD", "k", "-2", "WITHVALUES").Equals("*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\na\r\n$1\r\n1\r\n")
	h.Do("HRANDFIELD", "none").Equals("$-1\r\n")
	h.Do("HMGET", "none", "a", "b").Equals("*2\r\n$-1\r\n$-1\r\n")
	h.Do("HSTRLEN", "k", "a").Int(1)
	h.Do("HSCAN", "k", "0", "MATCH", "b*").Equals("*2\r\n$1\r\n0\r\n*0\r\n")
}

// TestAgainstModel runs random commands on hashes of both encodings, with thresholds that change on the way.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runModel(t, rand.New(rand.NewPCG(seed, 2))) })
	}
}

func randomText(r *rand.Rand) string {
	switch r.IntN(8) {
	case 0:
		return strconv.FormatInt(int64(r.Uint64())>>r.IntN(64), 10)
	case 1:
		return strings.Repeat("x", r.IntN(70))
	case 2:
		return []string{"-0", "007", "", "\r\n", "\x00\xff", "9223372036854775808", strings.Repeat("y", 300)}[r.IntN(7)]
	case 3, 4:
		return strconv.Itoa(r.IntN(300) - 50)
	}
	return "f" + strconv.Itoa(r.IntN(100))
}

func runModel(t *testing.T, r *rand.Rand) {
	h := newHarness(t)
	m := map[string]map[string]string{}
	for range 1200 {
		k := string(rune('a' + r.IntN(4)))
		switch r.IntN(10) {
		case 0, 1, 2, 3:
			var args []string
			created := 0
			for range 1 + r.IntN(1+r.IntN(20)) {
				f, v := randomText(r), randomText(r)
				args = append(args, f, v)
				if m[k] == nil {
					m[k] = map[string]string{}
				}
				if _, had := m[k][f]; !had {
					created++
				}
				m[k][f] = v
			}
			h.Do(cmd("HSET", k, args)...).Int(int64(created))
		case 4, 5:
			var args []string
			n := 0
			for range 1 + r.IntN(10) {
				f := randomText(r)
				args = append(args, f)
				if _, had := m[k][f]; had {
					n++
					delete(m[k], f)
				}
			}
			if len(m[k]) == 0 {
				delete(m, k)
			}
			h.Do(cmd("HDEL", k, args)...).Int(int64(n))
		case 6:
			f := randomText(r)
			n, err := strconv.ParseInt(m[k][f], 10, 64)
			if m[k][f] != "" && (err != nil || strconv.FormatInt(n, 10) != m[k][f]) || n > 1<<60 {
				continue
			}
			if _, had := m[k][f]; had && m[k][f] == "" {
				continue
			}
			if m[k] == nil {
				m[k] = map[string]string{}
			}
			m[k][f] = strconv.FormatInt(n+7, 10)
			h.Do("HINCRBY", k, f, "7").Int(n + 7)
		case 7:
			got := h.Do("HGETALL", k).Elems
			if len(got) != 2*len(m[k]) {
				t.Fatalf("HGETALL %s: %d elements for %d fields", k, len(got), len(m[k]))
			}
			for i := 0; i < len(got); i += 2 {
				if v, ok := m[k][string(got[i].Str)]; !ok || v != string(got[i+1].Str) {
					t.Fatalf("%s %q: %q, want %q", k, got[i].Str, got[i+1].Str, v)
				}
			}
		case 8:
			count := r.IntN(20)
			got := h.Do("HRANDFIELD", k, strconv.Itoa(count), "WITHVALUES").Elems
			seen := map[string]bool{}
			for i := 0; i < len(got); i += 2 {
				f := string(got[i].Str)
				if v, ok := m[k][f]; !ok || v != string(got[i+1].Str) || seen[f] {
					t.Fatalf("HRANDFIELD %s: %q", k, f)
				}
				seen[f] = true
			}
			if len(seen) != min(count, len(m[k])) {
				t.Fatalf("HRANDFIELD %s %d: %d of %d", k, count, len(seen), len(m[k]))
			}
		case 9:
			if r.IntN(6) == 0 {
				h.Set([]string{"hash-max-listpack-entries", "hash-max-listpack-value"}[r.IntN(2)],
					strconv.Itoa([]int{0, 5, 64, 300, 512}[r.IntN(5)]))
			}
			f := randomText(r)
			if v, ok := m[k][f]; ok {
				h.Do("HGET", k, f).Bulk(v)
				h.Do("HSTRLEN", k, f).Int(int64(len(v)))
			} else {
				h.Do("HGET", k, f).Nil()
				h.Do("HEXISTS", k, f).Int(0)
			}
			h.Do("HLEN", k).Int(int64(len(m[k])))
		}
	}
}

// TestReserved runs commands heavy enough to work on a reserved key.
func TestReserved(t *testing.T) {
	h := newHarness(t)
	h.Do(cmd("HSET", "k", fieldValues(0, 5000))...).Int(5000)
	h.Do(cmd("HMSET", "k", fieldValues(2500, 7500))...).OK()
	if n := len(h.Do("HGETALL", "k").Elems); n != 15000 {
		t.Errorf("HGETALL: %d", n)
	}
	if n := len(h.Do("HRANDFIELD", "k", "5000").Elems); n != 5000 {
		t.Errorf("HRANDFIELD: %d", n)
	}
	var fields []string
	for i := range 7500 {
		fields = append(fields, "f"+strconv.Itoa(i))
	}
	if n := len(h.Do(cmd("HMGET", "k", fields)...).Elems); n != 7500 {
		t.Errorf("HMGET: %d", n)
	}
	h.Do(cmd("HDEL", "k", fields[:5000])...).Int(5000)
	h.Do(cmd("HDEL", "k", fields)...).Int(2500)
	h.Do("HLEN", "k").Int(0)
	same := slices.Repeat([]string{"a", "1", "b", "2"}, 1500)
	h.Do(cmd("HSET", "few", same)...).Int(2)
	h.Do(cmd("HDEL", "few", slices.Repeat([]string{"a", "x", "y"}, 2000))...).Int(1)
	if got := encoding(h, "few"); got != "listpack" {
		t.Error(got)
	}
}

// TestScanUnderChange checks the guarantee: what is there all the time is returned.
func TestScanUnderChange(t *testing.T) {
	h := newHarness(t)
	h.Do(cmd("HSET", "k", fieldValues(0, 3000))...)
	var seen []string
	cursor, i := "0", 0
	for {
		r := h.Do("HSCAN", "k", cursor, "COUNT", "40")
		for j := 0; j < len(r.Elems[1].Elems); j += 2 {
			seen = append(seen, string(r.Elems[1].Elems[j].Str))
		}
		if cursor = string(r.Elems[0].Str); cursor == "0" {
			break
		}
		h.Do(cmd("HSET", "k", fieldValues(10000+i*100, 10100+i*100))...)
		if i++; i > 10000 {
			t.Fatal("no end")
		}
	}
	sort.Strings(seen)
	for j := range 3000 {
		if _, ok := slices.BinarySearch(seen, "f"+strconv.Itoa(j)); !ok {
			t.Fatalf("f%d was not returned", j)
		}
	}
}
