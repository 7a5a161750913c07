package server

import (
	"strings"
	"testing"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/protocol"
)

// source is a family that contributes to INFO.
type source struct{}

func (source) Name() string            { return "source" }
func (source) Register(*core.Registry) {}
func (source) InfoSections() []string  { return []string{"stats", "weather"} }
func (source) Info(section string, dst []byte) []byte {
	if section == "stats" {
		return append(dst, "pubsub_channels:7\r\nstorms:1\r\n"...)
	}
	return append(dst, "sky:blue\r\n"...)
}

// keyed has commands with key specs of every form.
type keyed struct{}

func (keyed) Name() string { return "keyed" }
func (keyed) Register(r *core.Registry) {
	ok := func(c *core.Ctx) error { c.Reply.OK(); return nil }
	add := func(name string, arity int, flags core.Flags, keys core.KeySpecs) {
		r.Add([]core.Command{{
			Name: name, Arity: arity, Flags: flags, Keys: keys, Group: "generic", Since: "1.0.0", Summary: "A test.",
			Syntax: "key@0 [value...]", Run: ok,
		}})
	}
	add("ONE", 2, core.ReadOnlyCmd, core.KeyAt(1, core.ReadOnly))
	add("TWO", 3, core.Write, core.KeyAt(1, core.ReadWrite).And(core.KeyAt(2, core.Overwrite)))
	add("PAIRS", -3, core.Write, core.KeyRange(1, -1, 2, core.Overwrite))
	add("COUNTED", -3, core.ReadOnlyCmd, core.KeyNum(1, core.ReadOnly))
	add("WORDED", -2, core.Write, core.KeyAt(1, core.ReadOnly).And(core.KeyWord("STORE", 2, core.Overwrite)))
	add("GROW", 2, core.Write|core.DenyOOM, core.KeyAt(1, core.Overwrite))
	add("CHANNEL", 2, 0, core.KeyAt(1, core.NotKey))
	add("MAYBE", -2, core.NoMandatoryKeys, core.KeyNum(1, core.ReadOnly))
}

func start(t *testing.T, more ...core.Family) *coretest.Harness {
	t.Helper()
	h := coretest.New(t, append([]core.Family{New()}, more...)...)
	if err := h.Engine.Options().Load("enable-debug-command", []string{"yes"}, options.Source{}); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestInfoSections(t *testing.T) {
	h := start(t, source{})
	for _, tt := range []struct {
		args     string
		sections string
	}{
		{"", "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster Keyspace"},
		{"all", "Server Clients Memory Persistence Stats Replication CPU Modules Commandstats Errorstats Latencystats Cluster Keyspace Weather"},
		{"cpu nosuch SERVER cpu", "Server CPU"},
		{"nosuch", ""},
		{"default latencystats", "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Latencystats Cluster Keyspace"},
		{"weather", "Weather"},
		{"module_list", "Modules"},
	} {
		text := h.Do(append([]string{"INFO"}, strings.Fields(tt.args)...)...).Text()
		var got []string
		for _, line := range strings.Split(text, "\r\n") {
			if title, ok := strings.CutPrefix(line, "# "); ok {
				got = append(got, title)
			}
		}
		if strings.Join(got, " ") != tt.sections {
			t.Errorf("INFO %s: %q", tt.args, got)
		}
	}
}

func TestInfoTakesFieldsOfOthers(t *testing.T) {
	h := start(t, source{})
	text := h.Do("INFO", "stats").Text()
	if !strings.Contains(text, "\r\npubsub_channels:7\r\npubsub_patterns:0\r\n") || !strings.HasSuffix(text, "\r\nstorms:1\r\n") {
		t.Errorf("stats %q", text)
	}
	if text = h.Do("INFO", "weather").Text(); text != "# Weather\r\nsky:blue\r\n" {
		t.Errorf("weather %q", text)
	}
}

func TestInfoCounts(t *testing.T) {
	h := start(t)
	h.Do("TIME", "x")
	h.Do("TIME")
	h.Do("LOLWUT", "VERSION", "x")
	text := h.Do("INFO", "commandstats", "errorstats", "latencystats").Text()
	for _, want := range []string{
		"cmdstat_time:calls=1,usec=", ",rejected_calls=1,failed_calls=0", "cmdstat_lolwut:calls=1,", ",failed_calls=1", "errorstat_ERR:count=2",
		"latency_percentiles_usec_time:p50=",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
	h.Do("CONFIG", "RESETSTAT").OK()
	if text = h.Do("INFO", "errorstats").Text(); text != "# Errorstats\r\n" {
		t.Errorf("after RESETSTAT: %q", text)
	}
}

// As Redis does: a limit below what the empty server takes refuses the very first write, and INFO's parts add up.
func TestServerItselfCountsAsUsed(t *testing.T) {
	h := start(t, keyed{})
	h.Do("GROW", "k").OK()
	h.Engine.SetBaseMemory(5000)
	h.Set("maxmemory", "4999")
	h.Do("GROW", "k").Error("OOM command not allowed when used memory > 'maxmemory'.")
	text := h.Do("INFO", "memory").Text()
	for _, want := range []string{"\r\nused_memory_startup:5000\r\n", "\r\nused_memory_dataset:0\r\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
	h.Set("maxmemory", "0")
}

func TestHumanBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0B", 1023: "1023B", 1024: "1.00K", 894 * 1024: "894.00K", 25276502016: "23.54G", 1 << 40: "1.00T", 1 << 62: "4.00E"} {
		if got := human(n); got != want {
			t.Errorf("human(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestLegacyKeyRange(t *testing.T) {
	h := start(t, keyed{})
	for name, want := range map[string][3]int64{"one": {1, 1, 1}, "two": {1, 2, 1}, "pairs": {1, -1, 2}, "counted": {0, 0, 0}, "worded": {1, 1, 1}, "config": {0, 0, 0}} {
		e := h.Do("COMMAND", "INFO", name).Elems[0].Elems
		if got := [3]int64{e[3].Int, e[4].Int, e[5].Int}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestCommandTable(t *testing.T) {
	h := start(t, keyed{})
	h.Do("COMMAND", "FOO").Error("ERR unknown subcommand 'FOO'. Try COMMAND HELP.")
	h.Do("COMMAND", "INFO", "nosuch").Equals("*1\r\n$-1\r\n")
	h.Do("COMMAND", "DOCS", "nosuch").Equals("*0\r\n")
	h.Do("COMMAND", "LIST", "FILTERBY", "PATTERN", "CONFIG|RE*").Array("config|resetstat", "config|rewrite")
	h.Do("COMMAND", "LIST", "FILTERBY", "COLOR", "red").Error("ERR syntax error")
	h.Do("COMMAND", "GETKEYS", "PAIRS", "a", "1", "b", "2").Array("a", "b")
	h.Do("COMMAND", "GETKEYS", "COUNTED", "2", "a", "b", "c").Array("a", "b")
	h.Do("COMMAND", "GETKEYS", "COUNTED", "5", "a", "b").Error("ERR Invalid arguments specified for command")
	h.Do("COMMAND", "GETKEYS", "WORDED", "a", "x", "store", "b").Array("a", "b")
	h.Do("COMMAND", "GETKEYS", "CHANNEL", "a").Error("ERR The command has no key arguments")
	h.Do("COMMAND", "GETKEYS", "TWO", "a").Error("ERR Invalid number of arguments specified for command")
	h.Do("COMMAND", "GETKEYS", "NOSUCH", "a").Error("ERR Invalid command specified")
	h.Do("COMMAND", "GETKEYS", "MAYBE", "0").Equals("*0\r\n")
	h.Do("COMMAND", "GETKEYSANDFLAGS", "ONE", "a").Equals("*1\r\n*2\r\n$1\r\na\r\n*1\r\n+RO\r\n")
}

func TestCommandInfoInRESP3(t *testing.T) {
	h := start(t, keyed{})
	c := h.Client()
	c.C.SetProto(3)
	c.Do("COMMAND", "INFO", "one").Equals("*1\r\n*10\r\n$3\r\none\r\n:2\r\n~1\r\n+readonly\r\n:1\r\n:1\r\n:1\r\n~2\r\n+@read\r\n+@slow\r\n~0\r\n" +
		"~1\r\n%3\r\n$5\r\nflags\r\n~1\r\n+RO\r\n$12\r\nbegin_search\r\n%2\r\n$4\r\ntype\r\n$5\r\nindex\r\n$4\r\nspec\r\n%1\r\n$5\r\nindex\r\n:1\r\n" +
		"$9\r\nfind_keys\r\n%2\r\n$4\r\ntype\r\n$5\r\nrange\r\n$4\r\nspec\r\n%3\r\n$7\r\nlastkey\r\n:0\r\n$7\r\nkeystep\r\n:1\r\n$5\r\nlimit\r\n:0\r\n~0\r\n")
	c.Do("COMMAND", "DOCS", "one").Equals("%1\r\n$3\r\none\r\n%4\r\n$7\r\nsummary\r\n$7\r\nA test.\r\n$5\r\nsince\r\n$5\r\n1.0.0\r\n$5\r\ngroup\r\n$7\r\ngeneric\r\n" +
		"$9\r\narguments\r\n*2\r\n%3\r\n$4\r\nname\r\n$3\r\nkey\r\n$4\r\ntype\r\n$3\r\nkey\r\n$14\r\nkey_spec_index\r\n:0\r\n" +
		"%3\r\n$4\r\nname\r\n$5\r\nvalue\r\n$4\r\ntype\r\n$6\r\nstring\r\n$5\r\nflags\r\n~2\r\n+optional\r\n+multiple\r\n")
}

func TestConfig(t *testing.T) {
	h := start(t)
	h.Do("CONFIG", "SET", "maxmemory", "1mb", "hz", "20").OK()
	h.Do("CONFIG", "GET", "maxmemory").Array("maxmemory", "1048576")
	h.Do("CONFIG", "SET", "a", "b", "c").Error("ERR syntax error")
	h.Do("CONFIG", "SET", "nosuch", "1").Error("ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'")
	h.Do("CONFIG", "REWRITE").Error("ERR The server is running without a config file")
	h.Do("DEBUG", "CONFIG-REWRITE-FORCE-ALL").Error("ERR The server is running without a config file")
	h.Do("CONFIG", "SET", "maxmemory", "0").OK()
}

func TestShutdownArguments(t *testing.T) {
	for _, tt := range []struct {
		args string
		want core.ShutdownOptions
		bad  bool
	}{
		{"", core.ShutdownOptions{}, false},
		{"nosave now", core.ShutdownOptions{Save: core.SaveNever, Now: true}, false},
		{"SAVE FORCE", core.ShutdownOptions{Save: core.SaveAlways, Force: true}, false},
		{"abort", core.ShutdownOptions{}, false},
		{"save nosave", core.ShutdownOptions{}, true},
		{"abort now", core.ShutdownOptions{}, true},
		{"later", core.ShutdownOptions{}, true},
	} {
		var args [][]byte
		for _, a := range strings.Fields(tt.args) {
			args = append(args, []byte(a))
		}
		o, err := parseShutdown(args)
		if (err == protocol.ErrSyntax) != tt.bad || err == nil && o.ShutdownOptions != tt.want {
			t.Errorf("SHUTDOWN %s: %+v, %v", tt.args, o, err)
		}
	}
	h := start(t)
	h.Do("SHUTDOWN", "ABORT").Error("ERR No shutdown in progress.")
}

func TestDebugIsGuarded(t *testing.T) {
	h := coretest.New(t, New())
	h.Do("DEBUG", "SLEEP", "0").Error(string(errDebugRefused))
	if err := h.Engine.Options().Load("enable-debug-command", []string{"local"}, options.Source{}); err != nil {
		t.Fatal(err)
	}
	h.Do("DEBUG", "SLEEP", "0").OK()
	if permits("local", h.Client().C) != true || loopback("10.0.0.1:5") || !loopback("[::1]:5") || !loopback("127.0.0.1:5") {
		t.Error("who is local?")
	}
}

func TestDebug(t *testing.T) {
	h := start(t)
	const syntax = "ERR unknown subcommand or wrong number of arguments for '"
	h.Do("DEBUG", "nosuch").Error(syntax + "nosuch'. Try DEBUG HELP.")
	h.Do("DEBUG", "SLEEP").Error(syntax + "SLEEP'. Try DEBUG HELP.")
	h.Do("DEBUG", "SLEEP", "abc").OK()
	h.Do("DEBUG", "ERROR", "A b\nc").Error("A b c")
	h.Do("DEBUG", "OBJECT", "nosuch").Error("ERR no such key")
	h.Do("DEBUG", "DIGEST").Equals("+0000000000000000000000000000000000000000\r\n")
	h.Do("DEBUG", "DIGEST-VALUE", "k").Equals("*1\r\n+0000000000000000000000000000000000000000\r\n")
	h.Do("DEBUG", "RELOAD", "SLOWLY").Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
	h.Do("DEBUG", "PROTOCOL", "push").Error("ERR RESP2 is not supported by this command")
	h.Do("DEBUG", "POPULATE", "-1").Error("ERR value is out of range, must be positive")
	h.Do("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "1kb").OK()
	if n := h.Engine.Debug().QuicklistPackedThreshold.Load(); n != 1024 {
		t.Errorf("threshold %d", n)
	}
	h.Do("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "5gb").Error("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
	h.Do("DEBUG", "SET-ACTIVE-EXPIRE", "0").OK()
	if h.Engine.ActiveExpire() {
		t.Error("active expiry goes on")
	}
}

func TestReplIDChanges(t *testing.T) {
	h := start(t)
	id := func() string {
		_, rest, _ := strings.Cut(h.Do("INFO", "replication").Text(), "master_replid:")
		return rest[:40]
	}
	before := id()
	if before != id() {
		t.Error("the id isn't kept")
	}
	h.Do("DEBUG", "CHANGE-REPL-ID").OK()
	if before == id() {
		t.Error("the id didn't change")
	}
}

func TestLolwut(t *testing.T) {
	h := start(t)
	h.Do("LOLWUT", "VERSION").Bulk("Redis ver. 7.0.15\n")
	h.Do("LOLWUT", "VERSION", "99").Bulk("Redis ver. 7.0.15\n")
	h.Do("LOLWUT", "VERSION", "5", "a").Error("ERR value is not an integer or out of range")
	text := h.Do("LOLWUT", "VERSION", "5", "20", "3").Text()
	lines := strings.Split(text, "\n")
	if len([]rune(lines[0])) != 20 || lines[3] != "" || !strings.HasSuffix(text, "Redis ver. 7.0.15\n") {
		t.Errorf("picture %q", text)
	}
}
