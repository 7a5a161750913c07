package keysfamily_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redust/redust/core/coretest"
	keysfamily "github.com/redust/redust/families/keys"
	strfamily "github.com/redust/redust/families/strings" // keys to work on
)

func start(t testing.TB) *coretest.Harness {
	return coretest.New(t, keysfamily.New(), strfamily.New(), plain{}, databases{})
}

// lines runs "command => raw reply" lines; \r\n is written as |.
func lines(t *testing.T, h *coretest.Harness, script string) {
	t.Helper()
	for _, l := range strings.Split(strings.TrimSpace(script), "\n") {
		cmd, want, _ := strings.Cut(strings.TrimSpace(l), " => ")
		h.Do(strings.Fields(cmd)...).Equals(strings.ReplaceAll(want, "|", "\r\n"))
	}
}

func TestDelete(t *testing.T) {
	lines(t, start(t), `
		MSET a 1 b 2 => +OK|
		PLAIN list l x y => +OK|
		EXISTS a a none l => :3|
		TOUCH a none => :1|
		DEL a a none => :1|
		UNLINK b l => :2|
		EXISTS a b l => :0|
		DBSIZE => :0|`)
}

func TestRename(t *testing.T) {
	h := start(t)
	lines(t, h, `
		RENAME none x => -ERR no such key|
		RENAMENX none none => -ERR no such key|
		SET a 1 => +OK|
		PEXPIREAT a 9999999999999 => :1|
		PLAIN hash h f v => +OK|
		RENAME a a => +OK|
		RENAMENX a a => :0|
		RENAMENX a h => :0|
		RENAME a h => +OK|
		GET h => $1|1|
		PEXPIRETIME h => :9999999999999|
		RENAMENX h i => :1|
		EXISTS a h => :0|
		PLAIN list l x y => +OK|
		RENAME l i => +OK|
		ELEMENTS i => *2|$1|x|$1|y|
		TTL i => :-1|`)
}

func TestDatabases(t *testing.T) {
	h := start(t)
	lines(t, h, `
		SET a 1 => +OK|
		PLAIN list l x => +OK|
		MOVE a 0 => -ERR source and destination objects are the same|
		MOVE a 16 => -ERR DB index is out of range|
		MOVE a -1 => -ERR DB index is out of range|
		MOVE a x => -ERR value is not an integer or out of range|
		MOVE a 3000000000 => -ERR value is out of range, value must between -2147483648 and 2147483647|
		MOVE none 1 => :0|
		MOVE a 1 => :1|
		MOVE l 1 => :1|
		SET a 2 => +OK|
		MOVE a 1 => :0|
		COPY a a DB 1 => :0|
		COPY a a DB 1 REPLACE => :1|
		COPY a a => -ERR source and destination objects are the same|
		COPY a b DB 99 => -ERR DB index is out of range|
		COPY a b DB => -ERR syntax error|
		SWAPDB 0 x => -ERR invalid second DB index|
		SWAPDB x 0 => -ERR invalid first DB index|
		SWAPDB 0 16 => -ERR DB index is out of range|
		DBSIZE => :1|
		SWAPDB 0 1 => +OK|
		DBSIZE => :2|
		GET a => $1|2|
		ELEMENTS l => *1|$1|x|
		FLUSHDB NOW => -ERR syntax error|
		FLUSHDB SYNC => +OK|
		DBSIZE => :0|
		USE 1 => +OK|
		DBSIZE => :1|
		FLUSHALL ASYNC => +OK|
		DBSIZE => :0|`)
}

func TestCopy(t *testing.T) {
	lines(t, start(t), `
		SET n 7 => +OK|
		SET s abc => +OK|
		EXPIREAT s 9999999999 => :1|
		PLAIN hash h f v => +OK|
		COPY n n2 => :1|
		COPY s s2 => :1|
		COPY h h2 => :1|
		COPY h n => :0|
		COPY h n REPLACE => :1|
		ELEMENTS n => *2|$1|f|$1|v|
		EXPIRETIME s2 => :9999999999|
		OBJECT ENCODING n2 => $3|int|
		OBJECT REFCOUNT n2 => :1|
		APPEND s2 d => :4|
		COPY s2 s3 => :1|
		OBJECT ENCODING s3 => $3|raw|
		GET s => $3|abc|
		COPY none x => :0|
		COPY a b FOO => -ERR syntax error|`)
}

func TestExpire(t *testing.T) {
	h := start(t)
	lines(t, h, `
		SET k v => +OK|
		EXPIRE none 10 => :0|
		EXPIRE k x => -ERR value is not an integer or out of range|
		EXPIRE k 9223372036854775807 => -ERR invalid expire time in 'expire' command|
		PEXPIRE k 9223372036854775807 => -ERR invalid expire time in 'pexpire' command|
		EXPIRE k 1 FOO => -ERR Unsupported option FOO|
		EXPIRE k 1 NX GT => -ERR NX and XX, GT or LT options at the same time are not compatible|
		EXPIRE k 1 GT LT => -ERR GT and LT options at the same time are not compatible|
		EXPIRE k 10 XX => :0|
		EXPIRE k 10 GT => :0|
		EXPIRE k 10 LT => :1|
		EXPIRE k 20 NX => :0|
		EXPIRE k 5 GT => :0|
		EXPIRE k 20 GT XX => :1|
		EXPIRE k 30 LT => :0|
		TTL k => :20|
		PTTL k => :20000|
		PERSIST k => :1|
		PERSIST k => :0|
		TTL k => :-1|
		PEXPIREAT k 9223372036854775807 => :1|
		EXPIRETIME k => :9223372036854776|
		TTL none => :-2|
		EXPIRE k -1 => :1|
		EXISTS k => :0|`)
	h.Do("SET", "k", "v")
	h.Do("PEXPIRE", "k", "1499").Int(1)
	h.Do("TTL", "k").Int(1)
	h.Advance(1499 * time.Millisecond)
	h.Do("EXISTS", "k").Int(0)
}

func TestEffects(t *testing.T) {
	h := start(t)
	now := h.Clock.Now().UnixMilli()
	at := func(ms int64) string { return strconv.FormatInt(now+ms, 10) }
	payload := strings.Trim(strings.SplitN(func() string { h.Do("SET", "d", "1"); return h.Do("DUMP", "d").Raw }(), "\r\n", 2)[1], "\r\n")
	h.Effects()
	for _, tc := range []struct {
		cmd  []string
		want string
	}{
		{[]string{"SET", "k", "v"}, "SET k v"},
		{[]string{"EXPIRE", "k", "10", "nx"}, "PEXPIREAT k " + at(10000) + " nx"},
		{[]string{"EXPIRE", "k", "10", "nx"}, ""},
		{[]string{"EXPIREAT", "k", "9999999999"}, "PEXPIREAT k 9999999999000"},
		{[]string{"PEXPIREAT", "k", "9999999999999"}, "PEXPIREAT k 9999999999999"},
		{[]string{"PERSIST", "k"}, "PERSIST k"},
		{[]string{"COPY", "k", "c"}, "COPY k c"},
		{[]string{"COPY", "k", "c"}, ""},
		{[]string{"RENAME", "c", "e"}, "RENAME c e"},
		{[]string{"RENAME", "e", "e"}, ""},
		{[]string{"PEXPIRE", "k", "-1"}, "DEL k"},
		{[]string{"DEL", "k"}, ""},
		{[]string{"RESTORE", "r", "1000", payload}, "RESTORE r " + at(1000) + " " + payload + " ABSTTL"},
		{[]string{"RESTORE", "r", "1", payload, "ABSTTL", "REPLACE"}, "DEL r"},
		{[]string{"RESTORE", "r", "1", payload, "ABSTTL"}, ""},
		{[]string{"SORT", "none", "STORE", "none"}, ""},
		{[]string{"SORT", "none", "STORE", "e"}, "SORT none STORE e"},
		{[]string{"PLAIN", "list", "l", "2", "1"}, "PLAIN list l 2 1"},
		{[]string{"SORT", "l", "STORE", "s"}, "SORT l STORE s"},
		{[]string{"SORT", "l", "BY", "w_*", "STORE", "s"}, "DEL s; PLAIN list s 1 2"},
		{[]string{"FLUSHALL"}, "FLUSHALL"},
		{[]string{"FLUSHDB"}, "FLUSHDB"},
	} {
		h.Do(tc.cmd...)
		got := slices.DeleteFunc(h.Effects(), func(s string) bool {
			return strings.HasPrefix(s, "SELECT ") || s == "MULTI" || s == "EXEC"
		})
		if strings.Join(got, "; ") != tc.want {
			t.Errorf("%q: effects %q, want %q", tc.cmd, got, tc.want)
		}
	}
}

func TestObject(t *testing.T) {
	h := start(t)
	lines(t, h, `
		SET n 9999 => +OK|
		SET m 10000 => +OK|
		OBJECT REFCOUNT n => :2147483647|
		OBJECT REFCOUNT m => :1|
		OBJECT REFCOUNT none => $-1|
		OBJECT ENCODING m => $3|int|
		OBJECT FREQ none => $-1|
		OBJECT IDLETIME m => :0|`)
	h.Advance(90 * time.Second)
	h.Do("TTL", "m")
	h.Do("EXISTS", "m")
	h.Do("TYPE", "m").Equals("+string\r\n")
	h.Do("OBJECT", "IDLETIME", "m").Int(90)
	h.Do("TOUCH", "m")
	h.Do("OBJECT", "IDLETIME", "m").Int(0)
	h.Set("maxmemory-policy", "allkeys-lfu")
	h.Do("SET", "f", "v")
	h.Do("OBJECT", "FREQ", "f").Int(5)
	if r := h.Do("OBJECT", "IDLETIME", "f"); !strings.HasPrefix(r.Raw, "-ERR An LFU maxmemory policy is selected") {
		t.Errorf("IDLETIME with LFU: %q", r.Raw)
	}
}

func TestScan(t *testing.T) {
	h := start(t)
	want := []string{}
	for i := range 1000 {
		name := fmt.Sprintf("key:%d", i)
		h.Do("SET", name, "v")
		want = append(want, name)
	}
	h.Do("PLAIN", "list", "list", "x")
	var got []string
	cursor, calls := "0", 0
	for {
		r := h.Do("SCAN", cursor, "TYPE", "STRING", "MATCH", "key:*")
		for _, e := range r.Elems[1].Elems {
			got = append(got, e.Text())
		}
		calls++
		if cursor = r.Elems[0].Text(); cursor == "0" {
			break
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || calls < 20 {
		t.Errorf("SCAN gave %d keys in %d calls", len(got), calls)
	}
	if n := len(h.Do("KEYS", "key:1?").Elems); n != 10 {
		t.Errorf("KEYS key:1? gave %d", n)
	}
	lines(t, h, `
		KEYS key:17 => *1|$6|key:17|
		KEYS key:17x => *0|
		KEYS list => *1|$4|list|
		SCAN 0 TYPE nothing COUNT 100000 => *2|$1|0|*0|
		SCAN 0 COUNT 0 => -ERR syntax error|
		SCAN 0 COUNT x => -ERR value is not an integer or out of range|
		SCAN 0 MATCH => -ERR syntax error|
		SCAN 1x => -ERR invalid cursor|`)
	if name := h.Do("RANDOMKEY").Text(); !slices.Contains(want, name) && name != "list" {
		t.Errorf("RANDOMKEY gave %q", name)
	}
}

func TestTransaction(t *testing.T) {
	h := start(t)
	h.Do("SET", "a", "1")
	h.Do("PLAIN", "list", "l", "3", "1")
	c := h.Client()
	c.Do("MULTI")
	for _, cmd := range []string{"KEYS a", "SCAN 0 COUNT 100 MATCH a", "SORT l BY w_* GET a*", "MOVE a 3", "DBSIZE", "RANDOMKEY", "FLUSHALL"} {
		c.Do(strings.Fields(cmd)...).Equals("+QUEUED\r\n")
	}
	c.Do("EXEC").Equals(strings.ReplaceAll("*7|*1|$1|a|*2|$1|0|*1|$1|a|*2|$-1|$-1|:1|:1|$1|l|+OK|", "|", "\r\n"))
}
