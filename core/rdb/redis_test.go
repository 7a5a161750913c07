package rdb

import (
	"bytes"
	"fmt"
	"math"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/resp"
)

// A redisServer is a real Redis of the test's own.
type redisServer struct {
	t    *testing.T
	dir  string
	conn *resp.Conn
}

// startRedis starts redis-server with an empty configuration beside args, or skips the test where there is none.
func startRedis(t *testing.T, args ...string) *redisServer {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed: formats are not compared with the real ones")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr)
	l.Close()
	dir := t.TempDir()
	cmd := exec.Command(path, append([]string{
		"--port", strconv.Itoa(addr.Port), "--bind", "127.0.0.1", "--save", "", "--dir", dir,
		"--enable-debug-command", "yes",
	}, args...)...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		c, err := net.DialTimeout("tcp", addr.String(), time.Second)
		if err != nil {
			continue
		}
		s := &redisServer{t: t, dir: dir, conn: resp.NewConn(c)}
		t.Cleanup(func() { c.Close() })
		if s.try("PING").String() == "PONG" {
			return s
		}
	}
	t.Fatal("redis-server did not start")
	return nil
}

// try sends a command; the reply may be an error.
func (s *redisServer) try(args ...any) resp.Value {
	s.t.Helper()
	vals := make([]resp.Value, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case []byte:
			vals[i] = resp.BytesValue(a)
		default:
			vals[i] = resp.StringValue(fmt.Sprint(a))
		}
	}
	if err := s.conn.WriteArray(vals); err != nil {
		s.t.Fatal(err)
	}
	v, _, err := s.conn.ReadValue()
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s *redisServer) do(args ...any) resp.Value {
	s.t.Helper()
	v := s.try(args...)
	if v.Type() == resp.Error {
		s.t.Fatalf("%.100v: %v", args, v)
	}
	return v
}

func (s *redisServer) strings(args ...any) []string {
	s.t.Helper()
	var out []string
	for _, v := range s.do(args...).Array() {
		out = append(out, v.String())
	}
	return out
}

// digest identifies the value of a key, whatever its encoding.
func (s *redisServer) digest(key string) string {
	s.t.Helper()
	return s.strings("DEBUG", "DIGEST-VALUE", key)[0]
}

// populate makes values of every type on both sides of every limit.
func (s *redisServer) populate() {
	s.t.Helper()
	many := func(key, command string, n int, args func(i int) []any) {
		for i := 0; i < n; i += 100 {
			line := []any{command, key}
			for j := i; j < min(i+100, n); j++ {
				line = append(line, args(j)...)
			}
			s.do(line...)
		}
	}
	text, big := strings.Repeat("compressible ", 30), lzfSamples()["random"][:9000]
	elem := func(format string) func(int) []any { return func(i int) []any { return []any{fmt.Sprintf(format, i)} } }
	for i, v := range []any{"", "1", "-129", "40000", "-3000000000", "007", text, big, strings.Repeat("x", 1<<20), 3.25} {
		s.do("SET", fmt.Sprint("string:", i), v)
	}
	for i, v := range edgeInts() {
		s.do("RPUSH", "list:ints", v)
		s.do("SADD", "set:ints", v)
		s.do("HSET", "hash:ints", fmt.Sprint("f", i), v)
		s.do("HSET", "hash:ints", v, "x")
		s.do("ZADD", "zset:ints", v, v)
	}
	many("list:small", "RPUSH", 10, elem("element-%d"))
	many("list:front", "LPUSH", 10, elem("element-%d"))
	many("list:many", "RPUSH", 5000, elem("a longer element, so that there are nodes %d"))
	s.do("RPUSH", "list:mixed", "a", big, "b", text, strings.Repeat("s", 64), strings.Repeat("s", 4096))
	s.do("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "100b")
	s.do("RPUSH", "list:plain", "a", big, "b", text, strings.Repeat("s", 99), strings.Repeat("s", 101))
	s.do("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "0")
	many("set:int16", "SADD", 50, elem("%d"))
	many("set:int32", "SADD", 50, elem("1%d00000"))
	many("set:manyints", "SADD", 3000, elem("%d"))
	many("set:strings", "SADD", 20, elem("m%d"))
	many("set:many", "SADD", 1000, elem("m%d"))
	pair := func(format string) func(int) []any {
		return func(i int) []any { return []any{fmt.Sprintf(format, i), fmt.Sprintf("%d", i*i)} }
	}
	many("hash:small", "HSET", 20, pair("field-%d"))
	many("hash:many", "HSET", 1000, pair("field-%d"))
	s.do("HSET", "hash:long", "f", text)
	s.do("HSET", "hash:short", "", "", "f", strings.Repeat("v", 64))
	score := func(i int) []any { return []any{fmt.Sprint(float64(i) / 4), fmt.Sprint("m", i)} }
	many("zset:small", "ZADD", 20, score)
	many("zset:many", "ZADD", 1000, score)
	s.do("ZADD", "zset:special", "-inf", "a", "inf", "b", "1e300", "c", "1e-300", "d", "0.1", "e", "-0", "f", "5", "g", "5", "h")
	s.do("ZADD", "zset:specialbig", "-inf", strings.Repeat("m", 70), "inf", "b", math.MaxFloat64, "c")
	for i := range 300 {
		s.do("XADD", "stream:a", fmt.Sprint(i+1, "-", i%3), "name", i, "other", "value")
	}
	s.do("XADD", "stream:a", "1000-1", "different", "fields", "x", "y", "z", "-5000")
	s.do("XDEL", "stream:a", "7-0", "1-0")
	s.do("XGROUP", "CREATE", "stream:a", "group", "0")
	s.do("XGROUP", "CREATE", "stream:a", "idle", "$")
	s.do("XREADGROUP", "GROUP", "group", "one", "COUNT", "5", "STREAMS", "stream:a", ">")
	s.do("XREADGROUP", "GROUP", "group", "two", "COUNT", "3", "STREAMS", "stream:a", ">")
	s.do("XGROUP", "CREATE", "stream:empty", "group", "0", "MKSTREAM")
}

func edgeInts() []int64 {
	return []int64{0, 12, 13, 127, 128, -128, -129, 4095, 4096, -4096, -4097, 32767, 32768, 8388607, 8388608, math.MinInt32, math.MaxInt32 + 1, math.MaxInt64, math.MinInt64}
}

// read returns what Redis has in a key, in the order in which the format has it where there is one.
func (s *redisServer) read(key string) []string {
	s.t.Helper()
	switch kind, _, _ := strings.Cut(key, ":"); kind {
	case "string":
		return []string{s.do("GET", key).String()}
	case "list":
		return s.strings("LRANGE", key, 0, -1)
	case "set":
		return s.strings("SMEMBERS", key)
	case "hash":
		return s.strings("HGETALL", key)
	case "zset":
		return s.strings("ZRANGE", key, 0, -1, "WITHSCORES")
	}
	return nil
}

// normalized makes two readings of a value equal if the value is: order and the writing of scores don't count.
func normalized(key string, elems []string) []string {
	elems = slices.Clone(elems)
	kind, _, _ := strings.Cut(key, ":")
	if kind == "hash" || kind == "zset" {
		var pairs []string
		for i := 0; i+1 < len(elems); i += 2 {
			second := elems[i+1]
			if kind == "zset" {
				f, _ := strconv.ParseFloat(second, 64)
				second = fmt.Sprint(f + 0) // -0 is 0
			}
			pairs = append(pairs, elems[i]+"="+second)
		}
		elems = pairs
	}
	if kind != "list" {
		slices.Sort(elems)
	}
	return elems
}

func TestRedisDumpAndRestore(t *testing.T) {
	for _, compression := range []string{"yes", "no"} {
		t.Run("rdbcompression "+compression, func(t *testing.T) {
			s := startRedis(t, "--rdbcompression", compression)
			s.populate()
			seen := map[Type]bool{}
			for _, key := range s.strings("KEYS", "*") {
				payload := s.do("DUMP", key).Bytes()
				typ, body, err := CheckPayload(payload, false)
				if err != nil {
					t.Fatalf("%s: %v", key, err)
				}
				seen[typ] = true
				if again := AppendPayload(nil, typ, body); !bytes.Equal(again, payload) {
					t.Errorf("%s: our footer differs", key)
				}
				d := NewBytesDecoder(body, DecoderOptions{Sanitize: SanitizeYes})
				r, err := decode(t, d, typ)
				if err != nil || d.Offset() != int64(len(body)) {
					t.Fatalf("%s %v: %v, %d of %d bytes", key, typ, err, d.Offset(), len(body))
				}
				if want := s.read(key); want != nil && !slices.Equal(normalized(key, r.elems), normalized(key, want)) {
					t.Errorf("%s: %.200q, want %.200q", key, r.elems, want)
				}
				for name, ours := range reencode(t, typ, body, r, compression == "yes") {
					copied := "copy:" + name
					s.do("RESTORE", copied, 0, ours, "REPLACE")
					if got, want := s.digest(copied), s.digest(key); got != want {
						t.Errorf("%s, %v as %s: digest %s, want %s", key, typ, name, got, want)
					}
					s.do("DEL", copied)
				}
			}
			for _, typ := range []Type{TypeString, TypeSet, TypeHash, TypeZSet2, TypeSetIntset, TypeHashListpack, TypeZSetListpack, TypeListQuicklist2, TypeStreamListpacks2} {
				if !seen[typ] {
					t.Errorf("no %v among the values", typ)
				}
			}
		})
	}
}

// reencode returns payloads of the value in every form that we can write and Redis 7.0 reads.
func reencode(t *testing.T, typ Type, body []byte, r *recorder, compress bool) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	put := func(name string, typ Type, write func(e *Encoder)) {
		e := NewEncoder(nil, EncoderOptions{Compress: compress})
		e.Raw([]byte{byte(typ)})
		write(e)
		out[name] = SealPayload(e.Bytes(), 0)
	}
	each := func(e *Encoder, per int) {
		e.Length(uint64(len(r.elems) / per))
		for _, s := range r.elems {
			e.String([]byte(s))
		}
	}
	list := lp(r.elems...)
	switch typ.Kind() {
	case KindString:
		put("string", TypeString, func(e *Encoder) { e.String([]byte(r.elems[0])) })
	case KindList:
		put("elements", TypeList, func(e *Encoder) { each(e, 1) })
		put("one node", TypeListQuicklist2, func(e *Encoder) { e.Length(1); e.PackedNode(list) })
		put("plain nodes", TypeListQuicklist2, func(e *Encoder) {
			e.Length(uint64(len(r.elems)))
			for _, s := range r.elems {
				e.PlainNode([]byte(s))
			}
		})
	case KindSet:
		put("members", TypeSet, func(e *Encoder) { each(e, 1) })
	case KindHash:
		put("pairs", TypeHash, func(e *Encoder) { each(e, 2) })
		put("listpack", TypeHashListpack, func(e *Encoder) { e.String(list) })
	case KindZSet:
		put("scored", TypeZSet2, func(e *Encoder) {
			e.Length(uint64(len(r.elems) / 2))
			for i := 0; i < len(r.elems); i += 2 {
				e.String([]byte(r.elems[i]))
				f, _ := strconv.ParseFloat(r.elems[i+1], 64)
				e.Double(f)
			}
		})
	case KindStream:
		s, err := NewBytesDecoder(body, DecoderOptions{}).ReadStream(typ)
		if err != nil {
			t.Fatal(err)
		}
		put("stream", typ, func(e *Encoder) { e.Stream(typ, s) })
		if !compress && !bytes.Equal(out["stream"], AppendPayload(nil, typ, body)) {
			t.Error("a stream encoded again differs")
		}
		put("stream v1", TypeStreamListpacks, func(e *Encoder) { e.Stream(TypeStreamListpacks, s) })
	}
	raw, err := NewBytesDecoder(body, DecoderOptions{}).ReadRaw(typ)
	if err != nil {
		t.Fatal(err)
	}
	out["raw"] = AppendPayload(nil, typ, raw)
	return out
}

// TestRedisPackedBytes compares what we build with what Redis builds from the same additions, byte for byte.
func TestRedisPackedBytes(t *testing.T) {
	s := startRedis(t, "--rdbcompression", "no")
	s.populate()
	for _, key := range []string{"hash:small", "hash:ints", "hash:short", "zset:small", "zset:ints", "zset:special"} {
		if enc := s.do("OBJECT", "ENCODING", key).String(); enc != "listpack" {
			t.Fatalf("%s is %s", key, enc)
		}
		_, body, err := CheckPayload(s.do("DUMP", key).Bytes(), false)
		if err != nil {
			t.Fatal(err)
		}
		if want := str(string(lp(s.read(key)...))); !bytes.Equal(body, want) {
			t.Errorf("%s: % x, ours % x", key, body, want)
		}
	}
	for _, key := range []string{"list:small", "list:front", "list:ints"} {
		_, body, _ := CheckPayload(s.do("DUMP", key).Bytes(), false)
		if want := join(1, 2, str(string(lp(s.read(key)...)))); !bytes.Equal(body, want) {
			t.Errorf("%s: % x, ours % x", key, body, want)
		}
	}
	for _, key := range []string{"set:int16", "set:int32", "set:ints"} {
		_, body, _ := CheckPayload(s.do("DUMP", key).Bytes(), false)
		if want := str(string(intset(s.read(key)...))); !bytes.Equal(body, want) {
			t.Errorf("%s: % x, ours % x", key, body, want)
		}
	}
}

// TestRedisReadsOldEncodings restores the hand-made values of old versions: Redis must see in them what we do.
func TestRedisReadsOldEncodings(t *testing.T) {
	s := startRedis(t)
	for i, c := range valueCases {
		if c.typ == TypeSetListpack { // of 7.2
			continue
		}
		key := c.typ.Kind().String() + ":" + fmt.Sprint(i)
		s.do("RESTORE", key, 0, AppendPayload(nil, c.typ, c.body))
		if got, want := normalized(key, s.read(key)), normalized(key, strings.Split(c.want, " ")); !slices.Equal(got, want) {
			t.Errorf("%s: Redis reads %q, we %q", c.name, got, want)
		}
	}
}

// TestRedisRefusesWhatWeRefuse asks Redis about damaged values.
func TestRedisRefusesWhatWeRefuse(t *testing.T) {
	s := startRedis(t, "--sanitize-dump-payload", "yes")
	s.do("HSET", "h", "a", "1", "b", "2")
	payload := s.do("DUMP", "h").Bytes()
	for i := range payload {
		bad := bytes.Clone(payload)
		bad[i] ^= 0x10
		if v := s.try("RESTORE", "x", 0, bad); v.Error() == nil || v.Error().Error() != "ERR "+ErrPayload.Error() {
			t.Fatalf("byte %d: Redis says %v", i, v)
		}
		if _, _, err := CheckPayload(bad, false); err != ErrPayload {
			t.Errorf("byte %d: %v", i, err)
		}
	}
	for _, v := range []struct {
		name string
		b    []byte
	}{{"short", payload[:9]}, {"nothing but a footer", SealPayload(nil, 0)}} {
		_, _, err := CheckPayload(v.b, false)
		if got := s.try("RESTORE", "x", 0, v.b).Error().Error(); err == nil || got != "ERR "+err.Error() {
			t.Errorf("%s: %v, Redis says %q", v.name, err, got)
		}
	}
	damaged := []struct {
		typ  Type
		body []byte
	}{
		{TypeHashListpack, str(string(lp("a", "1", "a", "2")))},
		{TypeHashListpack, str(string(lp("a", "1", "b")))},
		{TypeSetIntset, str("\x02\x00\x00\x00\x02\x00\x00\x00\x05\x00\x01\x00")},
		{TypeSet, join(2, str("a"), str("a"))},
		{TypeHash, []byte{0}},
		{TypeListQuicklist2, join(1, 2, str(string(lp())))},
		{TypeZSet2, join(1, str("a"), "\x00\x00\x00\x00\x00\x00\xF8\x7F")},
		{TypeHash, []byte{0x80, 0xFF, 0xFF, 0xFF, 0xFF}},
		{TypeString, []byte{0x82, 1}},
		{8, []byte{1}},
		{TypeListQuicklist2, join(1, 3, str("a"))},
	}
	for _, c := range damaged {
		if err := NewBytesDecoder(c.body, DecoderOptions{Sanitize: SanitizeYes}).Skip(c.typ); err == nil {
			t.Errorf("%v % x: accepted", c.typ, c.body)
		}
		if v := s.try("RESTORE", "x", 0, AppendPayload(nil, c.typ, c.body)); v.Error() == nil || v.Error().Error() != "ERR "+ErrBadFormat.Error() {
			t.Errorf("%v % x: Redis says %v", c.typ, c.body, v)
		}
	}
}
