package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// Clients that read much run in a process of their own, this program again, so that their work delays no measured client in ours. Started
// with a server's options, it is the bare loop.
var helpers = map[string]func(args []string) error{"helper-loop": loopHelper, "helper-listen": listenHelper, "--port": bareHelper}

// loopHelper repeats a command on one connection: ADDR SECONDS COMMAND ARG... It prints how many were answered.
func loopHelper(args []string) error {
	d, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	g := load.Group{Name: args[2], Commands: [][]string{args[2:]}}
	res, err := load.RunAll(context.Background(), load.Target{Addr: args[0]}, g, load.Options{Clients: 1, Pipeline: 1, Keyspace: 1, Duration: d})
	if err == nil {
		fmt.Println(res.Requests)
	}
	return err
}

// loop starts loopHelper and returns what waits for it and tells how many commands it ran.
func loop(ctx context.Context, s *server, d time.Duration, args ...string) (wait func() (int64, error), err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, append([]string{"helper-loop", s.target.Addr, d.String()}, args...)...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() (int64, error) {
		if err := cmd.Wait(); err != nil {
			return 0, err
		}
		return strconv.ParseInt(strings.TrimSpace(out.String()), 10, 64)
	}, nil
}

// listenPatience bounds the wait for what was sent to listeners.
const listenPatience = 20 * time.Second

// listenHelper opens connections, sends each the commands, and counts the bytes they receive afterwards: ADDR CONNECTIONS COMMAND...
// It prints a line when all are set up. For each number read from standard input it prints the bytes so far once they are as many.
func listenHelper(args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	conns := make([]net.Conn, n)
	for i := range conns {
		if conns[i], err = listen(args[0], args[2:]); err != nil {
			return fmt.Errorf("listener %d: %w", i+1, err)
		}
	}
	var got atomic.Int64
	failed := make(chan error, 1)
	go func() { failed <- drain(conns, &got) }()
	fmt.Println("ready")
	for sc := bufio.NewScanner(os.Stdin); sc.Scan(); {
		want, err := strconv.ParseInt(sc.Text(), 10, 64)
		if err != nil {
			return err
		}
		for began := time.Now(); got.Load() < want && time.Since(began) < listenPatience; time.Sleep(200 * time.Microsecond) {
			select {
			case err := <-failed:
				return err
			default:
			}
		}
		fmt.Println(got.Load())
	}
	return nil
}

// listen connects and sends the commands inline, one after the other. Each must be answered by one reply.
func listen(addr string, commands []string) (net.Conn, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	var sc load.Scanner
	buf := make([]byte, 16<<10)
	for _, c := range commands {
		if _, err := io.WriteString(nc, c+"\r\n"); err != nil {
			return nil, err
		}
		for have, replies := 0, 0; replies == 0; {
			n, err := nc.Read(buf[have:])
			if err != nil {
				return nil, err
			}
			have += n
			used, r, err := sc.Scan(buf[:have])
			if err != nil {
				return nil, err
			}
			have = copy(buf, buf[used:have])
			replies = r
		}
		if sc.Errors > 0 {
			return nil, errors.New(sc.FirstText)
		}
	}
	return nc, nil
}

// listeners is a running listenHelper.
type listeners struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	got int64
}

// listeners starts n connections that each sent the commands.
func (s *server) listeners(n int, commands ...string) (*listeners, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	l := &listeners{cmd: exec.Command(program, append([]string{"helper-listen", s.target.Addr, strconv.Itoa(n)}, commands...)...)}
	l.cmd.Stderr = os.Stderr
	if l.in, err = l.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	l.out = bufio.NewReader(out)
	if err := l.cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := l.out.ReadString('\n'); err != nil {
		l.stop()
		return nil, fmt.Errorf("listeners: %w", err)
	}
	return l, nil
}

// await waits until n bytes more were received than at the last call.
func (l *listeners) await(n int64) error {
	want := l.got + n
	if _, err := fmt.Fprintln(l.in, want); err != nil {
		return err
	}
	line, err := l.out.ReadString('\n')
	if err != nil {
		return fmt.Errorf("listeners: %w", err)
	}
	if l.got, err = strconv.ParseInt(strings.TrimSpace(line), 10, 64); err != nil {
		return err
	}
	if l.got != want {
		return fmt.Errorf("listeners received %d bytes, not %d", l.got, want)
	}
	return nil
}

// stop ends the process.
func (l *listeners) stop() {
	l.in.Close()
	_ = l.cmd.Process.Kill()
	_ = l.cmd.Wait()
}

// listenBoth starts listeners on both servers and returns them by server.
func listenBoth(pair []*server, n int, commands ...string) (map[*server]*listeners, func(), error) {
	all := make(map[*server]*listeners)
	stop := func() {
		for _, l := range all {
			l.stop()
		}
	}
	for _, s := range pair {
		l, err := s.listeners(n, commands...)
		if err != nil {
			stop()
			return nil, nil, err
		}
		all[s] = l
	}
	return all, stop, nil
}
