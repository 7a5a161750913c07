package redustcmd

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redust/redust/core/options"
)

func newTable(t *testing.T) *options.Table {
	t.Helper()
	table, err := options.Standard()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// writeFile puts a file into a directory of the test's own and returns its path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func configure(t *testing.T, in Inputs) *Config {
	t.Helper()
	c, err := Configure(newTable(t), in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func wantOptions(t *testing.T, table *options.Table, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got := table.Get(name); len(got) != 1 || got[0].Value != value {
			t.Errorf("%s = %v, want %q", name, got, value)
		}
	}
}

func TestLaterSourcesWin(t *testing.T) {
	file := writeFile(t, "redis.conf", "port 1\ntimeout 1\nmaxmemory 1mb\nrequirepass file\nsave 900 1\nhash-max-ziplist-entries 5\n")
	c := configure(t, Inputs{
		Args:    []string{file, "-", "--port", "4", "--hash-max-listpack-entries", "7", "--save", "5", "6"},
		Stdin:   strings.NewReader("timeout 2\nport 2\n"),
		Environ: []string{"REDUST_MAXMEMORY=3mb", "REDUST_PORT=3", "HOME=/", "REDUST_SAVE=60 1000", "REDUST_USER=alice on nopass"},
	})
	wantOptions(t, c.Table, map[string]string{
		"port": "4", "timeout": "2", "maxmemory": "3145728", "requirepass": "file", "hash-max-listpack-entries": "7", "save": "60 1000 5 6",
	})
	for name, want := range map[string]string{
		"port": "flag --port", "timeout": "standard input:1", "maxmemory": "environment variable REDUST_MAXMEMORY",
		"requirepass": file + ":4", "databases": "default",
	} {
		if got := c.Table.Source(name).String(); got != want {
			t.Errorf("source of %s: %s, want %s", name, got, want)
		}
	}
	if users := c.Table.Occurrences("user"); len(users) != 1 || len(users[0].Args) != 3 {
		t.Errorf("users %v", users)
	}
	if c.File != file {
		t.Errorf("file %q", c.File)
	}
}

// A user of the configuration that is not made must not be passed over in silence.
func TestDirectiveWithoutEffectWarns(t *testing.T) {
	c := configure(t, Inputs{Args: []string{"--user", "alice", "on"}})
	for _, w := range c.Warnings {
		if w.Option == "user" && w.Source.String() == "flag --user" && w.Why != "" {
			return
		}
	}
	t.Errorf("warnings %v", c.Warnings)
}

func TestFileFormats(t *testing.T) {
	want := map[string]string{
		"port": "6380", "appendonly": "yes", "maxmemory": "104857600", "bind": "127.0.0.1 -::1", "save": "900 1 60 1000",
		"notify-keyspace-events": "KEm", "latency-tracking-info-percentiles": "50 99.9", "requirepass": "a b#c",
		"client-output-buffer-limit": "normal 0 0 0 slave 268435456 67108864 60 pubsub 1048576 2 3",
	}
	conf := "\n# comment\n  PORT   6380\r\nappendonly Yes\nmaxmemory 100mb\nbind 127.0.0.1 -::1\nsave 900 1\nsave 60 1000\n" +
		"notify-keyspace-events KEm\nlatency-tracking-info-percentiles 50 99.9\nrequirepass \"a b#c\"\n" +
		"client-output-buffer-limit pubsub 1mb 2 3\nrename-command CONFIG \"\"\n"
	yaml := "port: 6380\nappendonly: true\nmaxmemory: 100mb\nbind: [127.0.0.1, '-::1']\nsave: [900 1, 60 1000]\n" +
		"notify-keyspace-events: KEm\nlatency-tracking-info-percentiles: [50, 99.9]\nrequirepass: 'a b#c'\n" +
		"client-output-buffer-limit:\n  pubsub: 1mb 2 3\nrename-command: {CONFIG: ''}\n"
	toml := "port = 6380\nappendonly = true\nmaxmemory = '100mb'\nbind = '127.0.0.1 -::1'\nsave = [[900, 1], [60, 1000]]\n" +
		"notify-keyspace-events = 'KEm'\nlatency-tracking-info-percentiles = [50, 99.9]\nrequirepass = 'a b#c'\n" +
		"client-output-buffer-limit = 'pubsub 1mb 2 3'\n[rename-command]\nCONFIG = ''\n"
	for _, tt := range []struct{ name, text string }{
		{"redis.conf", conf},
		{"redust.yaml", yaml},
		{"redust.toml", toml},
		{"by-content-conf", conf},
		{"by-content-yaml", "# comment\n" + yaml},
		{"by-content-toml", toml},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := configure(t, Inputs{Args: []string{writeFile(t, tt.name, tt.text)}})
			wantOptions(t, c.Table, want)
			renamed := c.Table.Occurrences("rename-command")
			if len(renamed) != 1 || len(renamed[0].Args) != 2 || renamed[0].Args[0] != "CONFIG" || renamed[0].Args[1] != "" {
				t.Errorf("rename-command %v", renamed)
			}
		})
	}
}

// What redis-server lets pass: an option and its value in one argument, and no dashes before the first option after a file.
func TestArgumentsOfOtherForms(t *testing.T) {
	file := writeFile(t, "redis.conf", "port 7000\n")
	c := configure(t, Inputs{Args: []string{file, "loglevel", "verbose", "--maxmemory '700mb'", "--maxmemory-policy volatile-lru", "--hz", "20"}})
	wantOptions(t, c.Table, map[string]string{
		"port": "7000", "loglevel": "verbose", "maxmemory": "734003200", "maxmemory-policy": "volatile-lru", "hz": "20",
	})
}

func TestFaultsNameOptionSourceAndWhatIsAllowed(t *testing.T) {
	conf := func(text string) Inputs { return Inputs{Args: []string{writeFile(t, "redis.conf", text)}} }
	for _, tt := range []struct {
		name string
		in   Inputs
		want string
	}{
		{"bad value in a file", conf("\nport abc\n"), "option 'port' (FILE:2): 'abc': argument couldn't be parsed into an integer; allowed: a whole number from 0 to 65535"},
		{"bad value that is overruled", conf("maxmemory lots\nmaxmemory 1mb"), "option 'maxmemory' (FILE:1): 'lots': argument must be a memory value; allowed: a number of bytes, with k, kb, m, mb, g or gb if wanted: 100mb"},
		{"unknown, misspelt", conf("maxmemroy 1"), "option 'maxmemroy' (FILE:1): there is no such option; allowed: 'maxmemory'?"},
		{"unknown", conf("something-else 1"), "option 'something-else' (FILE:1): there is no such option; allowed: the options of redis.conf, see --help"},
		{"quotes", conf("requirepass \"abc"), "FILE:1: unbalanced quotes"},
		{"refused", conf("loadmodule /lib/x.so"), "option 'loadmodule' (FILE:1): '/lib/x.so': modules can't be loaded: families are compiled in"},
		{"refused value", Inputs{Args: []string{"--cluster-enabled", "yes"}}, "option 'cluster-enabled' (flag --cluster-enabled): 'yes': cluster mode is not supported: a client of a cluster would be misled"},
		{"yaml line", Inputs{Args: []string{writeFile(t, "r.yaml", "timeout: 1\nport: 70000\n")}}, "option 'port' (FILE:2): '70000': argument must be between 0 and 65535 inclusive; allowed: a whole number from 0 to 65535"},
		{"toml line", Inputs{Args: []string{writeFile(t, "r.toml", "[databases]\nx = 1\n")}}, "option 'databases.x' (FILE:2): there is no such option; allowed: 'databases'?"},
		{"environment", Inputs{Environ: []string{"REDUST_APPENDFSYNC=never"}}, "option 'appendfsync' (environment variable REDUST_APPENDFSYNC): 'never': argument(s) must be one of the following: everysec, always, no; allowed: one of everysec, always, no"},
		{"environment, unknown", Inputs{Environ: []string{"REDUST_MAX_MEMORY=1"}}, "option 'max-memory' (environment variable REDUST_MAX_MEMORY): there is no such option; allowed: 'maxmemory'?"},
		{"flag", Inputs{Args: []string{"--hz", "fast"}}, "option 'hz' (flag --hz): 'fast': argument couldn't be parsed into an integer; allowed: a whole number from 0 to 2147483647 (per second)"},
		{"flag without a value", Inputs{Args: []string{"--port"}}, "option 'port' (flag --port): wrong number of arguments; allowed: a whole number from 0 to 65535"},
		{"one dash", Inputs{Args: []string{"-x"}}, "argument '-x': an option begins with two dashes: --port 6380; a configuration file comes first"},
		{"secret", Inputs{Args: []string{"--requirepass", "my", "secret"}}, "option 'requirepass' (flag --requirepass): wrong number of arguments; allowed: a text"},
		{"no file", Inputs{Args: []string{"/nonexistent/redis.conf"}}, "can't open config file '/nonexistent/redis.conf': No such file or directory"},
		{"no included file", conf("include /nonexistent"), "option 'include' (FILE:1): can't open config file '/nonexistent': No such file or directory"},
		{"bad yaml", Inputs{Args: []string{writeFile(t, "r.yaml", "a: [")}}, "FILE: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Configure(newTable(t), tt.in)
			if err == nil {
				t.Fatal("no fault was found")
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
			got := err.Error()
			if len(tt.in.Args) > 0 {
				got = strings.ReplaceAll(got, tt.in.Args[0]+":", "FILE:")
			}
			if !strings.HasPrefix(got, tt.want) || !strings.HasSuffix(tt.want, " ") && got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestInclude(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.conf":  "port 1\ninclude " + dir + "/d/*.conf\ninclude " + dir + "/none*.conf\ntimeout 9\n",
		"d/1.conf":   "port 2\ntimeout 2\ninclude " + dir + "/inner\n",
		"d/2.conf":   "hz 20\n",
		"inner":      "save 1 1\n",
		"loop.conf":  "include " + dir + "/loop.conf\n",
		"fault.conf": "include " + dir + "/bad.conf\n",
		"bad.conf":   "\nport x\n",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	c := configure(t, Inputs{Args: []string{dir + "/main.conf"}})
	wantOptions(t, c.Table, map[string]string{"port": "2", "timeout": "9", "hz": "20", "save": "1 1"})

	if _, err := Configure(newTable(t), Inputs{Args: []string{dir + "/loop.conf"}}); err == nil || !strings.Contains(err.Error(), "include each other") {
		t.Errorf("a loop of files: %v", err)
	}
	if _, err := Configure(newTable(t), Inputs{Args: []string{dir + "/fault.conf"}}); err == nil || !strings.Contains(err.Error(), dir+"/bad.conf:2") {
		t.Errorf("the included file isn't named: %v", err)
	}
	c = configure(t, Inputs{Args: []string{"--include", dir + "/d/2.conf", "--port", "3"}})
	wantOptions(t, c.Table, map[string]string{"port": "3", "hz": "20"})
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want map[string]string
	}{
		{"empty save", []string{"--save", "", "--port", "6380"}, map[string]string{"save": "", "port": "6380"}},
		{"save without a word", []string{"--save", "--port", "6380"}, map[string]string{"save": "", "port": "6380"}},
		{"save at the end", []string{"--port", "6380", "--save"}, map[string]string{"save": "", "port": "6380"}},
		{"several words", []string{"--save", "900", "1", "--bind", "127.0.0.1", "::1"}, map[string]string{"save": "900 1", "bind": "127.0.0.1 ::1"}},
		{"words in one argument", []string{"--save", "900 1 60 2", "--port 6381"}, map[string]string{"save": "900 1 60 2", "port": "6381"}},
		{"repeated", []string{"--save", "900", "1", "--save", "60", "2"}, map[string]string{"save": "900 1 60 2"}},
		{"a value with dashes", []string{"--requirepass", "--port", "--port", "7"}, map[string]string{"requirepass": "--port", "port": "7"}},
		{"a negative value", []string{"--list-max-listpack-size", "-1"}, map[string]string{"list-max-listpack-size": "-1"}},
		{"any case", []string{"--PORT", "7", "--AppendOnly", "YES"}, map[string]string{"port": "7", "appendonly": "yes"}},
		{"bare list", []string{"--bind"}, map[string]string{"bind": ""}},
		{"replica", []string{"--replicaof", "host", "6379"}, map[string]string{"slaveof": "host 6379"}},
		{"raw bytes", []string{"--requirepass", `a\x41"`}, map[string]string{"requirepass": `a\x41"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantOptions(t, configure(t, Inputs{Args: tt.args}).Table, tt.want)
		})
	}
}

func TestVariablesOfServiceDiscoveryAreNoOptions(t *testing.T) {
	c := configure(t, Inputs{Environ: []string{
		"REDUST_PORT=tcp://10.0.0.1:6379", "REDUST_SERVICE_HOST=10.0.0.1", "REDUST_SERVICE_PORT=6379", "REDUST_PORT_6379_TCP_ADDR=10.0.0.1",
	}})
	wantOptions(t, c.Table, map[string]string{"port": "6379"})
}

func TestOptionsWithoutEffectWarn(t *testing.T) {
	c := configure(t, Inputs{Args: []string{"--io-threads", "4", "--disable-thp", "yes", "--port", "1"}})
	if len(c.Warnings) != 2 {
		t.Fatalf("warnings %v", c.Warnings)
	}
	for _, w := range c.Warnings {
		if w.Why == "" || w.Quiet != (w.Option == "disable-thp") || !strings.HasPrefix(w.Source.String(), "flag --") {
			t.Errorf("warning %+v", w)
		}
	}
}
