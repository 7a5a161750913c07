package redustcmd

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// The command line that ps shows is proc-title-template, and follows CONFIG SET; arguments and environment keep their meaning.
func TestProcessTitle(t *testing.T) {
	port, other := freePort(t), freePort(t)
	c, out := run(t, []string{childMark + "=server", "REDUST_MAXMEMORY=12mb", "PADDING=" + strings.Repeat("x", 200)}, "--port", port, "--bind", "127.0.0.1", "--maxclients", "77")
	waitFor(t, out, "Ready to accept")
	title := func() string {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", c.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimRight(string(b), "\x00")
	}
	nc, err := net.Dial("tcp4", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(60 * time.Second))
	in := bufio.NewReader(nc)
	ask := func(line string, lines int) (all string) {
		fmt.Fprint(nc, line+"\r\n")
		for range lines {
			text, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			all += strings.TrimSpace(text) + " "
		}
		return all
	}
	if want := os.Args[0] + " 127.0.0.1:" + port; title() != want {
		t.Errorf("title %q, want %q", title(), want)
	}
	for _, tt := range []struct{ set, want string }{
		{"port " + other, os.Args[0] + " 127.0.0.1:" + other},
		{"proc-title-template TEST", "TEST"},
		{"proc-title-template '{title}|{listen-addr}|{server-mode}|{port}|{tls-port}|{unixsocket}|{config-file} '", os.Args[0] + "|127.0.0.1:" + other + "||" + other + "|0||-"},
		{"proc-title-template " + strings.Repeat("long", 200), ""},
		{"proc-title-template short", "short"},
	} {
		if got := ask("CONFIG SET "+tt.set, 1); got != "+OK " {
			t.Fatalf("%s: %s", tt.set, got)
		}
		if tt.want != "" && title() != tt.want {
			t.Errorf("%s: title %q, want %q", tt.set, title(), tt.want)
		}
	}
	if got := ask("CONFIG GET maxclients maxmemory", 9); !strings.Contains(got, " 77 ") || !strings.Contains(got, " 12582912 ") {
		t.Error(got)
	}
}
