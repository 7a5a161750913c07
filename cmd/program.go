package redustcmd

import (
	"errors"
	"net"
	"runtime"
	"sync"

	"github.com/redust/redust/auth"
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/server"
)

// program is one running server: it connects process, engine, network and services, and is what
// core knows as its Process.
type program struct {
	*Process
	engine *core.Engine
	server *server.Server

	quit     chan int // the exit code
	stopPace chan struct{}
	stopping sync.Mutex // one shutdown at a time
}

var _ core.Process = (*program)(nil)

// start brings everything up in order: engine, listeners, background work, clients.
func (p *program) start(families []core.Family) (err error) {
	table := p.Config.Table
	p.engine, err = core.New(core.Config{Families: families, Options: table, Logger: p.Log, Auth: auth.New(table), Process: p,
		Configured: true})
	if err != nil {
		return err
	}
	listeners, err := Listen(table, p.Log)
	if err != nil {
		return errors.Join(err, p.engine.Close())
	}
	p.server = server.New(p.engine, p.Log.Named("server"))
	p.Announce(listeners)
	p.engine.Run()
	p.stopPace = make(chan struct{})
	go paceMemory(p.stopPace)
	p.serve(listeners)
	p.followListeners()
	p.Ready()
	return nil
}

func (p *program) serve(listeners []net.Listener) {
	for _, l := range listeners {
		go p.server.Serve(l)
	}
}

// followListeners applies CONFIG SET of bind and port, in Redis's words when it can't.
func (p *program) followListeners() {
	follow := func(option, fault string) {
		p.Config.Table.OnApply(func() error {
			fresh, err := p.server.Relisten(func() ([]net.Listener, error) { return ListenTCP(p.Config.Table, p.Log) })
			if err != nil {
				return errors.New(fault)
			}
			p.serve(fresh)
			return nil
		}, option)
	}
	follow("port", "Unable to listen on this port. Check server logs.")
	follow("bind", "Failed to bind to specified addresses.")
}

// wait blocks until the server has been shut down and takes it apart.
func (p *program) wait() int {
	stop := HandleSignals(p.Config.Table, p.Log, p.Shutdown)
	code := <-p.quit
	stop()
	close(p.stopPace)
	p.server.Close()
	if err := p.engine.Close(); err != nil {
		p.Log.Warn("closing the engine", "error", err)
	}
	p.Log.Warn("Redust is now ready to exit, bye bye...")
	return code
}

// Shutdown implements core.Process: it returns only if the shutdown can't be made.
func (p *program) Shutdown(core.ShutdownOptions) error {
	p.stopping.Lock()
	defer p.stopping.Unlock()
	p.Log.Warn("User requested shutdown...")
	p.Stopping()
	p.server.CloseListeners()
	p.quit <- 0
	runtime.Goexit() // as promised, nobody sees this return; the caller's connection is closed on the way
	return nil
}

// AbortShutdown implements core.Process: a shutdown never waits for anything yet that could be called off.
func (p *program) AbortShutdown() bool { return false }
