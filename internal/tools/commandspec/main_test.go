package main

import (
	"go/parser"
	"go/token"
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// startRedis runs the installed Redis on a free port until the test ends.
func startRedis(t *testing.T) (addr string) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server to ask")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	cmd := exec.Command(path, "--save", "", "--bind", "127.0.0.1", "--port", strconv.Itoa(port))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			return addr
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("redis-server does not listen")
	return ""
}

// Every command of the server can be told in core's terms: render fails when a
// flag, category or key spec has none, or when a syntax does not survive the
// notation.
func TestRenderAll(t *testing.T) {
	commands, err := fetch(startRedis(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(commands) < 200 {
		t.Fatalf("only %d commands", len(commands))
	}
	for _, c := range commands {
		src, err := render([]*command{c})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		file := append([]byte("package p\n"), src...)
		if _, err := parser.ParseFile(token.NewFileSet(), c.name, file, 0); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestHandlerName(t *testing.T) {
	for name, want := range map[string]string{
		"lpush": "lpush", "config|get": "configGet", "client|id": "clientID", "restore-asking": "restoreAsking",
		"client|no-evict": "clientNoEvict", "type": "typeCommand", "append": "appendCommand", "time": "timeCommand",
		"georadius_ro": "georadiusRo",
	} {
		if got := handlerName(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestLeadingFormula(t *testing.T) {
	for text, want := range map[string]string{
		"O(1)":                           "O(1)",
		"O(N+M*log(M)) where N is":       "O(N+M*log(M))",
		"Depends on subcommand.":         "",
		"For each: O(log(N)). Then O(1)": "O(log(N))",
		"O(N":                            "",
	} {
		if got := leadingFormula(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestChoose(t *testing.T) {
	get := &command{name: "config|get", group: "server"}
	all := []*command{{name: "config", group: "server", subs: []*command{get}}, {name: "set", group: "string"}}
	for _, tc := range []struct {
		names, group string
		want         []string // nil: an error
	}{
		{names: "SET, config", want: []string{"set", "config"}},
		{names: "config|get", want: []string{"config|get"}},
		{group: "string", want: []string{"set"}},
		{names: "nope"},
		{group: "nope"},
	} {
		got, err := choose(all, tc.names, tc.group)
		if (err != nil) != (tc.want == nil) || len(got) != len(tc.want) {
			t.Errorf("%q %q: %d commands, error %v", tc.names, tc.group, len(got), err)
			continue
		}
		for i, c := range got {
			if c.name != tc.want[i] {
				t.Errorf("%q %q: %s at %d, want %s", tc.names, tc.group, c.name, i, tc.want[i])
			}
		}
	}
}
