package redustcmd

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redust/redust/core/options"
)

// TestReasonsOfBadOptionsAreThoseOfRedis starts redis-server with bad options and expects its reason in our line.
func TestReasonsOfBadOptionsAreThoseOfRedis(t *testing.T) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server 7.0 is not installed: nothing to compare with")
	}
	for _, args := range [][]string{
		{"--port"},
		{"--port", "70000"},
		{"--port", "1", "2"},
		{"--port", "6379 6380"},
		{"--databases", "0"},
		{"--daemonize", "maybe"},
		{"--appendonly", "yes", "yes"},
		{"--maxmemory", "lots"},
		{"--maxmemory-clients", "101%"},
		{"--maxclients", "0"},
		{"--unixsocketperm", "9"},
		{"--unixsocketperm", "1777"},
		{"--supervised", "x"},
		{"--syslog-facility", "mail"},
		{"--loglevel", "loud"},
		{"--maxmemory-policy", "lru"},
		{"--save", "1"},
		{"--save", "0 1"},
		{"--bind", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"},
		{"--client-output-buffer-limit", "normal", "0", "0"},
		{"--client-output-buffer-limit", "master 0 0 0"},
		{"--client-output-buffer-limit", "normal", "x", "0", "0"},
		{"--notify-keyspace-events", "KEx?"},
		{"--notify-keyspace-events", "K", "E"},
		{"--latency-tracking-info-percentiles", "101"},
		{"--oom-score-adj-values", "1", "2"},
		{"--oom-score-adj-values", "1 2 2001"},
		{"--proc-title-template", "{x}"},
		{"--shutdown-on-sigterm", "save nosave"},
		{"--shutdown-on-sigint"},
		{"--dbfilename", "a/b"},
		{"--appendfilename", "a/b"},
		{"--appendfilename", ""},
		{"--appenddirname", "a/b"},
		{"--appenddirname", ""},
		{"--replicaof", "host"},
		{"--replicaof", "host", "port"},
		{"--replicaof", "host", "70000"},
		{"--io-threads", "129"},
		{"--list-max-listpack-size", "x"},
		{"--slowlog-log-slower-than", "-2"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		theirs, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
		cancel()
		if err == nil || !strings.Contains(string(theirs), "FATAL CONFIG FILE ERROR") {
			t.Fatalf("redis-server %v: %v\n%s", args, err, theirs)
		}
		lines := strings.Split(strings.TrimSpace(string(theirs)), "\n")
		reason := lines[len(lines)-1]
		table, err := options.Standard()
		if err != nil {
			t.Fatal(err)
		}
		if _, err = Configure(table, Inputs{Args: args}); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%v: %v\nRedis: %s", args, err, reason)
		}
	}
}

// TestQuotingIsThatOfRedis lets Redis read texts in many forms of quoting and compares what it understood.
func TestQuotingIsThatOfRedis(t *testing.T) {
	forms := []string{
		`plain`, `"a b"`, `'a b'`, `"\x41\x4a\n\t\q\\\""`, `'it\'s \x41'`, `a"b c"`, `a#b`, `""`, `\x41`, `"\x4"`, `"\xzz"`, `'a"b'`, `"a'b"`,
	}
	var names []string // options that take any text
	for _, spec := range newTable(t).Specs() {
		if spec.Kind == options.String && !spec.Immutable && (strings.HasPrefix(spec.Name, "tls-") || strings.HasPrefix(spec.Name, "master")) {
			names = append(names, spec.Name)
		}
	}
	text := ""
	for i, form := range forms {
		text += names[i] + " " + form + "\n"
	}
	file := writeFile(t, "redis.conf", text)
	client, c := oracle(t, "--include", file), configure(t, Inputs{Args: []string{file}})
	for i, form := range forms {
		theirs, err := client.ConfigGet(t.Context(), names[i]).Result()
		if ours := c.Table.String(names[i]).Load(); err != nil || ours != theirs[names[i]] {
			t.Errorf("%s: %q; Redis: %q, %v", form, ours, theirs[names[i]], err)
		}
	}
}
