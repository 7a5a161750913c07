package rdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/redust/redust/core/packed"
)

// A recorder is a sink for everything: it writes down what comes, as text, element by element.
type recorder struct {
	elems []string
	calls []string // which methods were called, each once in a row
}

func (r *recorder) call(name string) {
	if n := len(r.calls); n == 0 || r.calls[n-1] != name {
		r.calls = append(r.calls, name)
	}
}

func (r *recorder) add(name string, b ...[]byte) error {
	r.call(name)
	for _, b := range b {
		r.elems = append(r.elems, string(b))
	}
	return nil
}

func (r *recorder) listpack(name string, lp packed.Listpack) error {
	r.call(name)
	for it := lp.Iter(lp.First()); it.Next(); {
		r.elems = append(r.elems, string(it.AppendTo(nil)))
	}
	return nil
}

func (r *recorder) Begin(int) error                   { r.call("begin"); return nil }
func (r *recorder) Element(b []byte) error            { return r.add("element", b) }
func (r *recorder) Node(lp packed.Listpack) error     { return r.listpack("node", lp) }
func (r *recorder) PlainNode(b []byte) error          { return r.add("plain", b) }
func (r *recorder) Member(b []byte) error             { return r.add("member", b) }
func (r *recorder) Listpack(lp packed.Listpack) error { return r.listpack("listpack", lp) }
func (r *recorder) Pair(f, v []byte) error            { return r.add("pair", f, v) }
func (r *recorder) Scored(m []byte, s float64) error {
	return r.add("scored", m, strconv.AppendFloat(nil, s, 'g', 17, 64))
}

func (r *recorder) Intset(is packed.Intset) error {
	for i := range is.Len() {
		_ = r.add("intset", strconv.AppendInt(nil, is.Get(i), 10))
	}
	return nil
}

// decode reads the body of a value and checks that nothing is left.
func decode(t testing.TB, d *Decoder, typ Type) (*recorder, error) {
	t.Helper()
	r := &recorder{}
	var err error
	switch typ.Kind() {
	case KindString:
		var b []byte
		b, err = d.ReadString()
		_ = r.add("string", b)
	case KindList:
		err = d.ReadList(typ, r)
	case KindSet:
		err = d.ReadSet(typ, r)
	case KindHash:
		err = d.ReadHash(typ, r)
	case KindZSet:
		err = d.ReadZSet(typ, r)
	default:
		err = d.Skip(typ)
	}
	return r, err
}

func str(s string) []byte {
	e := NewEncoder(nil, EncoderOptions{})
	e.String([]byte(s))
	return e.Bytes()
}

func lp(elems ...string) []byte {
	l := packed.NewListpack(nil)
	for _, s := range elems {
		l = l.Append([]byte(s))
	}
	return l
}

func intset(members ...string) []byte {
	is := packed.NewIntset(nil)
	for _, s := range members {
		v, _ := strconv.ParseInt(s, 10, 64)
		is, _ = is.Add(v)
	}
	return is
}

func join(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = append(b, byte(p))
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		}
	}
	return b
}

// Old encodings, written down from the format: no server here makes them any more.
var (
	oldZiplist = []byte{
		0x15, 0, 0, 0, 0x12, 0, 0, 0, 4, 0,
		0, 1, 'a', 3, 0xF2, 2, 1, 'b', 3, 0xF3, 0xFF,
	} // a 1 b 2
	oldZipmap = []byte("\x02\x01a\x01\x001\x01b\x01\x022..\xFF") // a 1 b 2
)

var valueCases = []struct {
	name  string
	typ   Type
	body  []byte
	want  string // elements joined by spaces
	calls string
}{
	{"string", TypeString, str("hello"), "hello", "string"},
	{"string int8", TypeString, []byte{0xC0, 0x85}, "-123", "string"},
	{"string int16", TypeString, []byte{0xC1, 0x39, 0x30}, "12345", "string"},
	{"string int32", TypeString, []byte{0xC2, 0, 0, 0, 0x80}, "-2147483648", "string"},
	{"string compressed", TypeString, join(0xC3, 6, 30, "\x01ab\xE0\x13\x01"), strings.Repeat("ab", 15), "string"},
	{"string of 14 bits length", TypeString, join(0x40, 70, strings.Repeat("x", 70)), strings.Repeat("x", 70), "string"},
	{"string of 32 bits length", TypeString, join(0x80, 0, 0, 0, 3, "abc"), "abc", "string"},
	{"string of 64 bits length", TypeString, join(0x81, 0, 0, 0, 0, 0, 0, 0, 3, "abc"), "abc", "string"},
	{"list", TypeList, join(2, str("a"), str("12")), "a 12", "begin element"},
	{"list ziplist", TypeListZiplist, str(string(oldZiplist)), "a 1 b 2", "node"},
	{"list quicklist", TypeListQuicklist, join(2, str(string(oldZiplist)), str(string(oldZiplist))), "a 1 b 2 a 1 b 2", "node"},
	{
		"list quicklist 2", TypeListQuicklist2, join(4, 2, str(string(lp("a", "1"))), 1, str("plain"), 2, str(string(lp())), 2, str(string(lp("z")))),
		"a 1 plain z", "node plain node",
	},
	{"set", TypeSet, join(2, str("a"), str("12")), "a 12", "begin member"},
	{"set intset", TypeSetIntset, str("\x02\x00\x00\x00\x02\x00\x00\x00\xFF\xFF\x05\x00"), "-1 5", "intset"},
	{"set listpack", TypeSetListpack, str(string(lp("a", "1", "c"))), "a 1 c", "listpack"},
	{"hash", TypeHash, join(2, str("a"), str("1"), str("b"), str("2")), "a 1 b 2", "begin pair"},
	{"hash zipmap", TypeHashZipmap, str(string(oldZipmap)), "a 1 b 2", "begin pair"},
	{"hash ziplist", TypeHashZiplist, str(string(oldZiplist)), "a 1 b 2", "listpack"},
	{"hash listpack", TypeHashListpack, str(string(lp("a", "1", "b", "2"))), "a 1 b 2", "listpack"},
	{"zset text", TypeZSet, join(4, str("a"), 3, "1.5", str("b"), 3, "1e3", str("c"), 254, str("d"), 255), "a 1.5 b 1000 c +Inf d -Inf", "begin scored"},
	{"zset 2", TypeZSet2, join(1, str("a"), "\x00\x00\x00\x00\x00\x00\xF8\x3F"), "a 1.5", "begin scored"},
	{"zset ziplist", TypeZSetZiplist, str(string(oldZiplist)), "a 1 b 2", "listpack"},
	{"zset listpack", TypeZSetListpack, str(string(lp("a", "-1.5", "b", "2"))), "a -1.5 b 2", "listpack"},
}

func TestValues(t *testing.T) {
	for _, c := range valueCases {
		t.Run(c.name, func(t *testing.T) {
			for name, d := range map[string]*Decoder{
				"bytes":        NewBytesDecoder(c.body, DecoderOptions{Sanitize: SanitizeYes}),
				"reader":       NewDecoder(bytes.NewReader(c.body), DecoderOptions{}),
				"byte by byte": NewDecoder(oneByte{bytes.NewReader(c.body)}, DecoderOptions{Size: int64(len(c.body))}),
			} {
				r, err := decode(t, d, c.typ)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if got := strings.Join(r.elems, " "); got != c.want {
					t.Errorf("%s: %q, want %q", name, got, c.want)
				}
				if got := strings.Join(r.calls, " "); got != c.calls {
					t.Errorf("%s: calls %q, want %q", name, got, c.calls)
				}
				if d.Offset() != int64(len(c.body)) {
					t.Errorf("%s: %d of %d bytes read", name, d.Offset(), len(c.body))
				}
			}
			d := NewDecoder(bytes.NewReader(join(c.body, "rest")), DecoderOptions{})
			if raw, err := d.ReadRaw(c.typ); err != nil || !bytes.Equal(raw, c.body) {
				t.Errorf("raw: %v, %q", err, raw)
			}
		})
	}
}

type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

func TestTruncatedValues(t *testing.T) {
	for _, c := range valueCases {
		for cut := range c.body {
			_, err := decode(t, NewBytesDecoder(c.body[:cut], DecoderOptions{}), c.typ)
			var de *DecodeError
			if !errors.As(err, &de) {
				t.Errorf("%s cut at %d: %v", c.name, cut, err)
			}
			if _, err := decode(t, NewDecoder(bytes.NewReader(c.body[:cut]), DecoderOptions{}), c.typ); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s cut at %d: %v", c.name, cut, err)
			}
		}
	}
}

func TestDamagedValues(t *testing.T) {
	cases := []struct {
		name     string
		typ      Type
		body     []byte
		sanitize Sanitize
		want     string // part of the error
	}{
		{"unknown type", 8, []byte{1}, SanitizeNo, "unknown type 8"},
		{"unknown type above", 22, []byte{1}, SanitizeNo, "unknown type 22"},
		{"old module", TypeModule, []byte{1}, SanitizeNo, "without its module"},
		{"score", TypeZSet, join(1, str("a"), 2, "1e"), SanitizeNo, "at offset 3: score"},
		{"NaN", TypeZSet, join(1, str("a"), 253), SanitizeNo, "not a number"},
		{"NaN in listpack", TypeZSetListpack, str(string(lp("a", "nan"))), SanitizeNo, "not a number"},
		{"text for a score", TypeZSetListpack, str(string(lp("a", "b"))), SanitizeNo, "not a number"},
		{"point for a score", TypeZSetListpack, str(string(lp("a", "."))), SanitizeNo, "not a number"},
		{"odd", TypeHashListpack, str(string(lp("a", "1", "b"))), SanitizeNo, "odd"},
		{"length encoding", TypeString, []byte{0x82}, SanitizeNo, "unknown length encoding"},
		{"string encoding", TypeString, []byte{0xC4}, SanitizeNo, "unknown string encoding"},
		{"encoded count", TypeSet, []byte{0xC0, 1}, SanitizeNo, "where a length"},
		{"container", TypeListQuicklist2, join(1, 3, str("a")), SanitizeNo, "container 3"},
		{"LZF bomb", TypeString, join(0xC3, 2, 0x80, 0x7F, 0xFF, 0xFF, 0xFF, "ab"), SanitizeNo, "above what is possible"},
		{"LZF", TypeString, join(0xC3, 2, 5, "\x20\x05"), SanitizeNo, "LZF"},
		{"huge string", TypeString, []byte{0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, SanitizeNo, "above the limit"},
		{"long string", TypeString, []byte{0x80, 0, 0, 1, 0}, SanitizeNo, "0 bytes are left"},
		{"huge count", TypeHash, []byte{0x80, 0xFF, 0xFF, 0xFF, 0xFF}, SanitizeNo, "declared count"},
		{"listpack", TypeHashListpack, str("abcdefg"), SanitizeNo, "listpack"},
		{"field twice", TypeHashListpack, str(string(lp("a", "1", "a", "2"))), SanitizeYes, "duplicate"},
		{"member twice", TypeSetListpack, str(string(lp("a", "b", "a"))), SanitizeYes, "duplicate"},
		{"empty plain node", TypeListQuicklist2, join(1, 1, str("")), SanitizeNo, "without bytes"},
		{"empty zipmap", TypeHashZipmap, str("\x00\xFF"), SanitizeNo, "zipmap: "},
		{"intset", TypeSetIntset, str("\x02\x00\x00\x00\x02\x00\x00\x00\x05\x00\x01\x00"), SanitizeYes, "ascending"},
		{"scores", TypeZSetListpack, str(string(lp("a", "2", "b", "1"))), SanitizeYes, "order"},
		{"members", TypeZSetListpack, str(string(lp("b", "1", "a", "1"))), SanitizeYes, "order"},
		{"plain member twice", TypeSet, join(2, str("a"), str("a")), SanitizeYes, "duplicate"},
		{"plain field twice", TypeHash, join(2, str("a"), str("1"), str("a"), str("1")), SanitizeYes, "duplicate"},
	}
	for _, c := range cases {
		err := NewBytesDecoder(c.body, DecoderOptions{Sanitize: c.sanitize}).Skip(c.typ)
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrEmptyKey) {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.sanitize == SanitizeYes {
			if err := NewBytesDecoder(c.body, DecoderOptions{}).Skip(c.typ); err != nil {
				t.Errorf("%s: not sanitizing: %v", c.name, err)
			}
		}
	}
}

func TestEmptyCollections(t *testing.T) {
	emptyZiplist := string([]byte{0x0B, 0, 0, 0, 0x0A, 0, 0, 0, 0, 0, 0xFF})
	cases := []struct {
		typ  Type
		body []byte
	}{
		{TypeList, []byte{0}},
		{TypeSet, []byte{0}},
		{TypeHash, []byte{0}},
		{TypeZSet, []byte{0}},
		{TypeZSet2, []byte{0}},
		{TypeListQuicklist, []byte{0}},
		{TypeListQuicklist2, join(1, 2, str(string(lp())))},
		{TypeListZiplist, str(emptyZiplist)},
		{TypeHashZiplist, str(emptyZiplist)},
		{TypeZSetZiplist, str(emptyZiplist)},
		{TypeHashListpack, str(string(lp()))},
		{TypeZSetListpack, str(string(lp()))},
		{TypeSetListpack, str(string(lp()))},
		{TypeSetIntset, str(string(packed.NewIntset(nil)))},
	}
	for _, c := range cases {
		d := NewBytesDecoder(c.body, DecoderOptions{})
		if err := d.Skip(c.typ); !errors.Is(err, ErrEmptyKey) || d.Offset() != int64(len(c.body)) {
			t.Errorf("%v: %v, %d of %d bytes", c.typ, err, d.Offset(), len(c.body))
		}
	}
}

func TestStrings(t *testing.T) {
	inputs := []string{
		"", "0", "-1", "127", "128", "-129", "32768", "2147483647", "2147483648", "-2147483649", "007", "-0", "9223372036854775807",
		strings.Repeat("a", 20), strings.Repeat("a", 21), strings.Repeat("ab", 10_000), strings.Repeat("x", 63), strings.Repeat("x", 64),
		strings.Repeat("0123456789", 30_000), strings.Repeat("0123456789", 330_000), string(lzfSamples()["random"]), string(lzfSamples()["text"]),
	}
	for _, compress := range []bool{false, true} {
		var out bytes.Buffer
		e := NewEncoder(&out, EncoderOptions{Compress: compress, Checksum: true})
		for _, s := range inputs {
			e.String([]byte(s))
		}
		for _, v := range []int64{5, -500, math.MaxInt32, math.MaxInt64} {
			e.Int(v)
		}
		if err := e.Flush(); err != nil || e.Offset() != int64(out.Len()) {
			t.Fatal(err)
		}
		d := NewDecoder(bytes.NewReader(out.Bytes()), DecoderOptions{})
		for i, s := range append(inputs, "5", "-500", "2147483647", "9223372036854775807") {
			if got, err := d.ReadString(); err != nil || string(got) != s {
				t.Fatalf("string %d: %v, %.30q", i, err, got)
			}
		}
		if d.sum(); d.crc != CRC64(0, out.Bytes()) {
			t.Errorf("checksum of the decoder %016x", d.crc)
		}
	}
}

func TestDeclaredLengthTakesNoMemory(t *testing.T) {
	body := join(0x81, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, strings.Repeat("x", 100))
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := NewDecoder(bytes.NewReader(body), DecoderOptions{}).ReadString(); !errors.Is(err, io.ErrUnexpectedEOF) {
				b.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	if allocated > 3<<20 {
		t.Errorf("%d bytes allocated for 100 that came", allocated)
	}
}

type failing struct{ n int }

func (f *failing) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestEncoderKeepsTheFirstError(t *testing.T) {
	e := NewEncoder(&failing{n: 100_000}, EncoderOptions{})
	for range 100 {
		e.String(bytes.Repeat([]byte("z"), 5000))
	}
	if !errors.Is(e.Err(), io.ErrShortWrite) || !errors.Is(e.EOF(), io.ErrShortWrite) {
		t.Error(e.Err())
	}
}

func TestLengths(t *testing.T) {
	for _, n := range []uint64{0, 63, 64, 16383, 16384, math.MaxUint32, math.MaxUint32 + 1, math.MaxUint64} {
		b := AppendLength(nil, n)
		if got, err := NewBytesDecoder(b, DecoderOptions{}).ReadLength(); err != nil || got != n {
			t.Errorf("%d: %d, %v", n, got, err)
		}
	}
}

func TestTypeNames(t *testing.T) {
	if got := fmt.Sprint(TypeHashListpack, KindZSet, Type(99)); got != "hash (type 16) zset unknown (type 99)" {
		t.Error(got)
	}
}

func TestEncoderReset(t *testing.T) {
	e := NewEncoder(nil, EncoderOptions{Compress: true})
	e.String(bytes.Repeat([]byte("z"), 500))
	first := bytes.Clone(e.Bytes())
	buf := make([]byte, 3, 1000)
	e.Reset(nil, buf)
	e.String(bytes.Repeat([]byte("z"), 500))
	if !bytes.Equal(e.Bytes(), first) || &e.Bytes()[0] != &buf[0] || e.Offset() != int64(len(first)) {
		t.Errorf("% x, want % x in the memory given", e.Bytes(), first)
	}
}

func TestWrongKind(t *testing.T) {
	d := NewBytesDecoder([]byte{1, 1, 'a'}, DecoderOptions{})
	_, streamErr := d.ReadStream(TypeHash)
	for i, err := range []error{
		d.ReadList(TypeHash, &recorder{}), d.ReadSet(TypeHash, &recorder{}), d.ReadHash(TypeSet, &recorder{}),
		d.ReadZSet(TypeSet, &recorder{}), streamErr,
	} {
		if err == nil || !strings.Contains(err.Error(), "is no encoding of a") || d.Offset() != 0 {
			t.Errorf("%d: %v", i, err)
		}
	}
}
