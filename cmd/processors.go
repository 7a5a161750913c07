package redustcmd

import (
	"math"
	"runtime"
	"sync"
	"time"
)

// processors lets the Go scheduler use as many processors as the load needs (ADR 0009). A request that is served by a second
// thread while the first could have served it costs more, and where clients share the machine that thread takes their time: so one
// processor serves until it is busy and others lie idle. Long work takes all there are, at once.
type processors struct {
	mu     sync.Mutex
	limit  int // as many as Go found: cores, affinity, control group
	policy processorPolicy
	long   int       // pieces of long work at hand
	ended  time.Time // when the last one ended
	set    func(n int)
}

// How the load is followed.
const (
	lookEvery = 100 * time.Millisecond
	// longTail is how long all processors stay after long work: it tends to be repeated.
	longTail = 500 * time.Millisecond
)

// newProcessors begins with all processors: a data set is about to be loaded.
func newProcessors(limit int, set func(int)) *processors {
	return &processors{limit: limit, policy: processorPolicy{limit: limit, now: limit}, set: set}
}

// BeginLong says that work begins which keeps a processor for milliseconds or more: all processors are used until EndLong. Safe
// from any goroutine, with locks held too.
func (p *processors) BeginLong() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.long++
	p.use(p.limit)
}

// EndLong ends one BeginLong.
func (p *processors) EndLong() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.long--
	p.ended = time.Now()
}

// use changes the number of processors. mu is held.
func (p *processors) use(n int) {
	if n != p.policy.now {
		p.policy.now = n
		p.set(n)
	}
}

// follow looks at the load every lookEvery until stop is closed. Without a way to measure it, all processors stay in use.
func (p *processors) follow(stop <-chan struct{}) {
	if p == nil || p.limit == 1 {
		return
	}
	meter, err := newLoadMeter()
	if err != nil {
		return
	}
	defer meter.Close()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		p.look(meter)
	}
}

// look applies the policy to what happened since the last look.
func (p *processors) look(m *loadMeter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, ok := m.read(p.policy.now > 1)
	if !ok || p.long > 0 || time.Since(p.ended) < longTail {
		p.policy.calm()
		return
	}
	if n := p.policy.next(l); n != p.policy.now {
		p.use(n)
	}
}

// load is what happened between two looks, each as a number of processors.
type load struct {
	took   float64 // between the looks, in seconds
	used   float64 // by this process
	waited float64 // threads of this process that were ready to run and had none
	idle   float64 // that nobody in the whole system used
}

// processorPolicy decides how many processors to use. It keeps no clock: time is the sum of what it is shown.
type processorPolicy struct {
	limit, now int

	busyFor, slackFor, crowdedFor float64 // seconds for which a reason to change has held
	since                         float64 // the last change downwards because of crowding, in seconds
	probeAfter                    float64 // how long to stay when it is crowded
	probing                       bool    // the last change gave a processor up on trial
}

// When the number changes.
const (
	busyShare     = 0.88 // of the processors in use, from which on they are busy
	idleEnough    = 0.40 // processors that nobody uses, from which on taking one more is worth it
	slackShare    = 0.60 // of one processor fewer, below which one fewer is enough
	crowdedShare  = 0.40 // processors' worth of waiting threads, from which on there are too many of ours
	busyFor       = 0.15 // seconds
	slackFor      = 1.0
	crowdedFor    = 0.5
	trialFor      = 1.0 // seconds within which a processor given up can turn out to be missed
	firstProbe    = 4.0
	longestProbe  = 120.0
	lookAtMost    = 1.0 // seconds that one look counts at most: the machine may have slept
	forgetProbing = 30.0
)

// calm forgets what was seen.
func (p *processorPolicy) calm() { p.busyFor, p.slackFor, p.crowdedFor = 0, 0, 0 }

// next returns how many processors to use from now on.
func (p *processorPolicy) next(l load) int {
	took := min(l.took, lookAtMost)
	p.since += took
	now := float64(p.now)
	hold := func(held *float64, reason bool) {
		if *held += took; !reason {
			*held = 0
		}
	}
	hold(&p.busyFor, l.used >= busyShare*now && l.idle >= idleEnough && p.now < p.limit)
	hold(&p.slackFor, l.used < slackShare*(now-1))
	hold(&p.crowdedFor, p.now > 1 && l.waited >= crowdedShare && l.idle < idleEnough)
	switch {
	case p.busyFor >= busyFor:
		p.missed()
		p.calm()
		return min(p.limit, 2*p.now, p.now+max(1, int(l.idle)))
	case p.slackFor >= slackFor:
		p.calm()
		return max(1, int(math.Ceil(l.used/slackShare)))
	case p.crowdedFor >= crowdedFor && p.since >= p.probeAfter:
		p.calm()
		p.since, p.probing = 0, true
		return p.now - 1
	}
	return p.now
}

// missed learns from a processor that was given up and is taken again: the next trial comes later.
func (p *processorPolicy) missed() {
	switch {
	case p.probing && p.since <= trialFor:
		p.probeAfter = min(longestProbe, max(firstProbe, 2*p.probeAfter))
	case p.since > forgetProbing:
		p.probeAfter = 0
	}
	p.probing = false
}

// processorsFor returns nil where the number of processors is the user's choice (GOMAXPROCS). changed is told of every change.
func processorsFor(getenv func(string) string, changed func(n int)) *processors {
	if getenv("GOMAXPROCS") != "" {
		return nil
	}
	return newProcessors(runtime.GOMAXPROCS(0), func(n int) {
		runtime.GOMAXPROCS(n)
		changed(n)
	})
}
