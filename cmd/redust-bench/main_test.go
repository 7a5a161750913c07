package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// startRedis starts a redis-server of its own and returns its address; without one installed the test is skipped.
func startRedis(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server isn't installed; the end-to-end test needs one")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if c, err := (load.Target{Addr: addr}).Dial(); err == nil {
			c.Close()
			return addr
		}
	}
	t.Fatal("redis-server doesn't answer")
	return ""
}

func TestAllGroupsAgainstRedis(t *testing.T) {
	addr := startRedis(t)
	for _, pipeline := range []string{"1", "16"} {
		var out, errs bytes.Buffer
		if code := run([]string{"--addr", addr, "-n", "2000", "-c", "5", "-P", pipeline, "-r", "100", "-d", "20", "--json"}, &out, &errs); code != 0 {
			t.Fatalf("code %d: %s", code, errs.String())
		}
		var report jsonReport
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		if len(report.Groups) < 14 {
			t.Errorf("only %d groups", len(report.Groups))
		}
		for _, g := range report.Groups {
			if g.Skipped != "" || len(g.Servers) != 1 {
				t.Errorf("%s: skipped %q, %d servers", g.Group, g.Skipped, len(g.Servers))
				continue
			}
			s := g.Servers[0]
			if s.Requests != 2000 || s.Errors != 0 || s.Rate <= 0 || s.P50 <= 0 || s.Max < s.P999 || s.CPUSource != "INFO cpu" {
				t.Errorf("%s P %s: %+v", g.Group, pipeline, s)
			}
		}
	}
}

func TestTwoServersAndFormats(t *testing.T) {
	a, b := startRedis(t), startRedis(t)
	args := []string{"--addr", a, "--vs", b, "--groups", "set_get,ping", "-n", "1000", "--clients", "3", "--rounds", "3"}
	var table, errs bytes.Buffer
	if code := run(args, &table, &errs); code != 0 {
		t.Fatalf("code %d: %s", code, errs.String())
	}
	for _, want := range []string{"set_get", "ping", a, b, "ratio", "read by INFO cpu", "p99.9 ms"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, table.String())
		}
	}
	var text bytes.Buffer
	if code := run(append(args, "--csv"), &text, &errs); code != 0 {
		t.Fatalf("code %d: %s", code, errs.String())
	}
	rows, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if rows[1][0] != "set_get" || rows[1][1] != a || rows[2][1] != b || rows[1][5] != "3000" {
		t.Errorf("rows %q", rows[1:3])
	}
}

func TestBadUsage(t *testing.T) {
	for _, args := range [][]string{
		{"--groups", "nonsense"},
		{"--clients", "0"},
		{"--json", "--csv"},
		{"stray"},
		{"--no-such-flag"},
		{"--user", "joe"},
		{"--rounds", "-1"},
		{"--threads", "0"},
		{"--keyspace", "x"},
	} {
		var out, errs bytes.Buffer
		if code := run(args, &out, &errs); code != 2 || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("%q: code %d, %q; want 2 and one line", args, code, errs.String())
		}
	}
	var out, errs bytes.Buffer
	if code := run([]string{"--help"}, &out, &errs); code != 0 || !strings.Contains(out.String(), "--value-size bytes") || errs.Len() > 0 {
		t.Errorf("--help: code %d, %q", code, out.String())
	}
}

func TestNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	var out, errs bytes.Buffer
	if code := run([]string{"--addr", addr}, &out, &errs); code != 1 || strings.Count(errs.String(), "refused") != 1 {
		t.Errorf("code %d, %q", code, errs.String())
	}
}

func TestServerThatWantsAuth(t *testing.T) {
	addr := startRedis(t)
	c, err := (load.Target{Addr: addr}).Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Do("CONFIG", "SET", "requirepass", "secret"); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := run([]string{"--addr", addr, "-n", "100", "--groups", "ping"}, &out, &errs); code != 1 || !strings.Contains(errs.String(), "NOAUTH") {
		t.Errorf("without a password: code %d, %q", code, errs.String())
	}
	if code := run([]string{"--addr", addr, "-n", "100", "--groups", "ping", "--user", "default", "-a", "secret"}, &out, &errs); code != 0 {
		t.Errorf("with the password: code %d, %q", code, errs.String())
	}
}

func TestWithPort(t *testing.T) {
	for in, want := range map[string]string{
		"localhost": "localhost:6379", "10.0.0.1:7000": "10.0.0.1:7000", "::1": "[::1]:6379", "[::1]": "[::1]:6379",
		"[::1]:7": "[::1]:7", "/run/redis.sock": "/run/redis.sock",
	} {
		if got := withPort(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestProgressLineStaysSilentWithoutTerminal(t *testing.T) {
	var out bytes.Buffer
	p := newProgressLine(&out, false)
	p.begin("set_get", 2)
	p.show(load.Progress{Percent: 50})
	p.clear()
	if out.Len() > 0 {
		t.Errorf("wrote %q", out.String())
	}
	p = &progressLine{out: &out}
	p.begin("set_get", 2)
	p.show(load.Progress{Percent: 50, Rate: 1234})
	p.show(load.Progress{Percent: 10, Rate: 5678})
	p.clear()
	for _, want := range []string{"run 1/2   50%         1,234 requests/s", "run 2/2   10%         5,678 requests/s"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in %q", want, out.String())
		}
	}
	if !strings.HasSuffix(out.String(), "\r\033[K") {
		t.Error("the line isn't cleared")
	}
}
