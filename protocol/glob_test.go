package protocol

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", false}, // as Redis: KEYS * is answered without matching
		{"*", "a", true},
		{"a*", "a", true},
		{"a**", "abc", true},
		{"*a", "ba", true},
		{"*a*b*", "xaxxbx", true},
		{"*a*b", "xaxxbx", false},
		{"h?llo", "hello", true},
		{"h?llo", "hllo", false},
		{"h[ae]llo", "hallo", true},
		{"h[^e]llo", "hello", false},
		{"h[a-c]llo", "hbllo", true},
		{"h[c-a]llo", "hbllo", true},
		{"[", "[", false},
		{"[^", "x", true},
		{"[a", "a", true},
		{"[a-", "-", true},
		{"[a-]", "b", false},
		{"[]a]", "]", false},
		{"[\\]]", "]", true},
		{"\\*", "*", true},
		{"\\*", "a", false},
		{"\\", "\\", true},
		{"a\\", "a\\", true},
		{"*\x00", "a\x00", true},
	} {
		if got := Match([]byte(c.pattern), []byte(c.s)); got != c.want {
			t.Errorf("%q, %q: %v", c.pattern, c.s, got)
		}
		if got := CompileGlob([]byte(c.pattern)).Match([]byte(c.s)); got != c.want {
			t.Errorf("compiled %q, %q: %v", c.pattern, c.s, got)
		}
	}
}

func randomGlobBytes(r interface{ Intn(int) int }, alphabet string, n int) string {
	b := make([]byte, r.Intn(n))
	for i := range b {
		b[i] = alphabet[r.Intn(len(alphabet))]
	}
	return string(b)
}

func TestMatchAgainstRedis(t *testing.T) {
	o := newOracle(t)
	r := newRand(t)
	const script = `redis.call('SET', ARGV[1], '') local n = #redis.call('KEYS', ARGV[2]) redis.call('DEL', ARGV[1]) return n`
	for range 8 {
		var cases [][2]string
		var commands [][]string
		for range 4000 {
			s := randomGlobBytes(r, "aabc-]\\^\x80\xffA", 8)
			p := randomGlobBytes(r, "aabc**?[[]]--^\\\x80\xffA\x00", 10)
			if r.Intn(3) == 0 { // make matches likely
				p = "*" + s + p
			}
			if p == "*" {
				continue
			}
			cases = append(cases, [2]string{p, s})
			commands = append(commands, []string{"EVAL", script, "0", s, p})
		}
		for i, reply := range o.pipeline(commands...) {
			p, s := cases[i][0], cases[i][1]
			want := reply.Int == 1
			if got := Match([]byte(p), []byte(s)); got != want {
				t.Fatalf("Match(%q, %q) = %v, Redis %v", p, s, got, want)
			}
			if got := CompileGlob([]byte(p)).Match([]byte(s)); got != want {
				t.Fatalf("compiled Match(%q, %q) = %v, Redis %v", p, s, got, want)
			}
		}
	}
}

// FUNCTION LIST matches library names without regard to case.
func TestMatchFoldAgainstRedis(t *testing.T) {
	o := newOracle(t)
	r := newRand(t)
	var names []string
	for i := range 30 {
		name := fmt.Sprintf("%s%d", randomGlobBytes(r, "aAbBcCzZ_", 6), i)
		load := "#!lua name=" + name + "\nredis.register_function('f" + fmt.Sprint(i) + "', function() return 1 end)"
		if err := o.do("FUNCTION", "LOAD", load).Err(); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	var patterns []string
	var commands [][]string
	for range 8000 {
		p := randomGlobBytes(r, "aAbBcCzZ_**??[[]]--^\\\x80\xff019", 9)
		if r.Intn(2) == 0 {
			p = "*" + p + "*"
		}
		patterns = append(patterns, p)
		commands = append(commands, []string{"FUNCTION", "LIST", "LIBRARYNAME", p})
	}
	for i, reply := range o.pipeline(commands...) {
		listed := map[string]bool{}
		for _, lib := range reply.Elems {
			name, _ := lib.Get("library_name")
			listed[name.Text()] = true
		}
		for _, name := range names {
			if got := MatchFold([]byte(patterns[i]), []byte(name)); got != listed[name] {
				t.Fatalf("MatchFold(%q, %q) = %v, Redis %v", patterns[i], name, got, listed[name])
			}
			if got := CompileGlobFold([]byte(patterns[i])).Match([]byte(name)); got != listed[name] {
				t.Fatalf("compiled MatchFold(%q, %q) = %v, Redis %v", patterns[i], name, got, listed[name])
			}
		}
	}
}

func TestGlobLooks(t *testing.T) {
	for _, c := range []struct {
		pattern, prefix, literal string
		any, isLiteral           bool
	}{
		{"abc", "abc", "abc", false, true},
		{"abc*", "abc", "", false, false},
		{"ab?d*", "ab", "", false, false},
		{"*abc", "", "", false, false},
		{"*", "", "", true, false},
		{"***", "", "", false, false},
		{"a\\*", "a", "", false, false},
	} {
		g := CompileGlob([]byte(c.pattern))
		literal, ok := g.Literal()
		if g.Any() != c.any || string(g.Prefix()) != c.prefix || ok != c.isLiteral || ok && string(literal) != c.literal {
			t.Errorf("%q: any %v, prefix %q, literal %q %v", c.pattern, g.Any(), g.Prefix(), literal, ok)
		}
	}
}

// A pattern that makes backtracking matchers explode must cost at most len(pattern)*len(s) steps.
func TestMatchBoundedWork(t *testing.T) {
	pattern := []byte(strings.Repeat("a*", 1000) + "b")
	fold := []byte(strings.Repeat("[a]*?", 500) + "b")
	s := []byte(strings.Repeat("a", 10_000))
	start := time.Now()
	if Match(pattern, s) || Match(fold, s) || MatchFold(pattern, s) {
		t.Error("matched")
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
}

// plainMatch is the definition of the pattern language, by recursion and without care for time.
func plainMatch(p, s []byte, fold bool) bool {
	if len(p) == 0 {
		return len(s) == 0
	}
	if p[0] == '*' {
		return plainMatch(p[1:], s, fold) || len(s) > 0 && plainMatch(p, s[1:], fold)
	}
	if len(s) == 0 {
		return false
	}
	ok, next := matchOne(p, 0, s[0], fold)
	return ok && plainMatch(p[next:], s[1:], fold)
}

func FuzzGlob(f *testing.F) {
	f.Add([]byte("a*[b-d]?\\*"), []byte("axxcx*"), true)
	f.Fuzz(func(t *testing.T, p, s []byte, fold bool) {
		if len(p) > 12 || len(s) > 12 {
			match(p, s, fold)
			return
		}
		want := plainMatch(p, s, fold)
		if len(s) == 0 {
			want = len(p) == 0
		}
		if got := match(p, s, fold); got != want {
			t.Errorf("match(%q, %q, %v) = %v", p, s, fold, got)
		}
		if got := compileGlob(p, fold).Match(s); got != want {
			t.Errorf("compiled match(%q, %q, %v) = %v", p, s, fold, got)
		}
	})
}

func BenchmarkGlob(b *testing.B) {
	key := []byte("user:000000012345:session")
	for _, p := range []string{"*", "user:*", "*:session", "*0123*", "user:*:sess?on", "user:[0-9]*", "*1*2*3*x"} {
		g := CompileGlob([]byte(p))
		b.Run(strings.ReplaceAll(p, "*", "%"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.Match(key)
			}
		})
	}
}
