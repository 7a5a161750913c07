package protocol

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestWriter(t *testing.T) {
	for _, c := range []struct {
		name         string
		write        func(w *Writer)
		resp2, resp3 string
	}{
		{"OK", func(w *Writer) { w.OK() }, "+OK\r\n", "+OK\r\n"},
		{"status", func(w *Writer) { w.SimpleString("a\r\nb") }, "+a  b\r\n", "+a  b\r\n"},
		{"error", func(w *Writer) { w.Error("ERR a\nb") }, "-ERR a b\r\n", "-ERR a b\r\n"},
		{
			"integers", func(w *Writer) {
				for _, n := range []int64{0, 9, 10, 99, 100, -1, math.MaxInt64, math.MinInt64} {
					w.Int(n)
				}
			}, ":0\r\n:9\r\n:10\r\n:99\r\n:100\r\n:-1\r\n:9223372036854775807\r\n:-9223372036854775808\r\n",
			":0\r\n:9\r\n:10\r\n:99\r\n:100\r\n:-1\r\n:9223372036854775807\r\n:-9223372036854775808\r\n",
		},
		{"bulk", func(w *Writer) { w.Bulk([]byte("a\r\n")); w.BulkString("") }, "$3\r\na\r\n\r\n$0\r\n\r\n", "$3\r\na\r\n\r\n$0\r\n\r\n"},
		{"bulk integers", func(w *Writer) {
			for _, n := range []int64{0, -5, 10, math.MinInt64} {
				w.BulkInt(n)
			}
		}, "$1\r\n0\r\n$2\r\n-5\r\n$2\r\n10\r\n$20\r\n-9223372036854775808\r\n", "$1\r\n0\r\n$2\r\n-5\r\n$2\r\n10\r\n$20\r\n-9223372036854775808\r\n"},
		{"null", func(w *Writer) { w.Null() }, "$-1\r\n", "_\r\n"},
		{"null array", func(w *Writer) { w.NullArray() }, "*-1\r\n", "_\r\n"},
		{"array", func(w *Writer) { w.Array(1000) }, "*1000\r\n", "*1000\r\n"},
		{"map", func(w *Writer) { w.Map(60) }, "*120\r\n", "%60\r\n"},
		{"set", func(w *Writer) { w.Set(3) }, "*3\r\n", "~3\r\n"},
		{"push", func(w *Writer) { w.Push(3) }, "*3\r\n", ">3\r\n"},
		{"attribute", func(w *Writer) { w.Attribute(1) }, "", "|1\r\n"},
		{"boolean", func(w *Writer) { w.Bool(true); w.Bool(false) }, ":1\r\n:0\r\n", "#t\r\n#f\r\n"},
		{"big number", func(w *Writer) { w.BigNumber("123") }, "$3\r\n123\r\n", "(123\r\n"},
		{"double", func(w *Writer) { w.Double(3.1); w.Double(math.Inf(-1)) }, "$18\r\n3.1000000000000001\r\n$4\r\n-inf\r\n", ",3.1000000000000001\r\n,-inf\r\n"},
		{"human double", func(w *Writer) { w.HumanDouble(3.5) }, "$3\r\n3.5\r\n", ",3.5\r\n"},
		{"verbatim", func(w *Writer) { w.Verbatim("txt", []byte("hi\n")); w.Verbatim("a", nil) }, "$3\r\nhi\n\r\n$0\r\n\r\n", "=7\r\ntxt:hi\n\r\n=4\r\na  :\r\n"},
		{"raw", func(w *Writer) { w.Raw([]byte("+a\r\n")); w.RawString("+b\r\n") }, "+a\r\n+b\r\n", "+a\r\n+b\r\n"},
		{"truncate", func(w *Writer) {
			w.OK()
			m := w.Mark()
			w.Array(2)
			w.OK()
			w.Truncate(m)
			w.Error("ERR x")
		}, "+OK\r\n-ERR x\r\n", "+OK\r\n-ERR x\r\n"},
		{"deferred, nested", func(w *Writer) {
			outer, inner := w.DeferMap(), Deferred{}
			w.BulkString("k")
			inner = w.DeferSet()
			for range 12 {
				w.Int(1)
			}
			w.SetDeferred(inner, 12)
			w.SetDeferred(outer, 1)
			w.OK()
		}, "*2\r\n$1\r\nk\r\n*12\r\n" + strings.Repeat(":1\r\n", 12) + "+OK\r\n", "%1\r\n$1\r\nk\r\n~12\r\n" + strings.Repeat(":1\r\n", 12) + "+OK\r\n"},
		{"deferred, long", func(w *Writer) { d := w.DeferArray(); w.OK(); w.SetDeferred(d, 1234567) }, "*1234567\r\n+OK\r\n", "*1234567\r\n+OK\r\n"},
		{"deferred, empty", func(w *Writer) { d := w.DeferPush(); w.SetDeferred(d, 0) }, "*0\r\n", ">0\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for proto, want := range map[int]string{0: c.resp2, 2: c.resp2, 3: c.resp3} {
				w := Writer{Proto: proto}
				c.write(&w)
				if got := string(w.Buf); got != want {
					t.Errorf("RESP%d: %q, want %q", proto, got, want)
				}
				if w.Len() != len(want) {
					t.Errorf("Len is %d", w.Len())
				}
			}
		})
	}
}

// DEBUG PROTOCOL writes one reply of each kind.
func TestWriterAgainstRedis(t *testing.T) {
	o := newOracle(t)
	cases := map[string]func(w *Writer){
		"string":  func(w *Writer) { w.BulkString("Hello World") },
		"integer": func(w *Writer) { w.Int(12345) },
		"double":  func(w *Writer) { w.Double(3.141) },
		"null":    func(w *Writer) { w.Null() },
		"array":   func(w *Writer) { w.Array(3); w.Int(0); w.Int(1); w.Int(2) },
		"set":     func(w *Writer) { w.Set(3); w.Int(0); w.Int(1); w.Int(2) },
		"map": func(w *Writer) {
			w.Map(3)
			w.Int(0)
			w.Bool(false)
			w.Int(1)
			w.Bool(true)
			w.Int(2)
			w.Bool(false)
		},
		"bignum":   func(w *Writer) { w.BigNumber("1234567999999999999999999999999999999") },
		"true":     func(w *Writer) { w.Bool(true) },
		"false":    func(w *Writer) { w.Bool(false) },
		"verbatim": func(w *Writer) { w.Verbatim("txt", []byte("This is a verbatim\nstring")) },
		"attrib": func(w *Writer) {
			if w.Proto == 3 {
				w.Attribute(1)
				w.BulkString("key-popularity")
				w.Array(2)
				w.BulkString("key:123")
				w.Int(90)
			}
			w.BulkString("Some real reply following the attribute")
		},
	}
	o.in.Record(true)
	for _, proto := range []int{2, 3} {
		if proto == 3 {
			o.do("HELLO", "3")
		}
		for name, write := range cases {
			o.do("DEBUG", "PROTOCOL", name)
			w := Writer{Proto: proto}
			write(&w)
			if got, want := string(w.Buf), string(o.in.Raw()); got != want {
				t.Errorf("%s in RESP%d: %q, Redis %q", name, proto, got, want)
			}
		}
	}
}

func TestWriterAllocations(t *testing.T) {
	w := Writer{Buf: make([]byte, 0, 4096), Proto: 3}
	value := []byte("value")
	if n := testing.AllocsPerRun(100, func() {
		w.Reset()
		d := w.DeferMap()
		w.OK()
		w.Int(123456)
		w.Bulk(value)
		w.BulkInt(-5)
		w.Double(3.14)
		w.HumanDouble(3.14)
		w.Error("ERR x")
		w.Verbatim("txt", value)
		w.SetDeferred(d, 4)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Bulk strings of all lengths around those that take short cuts, with any room in the buffer; numbers of all lengths.
func TestAppendBulk(t *testing.T) {
	check := func(what string, got []byte, text string) {
		t.Helper()
		if want := fmt.Sprintf("before$%d\r\n%s\r\n", len(text), text); string(got) != want {
			t.Fatalf("%s: got %q, want %q", what, got, want)
		}
	}
	for n := range 130 {
		text := strings.Repeat("x", n)
		for room := range 20 {
			buf := append(make([]byte, 0, len("before")+n+room), "before"...)
			check(fmt.Sprint(n, " bytes, room ", room), AppendBulk(buf, []byte(text)), text)
		}
	}
	numbers := []int64{0, math.MinInt64, math.MaxInt64}
	for p := int64(1); p > 0 && p <= 1e18; p *= 10 {
		numbers = append(numbers, p, p-1, p+1, 3*p, -p, 1-p, -p-1)
	}
	for _, n := range numbers {
		for room := range 30 {
			buf := append(make([]byte, 0, len("before")+room), "before"...)
			check(fmt.Sprint(n, ", room ", room), AppendBulkInt(buf, n), strconv.FormatInt(n, 10))
		}
	}
}

func BenchmarkWriter(b *testing.B) {
	w := Writer{Buf: make([]byte, 0, 1<<16)}
	value := make([]byte, 64)
	for _, c := range []struct {
		name string
		run  func()
	}{
		{"OK", func() { w.OK() }},
		{"Int", func() { w.Int(12345) }},
		{"Bulk64", func() { w.Bulk(value) }},
		{"Null", func() { w.Null() }},
		{"BulkInt", func() { w.BulkInt(12345) }},
		{"Double", func() { w.Double(3.14159) }},
		{"Deferred10", func() {
			d := w.DeferArray()
			for range 10 {
				w.Bulk(value)
			}
			w.SetDeferred(d, 10)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w.Reset()
				c.run()
			}
		})
	}
}
