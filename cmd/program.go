package redustcmd

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/redust/redust/auth"
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/server"
	"github.com/redust/redust/persistence"
)

// program is one running server: it connects process, engine, network and services, and is what
// core knows as its Process.
type program struct {
	*Process
	engine *core.Engine
	server *server.Server
	saver  *persistence.Service
	cpus   *processors // nil: the user has chosen their number

	quit     chan int // the exit code
	stopPace chan struct{}
	stopping sync.Mutex // one shutdown at a time
	ending   shutdowns

	stopSignals func()
}

var _ core.Process = (*program)(nil)

// start brings everything up in order: engine, listeners, background work, clients.
func (p *program) start(families []core.Family) (err error) {
	table := p.Config.Table
	p.engine, err = core.New(core.Config{
		Families: families, Options: table, Logger: p.Log, Auth: auth.New(table), Process: p,
		Configured: true,
	})
	if err != nil {
		return err
	}
	listeners, err := Listen(table, p.Log)
	if err != nil {
		return errors.Join(err, p.engine.Close())
	}
	p.server = server.New(p.engine, p.Log.Named("server"))
	p.cpus = processorsFor(p.getenv, p.server.Processors)
	p.saver, err = persistence.New(persistence.Config{
		Engine: p.engine, Log: p.Log.Named("persistence"), Terminal: p.terminal(),
		RedisVersion: RedisVersion,
	})
	if err != nil {
		closeAll(listeners)
		return errors.Join(err, p.engine.Close())
	}
	p.engine.SetBaseMemory(liveHeap())
	p.Announce(listeners)
	p.followTitle()
	p.engine.SetLoading(true) // clients are answered, with LOADING, until the data set is there
	p.engine.Run()
	p.stopPace = make(chan struct{})
	go paceMemory(p.stopPace)
	go p.cpus.follow(func() int64 { return p.engine.Stats().Load().Commands }, p.stopPace)
	accept := p.serve(listeners)
	time.AfterFunc(briefLoad, accept)
	p.followListeners()
	p.stopSignals = HandleSignals(table, p.Log, p.shutdownBySignal, p.saver.Abandon)
	err = p.restore()
	switch {
	case p.ending.committed(): // a shutdown has ended the load
		return nil
	case err != nil:
		p.stopSignals()
		return errors.Join(err, p.close())
	}
	accept()
	p.Ready()
	return nil
}

// restore loads the data set and begins to log its changes.
func (p *program) restore() error {
	if err := p.saver.Load(); err != nil {
		return err
	}
	return p.saver.Run()
}

// terminal is where a person watches the log, or nil.
func (p *program) terminal() io.Writer {
	t := p.Config.Table
	if isTerminal(p.invocation.Stdout) && t.String("logfile").Load() == "" && !t.Bool("syslog-enabled").Load() {
		return p.invocation.Stdout
	}
	return nil
}

// close takes everything apart. Nothing is saved. Persistence ends first: a reply that waits for a disk that fails keeps its connection.
func (p *program) close() error {
	close(p.stopPace)
	return errors.Join(p.saver.Close(), p.server.Close(), p.engine.Close())
}

// briefLoad is how long clients that connect at the start wait instead of being answered with LOADING: Redis, too, looks after clients
// only each 2 MB of a file, and not at all if there is nothing to load.
const briefLoad = 100 * time.Millisecond

// serve hands the listeners over. Clients are accepted from the first call of accept on.
func (p *program) serve(listeners []net.Listener) (accept func()) {
	ready := make(chan struct{})
	for _, l := range listeners {
		p.server.StartWhen(ready, l)
	}
	return sync.OnceFunc(func() { close(ready) })
}

// followListeners applies CONFIG SET of bind and port, in Redis's words when it can't.
func (p *program) followListeners() {
	follow := func(option, fault string) {
		p.Config.Table.OnApply(func() error {
			t := p.Config.Table
			err := p.server.Relisten(func() ([]net.Listener, error) { return ListenTCP(t, p.Log) }, int(t.Int("tcp-backlog").Load()))
			if err != nil {
				if option == "bind" {
					p.Log.Warn("Failed to bind")
				}
				p.Log.Warn("Failed applying new configuration. Possibly related to new " + option + " setting. Restoring previous settings.")
				return errors.New(fault)
			}
			return nil
		}, option)
	}
	follow("port", "Unable to listen on this port. Check server logs.")
	follow("bind", "Failed to bind to specified addresses.")
}

// wait blocks until the server has been shut down and takes it apart.
func (p *program) wait() int {
	code := <-p.quit
	p.stopSignals()
	if err := p.close(); err != nil {
		p.Log.Warn("closing the engine", "error", err)
	}
	p.Log.Warn("Redust is now ready to exit, bye bye...")
	return code
}
