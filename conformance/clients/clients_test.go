package clients

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const password = "secret"

// target is a server under test.
type target struct {
	name, addr string
}

// servers starts Redust and, where it is installed, real Redis, each with a password.
func servers(t *testing.T) []target {
	t.Helper()
	bin := os.Getenv("REDUST_BIN")
	if bin == "" {
		bin = "../../bin/redust"
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		t.Fatal(err)
	}
	list := []target{{"redust", start(t, bin)}}
	if redis, err := exec.LookPath("redis-server"); err == nil {
		list = append(list, target{"redis", start(t, redis)})
	} else {
		t.Log("no redis-server in PATH: only Redust is driven")
	}
	return list
}

func start(t *testing.T, bin string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(bin, "--port", port, "--bind", "127.0.0.1", "--save", "", "--requirepass", password, "--dir", t.TempDir())
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "REDUST_") { // those would be options
			cmd.Env = append(cmd.Env, v)
		}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", bin, err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	for range 100 {
		if nc, err := net.Dial("tcp", addr); err == nil {
			nc.Close()
			return addr
		}
		time.Sleep(50 * time.Millisecond)
	}
	cmd.Process.Kill()
	cmd.Wait()
	t.Fatalf("%s does not listen on %s:\n%s", bin, addr, out.String())
	return ""
}

// TestPrograms runs the clients that are programs of their own. Each prints "ok <check>" a check and
// ends with status 0.
func TestPrograms(t *testing.T) {
	list := servers(t)
	for _, p := range []struct {
		name    string
		prepare func(*testing.T) (argv, env []string)
	}{
		{"redis-cli", redisCLI},
		{"redis-py", redisPy},
		{"hiredis", hiredis},
		{"node-redis", node("redis@4", "node_redis.js")},
		{"ioredis", node("ioredis@5", "ioredis.js")},
	} {
		t.Run(p.name, func(t *testing.T) {
			argv, env := p.prepare(t)
			for _, s := range list {
				t.Run(s.name, func(t *testing.T) { runProgram(t, s, argv, env) })
			}
		})
	}
}

func runProgram(t *testing.T, s target, argv, env []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	host, port, _ := net.SplitHostPort(s.addr)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(append(os.Environ(), env...), "HOST="+host, "PORT="+port, "PASSWORD="+password)
	out, err := cmd.CombinedOutput()
	n := 0
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "ok ") {
			n++
		}
	}
	if err != nil || n == 0 {
		t.Fatalf("%v after %d checks\n%s", err, n, out)
	}
	t.Logf("%d checks", n)
}

func need(t *testing.T, program, hint string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("no %s here: %s", program, hint)
	}
	return path
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func redisCLI(t *testing.T) (argv, env []string) {
	need(t, "redis-cli", "install redis-tools")
	return []string{need(t, "bash", "install bash"), testdata(t, "redis_cli.sh")}, nil
}

func redisPy(t *testing.T) (argv, env []string) {
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import redis").Run() == nil {
			return []string{python, testdata(t, "redis_py.py")}, nil
		}
	}
	t.Skip("no redis-py here: install python3-redis")
	return nil, nil
}

func hiredis(t *testing.T) (argv, env []string) {
	gcc := need(t, "gcc", "install gcc")
	bin := filepath.Join(t.TempDir(), "hiredis_client")
	out, err := exec.Command(gcc, "-O1", "-Wall", "-o", bin, testdata(t, "hiredis.c"), "-lhiredis").CombinedOutput()
	if err != nil {
		if strings.Contains(string(out), "hiredis/hiredis.h") {
			t.Skip("no hiredis here: install libhiredis-dev")
		}
		t.Fatalf("%v\n%s", err, out)
	}
	return []string{bin}, nil
}

func node(pkg, script string) func(*testing.T) (argv, env []string) {
	return func(t *testing.T) (argv, env []string) {
		node := need(t, "node", "install nodejs")
		npm := need(t, "npm", "install npm")
		dir := t.TempDir()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, npm, "install", "--no-audit", "--no-fund", "--no-save", "--prefix", dir, pkg)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("npm can't install %s: %v\n%s", pkg, err, out)
		}
		return []string{node, testdata(t, script)}, []string{fmt.Sprintf("NODE_PATH=%s/node_modules", dir)}
	}
}
