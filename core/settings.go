package core

import (
	"strings"

	"github.com/redust/redust/core/options"
)

// settings are handles to the options that core itself reads.
type settings struct {
	databases      *options.IntValue
	maxMemory      *options.IntValue
	maxClients     *options.IntValue
	hz             *options.IntValue
	timeout        *options.IntValue
	protoMaxBulk   *options.IntValue
	policy         *options.StringValue
	notify         *options.StringValue
	minReplicas    *options.IntValue
	serveStale     *options.BoolValue
	samples        *options.IntValue
	tenacity       *options.IntValue
	lfuLog         *options.IntValue
	lfuDecay       *options.IntValue
	latencyEnabled *options.BoolValue
}

func (s *settings) bind(t *options.Table) {
	s.databases = t.Int("databases")
	s.maxMemory = t.Int("maxmemory")
	s.maxClients = t.Int("maxclients")
	s.hz = t.Int("hz")
	s.timeout = t.Int("timeout")
	s.protoMaxBulk = t.Int("proto-max-bulk-len")
	s.policy = t.String("maxmemory-policy")
	s.notify = t.String("notify-keyspace-events")
	s.minReplicas = t.Int("min-replicas-to-write")
	s.serveStale = t.Bool("replica-serve-stale-data")
	s.samples = t.Int("maxmemory-samples")
	s.tenacity = t.Int("maxmemory-eviction-tenacity")
	s.lfuLog = t.Int("lfu-log-factor")
	s.lfuDecay = t.Int("lfu-decay-time")
	s.latencyEnabled = t.Bool("latency-tracking")
}

// bindOptions applies the options that core caches, now and at every change.
func (e *Engine) bindOptions() {
	apply := func(name string, fn func(value string)) {
		fn(e.opts.String(name).Load())
		e.opts.OnChange(name, func(_, v string) error { fn(v); return nil })
	}
	apply("maxmemory-policy", func(v string) { e.lfu.Store(strings.Contains(v, "lfu")) })
	withNew := e.opts.Int("notify-keyspace-events")
	apply("notify-keyspace-events", func(v string) {
		classes := ParseEventClasses(v)
		if withNew.Load() != 0 { // CONFIG GET's text leaves it out beside A
			classes |= EventNew
		}
		e.notify.setMask(classes)
	})
	apply("maxmemory", func(string) { e.limitChanged() })
	apply("min-replicas-to-write", func(string) { e.updateGates() })
}

// updateGates recomputes whether requests of all clients must go through every check.
func (e *Engine) updateGates() {
	g := uint32(0)
	if e.loading.Load() || e.set.maxMemory.Load() > 0 || e.set.minReplicas.Load() > 0 || e.replication.Load() != nil || e.pause.active() {
		g = 1
	}
	if p := e.Persistence(); p != nil && p.WriteError() != nil {
		g = 1
	}
	e.gates.Store(g)
}

// UpdateGates is for services whose state decides whether commands are refused.
func (e *Engine) UpdateGates() { e.updateGates() }
