package strfamily_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	keysfamily "github.com/redust/redust/families/keys" // effects of strings are DEL, PEXPIREAT, PERSIST
	strfamily "github.com/redust/redust/families/strings"
)

func start(t testing.TB) *coretest.Harness { return coretest.New(t, strfamily.New(), keysfamily.New()) }

// lines runs "command => raw reply" lines; \r\n is written as |.
func lines(t *testing.T, h *coretest.Harness, script string) {
	t.Helper()
	for _, l := range strings.Split(strings.TrimSpace(script), "\n") {
		cmd, want, _ := strings.Cut(strings.TrimSpace(l), " => ")
		h.Do(strings.Fields(cmd)...).Equals(strings.ReplaceAll(want, "|", "\r\n"))
	}
}

func TestSet(t *testing.T) {
	lines(t, start(t), `
		SET k v => +OK|
		GET k => $1|v|
		SET k w NX => $-1|
		SET k w XX GET => $1|v|
		SET n 1 XX => $-1|
		SET n 1 NX GET => $-1|
		SET n 2 NX GET => $1|1|
		SET k v EX 0 => -ERR invalid expire time in 'set' command|
		SET k v EX 9223372036854775807 => -ERR invalid expire time in 'set' command|
		SET k v PX 9223372036854775807 => -ERR invalid expire time in 'set' command|
		SET k v EX x => -ERR value is not an integer or out of range|
		SET k v EX => -ERR syntax error|
		SET k v NX XX => -ERR syntax error|
		SET k v EX 1 KEEPTTL => -ERR syntax error|
		SET k v EX 1 PX 1 => -ERR syntax error|
		SET k v PERSIST => -ERR syntax error|
		SET k v EX 10 EX 20 => +OK|
		SETEX k 0 v => -ERR invalid expire time in 'setex' command|
		PSETEX k -1 v => -ERR invalid expire time in 'psetex' command|
		SETNX k v => :0|
		SETNX m v => :1|
		GETSET m 12 => $1|v|
		GETDEL m => $2|12|
		GETDEL m => $-1|
		STRLEN k => :1|`)
}

func TestTTL(t *testing.T) {
	h := start(t)
	h.Do("SET", "k", "a", "PX", "1500").OK()
	h.Do("SET", "keep", "a", "EX", "1").OK()
	h.Do("SET", "keep", "b", "KEEPTTL").OK()
	h.Do("SET", "drop", "a", "EX", "1").OK()
	h.Do("SET", "drop", "b").OK()
	h.Do("SET", "persist", "a", "EX", "1").OK()
	h.Do("GETEX", "persist", "PERSIST").Equals("$1\r\na\r\n")
	h.Do("SET", "n", "1", "EX", "1").OK()
	h.Do("INCR", "n").Int(2)
	h.Advance(time.Second)
	h.Do("MGET", "k", "keep", "drop", "persist", "n").Equals("*5\r\n$1\r\na\r\n$-1\r\n$1\r\nb\r\n$1\r\na\r\n$-1\r\n")
	h.Do("GETEX", "k", "EX", "100").Equals("$1\r\na\r\n")
	h.Advance(time.Second)
	h.Do("GETEX", "k", "EXAT", "1").Equals("$1\r\na\r\n")
	h.Do("GET", "k").Equals("$-1\r\n")
	h.Do("GETEX", "k", "EX", "bad").Equals("$-1\r\n")
}

func TestEffects(t *testing.T) {
	h := start(t)
	now := h.Clock.Now().UnixMilli()
	at := func(ms int64) string { return strconv.FormatInt(now+ms, 10) }
	for _, tc := range []struct{ cmd, want string }{
		{"SET k v EX 10", "SET k v PXAT " + at(10000)},
		{"SET k v PX 10 GET", "SET k v PXAT " + at(10)},
		{"SET k v xx get pxat " + at(50), "SET k v PXAT " + at(50)},
		{"SET k v GET", "SET k v"},
		{"SET k v XX GET KEEPTTL", "SET k v XX KEEPTTL"},
		{"SETEX k 1 v", "SET k v PXAT " + at(1000)},
		{"PSETEX k 1 v", "SET k v PXAT " + at(1)},
		{"SETNX k2 v", "SETNX k2 v"},
		{"GETSET k w", "SET k w"},
		{"GETEX k EX 5", "PEXPIREAT k " + at(5000)},
		{"GETEX k PERSIST", "PERSIST k"},
		{"GETEX k PERSIST", ""},
		{"GETEX k PXAT 1", "DEL k"},
		{"SET k 5", "SET k 5"},
		{"INCRBYFLOAT k 1.5", "SET k 6.5 KEEPTTL"},
		{"GETDEL k", "DEL k"},
		{"GETDEL k", ""},
		{"APPEND k x", "APPEND k x"},
		{"SETRANGE k 3 yy", "SETRANGE k 3 yy"},
		{"MSETNX k 1 z 1", ""},
	} {
		h.Do(strings.Fields(tc.cmd)...)
		got := slices.DeleteFunc(h.Effects(), func(s string) bool { return strings.HasPrefix(s, "SELECT ") })
		if strings.Join(got, "; ") != tc.want {
			t.Errorf("%s: effects %q, want %q", tc.cmd, got, tc.want)
		}
	}
}

func TestCounters(t *testing.T) {
	lines(t, start(t), `
		INCR n => :1|
		DECR n => :0|
		INCRBY n 9223372036854775807 => :9223372036854775807|
		INCR n => -ERR increment or decrement would overflow|
		DECRBY n -9223372036854775808 => -ERR decrement would overflow|
		DECRBY n 9223372036854775807 => :0|
		DECRBY n 5 => :-5|
		SET s abc => +OK|
		INCR s => -ERR value is not an integer or out of range|
		INCRBY n x => -ERR value is not an integer or out of range|
		INCRBYFLOAT n 5.5 => $3|0.5|
		INCRBYFLOAT n 0.5 => $1|1|
		INCRBYFLOAT n inf => -ERR increment would produce NaN or Infinity|
		INCRBYFLOAT s 1 => -ERR value is not a valid float|
		INCR n => :2|`)
}

func TestRanges(t *testing.T) {
	lines(t, start(t), `
		APPEND k 12 => :2|
		APPEND k 3 => :3|
		GET k => $3|123|
		SETRANGE k 5 x => :6|
		GET k => $6|123`+"\x00\x00"+`x|
		SETRANGE k -1 x => -ERR offset is out of range|
		SETRANGE k 536870912 x => -ERR string exceeds maximum allowed size (proto-max-bulk-len)|
		SETRANGE k 9223372036854775807 x => -ERR string exceeds maximum allowed size (proto-max-bulk-len)|
		SET k 12345 => +OK|
		GETRANGE k 1 -2 => $3|234|
		GETRANGE k -3 -1 => $3|345|
		GETRANGE k -1 -3 => $0||
		GETRANGE k 3 1 => $0||
		GETRANGE k 0 -100 => $1|1|
		GETRANGE k -9223372036854775808 9223372036854775807 => $5|12345|
		SUBSTR none 0 -1 => $0||
		GETRANGE k x 1 => -ERR value is not an integer or out of range|`)
	h := start(t)
	h.Do("SETRANGE", "none", "3", "").Int(0)
	h.Do("GET", "none").Equals("$-1\r\n")
}

func TestMany(t *testing.T) {
	lines(t, start(t), `
		MSET a 1 b 2 a 3 => +OK|
		MGET a b c => *3|$1|3|$1|2|$-1|
		MSETNX c 1 a 1 => :0|
		MSETNX c 1 c 2 => :1|
		MGET c => *1|$1|2|
		MSET a => -ERR wrong number of arguments for 'mset' command|
		MSETNX a 1 b => -ERR wrong number of arguments for 'msetnx' command|`)
}

// encodingOf asks the type as OBJECT ENCODING does.
func encodingOf(h *coretest.Harness, key string) string {
	ks := h.Engine.Keyspace()
	e, ok := ks.Find(0, ks.Hash([]byte(key)), []byte(key))
	if !ok {
		return "none"
	}
	return h.Engine.Registry().Type(e.Type()).Encoding(core.ValueOf(e))
}

// The names were asked of Redis 7.0.15.
func TestEncodings(t *testing.T) {
	h := start(t)
	for _, tc := range []struct{ cmds, want string }{
		{"SET k 123", "int"},
		{"SET k -9223372036854775808", "int"},
		{"SET k 9223372036854775808", "embstr"},
		{"SET k 0123", "embstr"},
		{"SET k " + strings.Repeat("x", 44), "embstr"},
		{"SET k " + strings.Repeat("x", 45), "raw"},
		{"SET k a;APPEND k b", "raw"},
		{"SET k 1;APPEND k 2", "raw"},
		{"SET k 1;APPEND k 2;INCR k", "int"},
		{"GETDEL k;APPEND k 12", "int"},
		{"GETDEL k;APPEND k ab", "embstr"},
		{"GETDEL k;SETRANGE k 0 ab", "raw"},
		{"SET k abc;SETRANGE k 1 x", "raw"},
		{"SET k abc;APPEND k x;SET k abc", "embstr"},
		{"SET k 1;INCRBYFLOAT k 1", "embstr"},
		{"SET k 1;INCR k", "int"},
		{"GETSET k 77", "int"},
		{"MSET k 77", "int"},
	} {
		for _, cmd := range strings.Split(tc.cmds, ";") {
			h.Do(strings.Fields(cmd)...)
		}
		if got := encodingOf(h, "k"); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.cmds, got, tc.want)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	h := start(t)
	value := strings.Repeat("x", 64)
	h.Do("SET", "k", value)
	h.Do("SET", "n", "1")
	c := h.Engine.NewClient(nil)
	defer h.Engine.CloseClient(c)
	h.Effects()
	for _, tc := range [][]string{{"GET", "k"}, {"GET", "n"}, {"STRLEN", "k"}, {"GETRANGE", "n", "0", "-1"}} {
		args := make([][]byte, len(tc))
		for i, a := range tc {
			args[i] = []byte(a)
		}
		if n := testing.AllocsPerRun(100, func() {
			c.W.Reset()
			h.Engine.Handle(c, args)
		}); n != 0 {
			t.Errorf("%q allocates %v times", tc, n)
		}
	}
}
