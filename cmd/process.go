package redustcmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/observability"
)

// defaultPidFile is redis-server's, for a daemon that was given none.
const defaultPidFile = "/var/run/redis.pid"

// Process is what is around a server: its configuration, log, pid file and supervisor. Its methods come in the order Begin,
// Announce, Ready, Stopping, End.
type Process struct {
	Config *Config
	Logs   *observability.Logs
	Log    hclog.Logger
	Build  Build

	// RewriteDirectives gives CONFIG REWRITE the lines of directives that services own, such as user. May be nil.
	RewriteDirectives func() []Directives

	invocation Invocation
	executable string
	supervisor Supervisor
	pidFile    string // written, to be removed at the end
	stopping   bool
}

// Begin does all that comes before the server: it answers --version and its like, reads the configuration with the families' own
// options, goes into the background, changes the directory, opens the log, writes the pid file, raises the limit of open files and logs which
// options have no effect. A nil Process means that the process is to exit with the code; what was wrong has been reported on
// standard error in one line, or in the log.
func Begin(inv Invocation, families []core.Family, tools ...Subcommand) (p *Process, exitCode int) {
	table, err := options.Standard()
	if err != nil {
		return nil, fail(inv, err)
	}
	for _, f := range families {
		if c, ok := f.(core.Configurable); ok {
			if err := c.Configure(table); err != nil {
				return nil, fail(inv, fmt.Errorf("family %s: %w", f.Name(), err))
			}
		}
	}
	if code, done := Dispatch(inv, table, tools...); done {
		return nil, code
	}
	environ, isDaemon := withoutDaemonMark(inv.Environ)
	inv.Environ = environ
	start, err := os.Getwd()
	if err != nil {
		return nil, fail(inv, err)
	}
	var stdin bytes.Buffer
	in := Inputs{Args: inv.Args, Environ: environ}
	if inv.Stdin != nil {
		in.Stdin = io.TeeReader(inv.Stdin, &stdin)
	}
	config, err := Configure(table, in)
	if err != nil {
		return nil, fail(inv, err)
	}
	p = &Process{Config: config, Build: ThisBuild(), invocation: inv}
	p.executable, _ = os.Executable()
	if err := p.enter(); err != nil {
		return nil, fail(inv, err)
	}
	if p.wantsBackground() && !isDaemon {
		if err := daemonize(inv, start, stdin.Bytes()); err != nil {
			return nil, fail(inv, err)
		}
		return nil, 0
	}
	if err := p.settle(isDaemon); err != nil {
		p.Log.Warn(err.Error())
		return nil, 1
	}
	return p, 0
}

// withoutDaemonMark reports whether the process is the one that daemonize started.
func withoutDaemonMark(environ []string) (rest []string, isDaemon bool) {
	rest = slices.DeleteFunc(slices.Clone(environ), func(v string) bool { return strings.HasPrefix(v, daemonMark+"=") })
	return rest, len(rest) < len(environ)
}

// wantsBackground: a server with a supervisor stays where the supervisor sees it.
func (p *Process) wantsBackground() bool {
	t := p.Config.Table
	supervisor := findSupervisor(t.String("supervised").Load(), p.getenv, hclog.NewNullLogger())
	return t.Bool("daemonize").Load() && !supervisor.Active()
}

func (p *Process) getenv(name string) string {
	for _, v := range p.invocation.Environ {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// enter goes to the data directory and opens the log.
func (p *Process) enter() error {
	t := p.Config.Table
	fault := func(name string, err error, allowed string) error {
		return &options.LoadError{Option: name, Value: t.String(name).Load(), Source: t.Source(name), Reason: reasonOf(err), Allowed: allowed}
	}
	if err := os.Chdir(t.String("dir").Load()); err != nil {
		return fault("dir", err, "a directory that exists")
	}
	logs, err := observability.NewLogs(observability.LogOptions{
		Level: t.String("loglevel").Load(), File: t.String("logfile").Load(), Output: p.invocation.Stdout,
		Syslog: t.Bool("syslog-enabled").Load(), SyslogIdent: t.String("syslog-ident").Load(), SyslogFacility: t.String("syslog-facility").Load(),
	})
	if err != nil {
		return fault("logfile", err, "a file that can be written")
	}
	p.Logs, p.Log = logs, logs.Logger()
	return nil
}

func reasonOf(err error) error { return errors.New(reason(err)) }

// settle makes the process the server's: from here on there is a log to write to.
func (p *Process) settle(isDaemon bool) error {
	t, log := p.Config.Table, p.Log
	outliveOthers() // before the first line, as that may be all its reader wants
	log.Warn("Redust is starting")
	log.Warn(fmt.Sprintf("Redust version=%s, compatible with Redis version=%s, bits=%d, commit=%s, modified=%d, pid=%d, just started",
		Version, RedisVersion, strconv.IntSize, p.Build.SHA, p.Build.Dirty, os.Getpid()))
	if p.Config.File == "" && len(p.invocation.Args) == 0 {
		log.Warn("Warning: no config file specified, using the default config. In order to specify a config file use " + p.invocation.Program + " /path/to/redis.conf")
	} else {
		log.Warn("Configuration loaded")
	}
	p.Logs.SetRole(observability.RolePrimary)
	if t.String("replicaof").Load() != "" {
		p.Logs.SetRole(observability.RoleReplica)
	}
	for _, w := range p.Config.Warnings {
		if w.Quiet {
			log.Debug(w.String())
		} else {
			log.Warn(w.String())
		}
	}
	p.supervisor = findSupervisor(t.String("supervised").Load(), p.getenv, log)
	p.notify(p.supervisor.Status("Redust is loading..."))

	path := t.String("pidfile").Load()
	if path == "" && isDaemon {
		path = defaultPidFile
		_ = t.Assign("pidfile", path) // any text fits
	}
	if path != "" {
		if err := writePidFile(path); err != nil {
			log.Warn("Failed to write PID file: " + reason(err))
		} else if p.pidFile, err = filepath.Abs(path); err != nil {
			p.pidFile = path
		}
	}
	fitting, err := fitOpenFiles(t.Int("maxclients").Load(), log)
	if err != nil {
		p.End()
		return err
	}
	if fitting != t.Int("maxclients").Load() {
		if err := t.Assign("maxclients", strconv.FormatInt(fitting, 10)); err != nil {
			return err
		}
	}
	warnBacklog(t, log)
	p.follow()
	return nil
}

// follow applies what CONFIG SET changes of the process.
func (p *Process) follow() {
	t := p.Config.Table
	followOOMScore(t, p.Log)
	t.OnChange("loglevel", func(_, level string) error { return p.Logs.SetLevel(level) })
	t.OnChange("dir", func(_, dir string) error {
		if err := os.Chdir(dir); err != nil {
			return reasonOf(err)
		}
		return nil
	})
	t.OnChange("maxclients", func(_, _ string) error {
		wanted := t.Int("maxclients").Load()
		fitting, err := fitOpenFiles(wanted, p.Log)
		if err == nil && fitting < wanted {
			err = fmt.Errorf("The operating system is not able to handle the specified number of clients, try with %d", fitting) //nolint:staticcheck // Redis's text
		}
		return err
	})
}

// Announce tells where the server listens: to a person with the banner, to programs in lines that redis-server writes too.
func (p *Process) Announce(listeners []net.Listener) {
	t := p.Config.Table
	port := t.Int("port").Load()
	person := isTerminal(p.invocation.Stdout) && t.String("logfile").Load() == "" && !t.Bool("syslog-enabled").Load()
	if person || t.Bool("always-show-logo").Load() {
		p.Logs.Raw(banner(p.Config, p.Build, listeners))
	}
	p.Log.Info(fmt.Sprintf("Running mode=standalone, port=%d.", port))
	p.Log.Info(fmt.Sprintf("Redust %s Port: %d PID: %d", Version, port, os.Getpid()))
	p.Log.Warn("Server initialized")
}

// Ready tells log and supervisor that clients are served.
func (p *Process) Ready() {
	t := p.Config.Table
	if t.Int("port").Load() != 0 && t.String("bind").Load() != "" {
		p.Log.Info("Ready to accept connections")
	}
	if path := t.String("unixsocket").Load(); path != "" {
		p.Log.Info("The server is now ready to accept connections at " + path)
	}
	p.notify(p.supervisor.Ready("Ready to accept connections"))
}

// Stopping tells the supervisor that a shutdown has begun.
func (p *Process) Stopping() {
	p.stopping = true
	p.notify(p.supervisor.Stopping())
}

// End removes the pid file and closes the log. It may be called more than once.
func (p *Process) End() {
	if p.pidFile != "" {
		if p.stopping {
			p.Log.Info("Removing the pid file.")
		} // else the last line says why the server did not start
		_ = os.Remove(p.pidFile)
		p.pidFile = ""
	}
	_ = p.Logs.Close()
}

func (p *Process) notify(err error) {
	if err != nil {
		p.Log.Warn("the supervisor could not be told", "error", err)
	}
}

// Rewrite is CONFIG REWRITE.
func (p *Process) Rewrite() error { return p.rewrite(p.Config.Rewrite) }

// RewriteAll is DEBUG CONFIG-REWRITE-FORCE-ALL.
func (p *Process) RewriteAll() error { return p.rewrite(p.Config.RewriteAll) }

func (p *Process) rewrite(write func(...Directives) error) error {
	var extra []Directives
	if p.RewriteDirectives != nil {
		extra = p.RewriteDirectives()
	}
	err := write(extra...)
	switch {
	case err == nil:
		p.Log.Info("CONFIG REWRITE executed with success.")
	case !errors.Is(err, ErrNoConfigFile):
		p.Log.Warn("CONFIG REWRITE failed", "error", err)
	}
	return err
}

// ConfigFile is the absolute path of the configuration file, or nothing.
func (p *Process) ConfigFile() string { return p.Config.File }

// Executable is the absolute path of the program.
func (p *Process) Executable() string { return p.executable }

// Version returns Redust's version and what INFO shows of the build.
func (p *Process) Version() (redust, gitSHA, buildID string) { return Version, p.Build.SHA, p.Build.ID }
