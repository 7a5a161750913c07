package options

import (
	"errors"
	"slices"
	"testing"
)

// TestValues has what CONFIG SET of Redis 7.0.15 answers and CONFIG GET then prints. package redustcmd compares all options with a Redis
// that is installed; this is for where there is none.
func TestValues(t *testing.T) {
	const failed = "ERR CONFIG SET failed (possibly related to argument '"
	for _, tt := range []struct{ name, value, want string }{
		{"port", "0", "0"},
		{"port", "+1", failed + "port') - argument couldn't be parsed into an integer"},
		{"port", "01", failed + "port') - argument couldn't be parsed into an integer"},
		{"hz", "501", "500"},
		{"hz", "0", "1"},
		{"maxmemory", "1K", "1000"},
		{"maxmemory", "1kb", "1024"},
		{"maxmemory", "3GB", "3221225472"},
		{"maxmemory", "18446744073709551615", "18446744073709551615"},
		{"maxmemory", "99999999999999999999", "18446744073709551615"},
		{"maxmemory", "99999999999gb", "18446744073709551615"},
		{"maxmemory", "", "0"},
		{"maxmemory", "-1", failed + "maxmemory') - argument must be a memory value"},
		{"maxmemory", "1tb", failed + "maxmemory') - argument must be a memory value"},
		{"proto-max-bulk-len", "1", failed + "proto-max-bulk-len') - argument must be between 1048576 and 9223372036854775807 inclusive"},
		{"maxmemory-clients", "7%", "7%"},
		{"maxmemory-clients", "10mb", "10485760"},
		{"maxmemory-clients", "0%", "0"},
		{"maxmemory-clients", "101%", failed + "maxmemory-clients') - percentage argument must be less or equal to 100"},
		{"maxmemory-clients", "-1%", failed + "maxmemory-clients') - argument must be a memory or percent value"},
		{"appendonly", "YES", "yes"},
		{"appendonly", "1", failed + "appendonly') - argument must be 'yes' or 'no'"},
		{"loglevel", "Debug", "debug"},
		{"loglevel", "x", failed + "loglevel') - argument(s) must be one of the following: debug, verbose, notice, warning"},
		{"shutdown-on-sigint", "force now save", "save now force"},
		{"shutdown-on-sigint", "default now", "now"},
		{"shutdown-on-sigint", "save nosave", failed + "shutdown-on-sigint') - shutdown options SAVE and NOSAVE can't be used simultaneously"},
		{"save", "", ""},
		{"save", "10 20 30 0", "10 20 30 0"},
		{"save", "10 ", "10 0"},
		{"save", "\n10 \t20", "10 20"},
		{"save", " 10", failed + "save') - Invalid save parameters"},
		{"save", "10 20x", failed + "save') - Invalid save parameters"},
		{"save", "10  20", failed + "save') - Invalid save parameters"},
		{"save", "0 1", failed + "save') - Invalid save parameters"},
		{"client-output-buffer-limit", "replica 1mb 2mb 3 normal 1 2 3", "normal 1 2 3 slave 1048576 2097152 3 pubsub 33554432 8388608 60"},
		{"client-output-buffer-limit", "normal 1 2", failed + "client-output-buffer-limit') - Wrong number of arguments in buffer limit configuration."},
		{"client-output-buffer-limit", "master 1 2 3", failed + "client-output-buffer-limit') - Invalid client class specified in buffer limit configuration."},
		{"client-output-buffer-limit", "normal 0 0 -1", failed + "client-output-buffer-limit') - Error in hard, soft or soft_seconds setting in buffer limit configuration."},
		{"notify-keyspace-events", "nmdtexzhsl$gKE", "AKEm"},
		{"notify-keyspace-events", "EKlgn", "glnKE"},
		{"notify-keyspace-events", "foo", failed + "notify-keyspace-events') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'."},
		{"latency-tracking-info-percentiles", "50.0 33.3333333333 1e1 0.00001", "50 33.333333 10 0.00001"},
		{"latency-tracking-info-percentiles", "0x10 0x1p3", "16 8"},
		{"latency-tracking-info-percentiles", "1_0", failed + "latency-tracking-info-percentiles') - Invalid latency-tracking-info-percentiles parameters"},
		{"latency-tracking-info-percentiles", "nan", failed + "latency-tracking-info-percentiles') - Invalid latency-tracking-info-percentiles parameters"},
		{"latency-tracking-info-percentiles", "", ""},
		{"latency-tracking-info-percentiles", "a", failed + "latency-tracking-info-percentiles') - Invalid latency-tracking-info-percentiles parameters"},
		{"oom-score-adj-values", "+1 300 0400", "1 300 400"},
		{"oom-score-adj-values", "1 2", failed + "oom-score-adj-values') - wrong number of arguments"},
		{"proc-title-template", "{title}", failed + "proc-title-template') - template format is invalid or contains unknown variables"},
		{"proc-title-template", "x {port}", "x {port}"},
		{"dbfilename", "a/b", failed + "dbfilename') - dbfilename can't be a path, just a filename"},
		{"bind", "", ""},
		{"bind", "127.0.0.1 -::1", "127.0.0.1 -::1"},
		{"unixsocketperm", "0755", "755"},
		{"unixsocketperm", "9", failed + "unixsocketperm') - argument couldn't be parsed as an octal number"},
		{"databases", "1", failed + "databases') - can't set immutable config"},
		{"dir", "/", failed + "dir') - can't set protected config"},
		{"tls-port", "1", failed + "tls-port') - no TLS"},
		{"a\r\nb", "1", "ERR Unknown option or number of arguments for CONFIG SET - 'a  b'"},
	} {
		table := newTable(t)
		err := table.Set([]Pair{{tt.name, tt.value}}, Permit{})
		var got string
		if err != nil {
			got = err.Error()
		} else {
			got = get(t, table, tt.name)
		}
		if got != tt.want {
			t.Errorf("%s %q: %s\nwant %s", tt.name, tt.value, got, tt.want)
		}
	}
}

func TestPermit(t *testing.T) {
	table := newTable(t)
	if err := table.Set([]Pair{{"dir", "/"}}, Permit{Protected: true}); err != nil {
		t.Error(err)
	}
	if err := table.Set([]Pair{{"appendonly", "yes"}}, Permit{Loading: true}); err != ErrLoading { //nolint:errorlint // the value itself is the contract
		t.Errorf("while loading: %v", err)
	}
}

// An empty directory is none, as for chdir: not the present one.
func TestEmptyDirectory(t *testing.T) {
	table := newTable(t)
	var asked []string
	table.OnChange("dir", func(_, dir string) error {
		asked = append(asked, dir)
		return errors.New("No such file or directory") //nolint:staticcheck // the system's text
	})
	err := table.Set([]Pair{{"dir", ""}}, Permit{Protected: true})
	if want := "ERR CONFIG SET failed (possibly related to argument 'dir') - No such file or directory"; err == nil || err.Error() != want {
		t.Errorf("CONFIG SET dir: %v", err)
	}
	if !slices.Equal(asked, []string{""}) {
		t.Errorf("directories that were tried: %q", asked)
	}
}

func TestStructuredValues(t *testing.T) {
	if got := ParseSavePoints("900 1 60 1000"); !slices.Equal(got, []SavePoint{{900, 1}, {60, 1000}}) {
		t.Errorf("save points %v", got)
	}
	if got := ParseBufferLimits("slave 5 6 7"); got[ClassReplica] != (BufferLimit{5, 6, 7}) || got[ClassNormal] != (BufferLimit{}) {
		t.Errorf("limits %v", got)
	}
	if got := ParsePercentiles("50 99.9"); !slices.Equal(got, []float64{50, 99.9}) || ParsePercentiles("") != nil || ParsePercentiles("x") != nil {
		t.Errorf("percentiles %v", got)
	}
}

func TestAssign(t *testing.T) {
	table := newTable(t)
	hooks := 0
	table.OnChange("replicaof", func(_, _ string) error { hooks++; return nil })
	for _, tt := range []struct{ text, want string }{{"host 1", "host 1"}, {"no one", ""}} {
		if err := table.Assign("replicaof", tt.text); err != nil || get(t, table, "slaveof") != tt.want {
			t.Errorf("%s: %q, %v", tt.text, get(t, table, "slaveof"), err)
		}
	}
	if err := table.Assign("replicaof", "host 99999"); err == nil || hooks != 0 {
		t.Errorf("a bad port was taken, or %d hooks run", hooks)
	}
}

// As in Redis, neither may change under the loader's feet.
func TestNotWhileLoading(t *testing.T) {
	table, err := Standard()
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"appendonly": "yes", "dir": "/"} {
		if err := table.Set([]Pair{{name, value}}, Permit{Protected: true, Loading: true}); err != ErrLoading { //nolint:errorlint // the value itself is the contract
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStandardTable(t *testing.T) {
	table, err := Standard()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range table.Specs() {
		if s.Allowed() == "" {
			t.Errorf("%s doesn't say what is allowed", s.Name)
		}
		if s.Kind == Int && s.Min != 0 && s.max() < s.Min {
			t.Errorf("%s: limits %d and %d", s.Name, s.Min, s.max())
		}
	}
	if dir := get(t, table, "dir"); dir == "." || dir == "" {
		t.Errorf("dir is %q", dir)
	}
}

func FuzzSet(f *testing.F) {
	f.Add("client-output-buffer-limit", "normal 1 2 3")
	f.Add("save", "1 2")
	f.Add("proc-title-template", "{port} x")
	f.Fuzz(func(t *testing.T, name, value string) {
		table := newTable(t)
		permit := Permit{Protected: true}
		if table.Set([]Pair{{name, value}}, permit) != nil {
			return
		}
		// What is printed can be set again and stays what it is.
		printed := get(t, table, name)
		if err := table.Set([]Pair{{name, printed}}, permit); err != nil || get(t, table, name) != printed {
			t.Errorf("%s %q is printed as %q, which becomes %q, %v", name, value, printed, get(t, table, name), err)
		}
	})
}
