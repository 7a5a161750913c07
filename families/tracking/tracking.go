package tracking

import (
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
)

// family serves one engine.
type family struct {
	eng     *core.Engine
	maxKeys atomic.Pointer[options.IntValue]
	table   table

	shrinking sync.Mutex // one at a time
	mu        sync.Mutex // guards clients and the making of prefixes
	clients   map[int64]*state
	prefixes  atomic.Pointer[[]*prefix] // in order of their text
	atEnd     func(*core.Client)        // broadcast, bound once
}

var (
	_ core.Family       = (*family)(nil)
	_ core.Configurable = (*family)(nil)
	_ core.Starter      = (*family)(nil)
	_ core.InfoSource   = (*family)(nil)
)

// New returns the family.
func New() core.Family { return new(family) }

func (*family) Name() string { return "tracking" }

func (f *family) Register(r *core.Registry) { r.Add(f.commands()) }

func (f *family) Configure(t *options.Table) error {
	f.maxKeys.Store(t.Int("tracking-table-max-keys"))
	t.OnApply(func() error {
		go f.shrink() // the option's mutex is held, maybe shards, too
		return nil
	}, "tracking-table-max-keys")
	return nil
}

func (f *family) Start(e *core.Engine) error {
	f.eng = e
	f.clients = map[int64]*state{}
	f.prefixes.Store(new([]*prefix))
	f.atEnd = func(c *core.Client) { f.broadcast(origin{client: c}) }
	f.table.init()
	e.OnRead(f.read)
	e.OnFlushBy(f.flushed)
	return nil
}

// InfoSections and Info add the tracking fields of INFO stats.
func (*family) InfoSections() []string { return []string{"stats"} }

func (f *family) Info(_ string, dst []byte) []byte {
	for _, field := range []struct {
		name string
		n    int64
	}{
		{"tracking_total_keys", f.table.keys.Load()},
		{"tracking_total_items", f.table.items.Load()},
		{"tracking_total_prefixes", int64(len(*f.prefixes.Load()))},
	} {
		dst = append(append(dst, field.name...), ':')
		dst = append(strconv.AppendInt(dst, field.n, 10), "\r\n"...)
	}
	return dst
}

// mode is the set of options of a tracking client.
type mode uint32

const (
	bcast mode = 1 << iota
	optIn
	optOut
	noLoop
)

// state is what a tracking client asked for. Its goroutine changes it, others read it.
type state struct {
	fam      *family
	client   *core.Client
	mode     atomic.Uint32
	redirect atomic.Int64 // client that receives the invalidations, 0 for the client itself
	broken   atomic.Bool  // that client was found gone
	prefixes []string     // sorted; owner only

	// due are the keys that reads have found expired and whose deletion is not announced yet, with whether the client
	// had not read them before. Owner only.
	due map[string]bool
}

type stateKey struct{}

// Tracking is what CLIENT LIST shows.
func (s *state) Tracking() core.TrackingState {
	return core.TrackingState{Redirect: s.redirect.Load(), Broken: s.broken.Load(), Bcast: s.has(bcast)}
}

// ClientClosed ends tracking when the client goes away or is reset.
func (s *state) ClientClosed(*core.Client) { s.fam.forget(s) }

func (s *state) has(m mode) bool { return mode(s.mode.Load())&m != 0 }

// of returns the client's state, or nil when it doesn't track.
func of(c *core.Client) *state {
	if !c.Has(core.FlagTracking) {
		return nil
	}
	s, _ := c.Ext(stateKey{}).(*state)
	return s
}

// enable starts or changes tracking. The options were checked.
func (f *family) enable(c *core.Client, o *request) {
	s := of(c)
	if s == nil {
		s = &state{fam: f, client: c}
	}
	s.broken.Store(false)
	s.redirect.Store(o.redirect)
	s.mode.Store(uint32(o.mode))
	f.mu.Lock()
	f.clients[c.ID()] = s
	first := len(f.clients) == 1
	f.mu.Unlock()
	if first {
		f.eng.OnModified(f.modified)
	}
	if o.mode&bcast != 0 {
		names := o.prefixes
		if len(names) == 0 {
			names = []string{""}
		}
		for _, p := range names {
			f.join(s, p)
		}
	}
	c.SetExt(stateKey{}, s)
	c.SetTracking(true)
}

// disable is CLIENT TRACKING OFF.
func (f *family) disable(c *core.Client) {
	s := of(c)
	if s == nil {
		return
	}
	f.forget(s)
	c.SetExt(stateKey{}, nil)
	c.SetTracking(false)
}

// forget takes a client out of everything but the table, which drops its entries as
// keys change: as Redis, it does not look for them. Without any client left nothing is kept.
func (f *family) forget(s *state) {
	f.leave(s)
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.clients, s.client.ID())
	if len(f.clients) == 0 {
		f.eng.OnModified(nil)
		f.table.clear()
	}
}

// target finds the state of a tracking client by id; nil when it is gone or has stopped.
func (f *family) target(id int64) *state {
	c := f.eng.Clients().Get(id)
	if c == nil {
		return nil
	}
	return of(c)
}
