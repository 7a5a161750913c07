package persistence

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core/server"
)

// crashRounds is how often each crash test kills a server: tens, or as often as SOAK_ROUNDS says.
func crashRounds(short int) int {
	if n, err := strconv.Atoi(os.Getenv("SOAK_ROUNDS")); err == nil {
		return n
	}
	return short
}

// crashServer is a process of its own that can be killed: this test binary, serving a directory.
type crashServer struct {
	cmd  *exec.Cmd
	addr string
	log  *bytes.Buffer
}

// TestServeUntilKilled is the server in that process.
func TestServeUntilKilled(t *testing.T) {
	dir := os.Getenv("SERVE_UNTIL_KILLED")
	if dir == "" {
		t.Skip("this is the server of the crash tests")
	}
	if err := os.Chdir(dir); err != nil {
		t.Fatal(err)
	}
	eng := newEngine(t, strings.Fields(os.Getenv("SERVE_OPTIONS"))...)
	svc, err := New(Config{Engine: eng, Log: hclog.New(&hclog.LoggerOptions{Output: os.Stderr})})
	if err == nil {
		err = svc.Load()
	}
	if err == nil {
		err = svc.Run()
	}
	if err != nil {
		fmt.Println("FAILED", err)
		os.Exit(1)
	}
	eng.Run()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("READY", l.Addr())
	go func() { // the parent is gone
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	server.New(eng, hclog.NewNullLogger()).Serve(l)
}

// serve starts a server on a directory. With wait 0 it is waited for; otherwise it is killed after that time.
func serve(t *testing.T, dir, opts string, wait time.Duration) *crashServer {
	t.Helper()
	s := &crashServer{cmd: exec.Command(os.Args[0], "-test.run", "^TestServeUntilKilled$"), log: new(bytes.Buffer)}
	s.cmd.Env = append(os.Environ(), "SERVE_UNTIL_KILLED="+dir, "SERVE_OPTIONS="+opts)
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close() })
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if wait > 0 {
		time.Sleep(wait)
		s.kill()
		return s
	}
	t.Cleanup(s.kill)
	line, _ := bufio.NewReader(out).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "READY ")
	if !ok {
		s.kill()
		t.Fatalf("the server did not start again: %s\n%s", line, s.log.String())
	}
	s.addr = addr
	return s
}

func (s *crashServer) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// talker is a connection to a server that may go away.
type talker struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(addr string) (*talker, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &talker{c, bufio.NewReader(c)}, nil
}

// ask sends a command and returns the first line of the reply.
func (k *talker) ask(args ...string) (string, error) {
	raw := make([][]byte, len(args))
	for i, a := range args {
		raw[i] = []byte(a)
	}
	if _, err := k.conn.Write(appendCommand(nil, raw)); err != nil {
		return "", err
	}
	line, err := k.in.ReadString('\n')
	return strings.TrimSpace(line), err
}

const crashClients = 8

// load writes to the server until it is gone: entries 1, 2, 3 ... onto a list a client. It returns how many
// were acknowledged at all, and how many at least age before the kill.
func (s *crashServer) load(t *testing.T, next *[crashClients]int64, kill time.Duration, age time.Duration, rewrite bool) (acked, old [crashClients]int64) {
	var wg sync.WaitGroup
	var counts, aged [crashClients]atomic.Int64
	for g := range crashClients {
		wg.Go(func() {
			k, err := dial(s.addr)
			if err != nil {
				return
			}
			defer k.conn.Close()
			for i := next[g] + 1; ; i++ {
				got, err := k.ask("RPUSH", fmt.Sprint("list:", g), fmt.Sprint(i))
				if err != nil {
					return
				}
				if got != fmt.Sprintf(":%d", i) {
					t.Errorf("RPUSH: %q, want :%d", got, i)
					return
				}
				counts[g].Store(i)
			}
		})
	}
	if rewrite {
		wg.Go(func() {
			k, err := dial(s.addr)
			for err == nil {
				if _, err = k.ask("BGREWRITEAOF"); err == nil {
					time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
				}
			}
		})
	}
	time.Sleep(max(0, kill-age))
	for g := range aged {
		aged[g].Store(counts[g].Load())
	}
	time.Sleep(min(kill, age))
	s.kill()
	wg.Wait()
	for g := range crashClients {
		acked[g], old[g] = counts[g].Load(), aged[g].Load()
	}
	return acked, old
}

// verify starts the server again and compares: all of want is there, in order, without gaps.
func verify(t *testing.T, s *crashServer, want [crashClients]int64, next *[crashClients]int64) {
	t.Helper()
	k, err := dial(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer k.conn.Close()
	for g := range crashClients {
		key := fmt.Sprint("list:", g)
		got, err := k.ask("LLEN", key)
		n, perr := strconv.ParseInt(strings.TrimPrefix(got, ":"), 10, 64)
		if err != nil || perr != nil {
			t.Fatalf("LLEN: %q, %v", got, err)
		}
		if n < want[g] {
			t.Errorf("%s has %d entries, %d had been acknowledged\n%s", key, n, want[g], s.log.String())
		}
		if n > 0 {
			if _, err := k.ask("LINDEX", key, "-1"); err != nil {
				t.Fatal(err)
			}
			if last, _ := k.in.ReadString('\n'); strings.TrimSpace(last) != fmt.Sprint(n) {
				t.Errorf("the last entry of %s is %q, with %d entries", key, last, n)
			}
		}
		next[g] = n
	}
}

// TestKillAlways: with appendfsync always, no acknowledged write is missing after kill -9, at random moments,
// during rewrites and during starts.
func TestKillAlways(t *testing.T) {
	dir := t.TempDir()
	opts := "appendonly yes appendfsync always auto-aof-rewrite-min-size 64kb"
	var next [crashClients]int64
	for round := range crashRounds(30) {
		if round%3 == 2 {
			serve(t, dir, opts, time.Duration(5+rand.IntN(60))*time.Millisecond)
		}
		if round%4 == 3 {
			opts = strings.Replace(opts, "aof-use-rdb-preamble no ", "", 1)
		} else if round%4 == 1 {
			opts = "aof-use-rdb-preamble no " + opts
		}
		s := serve(t, dir, opts, 0)
		acked, _ := s.load(t, &next, time.Duration(10+rand.IntN(200))*time.Millisecond, 0, round%2 == 0)
		s = serve(t, dir, opts, 0)
		verify(t, s, acked, &next)
		s.kill()
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
}

// TestKillEverysec: with appendfsync everysec, nothing is missing that was acknowledged a second before the kill.
func TestKillEverysec(t *testing.T) {
	dir := t.TempDir()
	opts := "appendonly yes appendfsync everysec"
	var next [crashClients]int64
	for round := range crashRounds(3) {
		s := serve(t, dir, opts, 0)
		_, old := s.load(t, &next, time.Second+time.Duration(rand.IntN(300))*time.Millisecond, time.Second, round%2 == 0)
		s = serve(t, dir, opts, 0)
		verify(t, s, old, &next)
		s.kill()
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
}
