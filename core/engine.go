package core

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core/effects"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/options"
)

// Config is what an engine is made of. Only Families and Options are required.
type Config struct {
	Families []Family
	Options  *options.Table
	Logger   hclog.Logger
	Clock    Clock // nil: the system's
	Auth     Authorizer
	Process  Process
	// Configured says that Configure of the families was called already, before the
	// options got their values.
	Configured bool
}

// Engine executes commands on a keyspace. It opens no socket, and no file but one in which Linux tells of its clock.
type Engine struct {
	ks     *keyspace.Keyspace
	reg    *Registry
	opts   *options.Table
	set    settings
	log    *effects.Log
	logger hclog.Logger
	clock  timeSource
	runID  string
	start  time.Time

	auth     Authorizer
	process  Process
	families []Family

	persistence atomic.Pointer[Persistence]
	replication atomic.Pointer[Replication]

	shards  [numShards]shardState
	gate    *gate
	clients *Clients
	broker  *Broker
	notify  notifyState
	stats   Stats
	snap    snapshotState

	gates      atomic.Uint32 // reasons for every client to leave the fast path
	loading    atomic.Bool
	lfu        atomic.Bool
	tracked    atomic.Bool // somebody wants to know which keys change
	onModified atomic.Pointer[func(c *Ctx, keys []Key)]
	onRead     atomic.Pointer[func(c *Ctx)]
	onFlush    atomic.Pointer[func(db int)]
	onFlushBy  atomic.Pointer[func(c *Client)]
	observers  atomic.Pointer[[]Observer]
	slowNs     atomic.Int64 // commands slower than this reach the observers
	watching   atomic.Bool  // observers want every command (MONITOR)
	pause      pauseState
	sealed     atomic.Pointer[seal] // set with all shards held
	waiterSeq  atomic.Int64
	activeExp  atomic.Bool
	coarseMs   atomic.Int64

	freeMu      sync.Mutex
	freeList    []keyspace.Object
	freeWake    chan struct{}
	lazy        lazyStats
	mem         memoryState
	clientBytes atomic.Int64 // see AddClientMemory
	debug       DebugSettings

	collapses  collapsePace // of cron
	httpWarned atomic.Int64 // engine milliseconds when the log last told of a browser

	onLatency atomic.Pointer[func(event string, took time.Duration)]

	stop   chan struct{}
	done   sync.WaitGroup
	closed atomic.Bool
}

// New builds an engine: it registers and checks the families, then starts them.
// Background work begins with Run.
func New(cfg Config) (*Engine, error) {
	reg, err := NewRegistry(cfg.Families...)
	if err != nil {
		return nil, err
	}
	if err := reg.rename(cfg.Options.Occurrences("rename-command")); err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = hclog.NewNullLogger()
	}
	for _, f := range cfg.Families {
		if c, ok := f.(Configurable); ok && !cfg.Configured {
			if err := c.Configure(cfg.Options); err != nil {
				return nil, fmt.Errorf("family %s: %w", f.Name(), err)
			}
		}
	}
	e := &Engine{
		reg: reg, opts: cfg.Options, logger: cfg.Logger, families: cfg.Families,
		auth: cfg.Auth, process: cfg.Process,
		log: effects.New(), gate: newGate(), start: time.Now(), runID: newRunID(),
		freeWake: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	e.mem.wake = make(chan struct{}, 1)
	e.clock.init(cfg.Clock)
	e.set.bind(cfg.Options)
	e.ks = keyspace.New(keyspace.Config{
		Shards: numShards, Databases: int(e.set.databases.Load()),
		OnDetach: func(o keyspace.Object) { e.freeLater([]keyspace.Object{o}) },
	})
	e.clients = newClients()
	e.broker = newBroker(e.clients)
	e.stats.init()
	e.pause.init()
	e.activeExp.Store(true)
	e.coarseMs.Store(e.NowMs())
	e.slowNs.Store(1<<63 - 1)
	e.bindOptions()
	if e.auth == nil {
		e.auth = openAuth{}
	}
	for _, f := range cfg.Families {
		if s, ok := f.(Starter); ok {
			if err := s.Start(e); err != nil {
				return nil, errors.Join(fmt.Errorf("family %s: %w", f.Name(), err), e.Close())
			}
		}
	}
	return e, nil
}

func newRunID() string {
	var b [20]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Close stops background work and the families and gives the keyspace's memory back. All
// clients must be gone.
func (e *Engine) Close() error {
	if e.closed.Swap(true) {
		return nil
	}
	close(e.stop)
	e.done.Wait()
	var errs []error
	for _, f := range e.families {
		if c, ok := f.(Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	e.ks.Close()
	return errors.Join(errs...)
}

// Accessors. All are safe from any goroutine.

func (e *Engine) Keyspace() *keyspace.Keyspace { return e.ks }
func (e *Engine) Registry() *Registry          { return e.reg }
func (e *Engine) Options() *options.Table      { return e.opts }
func (e *Engine) Log() *effects.Log            { return e.log }
func (e *Engine) Logger() hclog.Logger         { return e.logger }
func (e *Engine) Clients() *Clients            { return e.clients }
func (e *Engine) Broker() *Broker              { return e.broker }
func (e *Engine) Stats() *Stats                { return &e.stats }
func (e *Engine) Families() []Family           { return e.families }
func (e *Engine) Auth() Authorizer             { return e.auth }
func (e *Engine) Process() Process             { return e.process }
func (e *Engine) RunID() string                { return e.runID }
func (e *Engine) Started() time.Time           { return e.start }
func (e *Engine) Now() time.Time               { return e.clock.now() }

// MonoNs is a monotonic clock in nanoseconds; it is cheap, and off by some microseconds.
func (e *Engine) MonoNs() int64 { return e.clock.mono() }

// NowMs is the wall clock in milliseconds since the Unix epoch.
func (e *Engine) NowMs() int64 { _, ms := e.clock.read(); return ms }

// Persistence is nil while none is attached.
func (e *Engine) Persistence() Persistence {
	if p := e.persistence.Load(); p != nil {
		return *p
	}
	return nil
}

// SetPersistence attaches the durability service.
func (e *Engine) SetPersistence(p Persistence) { e.persistence.Store(&p) }

// Replication is nil while none is attached: the server is a primary without replicas.
func (e *Engine) Replication() Replication {
	if r := e.replication.Load(); r != nil {
		return *r
	}
	return nil
}

// SetReplication attaches the replication service.
func (e *Engine) SetReplication(r Replication) { e.replication.Store(&r); e.updateGates() }

func (e *Engine) isReplica() bool {
	r := e.replication.Load()
	return r != nil && (*r).ReadOnlyReplica()
}

// expiryVisible reports whether expired keys are invisible to the client: to all but
// the link from our primary, whose commands decide for us, and the loader.
func (e *Engine) expiryVisible(c *Client) bool {
	return c == nil || !c.Has(FlagPrimary) && !(c.Has(FlagFake) && e.loading.Load())
}

// SetActiveExpire is DEBUG SET-ACTIVE-EXPIRE.
func (e *Engine) SetActiveExpire(on bool) { e.activeExp.Store(on) }

// SetLoading makes ordinary commands answer LOADING.
func (e *Engine) SetLoading(on bool) {
	e.loading.Store(on)
	e.updateGates()
}

// Loading reports whether a data set is being loaded.
func (e *Engine) Loading() bool { return e.loading.Load() }

// AddObserver adds o, which sees commands that take at least slow (0: see SetSlow).
func (e *Engine) AddObserver(o Observer) {
	var list []Observer
	if p := e.observers.Load(); p != nil {
		list = append(list, *p...)
	}
	list = append(list, o)
	e.observers.Store(&list)
}

// SetObserving says which commands observers want to see: all of them, and
// otherwise those that take at least slow.
func (e *Engine) SetObserving(all bool, slow time.Duration) {
	e.watching.Store(all)
	e.slowNs.Store(int64(slow))
}

// OnModified registers what is told of every modified key (client-side caching). fn runs after the command c, whose
// client is nil when the server itself has changed the keys, and takes no shard lock: those of a transaction are still
// held. A nil fn ends it.
func (e *Engine) OnModified(fn func(c *Ctx, keys []Key)) {
	if fn == nil {
		e.onModified.Store(nil)
		e.tracked.Store(false)
		return
	}
	e.onModified.Store(&fn)
	e.tracked.Store(true)
}

// OnRead registers what is told, with the shard locks held, of commands that read
// keys for clients with FlagTracking.
func (e *Engine) OnRead(fn func(c *Ctx)) { e.onRead.Store(&fn) }

// OnFlush registers what is told of FLUSHDB (db) and FLUSHALL (-1).
func (e *Engine) OnFlush(fn func(db int)) { e.onFlush.Store(&fn) }

// OnFlushBy registers what is told of the client that flushes a database or all, with every
// shard held; nil when a data set is loaded in place of this one.
func (e *Engine) OnFlushBy(fn func(c *Client)) { e.onFlushBy.Store(&fn) }
