package conformance_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	redisVersion    = "7.0.15"
	startPatience   = 10 * time.Second
	portAttempts    = 5
	envRedust       = "REDUST_BIN"
	serverLogTail   = 256 << 10 // bytes of output that are kept
	serverLogShown  = 3 << 10   // bytes of it that a message shows
	quitPatience    = 2 * time.Second
	connectPatience = 2 * time.Second
)

// server is one child process, started by this suite and ended by its own id.
type server struct {
	name   string // "Redust" or "Redis", for messages
	binary string
	args   []string
	conf   string // text of a configuration file to start with; "" for none
	dir    string // its working directory, temporary
	port   int
	cmd    *exec.Cmd
	log    logTail
	gone   chan struct{} // closed when the process has ended
}

// logTail keeps the end of what a server prints.
type logTail struct {
	mu  sync.Mutex
	buf []byte
}

func (l *logTail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, p...)
	if len(l.buf) > 2*serverLogTail {
		l.buf = bytes.Clone(l.buf[len(l.buf)-serverLogTail:])
	}
	return len(p), nil
}

func (l *logTail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.buf)
}

// redustBinary is the binary under test: the one that the environment names, else it is built into dir, so that it is never that of
// another state of the sources.
func redustBinary(dir string) (string, error) {
	path := os.Getenv(envRedust)
	if path == "" {
		if err := visitSources(); err != nil {
			return "", err
		}
		path = filepath.Join(dir, "redust")
		if out, err := exec.Command("go", "build", "-o", path, "../cmd/redust").CombinedOutput(); err != nil {
			return "", fmt.Errorf("building Redust: %w\n%s", err, out)
		}
		return path, nil
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no Redust to test at %s, which %s names", path, envRedust)
	}
	return filepath.Abs(path)
}

// visitSources opens every directory of sources. `go test` keeps the result of a test until something changes that it has opened, and
// does not see what the compiler opens.
func visitSources() error {
	return filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != ".." && (d.Name()[0] == '.' || d.Name() == "bin" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		return err
	})
}

// redisBinary finds the oracle. It returns "" with the reason when there is no
// redis-server of the right version.
func redisBinary() (path, reason string) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", "no redis-server in PATH"
	}
	out, err := exec.Command(path, "--version").Output()
	if err != nil || !strings.Contains(string(out), "v="+redisVersion+" ") {
		return "", fmt.Sprintf("%s is not version %s: %s", path, redisVersion, strings.TrimSpace(string(out)))
	}
	return path, ""
}

// startServer starts a server on a free port of the loopback interface and waits
// until it answers PING. extra comes after the standard options. A port taken by
// somebody else in between is retried.
func startServer(name, binary string, extra ...string) (*server, error) {
	return startConfigured(name, binary, "", extra...)
}

// startConfigured is startServer with the text of a configuration file.
func startConfigured(name, binary, conf string, extra ...string) (*server, error) {
	var last error
	for range portAttempts {
		s := &server{name: name, binary: binary, args: extra, conf: conf}
		if last = s.start(); last == nil {
			return s, nil
		}
		s.stop()
		if !strings.Contains(s.log.String(), "in use") {
			break
		}
	}
	return nil, last
}

func (s *server) start() error {
	var err error
	if s.port, err = freePort(); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "conformance-"); err != nil {
		return err
	}
	args := append([]string{
		"--port", fmt.Sprint(s.port), "--bind", "127.0.0.1", "--dir", s.dir,
		"--save", "", "--enable-debug-command", "yes",
	}, s.args...)
	if s.conf != "" {
		if err := os.WriteFile(s.confPath(), []byte(s.conf), 0o644); err != nil {
			return err
		}
		args = append([]string{s.confPath()}, args...)
	}
	s.cmd = exec.Command(s.binary, args...)
	s.cmd.Dir = s.dir
	// REDUST_* are options to Redust: the suite's own and a developer's stay out.
	s.cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "REDUST_") })
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	s.cmd.SysProcAttr = dieWithParent()
	s.gone = make(chan struct{})
	started := make(chan error)
	go func() {
		// The parent-death signal is tied to the thread that forked: it must
		// live as long as the server does.
		runtime.LockOSThread()
		defer close(s.gone)
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait() // how it ended shows in its log
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	return s.waitReady()
}

func (s *server) waitReady() error {
	deadline := time.Now().Add(startPatience)
	for time.Now().Before(deadline) {
		select {
		case <-s.gone:
			return fmt.Errorf("%s ended while starting; its log:\n%s", s.name, s.log.String())
		default:
		}
		c, err := dial(s.addr(), 2)
		if err == nil {
			out := c.do("PING")
			c.close()
			if bytes.HasPrefix(out.raw, []byte("+PONG")) || bytes.HasPrefix(out.raw, []byte("-NOAUTH")) {
				return nil
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("%s is not ready after %v; its log:\n%s", s.name, startPatience, s.log.String())
}

func (s *server) confPath() string { return filepath.Join(s.dir, "redis.conf") }

func (s *server) addr() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// postMortem ends a server that is dead or answers no more and gives the end of
// its log. SIGQUIT first: a Go program then prints what its goroutines do. The
// whole log is kept in a file when it is longer.
func (s *server) postMortem() string {
	_ = s.cmd.Process.Signal(syscall.SIGQUIT) // dead already is fine
	select {
	case <-s.gone:
	case <-time.After(quitPatience):
		_ = s.cmd.Process.Kill()
		<-s.gone
	}
	log := s.log.String()
	if len(log) <= serverLogShown {
		return log
	}
	path := filepath.Join(os.TempDir(), fmt.Sprintf("conformance-%s-%d.log", strings.ToLower(s.name), s.cmd.Process.Pid))
	if err := os.WriteFile(path, []byte(log), 0o600); err != nil {
		path = err.Error()
	}
	return log[:serverLogShown] + "\n... the whole log: " + path
}

// stop ends the process and removes its directory. It is safe to call twice.
func (s *server) stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Kill() // already gone is fine
		<-s.gone
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir) // a temporary directory: best effort
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
