package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

const (
	startTimeout = 20 * time.Second
	stopTimeout  = 10 * time.Second
	// maxClients leaves room above the idle connections for those that measure.
	maxClients = 2000
)

// server is a process of ours with an open control connection.
type server struct {
	name   string
	target load.Target
	ctl    *load.Control
	cmd    *exec.Cmd
	exited chan error
	dir    string
}

// dataDir is bin, which git ignores and which is on the disk of the repository, or else the system's temporary directory.
func dataDir() string {
	if info, err := os.Stat("bin"); err == nil && info.IsDir() {
		if dir, err := filepath.Abs("bin"); err == nil {
			return dir
		}
	}
	return os.TempDir()
}

// start starts a server in an empty directory and waits until it answers. extra are options beside those of a server with no persistence.
func (b *bench) start(ctx context.Context, p program, extra ...string) (*server, error) {
	dir, err := os.MkdirTemp(b.dir, "benchreport-")
	if err != nil {
		return nil, err
	}
	return b.startIn(ctx, p, dir, extra...)
}

// startIn is start in a directory that may hold files to load. The directory goes with the server, or when it doesn't start.
func (b *bench) startIn(ctx context.Context, p program, dir string, extra ...string) (*server, error) {
	name := p.name
	addr, port, err := freePort()
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	s := &server{name: name, target: load.Target{Addr: addr}, dir: dir, exited: make(chan error, 1)}
	logFile, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	defer logFile.Close()
	s.cmd = exec.Command(p.path, append([]string{
		"--port", port, "--bind", "127.0.0.1", "--save", "",
		"--maxclients", strconv.Itoa(b.idle + maxClients), "--dir", dir, "--daemonize", "no",
	}, extra...)...)
	s.cmd.Stdout, s.cmd.Stderr = logFile, logFile
	if err := s.cmd.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() { s.exited <- s.cmd.Wait() }()
	if err := s.await(ctx); err != nil {
		text, _ := os.ReadFile(logFile.Name())
		s.stop()
		return nil, fmt.Errorf("%s didn't start: %w: %s", name, err, lastLine(text))
	}
	return s, nil
}

// await connects as soon as the server answers PING.
func (s *server) await(ctx context.Context) error {
	deadline := time.Now().Add(startTimeout)
	for {
		ctl, err := s.target.Dial()
		if err == nil {
			if _, err = ctl.Do("PING"); err == nil {
				s.ctl = ctl
				return nil
			}
			ctl.Close()
		}
		select {
		case werr := <-s.exited:
			s.exited <- werr
			return errors.New("it exited")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

// stop ends the process and removes its directory.
func (s *server) stop() {
	s.end()
	os.RemoveAll(s.dir)
}

// end ends the process and leaves its directory.
func (s *server) end() {
	if s.ctl != nil {
		s.ctl.Close()
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(stopTimeout):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
}

// pair starts both servers; Redust comes first.
func (b *bench) pair(ctx context.Context, extra ...string) ([]*server, func(), error) {
	var list []*server
	stop := func() {
		for _, s := range list {
			s.stop()
		}
	}
	for _, p := range b.programs() {
		s, err := b.start(ctx, p, extra...)
		if err != nil {
			stop()
			return nil, nil, err
		}
		list = append(list, s)
	}
	return list, stop, nil
}

type program struct{ name, path string }

const redustName, redisName = "Redust", "Redis"

func (b *bench) programs() []program { return []program{{redustName, b.redust}, {redisName, b.redis}} }

// each runs measure with a fresh server, first Redust alone, then Redis alone, and lays their figures side by side.
func (b *bench) each(ctx context.Context, measure func(context.Context, *server) ([]figure, error)) (*load.Table, error) {
	var columns [][]figure
	for _, p := range b.programs() {
		s, err := b.start(ctx, p)
		if err != nil {
			return nil, err
		}
		b.progress("%s", p.name)
		f, err := measure(ctx, s)
		s.stop()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		columns = append(columns, f)
	}
	return sideBySide(columns[0], columns[1]), nil
}

// version asks the server for what INFO calls it.
func (s *server) version() string {
	f, err := s.ctl.Info("server")
	if err != nil {
		return "unknown"
	}
	if v := f["redust_version"]; v != "" {
		if sha := f["redust_git_sha1"]; strings.Trim(sha, "0") != "" {
			v += " " + sha
		}
		return v + " (as Redis " + f["redis_version"] + ")"
	}
	return f["redis_version"]
}

// rss is the resident size in bytes, from the process table, or from INFO where there is none.
func (s *server) rss() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return s.ctl.InfoInt("memory", "used_memory_rss")
	}
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			kb, err := strconv.ParseInt(strings.Fields(string(rest))[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("no VmRSS")
}

// settle waits until the resident size has changed by less than half a percent for three seconds, at most 20 seconds, and returns it.
func (s *server) settle(ctx context.Context) (int64, error) {
	var last int64
	calm := 0
	for range 40 {
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return 0, err
		}
		now, err := s.rss()
		if err != nil {
			return 0, err
		}
		calm++
		if d := now - last; d > now/200 || -d > now/200 {
			calm = 0
			last = now
		}
		if calm == 6 {
			return now, nil
		}
	}
	return s.rss()
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// freePort finds a port that nobody listens on. Another process may take it before the server does; that fails loudly at the start.
func freePort() (addr, port string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer l.Close()
	addr = l.Addr().String()
	_, port, err = net.SplitHostPort(addr)
	return addr, port, err
}

func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}
