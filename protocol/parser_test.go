package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// parseAll feeds data to a new parser in pieces of the given size (0: all at once) and returns the requests, quoted,
// and the error that ended it. It moves the buffer between calls, as a connection may.
func parseAll(tb testing.TB, data []byte, piece int, lim *Limits) (requests []string, err error) {
	tb.Helper()
	var p Parser
	var buf []byte
	if piece <= 0 {
		piece = max(len(data), 1)
	}
	for len(data) > 0 {
		n := min(piece, len(data))
		buf = append(bytes.Clone(buf), data[:n]...)
		data = data[n:]
		for {
			args, consumed, err := p.Next(buf, lim)
			if consumed < 0 || consumed > len(buf) {
				tb.Fatalf("consumed %d of %d bytes", consumed, len(buf))
			}
			if raw := p.Raw(); raw != nil && (err != nil || !bytes.Equal(raw, AppendCommand(nil, args...))) {
				tb.Fatalf("%q, %v, as it was sent: %q", args, err, raw)
			}
			if err == nil {
				requests = append(requests, fmt.Sprintf("%q", args))
			} else if args != nil {
				tb.Fatalf("arguments beside the error %v", err)
			}
			buf = buf[consumed:]
			if err == ErrIncomplete {
				break
			}
			if err != nil {
				return requests, err
			}
		}
	}
	return requests, nil
}

var parserCases = []struct {
	name, in string
	want     []string
	err      error
}{
	{"empty", "", nil, nil},
	{"array", "*2\r\n$3\r\nGET\r\n$1\r\na\r\n", []string{`["GET" "a"]`}, nil},
	{"empty argument", "*2\r\n$3\r\nGET\r\n$0\r\n\r\n", []string{`["GET" ""]`}, nil},
	{"long argument", "*1\r\n$300\r\n" + strings.Repeat("x", 300) + "\r\n", []string{`["` + strings.Repeat("x", 300) + `"]`}, nil},
	{"pipeline", "*1\r\n$1\r\na\r\nb c\r\n*1\r\n$1\r\nd\r\n", []string{`["a"]`, `["b" "c"]`, `["d"]`}, nil},
	{"binary", "*1\r\n$4\r\n\r\n\x00$\r\n", []string{`["\r\n\x00$"]`}, nil},
	{"no arguments", "*0\r\n*-1\r\n*-9\r\n\r\n\n  \t\nPING\r\n", []string{`["PING"]`}, nil},
	{"line feed only", "PING\nECHO a\n", []string{`["PING"]`, `["ECHO" "a"]`}, nil},
	{"ends not looked at", "*1\rX$4\rXPINGabPING\n", []string{`["PING"]`, `["PING"]`}, nil},
	{"waits for line end", "*1\r\n$4", nil, nil},
	{"array without CR", "*1\n$4\nPING\n", nil, nil},
	{"NUL hides inline end", "PI\x00NG\r\nPING\r\n", nil, nil},
	{"NUL hides header end", "*1\r\n\x00a\r\n", nil, nil},
	{"count not a number", "*x\r\n", nil, ErrMultibulkLength},
	{"count empty", "*\r\n", nil, ErrMultibulkLength},
	{"count with plus", "*+1\r\n", nil, ErrMultibulkLength},
	{"count with zero ahead", "*01\r\n", nil, ErrMultibulkLength},
	{"count too large", "*2147483648\r\n", nil, ErrMultibulkLength},
	{"count largest", "*2147483647\r\n", nil, nil},
	{"count line too long", "*" + strings.Repeat("1", 65536), nil, ErrMultibulkCountLine},
	{"count line just fits", "*" + strings.Repeat("1", 65535), nil, nil},
	{"bulk line too long", "*1\r\n$" + strings.Repeat("1", 65536), nil, ErrBulkCountLine},
	{"inline too long", strings.Repeat("a", 65537), nil, ErrInlineTooBig},
	{"inline just fits", strings.Repeat("a", 65536), nil, nil},
	{"length not a number", "*1\r\n$x\r\n", nil, ErrBulkLength},
	{"length with space", "*1\r\n$4 \r\n", nil, ErrBulkLength},
	{"length with zero ahead", "*1\r\n$04\r\nPING\r\n", nil, ErrBulkLength},
	{"length zero twice", "*1\r\n$00\r\n\r\n", nil, ErrBulkLength},
	{"length negative", "*1\r\n$-1\r\n", nil, ErrBulkLength},
	{"length too large", "*1\r\n$536870913\r\n", nil, ErrBulkLength},
	{"length largest", "*1\r\n$536870912\r\n", nil, nil},
	{"not a bulk", "*1\r\nPING\r\n", nil, Error("ERR Protocol error: expected '$', got 'P'")},
	{"not a bulk, line end", "*1\r\n\r\n", nil, Error("ERR Protocol error: expected '$', got ' '")},
	{"not a bulk, high byte", "*1\r\n\xff\r\n", nil, Error("ERR Protocol error: expected '$', got '\xff'")},
	{"after a request", "PING\r\n*1\r\n:1\r\n", []string{`["PING"]`}, Error("ERR Protocol error: expected '$', got ':'")},
	{"double quotes", `echo "a\x41\n\r\t\b\a\"\q\xz"` + "\r\n", []string{`["echo" "aA\n\r\t\b\a\"qxz"]`}, nil},
	{"single quotes", `echo 'a\'b\n"' ''` + "\r\n", []string{`["echo" "a'b\\n\"" ""]`}, nil},
	{"quotes inside", "echo foo\"bar\"\r\n", []string{`["echo" "foobar"]`}, nil},
	{"vertical tab", "\vecho a\vb \fc\r\n", []string{`["echo" "a\vb" "c"]`}, nil},
	{"CR inside", "echo \r a\rb\r\n", []string{`["echo" "a" "b"]`}, nil},
	{"quote open", "PING \"a\r\n", nil, ErrInlineQuotes},
	{"quote open behind backslash", "PING \"a\\\r\n", nil, ErrInlineQuotes},
	{"quote followed", "PING \"a\"b\r\n", nil, ErrInlineQuotes},
	{"single quote followed", "PING 'a'b\r\n", nil, ErrInlineQuotes},
	{"single quote open", "PING 'a\\'\r\n", nil, ErrInlineQuotes},
}

func TestParser(t *testing.T) {
	for _, c := range parserCases {
		t.Run(c.name, func(t *testing.T) {
			for _, piece := range []int{0, 1, 2, 7, 4096} {
				if piece < 1000 && piece > 0 && len(c.in) > 1000 {
					continue // an unfinished line is looked at from its start at every read
				}
				got, err := parseAll(t, []byte(c.in), piece, &Limits{})
				if fmt.Sprint(got) != fmt.Sprint(c.want) || !errors.Is(err, c.err) {
					t.Errorf("in pieces of %d: %v, %v; want %v, %v", piece, got, err, c.want, c.err)
				}
			}
		})
	}
}

// TestParserAtOnceAsInPieces compares requests that are cut in one pass with the same ones, whole and damaged, that come byte by byte.
func TestParserAtOnceAsInPieces(t *testing.T) {
	const seed = 11
	rnd := rand.New(rand.NewSource(seed))
	limits := []Limits{{}, {Unauthenticated: true}, {MaxBulk: 40}, {MaxMultibulk: 3}}
	bytesOfRequests := []byte("$*\r\n0123456789-+ a\x00\"")
	for range 20_000 {
		var data []byte
		for range 1 + rnd.Intn(4) {
			var args []string
			for range 1 + rnd.Intn(5) {
				args = append(args, strings.Repeat("x", []int{0, 1, 9, 10, 39, 41, 99, 100, 101}[rnd.Intn(9)]))
			}
			data = AppendCommandStrings(data, args...)
		}
		for n := rnd.Intn(4); n > 0 && len(data) > 0; n-- {
			i, b := rnd.Intn(len(data)), bytesOfRequests[rnd.Intn(len(bytesOfRequests))]
			switch rnd.Intn(3) {
			case 0:
				data[i] = b
			case 1:
				data = append(data[:i], data[i+1:]...)
			case 2:
				data = data[:i+1]
			}
		}
		lim := &limits[rnd.Intn(len(limits))]
		want, wantErr := parseAll(t, data, 1, lim)
		got, err := parseAll(t, data, 0, lim)
		if fmt.Sprint(got) != fmt.Sprint(want) || err != wantErr {
			t.Fatalf("seed %d, %q, %+v: at once %v, %v; byte by byte %v, %v", seed, data, *lim, got, err, want, wantErr)
		}
	}
}

// TestParserRaw: what comes as clients send it needs not be encoded again; other forms of the same are not handed out.
func TestParserRaw(t *testing.T) {
	for in, raw := range map[string]string{
		"*2\r\n$3\r\nGET\r\n$1\r\na\r\n":   "*2\r\n$3\r\nGET\r\n$1\r\na\r\n",
		"*0\r\n*1\r\n$4\r\nPING\r\n*1\r\n": "*1\r\n$4\r\nPING\r\n",
		"*1\rx$4\r\nPING\r\n":              "",
		"*1\r\n$4\rxPING\r\n":              "",
		"*1\r\n$4\r\nPINGxx":               "",
		"PING\r\n":                         "",
	} {
		var p Parser
		p.args = make([][]byte, 0, 8) // as after the first request
		if args, _, err := p.Next([]byte(in), &Limits{}); err != nil || len(args) == 0 {
			t.Errorf("%q: %q, %v", in, args, err)
		}
		if string(p.Raw()) != raw {
			t.Errorf("%q: as it was sent %q, want %q", in, p.Raw(), raw)
		}
	}
}

func TestParserLimits(t *testing.T) {
	cases := []struct {
		name, in string
		lim      Limits
		err      error
	}{
		{"11 arguments before AUTH", "*11\r\n", Limits{Unauthenticated: true}, ErrUnauthMultibulk},
		{"10 arguments before AUTH", "*10\r\n", Limits{Unauthenticated: true}, nil},
		{"16385 bytes before AUTH", "*1\r\n$16385\r\n", Limits{Unauthenticated: true}, ErrUnauthBulk},
		{"16384 bytes before AUTH", "*1\r\n$16384\r\n", Limits{Unauthenticated: true}, nil},
		{"too much even then", "*1\r\n$536870913\r\n", Limits{Unauthenticated: true}, ErrBulkLength},
		{"own bulk limit", "*1\r\n$11\r\n", Limits{MaxBulk: 10}, ErrBulkLength},
		{"own bulk limit met", "*1\r\n$10\r\n", Limits{MaxBulk: 10}, nil},
		{"large bulk limit", "*1\r\n$1073741824\r\n", Limits{MaxBulk: 1 << 40}, nil},
		{"own multibulk limit", "*3\r\n", Limits{MaxMultibulk: 2}, ErrMultibulkLength},
		{"own line limit", "aaaaaa", Limits{MaxInline: 5}, ErrInlineTooBig},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := parseAll(t, []byte(c.in), 0, &c.lim); !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
		})
	}
}

func TestParserNeed(t *testing.T) {
	var p Parser
	lim := &Limits{}
	if _, n, err := p.Next([]byte("*2\r\n$3\r\nGET\r\n$100\r\nabc"), lim); n != 0 || err != ErrIncomplete {
		t.Fatal(n, err)
	}
	if p.Need() != 99 {
		t.Errorf("need %d bytes, want 99", p.Need())
	}
	if p.Idle() {
		t.Error("idle within a request")
	}
	p.Reset()
	if !p.Idle() || p.Need() != 0 {
		t.Error("not idle after Reset")
	}
	if args, n, err := p.Next([]byte("PING\r\nx"), lim); len(args) != 1 || n != 6 || err != nil {
		t.Errorf("after Reset: %q, %d, %v", args, n, err)
	}
}

// allocatedBytes is what one call of f takes, on average.
func allocatedBytes(f func()) uint64 {
	const rounds = 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		f()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / rounds
}

// A count and a length without data must not cost memory.
func TestParserDeclaredSizesAreFree(t *testing.T) {
	data := []byte("*2147483647\r\n$536870912\r\n")
	allocated := allocatedBytes(func() {
		var p Parser
		if _, _, err := p.Next(data, &Limits{}); err != ErrIncomplete {
			t.Fatal(err)
		}
	})
	if allocated > 1024 {
		t.Errorf("%d bytes for a request that isn't there", allocated)
	}
}

// Millions of empty arguments cost what the caller's buffer holds, until the request is complete.
func TestParserUnfinishedGiantIsSmall(t *testing.T) {
	data := AppendCommand(nil, make([][]byte, 1_000_000)...)
	allocated := allocatedBytes(func() {
		var p Parser
		if _, _, err := p.Next(data[:len(data)-1], &Limits{}); err != ErrIncomplete {
			t.Fatal(err)
		}
	})
	if allocated > 256<<10 {
		t.Errorf("%d bytes beside the buffer", allocated)
	}
}

// The arguments of a giant request are all found, however long, whatever follows their length, and in how many pieces they came.
func TestParserGiantArguments(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 123_456)
	want := make([][]byte, keptArgs+3000)
	for i := range want {
		want[i] = strconv.AppendInt(nil, int64(i*i*i), 10)
	}
	want[keptArgs], want[keptArgs+7], want[len(want)-1] = nil, long, []byte("$3\r\nend")
	data := append(AppendCommand(nil, want...), "PING\r\n"...)
	for _, pieces := range []int{1, 2, 57} {
		var p Parser
		for i := 1; i < pieces; i++ {
			if _, n, err := p.Next(data[:len(data)*i/(pieces+1)], &Limits{}); n != 0 || err != ErrIncomplete {
				t.Fatal(n, err)
			}
		}
		args, n, err := p.Next(data, &Limits{})
		if err != nil || n != len(data)-len("PING\r\n") || len(args) != len(want) {
			t.Fatalf("%d arguments, %d bytes, %v", len(args), n, err)
		}
		for i := range want {
			if !bytes.Equal(args[i], want[i]) || cap(args[i]) != len(args[i]) {
				t.Fatalf("argument %d is %.40q", i, args[i])
			}
		}
		if args, _, err = p.Next(data[n:], &Limits{}); err != nil || len(args) != 1 {
			t.Errorf("the next request: %q, %v", args, err)
		}
	}
}

func TestParserGivesBackGiantArrays(t *testing.T) {
	args := make([][]byte, 100_000)
	data := append(AppendCommand(nil, args...), "PING\r\nPING\r\n"...)
	var p Parser
	for len(data) > 0 {
		_, n, err := p.Next(data, &Limits{})
		if err != nil {
			t.Fatal(err)
		}
		data = data[n:]
	}
	if cap(p.args) > keptArgs || cap(p.spans) > keptArgs {
		t.Errorf("keeps room for %d and %d arguments", cap(p.args), cap(p.spans))
	}
}

func TestParserResetGivesBackUnfinishedGiant(t *testing.T) {
	data := AppendCommand(nil, make([][]byte, 100_000)...)
	var p Parser
	if _, _, err := p.Next(data[:len(data)-1], &Limits{}); err != ErrIncomplete {
		t.Fatal(err)
	}
	p.Reset()
	if cap(p.spans) > keptArgs || !p.Idle() {
		t.Errorf("keeps room for %d arguments", cap(p.spans))
	}
}

func TestParserAllocations(t *testing.T) {
	data := []byte("*3\r\n$3\r\nSET\r\n$5\r\nhello\r\n$5\r\nworld\r\nset \"a\\n\" 'b'\r\n")
	var p Parser
	lim := &Limits{}
	allocs := testing.AllocsPerRun(100, func() {
		for rest := data; len(rest) > 0; {
			_, n, err := p.Next(rest, lim)
			if err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a round", allocs)
	}
}

// Arguments must not be reachable from their neighbours by append.
func TestParserArgumentsAreCapped(t *testing.T) {
	for _, in := range []string{"*2\r\n$1\r\na\r\n$1\r\nb\r\n", "a b\r\n", "\"a\" \"b\"\r\n"} {
		var p Parser
		args, _, err := p.Next([]byte(in), &Limits{})
		if err != nil {
			t.Fatal(err)
		}
		_ = append(args[0], "xxxxxxxx"...)
		if string(args[1]) != "b" {
			t.Errorf("%q: the append changed the next argument to %q", in, args[1])
		}
	}
}

func FuzzParser(f *testing.F) {
	for _, c := range parserCases {
		f.Add([]byte(c.in), int64(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, seed int64) {
		if len(data) > 60_000 {
			t.Skip("where a line is too long depends on the reads")
		}
		lim := &Limits{Unauthenticated: seed&1 == 1}
		want, wantErr := parseAll(t, data, 0, lim)
		got, err := parseAll(t, data, 1+rand.New(rand.NewSource(seed)).Intn(20), lim)
		if fmt.Sprint(got) != fmt.Sprint(want) || err != wantErr {
			t.Errorf("in pieces: %v, %v\nat once: %v, %v", got, err, want, wantErr)
		}
	})
}

func FuzzInline(f *testing.F) {
	f.Add([]byte(`set "a\x41" 'b\'' c"d"`))
	f.Fuzz(func(t *testing.T, line []byte) {
		args, ok := SplitArgs(line)
		if !ok {
			return
		}
		total := 0
		for _, a := range args {
			total += len(a)
		}
		if total > len(line) {
			t.Errorf("%q has arguments of %d bytes", line, total)
		}
		if bytes.ContainsAny(line, "\n\x00") || len(line) == 0 || line[0] == '*' || len(args) == 0 {
			return
		}
		var p Parser
		again, n, err := p.Next(append(bytes.Clone(line), "\r\n"...), &Limits{})
		if err != nil || n != len(line)+2 || fmt.Sprintf("%q", again) != fmt.Sprintf("%q", args) {
			t.Errorf("parser: %q, %d, %v; want %q", again, n, err, args)
		}
	})
}

func BenchmarkParser(b *testing.B) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"get", []string{"GET", "key:000000012345"}},
		{"set64", []string{"SET", "key:000000012345", strings.Repeat("v", 64)}},
		{"mset100", strings.Fields("MSET " + strings.Repeat("key:000000012345 value ", 50))},
	} {
		b.Run(c.name, func(b *testing.B) {
			var data []byte
			for range 16 {
				data = AppendCommandStrings(data, c.args...)
			}
			var p Parser
			lim := &Limits{}
			b.ReportAllocs()
			args := 0
			for b.Loop() {
				for rest := data; len(rest) > 0; {
					got, n, err := p.Next(rest, lim)
					if err != nil {
						b.Fatal(err)
					}
					args += len(got)
					rest = rest[n:]
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(args), "ns/arg")
		})
	}
}

func BenchmarkParserInline(b *testing.B) {
	data := []byte("SET key:000000012345 \"a b\"\r\n")
	var p Parser
	lim := &Limits{}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := p.Next(data, lim); err != nil {
			b.Fatal(err)
		}
	}
}

// A million arguments in pieces of 16 KB; the buffer doubles as it fills.
func BenchmarkParserGiantInPieces(b *testing.B) {
	args := make([][]byte, 1_000_000)
	for i := range args {
		args[i] = []byte("0123456789")
	}
	data := AppendCommand(nil, args...)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		var p Parser
		for end := 16 << 10; ; end += 16 << 10 {
			_, _, err := p.Next(data[:min(end, len(data))], &Limits{})
			if err == nil {
				break
			}
		}
	}
}
