package redustcmd

import (
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redust/redust/core/options"
)

// oracle starts a real Redis on a socket of the test's own and returns a client of it.
func oracle(t *testing.T, args ...string) *redis.Client {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server 7.0 is not installed: nothing to compare with")
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	server := exec.Command(program, append([]string{"--port", "0", "--unixsocket", socket, "--dir", dir, "--daemonize", "no"}, args...)...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, Protocol: 2})
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	for range 100 {
		if client.Ping(t.Context()).Err() == nil {
			return client
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("redis-server doesn't answer")
	return nil
}

// differences from CONFIG GET * of Redis 7.0, each with its reason.
var (
	onlyOurs = map[string]string{
		"aof-redo-log-size":        "of a file that Redis doesn't have",
		"io-uring":                 "of a way to serve sockets that Redis doesn't have",
		"set-max-listpack-entries": "from Redis 7.2, like the encoding it is for",
		"set-max-listpack-value":   "from Redis 7.2, like the encoding it is for",
	}
	otherDefault = map[string]string{
		"port":       "given by the test",
		"unixsocket": "given by the test",
		"dir":        "given by the test",
	}
)

func TestOptionsAreThoseOfRedis(t *testing.T) {
	client := oracle(t)
	theirs, err := client.ConfigGet(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	table := newTable(t)
	ours := make(map[string]string)
	for _, p := range table.Get("*") {
		ours[p.Name] = p.Value
		if _, ok := theirs[p.Name]; !ok && onlyOurs[p.Name] == "" {
			t.Errorf("%s is not an option of Redis", p.Name)
		}
	}
	for name, value := range theirs {
		got, ok := ours[name]
		switch {
		case !ok:
			t.Errorf("%s is missing; its default is %q", name, value)
		case got != value && otherDefault[name] == "":
			t.Errorf("%s is %q by default, not %q", name, value, got)
		}
	}
	for _, name := range []string{
		"watchdog-period", "key-load-delay", "rdb-key-save-delay", "use-exit-on-panic", "lua-enable-deprecated-api", "loading-process-events-interval-bytes",
	} {
		theirs, err := client.ConfigGet(t.Context(), name).Result()
		if err != nil || len(theirs) != 1 || theirs[name] != table.String(name).Load() {
			t.Errorf("hidden option %s: %v, %v; ours %q", name, theirs, err, table.String(name).Load())
		}
	}
}

// notSet are options whose change would end the oracle's connection or does something to its machine.
var notSet = []string{"port", "bind", "unixsocket", "dir", "logfile", "requirepass"}

// TestConfigSetIsThatOfRedis gives every option a series of good and bad values and compares error texts and what CONFIG GET prints then.
func TestConfigSetIsThatOfRedis(t *testing.T) {
	values := []string{
		"", "0", "1", "-1", "99", "101", "1000000", "2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808",
		"18446744073709551615", "99999999999999999999", "-2147483649", "+1", "01", " 1", "1 ", "1.5", "10kb", "10K", "1mb", "3GB", "1tb", "5%", "101%", "%", "yes", "NO", "maybe",
		"100 2", "100 2 3", "100 2 200 3", "0 1", "1 0", "50 99.99 100", "NaN", "-2000 0 2000", "1 2 -3000",
		"no one", "local", "always", "Debug", "allkeys-lru", "save now", "save nosave", "default", "force now force",
		"normal 0 0", "normal 1mb 2 3", "pubsub 1k 1kb 1m", "master 0 0 0", "replica 1 1 -1", "foo 1 1 1", "KEA", "Ag$lshzxeKEtmdn", "lgE", "nmK", "Kx?", "{title}", "{nope}", "{port", "a/b",
	}
	client := oracle(t, "--enable-protected-configs", "yes")
	ctx := context.Background()
	for _, spec := range newTable(t).Specs() {
		if slices.Contains(notSet, spec.Name) || spec.Kind == options.Directive || onlyOurs[spec.Name] != "" {
			continue
		}
		for _, name := range append([]string{spec.Name}, spec.Aliases...) {
			before, err := client.ConfigGet(ctx, name).Result()
			if err != nil {
				t.Fatal(err)
			}
			for _, value := range values {
				compareSet(ctx, t, client, spec, name, value, before[name])
			}
		}
	}
}

// deliberate says why the answer to a value isn't Redis's, if so it is.
func deliberate(spec options.Spec, value string) string {
	switch {
	case spec.Kind == options.Memory && strings.HasPrefix(value, "99999999999999999999"):
		return "Redis multiplies past 64 bits; a limit must not wrap around to a small one"
	case spec.Kind == options.Percent && len(value) >= 19:
		return "Redis keeps sizes and percentages in one signed number, and some sizes become percentages"
	case spec.Kind == options.SavePoints && value == "1 ":
		return "Redis takes nothing for the number 0"
	case spec.Status == options.Refused:
		return "refused here"
	case spec.Name == "maxclients" && len(value) > 3:
		return "depends on the machine, and makes Redis allocate gigabytes"
	case spec.Name == "watchdog-period":
		return "raised to the rate of Redis's timer, which is not there"
	case spec.Name == "activedefrag":
		return "refused by a Redis without its own jemalloc"
	case spec.Kind == options.String && strings.Contains(value, "/"), spec.Name == "cluster-announce-hostname":
		return "checked by Redis for a feature that is not there"
	default:
		return ""
	}
}

// compareSet sets an option on both sides, compares, and restores the oracle's value.
func compareSet(ctx context.Context, t *testing.T, client *redis.Client, spec options.Spec, name, value, original string) {
	t.Helper()
	if deliberate(spec, value) != "" {
		return
	}
	table := options.New()
	if err := table.Define(spec); err != nil {
		t.Fatal(err)
	}
	pipe := client.Pipeline()
	theirErr, after := pipe.ConfigSet(ctx, name, value), pipe.ConfigGet(ctx, name)
	restored := pipe.ConfigSet(ctx, name, original)
	_, _ = pipe.Exec(ctx)
	ourErr := table.Set([]options.Pair{{Name: name, Value: value}}, options.Permit{Protected: true})
	if theirs, ours := errorText(theirErr.Err()), errorText(ourErr); theirs != ours {
		t.Errorf("CONFIG SET %s %q: %s\nRedis: %s", name, value, ours, theirs)
	}
	if ours := table.String(name).Load(); theirErr.Err() == nil && after.Val()[name] != ours {
		t.Errorf("after CONFIG SET %s %q it is %q; Redis: %q, %v", name, value, ours, after.Val()[name], after.Err())
	}
	if err := restored.Err(); err != nil && !spec.Immutable {
		t.Fatalf("CONFIG SET %s %q: %v", name, original, err)
	}
}

func errorText(err error) string {
	if err == nil {
		return "OK"
	}
	return err.Error()
}

func TestConfigSetOfSeveralIsThatOfRedis(t *testing.T) {
	client := oracle(t)
	for _, args := range [][]string{
		{"nosuch", "1"},
		{"nosuch", "1", "alsonot", "2"},
		{"port", "70000", "nosuch", "1"},
		{"databases", "1", "nosuch", "1"},
		{"databases", "1", "port", "70000"},
		{"DataBases", "1"},
		{"HZ", "x"},
		{"maxmemory", "1", "maxmemory", "2"},
		{"MAXMEMORY", "1", "maxmemory", "2"},
		{"hash-max-listpack-entries", "1", "hash-max-ziplist-entries", "2"},
		{"maxmemory", "x", "databases", "1"},
		{"timeout", "1", "maxmemory", "x"},
		{"dir", "/"},
		{"user", "x on"},
		{"include", "x"},
		{"rename-command", "a b"},
	} {
		command := []any{"CONFIG", "SET"}
		var pairs []options.Pair
		for i := 0; i < len(args); i += 2 {
			command = append(command, args[i], args[i+1])
			pairs = append(pairs, options.Pair{Name: args[i], Value: args[i+1]})
		}
		theirs := errorText(client.Do(t.Context(), command...).Err())
		table := newTable(t)
		if ours := errorText(table.Set(pairs, options.Permit{})); ours != theirs {
			t.Errorf("CONFIG SET %v: %s\nRedis: %s", args, ours, theirs)
		}
	}
	for _, patterns := range [][]string{
		{"port"},
		{"TIMEOUT"},
		{"timeout", "Timeout", "time*"},
		{"time*", "TIMEOUT"},
		{"hash*", "*entries"},
		{"nosuch"},
		{"[s-t]imeout"},
		{"[^a]imeout"},
		{"tim?out"},
		{"*"},
		{"**max**"},
		{`\timeou[t]`},
		{"user"},
		{"watchdog*"},
		{"timeou[t"},
		{"HASH-*"},
	} {
		command := []any{"CONFIG", "GET"}
		for _, p := range patterns {
			command = append(command, p)
		}
		reply, err := client.Do(t.Context(), command...).StringSlice()
		if err != nil {
			t.Fatal(err)
		}
		var theirs, ours []string
		for i := 0; i < len(reply); i += 2 {
			theirs = append(theirs, reply[i])
		}
		for _, p := range newTable(t).Get(patterns...) {
			if onlyOurs[p.Name] == "" {
				ours = append(ours, p.Name)
			}
		}
		slices.Sort(theirs)
		slices.Sort(ours)
		if !slices.Equal(ours, theirs) {
			t.Errorf("CONFIG GET %v: %v\nRedis: %v", patterns, ours, theirs)
		}
	}
}
