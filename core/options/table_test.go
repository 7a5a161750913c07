package options

import (
	"errors"
	"strings"
	"testing"
)

// newTable defines one option of most kinds, with the names they have in Redis.
func newTable(t *testing.T) *Table {
	t.Helper()
	table := New()
	for _, s := range []Spec{
		{Name: "port", Kind: Int, Default: "6379", Max: 65535},
		{Name: "hz", Kind: Int, Default: "10", Max: 1<<31 - 1, Clamp: [2]int64{1, 500}},
		{Name: "list-max-listpack-size", Aliases: []string{"list-max-ziplist-size"}, Kind: Int, Default: "-2", Min: -1 << 31, Max: 1<<31 - 1},
		{Name: "hash-max-listpack-entries", Aliases: []string{"hash-max-ziplist-entries"}, Default: "512"},
		{Name: "databases", Default: "16", Min: 1, Max: 1<<31 - 1, Immutable: true},
		{Name: "maxmemory", Kind: Memory, Default: "0"},
		{Name: "proto-max-bulk-len", Kind: Memory, Default: "512mb", Min: 1 << 20, Max: 1<<63 - 1},
		{Name: "maxmemory-clients", Kind: Percent, Default: "0", Max: 100},
		{Name: "unixsocketperm", Kind: Octal, Default: "0", Max: 0o777},
		{Name: "appendonly", Kind: Bool, Default: "no", DenyLoading: true},
		{Name: "requirepass", Kind: String, Sensitive: true},
		{Name: "dir", Kind: String, Default: ".", Protected: true},
		{Name: "dbfilename", Kind: Filename, Default: "dump.rdb", Unit: "filename"},
		{Name: "loglevel", Kind: Enum, Enum: []string{"debug", "verbose", "notice", "warning"}, Default: "notice"},
		{Name: "shutdown-on-sigint", Kind: Flags, Enum: []string{"default", "save", "nosave", "now", "force"}, Default: "default"},
		{Name: "bind", Kind: List, Default: "* -::*"},
		{Name: "save", Kind: SavePoints, Default: "3600 1 300 100 60 10000"},
		{Name: "client-output-buffer-limit", Kind: BufferLimits, Default: "normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60"},
		{Name: "notify-keyspace-events", Kind: Events},
		{Name: "latency-tracking-info-percentiles", Kind: Percentiles, Default: "50 99 99.9"},
		{Name: "oom-score-adj-values", Kind: Scores, Default: "0 200 800"},
		{Name: "proc-title-template", Kind: Title, Default: "{title} {listen-addr} {server-mode}"},
		{Name: "replicaof", Aliases: []string{"slaveof"}, Kind: Address, Immutable: true},
		{Name: "watchdog-period", Kind: Int, Default: "0", Max: 1<<31 - 1, Hidden: true},
		{Name: "tls-port", Kind: Int, Default: "0", Max: 65535, Status: Refused, Why: "no TLS"},
		{Name: "rename-command", Kind: Directive, Min: 2, Max: 2, Summary: "rename-command <command> <new name>"},
	} {
		if err := table.Define(s); err != nil {
			t.Fatal(err)
		}
	}
	return table
}

func get(t *testing.T, table *Table, name string) string {
	t.Helper()
	pairs := table.Get(name)
	if len(pairs) != 1 {
		t.Fatalf("Get(%q) = %v, want one pair", name, pairs)
	}
	return pairs[0].Value
}

func TestHandlesFollowSet(t *testing.T) {
	table := newTable(t)
	entries, on, level := table.Int("hash-max-listpack-entries"), table.Bool("appendonly"), table.Int("loglevel")
	text := table.String("maxmemory")
	err := table.Set([]Pair{{"hash-max-ziplist-entries", "7"}, {"appendonly", "YES"}, {"loglevel", "Debug"}, {"maxmemory", "1kb"}}, Permit{})
	if err != nil {
		t.Fatal(err)
	}
	if entries.Load() != 7 || !on.Load() || level.Load() != 0 || text.Load() != "1024" {
		t.Errorf("handles: %d %t %d %q", entries.Load(), on.Load(), level.Load(), text.Load())
	}
	if got := get(t, table, "hash-max-listpack-entries"); got != "7" {
		t.Errorf("the alias's value doesn't reach the option: %q", got)
	}
	if got := table.Source("appendonly").String(); got != "CONFIG SET" {
		t.Errorf("source %q", got)
	}
}

func TestSetIsAllOrNothing(t *testing.T) {
	table := newTable(t)
	var seen []string
	table.OnChange("maxmemory", func(old, new string) error {
		seen = append(seen, old+">"+new)
		return nil
	})
	refuse := false
	table.OnApply(func() error {
		seen = append(seen, "listen "+get(t, table, "port"))
		if refuse {
			return errors.New("Unable to listen on this port. Check server logs.") //nolint:staticcheck // Redis's text
		}
		return nil
	}, "bind", "port")

	if err := table.Set([]Pair{{"maxmemory", "1"}, {"port", "1"}, {"bind", "a"}}, Permit{}); err != nil {
		t.Fatal(err)
	}
	refuse = true
	err := table.Set([]Pair{{"maxmemory", "2"}, {"port", "2"}}, Permit{})
	want := "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs."
	if err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
	if err := table.Set([]Pair{{"maxmemory", "3"}, {"hash-max-listpack-entries", "1"}, {"hash-max-ziplist-entries", "2"}, {"hz", "x"}}, Permit{}); err == nil {
		t.Error("a bad value was taken")
	}
	if got := get(t, table, "maxmemory") + get(t, table, "port") + get(t, table, "hash-max-listpack-entries"); got != "11512" {
		t.Errorf("not restored: %s", got)
	}
	if got := strings.Join(seen, ","); got != "0>1,listen 1,1>2,listen 2,2>1" {
		t.Errorf("hooks ran as %s", got)
	}
}

func TestDeclareMustAgree(t *testing.T) {
	table := newTable(t)
	if err := table.Declare(Spec{Name: "geo.depth", Default: "3"}); err != nil {
		t.Fatal(err)
	}
	if err := table.Declare(Spec{Name: "proto-max-bulk-len", Kind: Memory, Default: "536870912"}); err != nil {
		t.Errorf("the same default in another form: %v", err)
	}
	for _, s := range []Spec{{Name: "geo.depth", Default: "4"}, {Name: "geo.depth", Kind: Bool, Default: "no"}, {Name: "new", Default: "x"}} {
		if err := table.Declare(s); err == nil {
			t.Errorf("Declare(%v) succeeded", s)
		}
	}
	for _, s := range []Spec{{Name: "Port", Default: "1"}, {Name: "port", Default: "1"}, {Name: "a", Default: "1", Status: NoEffect}} {
		if err := table.Define(s); err == nil {
			t.Errorf("Define(%v) succeeded", s)
		}
	}
}

func TestGetPatterns(t *testing.T) {
	table := newTable(t)
	for _, tt := range []struct{ patterns, want string }{
		{"port", "port=6379"},
		{"PORT port", "PORT=6379"},
		{"nosuch", ""},
		{"rename-command", ""},
		{"watchdog*", ""},
		{"watchdog-period", "watchdog-period=0"},
		{"hash* HASH*", "hash-max-listpack-entries=512 hash-max-ziplist-entries=512"},
		{"[o-p]ort", "port=6379"},
		{"?z [^i]z", "hz=10"},
		{"*so?ke*\\PERM", "unixsocketperm=0"},
	} {
		var got []string
		for _, p := range table.Get(strings.Fields(tt.patterns)...) {
			got = append(got, p.Name+"="+p.Value)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("Get(%s) = %q, want %q", tt.patterns, got, tt.want)
		}
	}
}

func TestLoad(t *testing.T) {
	table := newTable(t)
	file := Source{Kind: FromFile, Name: "redis.conf", Line: 4}
	load := func(name string, args ...string) error { return table.Load(name, args, file) }
	for _, d := range [][]string{
		{"save", "900", "1"},
		{"save", "60 1000"},
		{"client-output-buffer-limit", "replica", "1mb", "1mb", "5"},
		{"databases", "4"},
		{"rename-command", "KEYS", ""},
		{"bind", "127.0.0.1", "-::1"},
		{"slaveof", "host", "1"},
	} {
		if err := load(d[0], d[1:]...); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]string{
		"save": "900 1 60 1000", "databases": "4", "bind": "127.0.0.1 -::1", "replicaof": "host 1",
		"client-output-buffer-limit": "normal 0 0 0 slave 1048576 1048576 5 pubsub 33554432 8388608 60",
	} {
		if got := get(t, table, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if o := table.Occurrences("rename-command"); len(o) != 1 || o[0].Args[1] != "" || o[0].Source != file {
		t.Errorf("occurrences %v", o)
	}
	if err := load("save", ""); err != nil || get(t, table, "save") != "" {
		t.Errorf("save \"\" leaves %q, %v", get(t, table, "save"), err)
	}
	limits := get(t, table, "client-output-buffer-limit")
	if err := load("client-output-buffer-limit"); err != nil || get(t, table, "client-output-buffer-limit") != limits {
		t.Errorf("a bare client-output-buffer-limit leaves %q, %v", get(t, table, "client-output-buffer-limit"), err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"nosuch", "1"}, "option 'nosuch' (redis.conf:4): there is no such option"},
		{[]string{"port", "abc"}, "option 'port' (redis.conf:4): 'abc': argument couldn't be parsed into an integer; allowed: a whole number from 0 to 65535"},
		{[]string{"port", "1", "2"}, "option 'port' (redis.conf:4): '1 2': wrong number of arguments; allowed: a whole number from 0 to 65535"},
		{[]string{"port"}, "option 'port' (redis.conf:4): wrong number of arguments; allowed: a whole number from 0 to 65535"},
		{[]string{"tls-port", "1"}, "option 'tls-port' (redis.conf:4): '1': no TLS"},
		{[]string{"requirepass", "sec", "ret"}, "option 'requirepass' (redis.conf:4): wrong number of arguments; allowed: a text"},
		{[]string{"rename-command", "x"}, "option 'rename-command' (redis.conf:4): 'x': wrong number of arguments; allowed: rename-command <command> <new name>"},
	} {
		if err := load(tt.args[0], tt.args[1:]...); err == nil || err.Error() != tt.want {
			t.Errorf("%v: %v\nwant %s", tt.args, err, tt.want)
		}
	}
	if err := load("tls-port", "0"); err != nil {
		t.Errorf("a refused option with its default: %v", err)
	}
}

// As Redis 7.0 does: the first save line takes the default's place whether it has words or not, and a later bare one changes nothing.
func TestLoadBareSave(t *testing.T) {
	file := Source{Kind: FromFile, Name: "redis.conf", Line: 1}
	for _, tt := range []struct {
		name  string
		lines [][]string
		want  string
	}{
		{"alone", [][]string{nil}, ""},
		{"before another", [][]string{nil, {"900", "1"}}, "900 1"},
		{"after another", [][]string{{"900", "1"}, nil}, "900 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table := newTable(t)
			for _, words := range tt.lines {
				if err := table.Load("save", words, file); err != nil {
					t.Fatal(err)
				}
			}
			if got := get(t, table, "save"); got != tt.want {
				t.Errorf("save = %q, want %q", got, tt.want)
			}
		})
	}
}
