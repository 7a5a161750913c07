package protocol

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReplyReader(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"status", "+OK\r\n", "+ \"OK\"\n"},
		{"error", "-ERR x\r\n", "- \"ERR x\"\n"},
		{"integer", ":-5\r\n", ": -5\n"},
		{"bulk", "$5\r\na\r\nbc\r\n", "$ \"a\\r\\nbc\"\n"},
		{"bulk, empty", "$0\r\n\r\n", "$ \"\"\n"},
		{"bulk, long", "$100000\r\n" + strings.Repeat("x", 100000) + "\r\n", "$ \"" + strings.Repeat("x", 100000) + "\"\n"},
		{"null bulk", "$-1\r\n", "$ null\n"},
		{"null array", "*-1\r\n", "* null\n"},
		{"null", "_\r\n", "_ null\n"},
		{"array", "*2\r\n:1\r\n*1\r\n+a\r\n", "* 2\n  : 1\n  * 1\n    + \"a\"\n"},
		{"map", "%1\r\n+a\r\n#t\r\n", "% 2\n  + \"a\"\n  # true\n"},
		{"set", "~1\r\n#f\r\n", "~ 1\n  # false\n"},
		{"push", ">1\r\n+a\r\n", "> 1\n  + \"a\"\n"},
		{"double", ",1.5\r\n", ", \"1.5\"\n"},
		{"double inf", ",-inf\r\n", ", \"-inf\"\n"},
		{"double nan", ",nan\r\n", ", \"nan\"\n"},
		{"double nan, negative", ",-nan\r\n", ", \"-nan\"\n"},
		{"big number", "(12345678901234567890\r\n", "( \"12345678901234567890\"\n"},
		{"verbatim", "=6\r\ntxt:ab\r\n", "= \"ab\"\n"},
		{"bulk error", "!5\r\nERR x\r\n", "! \"ERR x\"\n"},
		{"attribute", "|1\r\n+a\r\n:1\r\n+b\r\n", "+ \"b\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, source := range map[string]io.Reader{
				"at once":  strings.NewReader(c.in + c.in),
				"by bytes": iotest.OneByteReader(strings.NewReader(c.in + c.in)),
			} {
				r := NewReplyReader(source, ReplyLimits{})
				r.Record(true)
				for range 2 {
					reply, err := r.Read()
					if err != nil || reply.String() != c.want || string(r.Raw()) != c.in {
						t.Fatalf("%s: %v\n%s\nraw %q", name, err, reply, r.Raw())
					}
				}
				if _, err := r.Read(); err != io.EOF || r.Offset() != 2*int64(len(c.in)) {
					t.Errorf("%s: at the end %v, offset %d", name, err, r.Offset())
				}
			}
		})
	}
}

func TestReplyReaderCut(t *testing.T) {
	whole := "*3\r\n$3\r\nabc\r\n%1\r\n+a\r\n_\r\n=5\r\ntxt:a\r\n"
	for n := 1; n < len(whole); n++ {
		if _, err := NewReplyReader(strings.NewReader(whole[:n]), ReplyLimits{}).Read(); err != io.ErrUnexpectedEOF {
			t.Errorf("%q: %v", whole[:n], err)
		}
	}
}

func TestReplyReaderRefuses(t *testing.T) {
	lim := ReplyLimits{MaxBulk: 10, MaxLine: 20, MaxDepth: 2, MaxElements: 5}
	for _, in := range []string{
		"\r\n", "x\r\n", "+a\n", ":x\r\n", ":\r\n", "$11\r\n", "$-2\r\n", "$?\r\n", "$1\r\nabc\r\n", "!-1\r\n", "%-1\r\n",
		"*6\r\n", "%3\r\n", "*3\r\n*3\r\n", "*1\r\n*1\r\n*1\r\n", "|1\r\n+a\r\n+b\r\n|1\r\n+a\r\n+b\r\n|1\r\n", "+" + strings.Repeat("x", 21) + "\r\n",
		"+" + strings.Repeat("x", 100_000), "_x\r\n", "#x\r\n", ",x\r\n", "=3\r\ntxt\r\n", "=4\r\ntxt;\r\n",
	} {
		r := NewReplyReader(strings.NewReader(in), lim)
		if _, err := r.Read(); !errors.Is(err, ErrReply) {
			t.Errorf("%q: %v", in, err)
		}
		if _, err := r.Read(); !errors.Is(err, ErrReply) {
			t.Errorf("%q: forgot the error: %v", in, err)
		}
	}
}

func TestReplyReaderDeclaredSizesAreFree(t *testing.T) {
	for _, in := range []string{"$536870912\r\n", strings.Repeat("*1000000\r\n", 16)} {
		allocated := allocatedBytes(func() {
			_, _ = NewReplyReader(strings.NewReader(in), ReplyLimits{}).Read()
		})
		if allocated > 1<<19 {
			t.Errorf("%.20q: %d bytes", in, allocated)
		}
	}
}

func TestReplyAccess(t *testing.T) {
	r, err := NewReplyReader(strings.NewReader("%2\r\n+a\r\n:1\r\n$1\r\nb\r\n#t\r\n"), ReplyLimits{}).Read()
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := r.Get("a"); !ok || v.Int != 1 || v.Text() != "1" {
		t.Errorf("a is %v, %v", v, ok)
	}
	if v, ok := r.Get("b"); !ok || !v.Bool || v.Text() != "true" {
		t.Errorf("b is %v, %v", v, ok)
	}
	if _, ok := r.Get("c"); ok {
		t.Error("there is a c")
	}
	if err := (Reply{Kind: KindError, Str: []byte("ERR x")}).Err(); err != Error("ERR x") {
		t.Errorf("%v", err)
	}
	if err := r.Err(); err != nil {
		t.Errorf("%v", err)
	}
}

func TestAppendCommand(t *testing.T) {
	const want = "*2\r\n$3\r\nGET\r\n$0\r\n\r\n"
	if got := AppendCommand(nil, []byte("GET"), nil); string(got) != want {
		t.Errorf("%q", got)
	}
	if got := AppendCommandStrings(nil, "GET", ""); string(got) != want {
		t.Errorf("%q", got)
	}
}

func FuzzReplyReader(f *testing.F) {
	for _, s := range []string{"+OK\r\n", "*2\r\n$3\r\nabc\r\n:1\r\n", "%1\r\n+a\r\n,1.5\r\n", "|1\r\n+a\r\n+b\r\n=5\r\ntxt:a\r\n", "*1000000\r\n*1000000\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := ReplyLimits{MaxDepth: 8, MaxElements: 1000, MaxBulk: 1 << 20}
		whole, pieces := NewReplyReader(bytes.NewReader(data), lim), NewReplyReader(iotest.HalfReader(bytes.NewReader(data)), lim)
		whole.Record(true)
		at := 0
		for {
			a, errA := whole.Read()
			b, errB := pieces.Read()
			if (errA == nil) != (errB == nil) || a.String() != b.String() {
				t.Fatalf("at once %v, %v; in pieces %v, %v", a, errA, b, errB)
			}
			if errA != nil {
				return
			}
			raw := whole.Raw()
			if !bytes.HasPrefix(data[at:], raw) {
				t.Fatalf("raw %q isn't at %d", raw, at)
			}
			at += len(raw)
		}
	})
}

func BenchmarkReplyReader(b *testing.B) {
	data := bytes.Repeat([]byte("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000012345\r\n$5\r\nvalue\r\n"), 100)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReplyReader(bytes.NewReader(data), ReplyLimits{})
		for {
			if _, err := r.Read(); err != nil {
				break
			}
		}
	}
}
