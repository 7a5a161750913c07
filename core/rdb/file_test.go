package rdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// copyFile walks src and writes all of it again through an Encoder. It returns what it met, in words.
func copyFile(t *testing.T, src io.Reader, opts DecoderOptions, dst io.Writer, enc EncoderOptions) (seen []string) {
	t.Helper()
	d, e := NewDecoder(src, opts), NewEncoder(dst, enc)
	e.Header()
	var r Record
	for {
		if err := d.Next(&r); err != nil {
			t.Fatal(err)
		}
		switch r.Op {
		case OpAux:
			e.Aux(string(r.Key), string(r.Value))
			seen = append(seen, "aux "+string(r.Key))
		case OpSelectDB:
			e.SelectDB(r.DB)
			seen = append(seen, fmt.Sprint("db ", r.DB))
		case OpResizeDB:
			e.ResizeDB(r.Keys, r.Expires)
			seen = append(seen, fmt.Sprint("resize ", r.Keys, " ", r.Expires))
		case OpFunction:
			e.Function(r.Value)
			seen = append(seen, "function "+string(r.Value))
		case OpKey:
			key := string(r.Key)
			body, err := d.ReadRaw(r.Type)
			if err != nil {
				t.Fatalf("%s: %v", key, err)
			}
			if key != string(r.Key) {
				t.Fatal("the key changed while the value was read")
			}
			e.Key(r.Type, r.Key, r.Meta)
			e.Raw(body)
			seen = append(seen, fmt.Sprintf("key %d %s %+v", r.DB, key, r.Meta))
		case OpEOF:
			if err := e.EOF(); err != nil {
				t.Fatal(err)
			}
			return seen
		}
	}
}

// fill adds to populate what only files have.
func (s *redisServer) fill() {
	s.t.Helper()
	s.populate()
	s.do("SET", "expiring", "v", "PXAT", "4102444800123")
	s.do("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 1 end)")
	s.do("SELECT", 9)
	s.do("SET", "other:db", strings.Repeat("v", 200))
	s.do("HSET", "other:hash", "f", "v")
	s.do("PEXPIREAT", "other:hash", "4102444800456")
	s.do("SELECT", 0)
	s.do("SAVE")
}

func TestRedisFiles(t *testing.T) {
	for _, c := range []struct{ name, policy, checksum string }{{"LRU", "allkeys-lru", "yes"}, {"LFU", "allkeys-lfu", "yes"}, {"no checksum", "noeviction", "no"}} {
		t.Run(c.name, func(t *testing.T) {
			s := startRedis(t, "--maxmemory-policy", c.policy, "--rdbchecksum", c.checksum)
			s.fill()
			theirs, err := os.ReadFile(filepath.Join(s.dir, "dump.rdb"))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			path := filepath.Join(dir, "dump.rdb")
			ours, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			opts := DecoderOptions{Sanitize: SanitizeYes, Size: int64(len(theirs))}
			seen := copyFile(t, bytes.NewReader(theirs), opts, ours, EncoderOptions{Compress: true, Checksum: true})
			ours.Close()
			for _, want := range []string{"aux redis-ver", "db 9", "resize 2 1", "function #!lua"} {
				if !slices.ContainsFunc(seen, func(s string) bool { return strings.HasPrefix(s, want) }) {
					t.Errorf("no %q in %.1000q", want, seen)
				}
			}
			for _, key := range []string{"key 0 expiring {ExpireMs:4102444800123", "key 9 other:hash {ExpireMs:4102444800456"} {
				i := slices.IndexFunc(seen, func(s string) bool { return strings.HasPrefix(s, key) })
				if i < 0 {
					t.Fatalf("no %q", key)
				}
				wantIdle, wantFreq := c.policy == "allkeys-lru", c.policy == "allkeys-lfu"
				if !strings.Contains(seen[i], fmt.Sprintf("HasIdle:%v HasFreq:%v", wantIdle, wantFreq)) {
					t.Errorf("%s", seen[i])
				}
			}
			checkRDB(t, path)
			again := startRedis(t, "--dir", dir, "--dbfilename", "dump.rdb")
			if got, want := again.do("DEBUG", "DIGEST").String(), s.do("DEBUG", "DIGEST").String(); got != want {
				t.Errorf("a Redis started on our file has digest %s, want %s", got, want)
			}
			if got := again.do("FCALL", "f", 0).Integer(); got != 1 {
				t.Error("the function is lost")
			}
		})
	}
}

func checkRDB(t *testing.T, path string) {
	t.Helper()
	tool, err := exec.LookPath("redis-check-rdb")
	if err != nil {
		t.Log("redis-check-rdb is not installed: our file is not examined with it")
		return
	}
	if out, err := exec.Command(tool, path).CombinedOutput(); err != nil || !bytes.Contains(out, []byte("RDB looks OK")) {
		t.Errorf("redis-check-rdb: %v\n%s", err, out)
	}
}

// sampleFile is a small file of our own with every opcode that we write.
func sampleFile(t testing.TB, opts EncoderOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	e := NewEncoder(&out, opts)
	e.Header()
	e.Aux("redis-ver", "7.0.15")
	e.Aux("redis-bits", "64")
	e.Function([]byte("#!lua name=x\nredis.register_function('f', function() return 1 end)"))
	e.SelectDB(0)
	e.ResizeDB(uint64(len(valueCases)), 1)
	for i, c := range valueCases {
		if c.typ == TypeSetListpack {
			continue
		}
		meta := KeyMeta{}
		switch i % 4 {
		case 1:
			meta.HasExpire, meta.ExpireMs = true, 4102444800000
		case 2:
			meta.HasIdle, meta.IdleSec = true, 1000
		case 3:
			meta.HasFreq, meta.Freq = true, 200
		}
		e.Key(c.typ, []byte(c.name), meta)
		e.Raw(c.body)
	}
	e.SelectDB(3)
	e.ResizeDB(1, 0)
	e.Key(TypeString, []byte("k"), KeyMeta{})
	e.Int(17)
	if err := e.EOF(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRedisStartsOnOurFile(t *testing.T) {
	for _, opts := range []EncoderOptions{{}, {Compress: true, Checksum: true}} {
		dir := t.TempDir()
		path := filepath.Join(dir, "dump.rdb")
		if err := os.WriteFile(path, sampleFile(t, opts), 0o600); err != nil {
			t.Fatal(err)
		}
		s := startRedis(t, "--dir", dir, "--loglevel", "warning")
		if got := s.do("DBSIZE").Integer(); got != len(valueCases)-1 {
			t.Errorf("%d keys, want %d", got, len(valueCases)-1)
		}
		if s.do("GET", "string").String() != "hello" || s.do("PEXPIRETIME", valueCases[1].name).String() != "4102444800000" {
			t.Error("a key is not as it was written")
		}
		if got := s.strings("HGETALL", "hash zipmap"); !slices.Equal(normalized("hash", got), []string{"a=1", "b=2"}) {
			t.Errorf("%q", got)
		}
		s.do("SELECT", 3)
		if s.do("GET", "k").String() != "17" {
			t.Error("database 3")
		}
	}
}

func TestFileRoundTrip(t *testing.T) {
	file := sampleFile(t, EncoderOptions{Checksum: true})
	for name, src := range map[string]io.Reader{"whole": bytes.NewReader(file), "byte by byte": oneByte{bytes.NewReader(file)}} {
		var out bytes.Buffer
		copyFile(t, src, DecoderOptions{}, &out, EncoderOptions{Checksum: true})
		if !bytes.Equal(out.Bytes(), file) {
			t.Errorf("%s: a copied file differs", name)
		}
	}
}

// walk reads a file to its end, with all values.
func walk(d *Decoder) error {
	var r Record
	for {
		if err := d.Next(&r); err != nil {
			return err
		}
		switch r.Op {
		case OpEOF:
			return nil
		case OpKey:
			if err := d.Skip(r.Type); err != nil && !errors.Is(err, ErrEmptyKey) {
				return err
			}
		}
	}
}

func TestDamagedFiles(t *testing.T) {
	file := sampleFile(t, EncoderOptions{Checksum: true})
	if err := walk(NewBytesDecoder(file, DecoderOptions{})); err != nil {
		t.Fatal(err)
	}
	for i := range file {
		bad := bytes.Clone(file)
		bad[i] ^= 0x04
		err := walk(NewDecoder(bytes.NewReader(bad), DecoderOptions{}))
		// In the version a changed digit may still be one that can be read; the checksum covers it all the same.
		if err == nil {
			t.Errorf("changed byte %d accepted", i)
		}
		if err := walk(NewDecoder(bytes.NewReader(file[:i]), DecoderOptions{})); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	cases := map[string]string{
		"REDIS0012\xFF": "can't handle RDB format version", "REDIS00x1\xFF": "version", "REDIT0010\xFF": "signature", "REDIS0000\xFF": "version",
		"REDIS0010\xF0": "unknown type or opcode 240", "REDIS0010\xF6": "pre-release", "REDIS0010\xFE\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF": "database",
	}
	for in, want := range cases {
		if err := walk(NewBytesDecoder([]byte(in), DecoderOptions{})); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestOldFiles(t *testing.T) {
	// Version 1 has no checksum; the old opcode counts seconds; what follows the end is left alone.
	in := join("REDIS0001\xFE\x00\xFD\x00\x00\x00\x10", int(TypeString), str("k"), str("v"), 0xFF, "*1\r\n")
	d := NewDecoder(strings.NewReader(string(in)), DecoderOptions{})
	var r Record
	_ = d.Next(&r)
	if err := d.Next(&r); err != nil || r.Op != OpKey || !r.Meta.HasExpire || r.Meta.ExpireMs != 0x10000000*1000 {
		t.Fatalf("%v %+v", err, r)
	}
	if err := d.Skip(r.Type); err != nil {
		t.Fatal(err)
	}
	if err := d.Next(&r); err != nil || r.Op != OpEOF || string(d.Buffered()) != "*1\r\n" {
		t.Fatalf("%v %+v %q", err, r, d.Buffered())
	}
}

func TestModuleData(t *testing.T) {
	aux := join(0xF7, 0x81, "12345678", 2, 1, 1, 5, 2, 6, 3, "1234", 4, "12345678", 5, str("text"), 0)
	in := join("REDIS0010", aux, int(TypeModule2), str("k"), aux[1:], 0xFF, make([]byte, 8))
	d := NewBytesDecoder(in, DecoderOptions{})
	var r Record
	if err := d.Next(&r); err != nil || r.Op != OpModuleAux {
		t.Fatalf("%v %+v", err, r)
	}
	if err := d.Next(&r); err != nil || r.Type != TypeModule2 {
		t.Fatalf("%v %+v", err, r)
	}
	if raw, err := d.ReadRaw(r.Type); err != nil || !bytes.Equal(raw, aux[1:]) {
		t.Fatalf("%v %q", err, raw)
	}
	if err := d.Next(&r); err != nil || r.Op != OpEOF {
		t.Fatalf("%v %+v", err, r)
	}
}
