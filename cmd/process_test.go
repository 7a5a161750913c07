package redustcmd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core"
	"github.com/redust/redust/families/standard"
)

// childMark in the environment makes the test binary a program that starts like a server and serves nobody, or, with the value "server",
// a server.
const childMark = "_REDUSTCMD_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childMark) {
	case "":
	case "server":
		os.Exit(Main(standard.All()...))
	default:
		os.Exit(child())
	}
	os.Exit(m.Run())
}

// child goes through the whole start and stop, without an engine.
func child() int {
	p, code := Begin(Invocation{
		Program: "redust", Args: os.Args[1:], Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}, nil, Subcommand{Name: "check-nothing", Summary: "checks nothing", Run: func(inv Invocation) int {
		_, _ = fmt.Fprintln(inv.Stdout, "checked", inv.Args)
		return 3
	}})
	if p == nil {
		return code
	}
	defer p.End()
	listeners, err := Listen(p.Config.Table, p.Log)
	if err != nil {
		return 1
	}
	defer closeAll(listeners)
	done := make(chan struct{})
	stop := HandleSignals(p.Config.Table, p.Log, func(core.ShutdownOptions) error {
		if p.Config.Table.String("ignore-warnings").Load() == "hang" {
			time.Sleep(10 * time.Second)
		}
		close(done)
		return nil
	}, nil)
	defer stop()
	p.Announce(listeners)
	p.Ready()
	<-done
	p.Stopping()
	return 0
}

// run starts the child in a directory of its own.
func run(t *testing.T, environ []string, args ...string) (*exec.Cmd, *lockedBuffer) {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	c.Env = append([]string{childMark + "=1", "PATH=" + os.Getenv("PATH")}, environ...)
	c.Dir = t.TempDir()
	out := &lockedBuffer{}
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return c, out
}

// waitFor waits until the output has what the pattern asks for.
func waitFor(t *testing.T, out fmt.Stringer, pattern string) {
	t.Helper()
	re := regexp.MustCompile("(?s)" + pattern)
	for range 500 {
		if re.MatchString(out.String()) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %q in:\n%s", pattern, out)
}

func wantExit(t *testing.T, c *exec.Cmd, code int) {
	t.Helper()
	err := c.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := c.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
}

// ask sends a request on a connection of its own and returns the first line of the reply, "" if the connection ends without one.
func ask(t *testing.T, port, line string) string {
	t.Helper()
	nc, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(60 * time.Second))
	nc.Write([]byte(line + "\r\n"))
	reply, _ := bufio.NewReader(nc).ReadString('\n')
	return reply
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func TestStartSaysWhatProgramsWaitFor(t *testing.T) {
	port := freePort(t)
	pidFile := filepath.Join(t.TempDir(), "redis.pid")
	c, out := run(t, nil, "--port", port, "--bind", "127.0.0.1", "-::1", "--pidfile", pidFile, "--io-threads", "2", "--unixsocket", "s", "--unixsocketperm", "700")
	waitFor(t, out, "The server is now ready to accept connections at s")
	pid := strconv.Itoa(c.Process.Pid)
	for _, pattern := range []string{
		`^` + pid + `:C \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3} # Redust is starting\n`,
		`Redis version=7\.0\.15, bits=64, `,
		` # option 'io-threads' \(flag --io-threads\) has no effect: `,
		` \* Running mode=standalone, port=` + port + `\.\n`,
		`Port: ` + port + ` PID: ` + pid + `\n.*Server initialized`,
		`\d:M .* \* Ready to accept connections\n`,
	} {
		waitFor(t, out, pattern)
	}
	if text := readFile(t, pidFile); text != pid+"\n" {
		t.Errorf("pid file %q", text)
	}
	info, err := os.Stat(filepath.Join(c.Dir, "s"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("socket %v, %v", info, err)
	}
	if conn, err := net.Dial("tcp4", "127.0.0.1:"+port); err != nil {
		t.Error(err)
	} else {
		_ = conn.Close()
	}

	second, out2 := run(t, nil, "--port", port, "--bind", "127.0.0.1")
	wantExit(t, second, 1)
	waitFor(t, out2, `# Warning: Could not create server TCP listening socket 127\.0\.0\.1:`+port+`: bind: Address already in use\n.*# Failed listening on port `+port+` \(TCP\), aborting\.\n$`)

	if err := c.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wantExit(t, c, 0)
	waitFor(t, out, "Received SIGTERM scheduling shutdown")
	for _, path := range []string{pidFile, filepath.Join(c.Dir, "s")} {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left behind: %v", path, err)
		}
	}
}

// Who reads the log from a pipe may go away, as head does after a line, even before the server is up.
func TestLogWithoutReader(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	port := freePort(t)
	c := exec.Command(os.Args[0], "--port", port, "--bind", "127.0.0.1", "--save", "")
	c.Env = []string{childMark + "=server", "PATH=" + os.Getenv("PATH")}
	c.Dir = t.TempDir()
	c.Stdout, c.Stderr = writer, writer
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	t.Cleanup(func() { _ = c.Process.Kill() })
	for range 500 {
		conn, err := net.Dial("tcp4", "127.0.0.1:"+port)
		if err == nil {
			_ = conn.Close()
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := ask(t, port, "PING"); got != "+PONG\r\n" {
		t.Errorf("PING gave %q", got)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wantExit(t, c, 0)
}

func TestSecondInterruptEndsAtOnce(t *testing.T) {
	c, out := run(t, nil, "--port", freePort(t), "--bind", "127.0.0.1", "--ignore-warnings", "hang")
	waitFor(t, out, "Ready to accept")
	_ = c.Process.Signal(syscall.SIGINT)
	waitFor(t, out, "Received SIGINT")
	_ = c.Process.Signal(syscall.SIGINT)
	wantExit(t, c, 1)
	waitFor(t, out, "You insist... exiting now.")
}

func TestStartFailsInOneLine(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--port", "70000"}, "redust: option 'port' (flag --port): '70000': argument must be between 0 and 65535 inclusive; allowed: a whole number from 0 to 65535"},
		{[]string{"--dir", "/nonexistent"}, "redust: option 'dir' (flag --dir): '/nonexistent': No such file or directory; allowed: a directory that exists"},
		{[]string{"--logfile", "/nonexistent/log"}, "redust: option 'logfile' (flag --logfile): '/nonexistent/log': No such file or directory; allowed: a file that can be written"},
		{[]string{"/no\nsuch\x1b[2J.conf"}, "redust: can't open config file '/no such?[2J.conf': No such file or directory"},
		{[]string{dir}, "redust: can't open config file '" + dir + "': Is a directory"},
		{[]string{dir + "/none.conf", "--daemonize", "yes"}, "redust: can't open config file '" + dir + "/none.conf': No such file or directory"},
		{[]string{"--check-config", "--hz", "x"}, "redust: option 'hz' (flag --hz): 'x': argument couldn't be parsed into an integer; allowed: a whole number from 0 to 2147483647 (per second)"},
	} {
		c, out := run(t, nil, tt.args...)
		wantExit(t, c, 1)
		if got := out.String(); got != tt.want+"\n" {
			t.Errorf("%v: %s\nwant %s", tt.args, got, tt.want)
		}
	}
	c, out := run(t, nil, "--port", "0")
	wantExit(t, c, 1)
	waitFor(t, out, "# Configured to not listen anywhere, exiting.")
	c, out = run(t, nil, "--port", "0", "--unixsocket", "/nonexistent/s")
	wantExit(t, c, 1)
	waitFor(t, out, "# Failed opening Unix socket: bind: No such file or directory")
}

// A program that starts a server may have made a temporary file for the socket's name.
func TestUnixSocketReplacesAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, out := run(t, nil, "--port", "0", "--unixsocket", path)
	waitFor(t, out, "The server is now ready to accept connections at "+path)
	directory := t.TempDir()
	c, out := run(t, nil, "--port", "0", "--unixsocket", directory)
	wantExit(t, c, 1)
	waitFor(t, out, "# Failed opening Unix socket: bind: Address already in use")
}

func TestVersionHelpAndTools(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"--version"}, `^Redust server v=7\.0\.15 redust=\d+\.\d+\.\d+ sha=[0-9a-f]{8}:[01] malloc=go bits=64 build=[0-9a-f]+\n$`, 0},
		{[]string{"-v", "x"}, `^Redust server v=7\.0\.15 `, 0},
		{[]string{"--help"}, `^Usage: redust \[/path/to/redis\.conf\].*redust check-nothing +checks nothing\n$`, 0},
		{[]string{"-h"}, `^Usage: redust `, 0},
		{[]string{"--check-config", "--io-threads", "4"}, `^option 'io-threads' .*\nthe configuration is good\n$`, 0},
		{[]string{"check-nothing", "a", "b"}, `^checked \[a b\]\n$`, 3},
	} {
		c, out := run(t, nil, tt.args...)
		wantExit(t, c, tt.code)
		waitFor(t, out, tt.want)
	}
}

func TestDaemon(t *testing.T) {
	dir, port := t.TempDir(), freePort(t)
	c := exec.Command(os.Args[0], "-", "--daemonize", "yes", "--pidfile", "d.pid", "--logfile", "d.log")
	c.Env = []string{childMark + "=1", "REDUST_DIR=data", "REDUST_PORT=" + port}
	c.Dir = dir
	c.Stdin = strings.NewReader("bind 127.0.0.1\ntimeout 5\n")
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := c.CombinedOutput()
	if err != nil || len(out) != 0 {
		t.Fatalf("%v: %s", err, out)
	}
	log := fileText(filepath.Join(dir, "data", "d.log"))
	waitFor(t, log, "Ready to accept connections")
	pid, err := strconv.Atoi(strings.TrimSpace(readFile(t, filepath.Join(dir, "data", "d.pid"))))
	if err != nil || pid == c.Process.Pid {
		t.Fatalf("pid %d, %v", pid, err)
	}
	if sid, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		if fields := strings.Fields(string(sid[bytes.LastIndexByte(sid, ')'):])); fields[3] != strconv.Itoa(pid) {
			t.Errorf("the daemon isn't the leader of a session: %s", sid)
		}
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitFor(t, log, "Removing the pid file")
}

func TestSystemdIsNotified(t *testing.T) {
	dir := t.TempDir()
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	c, out := run(t, []string{"NOTIFY_SOCKET=" + filepath.Join(dir, "notify")}, "--supervised", "auto", "--daemonize", "yes", "--port", freePort(t), "--bind", "127.0.0.1")
	receive := func() string {
		_ = socket.SetReadDeadline(time.Now().Add(5 * time.Second))
		message := make([]byte, 256)
		n, err := socket.Read(message)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(message[:n])
	}
	for _, want := range []string{"STATUS=Redust is loading...\n", "STATUS=Ready to accept connections\nREADY=1\n"} {
		if got := receive(); got != want {
			t.Errorf("systemd is told %q, want %q", got, want)
		}
	}
	_ = c.Process.Signal(syscall.SIGTERM)
	if got := receive(); got != "STOPPING=1\n" {
		t.Errorf("systemd is told %q at the end", got)
	}
	wantExit(t, c, 0)
}

func TestSupervisorsThatAreNotThere(t *testing.T) {
	none := func(string) string { return "" }
	for _, mode := range []string{"no", "auto", "systemd", "upstart"} {
		if s := findSupervisor(mode, none, hclog.NewNullLogger()); s.Active() || s.Ready("x") != nil {
			t.Errorf("%s: %+v", mode, s)
		}
	}
}

func TestBanner(t *testing.T) {
	c := configure(t, Inputs{Args: []string{"--port", "7777", "--always-show-logo", "yes", "--appendonly", "yes", "--save", "60", "1000"}})
	text := banner(c, ThisBuild(), nil)
	for _, want := range []string{
		"Port: 7777\n", " PID: " + strconv.Itoa(os.Getpid()) + "\n", "redis-cli -p 7777 shutdown", "append-only files in appendonlydir (fsync: everysec)",
		"snapshots in dump.rdb (60s after 1000 writes)", "none, using the defaults", c.Table.String("dir").Load(),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	c = configure(t, Inputs{Args: []string{"--port", "0", "--unixsocket", "/s", "--save", ""}})
	if text := banner(c, ThisBuild(), nil); !strings.Contains(text, "memory only") || !strings.Contains(text, "redis-cli -s /s shutdown") {
		t.Errorf("got\n%s", text)
	}
}

func TestShutdownOptions(t *testing.T) {
	for text, want := range map[string]core.ShutdownOptions{
		"default":          {},
		"nosave now":       {Save: core.SaveNever, Now: true},
		"save force":       {Save: core.SaveAlways, Force: true},
		"nosave now force": {Save: core.SaveNever, Now: true, Force: true},
	} {
		if got := shutdownOptions(text); got != want {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
