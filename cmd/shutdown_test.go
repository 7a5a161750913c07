package redustcmd

import (
	"bufio"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// SHUTDOWN by a client ends the whole program, with exit code 0, whatever other clients are doing.
func TestShutdownByAClient(t *testing.T) {
	for _, tt := range []struct{ name, before string }{
		{"at once", ""},
		{"after other requests", "PING\r\nSET k v\r\n"},
		{"at the end of a pipeline", "SET k v\r\nGET k\r\nSET k w\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			port := freePort(t)
			c, out := run(t, []string{childMark + "=server"}, "--port", port, "--bind", "127.0.0.1")
			waitFor(t, out, "Ready to accept")
			open := func() net.Conn {
				nc, err := net.Dial("tcp", "127.0.0.1:"+port)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { nc.Close() })
				return nc
			}
			waiting := open()
			waiting.Write([]byte("PING\r\nBLPOP list 0\r\n"))
			if line, err := bufio.NewReader(waiting).ReadString('\n'); err != nil || line != "+PONG\r\n" {
				t.Fatal(line, err)
			}
			open().Write([]byte(tt.before + "SHUTDOWN NOSAVE\r\n"))
			kill := time.AfterFunc(20*time.Second, func() { _ = c.Process.Kill() })
			defer kill.Stop()
			wantExit(t, c, 0)
			waitFor(t, out, "User requested shutdown.*bye bye")
		})
	}
}

// SHUTDOWN ABORT calls the final save off, whoever has asked for the shutdown, and the server goes on. A second SIGINT doesn't wait for
// the save. Neither leaves half a file.
func TestShutdownAbort(t *testing.T) {
	port := freePort(t)
	c, out := run(t, []string{childMark + "=server"}, "--port", port, "--bind", "127.0.0.1", "--rdb-key-save-delay", "100000", "--save", "3600 1")
	waitFor(t, out, "Ready to accept")
	open := func() func(line string) string {
		nc, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		_ = nc.SetDeadline(time.Now().Add(60 * time.Second))
		in := bufio.NewReader(nc)
		return func(line string) string {
			nc.Write([]byte(line + "\r\n"))
			reply, _ := in.ReadString('\n')
			return strings.TrimSpace(reply)
		}
	}
	one, other := open(), open()
	for i := range 600 { // a minute's save
		one("SET key" + strconv.Itoa(i) + " v")
	}
	noLeftovers := func() {
		t.Helper()
		if left, _ := filepath.Glob(filepath.Join(c.Dir, "temp-*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	abort := func() {
		t.Helper()
		if got := other("SHUTDOWN ABORT"); got != "+OK" {
			t.Fatalf("SHUTDOWN ABORT: %s\n%s", got, out)
		}
	}
	ended := make(chan string)
	go func() { ended <- one("SHUTDOWN SAVE") }()
	waitFor(t, out, "Saving the final RDB snapshot")
	if got := other("EXISTS key1"); got != ":1" {
		t.Errorf("a read meanwhile: %s", got)
	}
	abort()
	if got := <-ended; got != "-ERR Errors trying to SHUTDOWN. Check logs." {
		t.Errorf("SHUTDOWN SAVE, called off: %s", got)
	}
	noLeftovers()
	if got := one("SET later v"); got != "+OK" {
		t.Errorf("a write after it: %s", got)
	}
	if got := one("SHUTDOWN ABORT"); got != "-ERR No shutdown in progress." {
		t.Errorf("SHUTDOWN ABORT without a shutdown: %s", got)
	}

	_ = c.Process.Signal(syscall.SIGTERM)
	waitFor(t, out, "aborted.*SIGTERM.*Saving the final RDB snapshot")
	abort()
	waitFor(t, out, "the shutdown could not be made")
	noLeftovers()

	_ = c.Process.Signal(syscall.SIGINT)
	waitFor(t, out, "SIGINT.*Saving the final RDB snapshot")
	_ = c.Process.Signal(syscall.SIGINT)
	wantExit(t, c, 1)
	waitFor(t, out, "You insist... exiting now.")
	noLeftovers()
}

// A shutdown during the load ends the process at once, and what is loaded so far doesn't replace the file.
func TestShutdownWhileLoading(t *testing.T) {
	port := freePort(t)
	dir := t.TempDir()
	args := []string{"--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "3600 1"}
	c, out := run(t, []string{childMark + "=server"}, append(args, "--enable-debug-command", "yes")...)
	waitFor(t, out, "Ready to accept")
	ask(t, port, "DEBUG POPULATE 3000")
	ask(t, port, "SHUTDOWN SAVE")
	wantExit(t, c, 0)
	file := filepath.Join(dir, "dump.rdb")
	want := readFile(t, file)
	for name, end := range map[string]func(c *exec.Cmd){
		"SHUTDOWN SAVE": func(*exec.Cmd) { ask(t, port, "SHUTDOWN SAVE") },
		"SHUTDOWN":      func(*exec.Cmd) { ask(t, port, "SHUTDOWN") },
		"SIGTERM":       func(c *exec.Cmd) { _ = c.Process.Signal(syscall.SIGTERM) },
	} {
		c, out := run(t, []string{childMark + "=server"}, append(args, "--key-load-delay", "100000")...) // five minutes
		waitFor(t, out, "Loading RDB")
		end(c)
		kill := time.AfterFunc(60*time.Second, func() { _ = c.Process.Kill() })
		wantExit(t, c, 0)
		kill.Stop()
		if readFile(t, file) != want {
			t.Fatalf("%s while loading has replaced the file", name)
		}
	}
}
