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
	"path/filepath"
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

// crashAt is what a server is doing, beside serving clients, when it is killed.
type crashAt int

const (
	atLoad    crashAt = iota // nothing else
	atRewrite                // BGREWRITEAOF
	atSave                   // BGSAVE
	atStart                  // like atLoad; then the next start is killed, too
	crashKinds
)

// background is the command of kind, and what the file is called that it writes.
func (a crashAt) background() (command, temp string) {
	switch a {
	case atRewrite:
		return "BGREWRITEAOF", "appendonlydir/temp-rewriteaof*"
	case atSave:
		return "BGSAVE", "temp-*.rdb"
	}
	return "", ""
}

// fillers are keys that are there from the beginning, for rewrites and saves to take a while.
const fillers = 2000

// crashLoad is the writing of clients: entries 1, 2, 3 ... onto a list a client.
type crashLoad struct {
	next [crashClients]int64 // the last entry of each list when the load begins
	rest time.Duration       // between two commands of a client
}

// run writes to the server until it is gone: it is killed after a time, age after the moment for which old tells what had been
// acknowledged by then. acked is what was acknowledged at all.
func (l *crashLoad) run(t *testing.T, s *crashServer, kill, age time.Duration, at crashAt) (acked, old [crashClients]int64) {
	var wg sync.WaitGroup
	var counts [crashClients]atomic.Int64
	for g := range crashClients {
		counts[g].Store(l.next[g])
		wg.Go(func() {
			k, err := dial(s.addr)
			if err != nil {
				return
			}
			defer k.conn.Close()
			for i := l.next[g] + 1; ; i++ {
				got, err := k.ask("RPUSH", fmt.Sprint("list:", g), fmt.Sprint(i))
				if err != nil {
					return
				}
				if got != fmt.Sprintf(":%d", i) {
					t.Errorf("RPUSH: %q, want :%d", got, i)
					return
				}
				counts[g].Store(i)
				time.Sleep(l.rest)
			}
		})
	}
	if command, _ := at.background(); command != "" {
		wg.Go(func() {
			k, err := dial(s.addr)
			for err == nil {
				var got string
				if got, err = k.ask(command); err == nil {
					if !strings.HasPrefix(got, "+") && !strings.Contains(got, "in progress") && !strings.Contains(got, "is active") {
						t.Errorf("%s: %s", command, got)
					}
					time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
				}
			}
		})
	}
	now := func() (n [crashClients]int64) {
		for g := range counts {
			n[g] = counts[g].Load()
		}
		return n
	}
	time.Sleep(max(0, kill-age))
	old = grownOld(now, min(kill, age))
	s.kill()
	wg.Wait()
	for g := range counts {
		acked[g] = counts[g].Load()
	}
	return acked, old
}

// grownOld returns what there was before age, for all of which the server has answered: while it doesn't, because the machine has stopped it or
// the disk holds it up, what was acknowledged a moment before does not get older. Where that can't be had, nothing needs to be there.
func grownOld(now func() [crashClients]int64, age time.Duration) (old [crashClients]int64) {
	const step, stopped = 5 * time.Millisecond, 50 * time.Millisecond
	for range 20 {
		begin := time.Now()
		old = now()
		last, lastAt, whole := old, begin, true
		for time.Since(begin) < age && whole {
			before := time.Now()
			time.Sleep(min(step, age))
			if n := now(); n != last {
				last, lastAt = n, time.Now()
			}
			whole = time.Since(before) < stopped && time.Since(lastAt) < stopped
		}
		if whole {
			return old
		}
	}
	return [crashClients]int64{} // the machine is too busy to tell
}

// prepare gives an empty server what is to be there from the beginning.
func prepare(t *testing.T, s *crashServer) {
	t.Helper()
	k, err := dial(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer k.conn.Close()
	var all []byte
	for i := range fillers {
		all = appendCommand(all, [][]byte{[]byte("SET"), fmt.Append(nil, "filler:", i), []byte("v")})
	}
	_, _ = k.conn.Write(all)
	for range fillers {
		if got, err := k.in.ReadString('\n'); got != "+OK\r\n" {
			t.Fatal(got, err)
		}
	}
}

// verify compares what a server has come back with: all of want is there, in order, without gaps.
func verify(t *testing.T, s *crashServer, want [crashClients]int64, next *[crashClients]int64) {
	t.Helper()
	k, err := dial(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer k.conn.Close()
	if got, err := k.ask("EXISTS", "filler:0", fmt.Sprint("filler:", fillers-1)); got != ":2" {
		t.Errorf("keys of the first hour: %s, %v", got, err)
	}
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
				t.Errorf("the last entry of %s is %q, with %d entries\n%s", key, last, n, s.log.String())
			}
		}
		next[g] = n
	}
}

// TestKillAlways: with appendfsync always, no acknowledged write is missing after kill -9, at random moments,
// during rewrites, saves and starts.
func TestKillAlways(t *testing.T) {
	dir := t.TempDir()
	const common = "appendonly yes appendfsync always auto-aof-rewrite-min-size 64kb rdb-key-save-delay 20 "
	opts := common
	starts := time.Now()
	s := serve(t, dir, opts, 0)
	took := time.Since(starts)
	prepare(t, s)
	var l crashLoad
	var caught [crashKinds]int // while the file of the background work was there
	for round := range crashRounds(10 * int(crashKinds)) {
		at := crashAt(round) % crashKinds
		acked, _ := l.run(t, s, time.Duration(10+rand.IntN(100))*time.Millisecond, 0, at)
		if _, temp := at.background(); temp != "" {
			if left, _ := filepath.Glob(filepath.Join(dir, temp)); len(left) > 0 {
				caught[at]++
			}
		}
		if at == atStart {
			serve(t, dir, opts, took/4+rand.N(took))
		}
		if opts = common; round/int(crashKinds)%2 == 1 {
			opts += "aof-use-rdb-preamble no"
		}
		s = serve(t, dir, opts, 0)
		if verify(t, s, acked, &l.next); t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
	t.Logf("killed during %d rewrites and %d saves", caught[atRewrite], caught[atSave])
	if caught[atRewrite] == 0 || caught[atSave] == 0 {
		t.Error("some background work was never met")
	}
}

// TestKillEverysec: with appendfsync everysec, nothing is missing that was acknowledged a second before the kill.
func TestKillEverysec(t *testing.T) { killOld(t, "appendfsync everysec", time.Second) }

// TestKillNo: appendfsync no leaves nothing but the flushes to the system: a kill takes what was acknowledged in the last moment, also when a
// rewrite has the file flushed before the log goes over to the next one.
func TestKillNo(t *testing.T) { killOld(t, "appendfsync no", 400*time.Millisecond) }

// killOld kills servers, several at once, and looks for what had been acknowledged for an age.
func killOld(t *testing.T, policy string, age time.Duration) {
	const servers = int(crashKinds)
	opts := "appendonly yes rdb-key-save-delay 20 " + policy
	var dirs [servers]string
	var loads [servers]crashLoad
	var running [servers]*crashServer
	for i := range servers {
		dirs[i], loads[i].rest = t.TempDir(), 2*time.Millisecond
		running[i] = serve(t, dirs[i], opts, 0)
		prepare(t, running[i])
	}
	for round := range (crashRounds(10) + servers - 1) / servers {
		var old [servers][crashClients]int64
		var wg sync.WaitGroup
		for i := range servers {
			wg.Go(func() {
				kill := age + time.Duration(10+rand.IntN(200))*time.Millisecond
				_, old[i] = loads[i].run(t, running[i], kill, age, crashAt(i))
			})
		}
		wg.Wait()
		for i := range servers {
			if crashAt(i) == atStart {
				serve(t, dirs[i], opts, time.Duration(20+rand.IntN(200))*time.Millisecond)
			}
			running[i] = serve(t, dirs[i], opts, 0)
			if verify(t, running[i], old[i], &loads[i].next); t.Failed() {
				t.Fatalf("round %d", round)
			}
		}
	}
}
