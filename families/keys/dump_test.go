package keysfamily_test

import (
	"strings"
	"testing"
	"time"
)

// bulk is the content of a bulk reply.
func bulk(raw string) string {
	_, body, _ := strings.Cut(raw, "\r\n")
	return strings.TrimSuffix(body, "\r\n")
}

func TestDumpRestore(t *testing.T) {
	h := start(t)
	h.Do("SET", "n", "123")
	h.Do("SET", "s", strings.Repeat("long ", 100))
	h.Do("PLAIN", "hash", "h", "f", "v")
	for _, key := range []string{"n", "s", "h"} {
		d := bulk(h.Do("DUMP", key).Raw)
		h.Do("RESTORE", key, "0", d).Equals("-BUSYKEY Target key name already exists.\r\n")
		h.Do("RESTORE", key, "0", d, "REPLACE").OK()
		h.Do("RESTORE", "copy:"+key, "5000", d).OK()
		h.Do("TTL", "copy:"+key).Int(5)
		if again := bulk(h.Do("DUMP", "copy:"+key).Raw); again != d {
			t.Errorf("%s: dumped again it is %q, was %q", key, again, d)
		}
		for i := range d {
			bad := []byte(d)
			bad[i] ^= 1
			h.Do("RESTORE", "bad", "0", string(bad)).Equals("-ERR DUMP payload version or checksum are wrong\r\n")
		}
	}
	h.Do("GET", "copy:n").Equals("$3\r\n123\r\n")
	h.Do("OBJECT", "ENCODING", "copy:n").Equals("$3\r\nint\r\n")
	h.Do("DUMP", "none").Equals("$-1\r\n")
}

// The payload is Redis 7.0.15's for SET k 10.
const ten = "\x00\xc0\x0a\x0a\x00\x6e\x9f\x57\x45\x0e\xae\x63\xbb"

func TestRestoreOptions(t *testing.T) {
	h := start(t)
	h.Do("SET", "x", "10")
	d := bulk(h.Do("DUMP", "x").Raw)
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"x"}, "-ERR value is not an integer or out of range\r\n"},
		{[]string{"-1"}, "-ERR Invalid TTL value, must be >= 0\r\n"},
		{[]string{"0", "IDLETIME", "-1"}, "-ERR Invalid IDLETIME value, must be >= 0\r\n"},
		{[]string{"0", "IDLETIME", "x"}, "-ERR value is not an integer or out of range\r\n"},
		{[]string{"0", "FREQ", "256"}, "-ERR Invalid FREQ value, must be >= 0 and <= 255\r\n"},
		{[]string{"0", "FREQ", "1", "IDLETIME", "1"}, "-ERR syntax error\r\n"},
		{[]string{"0", "FOO"}, "-ERR syntax error\r\n"},
		{[]string{"0", "IDLETIME"}, "-ERR syntax error\r\n"},
		{[]string{"1", "ABSTTL"}, "+OK\r\n"},
		{[]string{"0", "IDLETIME", "100"}, "+OK\r\n"},
	} {
		args := append([]string{"RESTORE", "k", tc.args[0], d}, tc.args[1:]...)
		h.Do(args...).Equals(tc.want)
	}
	h.Do("OBJECT", "IDLETIME", "k").Int(100)
	h.Do("RESTORE", "k", "1", d, "ABSTTL", "REPLACE").OK()
	h.Do("EXISTS", "k").Int(0)
	h.Do("RESTORE", "k", "1000", d).OK()
	h.Advance(time.Second)
	h.Do("EXISTS", "k").Int(0)
	h.Do("RESTORE", "k", "0", ten).OK()
	h.Do("GET", "k").Equals("$2\r\n10\r\n")
	h.Do("RESTORE", "e", "0", "").Equals("-ERR DUMP payload version or checksum are wrong\r\n")
}
