package redustcmd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/auth"
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/server"
)

// program is one running server: it connects configuration, engine, network and services. It
// is what core knows as the Process.
type program struct {
	families []core.Family
	config   *Config
	log      hclog.Logger
	engine   *core.Engine
	server   *server.Server

	quit chan int
	code int

	shutdownMu sync.Mutex
	aborted    atomic.Bool
	stopping   atomic.Bool
}

var _ core.Process = (*program)(nil)

func (p *program) run(in Inputs) error {
	table, err := options.Standard()
	if err != nil {
		return err
	}
	if p.config, err = Configure(table, in); err != nil {
		return err
	}
	p.log = hclog.New(&hclog.LoggerOptions{Name: "redust", Level: hclog.Info, Output: os.Stdout})
	if p.engine, err = core.New(core.Config{Families: p.families, Options: table, Logger: p.log, Auth: auth.New(table), Process: p}); err != nil {
		return err
	}
	defer p.engine.Close()
	p.server = server.New(p.engine, p.log.Named("server"))
	defer p.server.Close()
	listeners, err := p.listen(table)
	if err != nil {
		return err
	}
	p.engine.Run()
	for _, l := range listeners {
		go p.server.Serve(l)
	}
	p.log.Info("Ready to accept connections")
	p.wait()
	return nil
}

// listen opens the TCP ports and the Unix socket.
func (p *program) listen(t *options.Table) ([]net.Listener, error) {
	var out []net.Listener
	if port := t.Int("port").Load(); port != 0 {
		ls, err := server.Listen(strings.Fields(t.String("bind").Load()), int(port), int(t.Int("tcp-backlog").Load()))
		if err != nil {
			return nil, err
		}
		out = append(out, ls...)
	}
	if path := t.String("unixsocket").Load(); path != "" {
		os.Remove(path)
		l, err := net.Listen("unix", path)
		if err != nil {
			return nil, fmt.Errorf("opening Unix socket: %w", err)
		}
		if perm := t.Int("unixsocketperm").Load(); perm != 0 {
			if err := os.Chmod(path, os.FileMode(perm)); err != nil {
				return nil, fmt.Errorf("opening Unix socket: %w", err)
			}
		}
		out = append(out, l)
	}
	if len(out) == 0 {
		return nil, errors.New("nothing to listen on: port is 0 and unixsocket is not set")
	}
	return out, nil
}

// wait blocks until a signal or a SHUTDOWN ends the server.
func (p *program) wait() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	signal.Ignore(syscall.SIGHUP)
	for {
		select {
		case p.code = <-p.quit:
			return
		case <-signals:
			go p.Shutdown(core.ShutdownOptions{})
		}
	}
}

// Shutdown implements core.Process.
func (p *program) Shutdown(o core.ShutdownOptions) error {
	p.shutdownMu.Lock()
	defer p.shutdownMu.Unlock()
	p.server.CloseListeners()
	p.quit <- 0
	select {}
}

// AbortShutdown implements core.Process.
func (p *program) AbortShutdown() bool { return false }

// Rewrite is CONFIG REWRITE.
func (p *program) Rewrite() error { return p.config.Rewrite() }

// ConfigFile is the absolute path of the configuration file, empty without one.
func (p *program) ConfigFile() string { return p.config.File }

// Executable is the path of the running program.
func (p *program) Executable() string { path, _ := os.Executable(); return path }

// Version identifies the build.
func (p *program) Version() (redust, gitSHA, buildID string) { return "0.1.0", "00000000", "0" }
