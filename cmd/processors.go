package redustcmd

import (
	"math"
	"runtime"
	"time"
)

// processors has the server use as many loops as the load needs (ADR 0009): each serves its connections on a processor of its own. A
// request that is served by a second thread while the first could have served it costs more, and where clients share the machine that
// thread takes their time: so one loop serves until it is busy and processors lie idle.
type processors struct {
	limit  int // as many as Go found: cores, affinity, control group
	policy processorPolicy
	set    func(n int)
}

// lookEvery is the period at which the load is followed.
const lookEvery = 100 * time.Millisecond

// newProcessors begins with one.
func newProcessors(limit int, set func(int)) *processors {
	set(1)
	return &processors{limit: limit, policy: processorPolicy{limit: limit, now: 1}, set: set}
}

// use changes the number of processors.
func (p *processors) use(n int) {
	if n != p.policy.now {
		p.policy.now = n
		p.set(n)
	}
}

// follow looks at the load every lookEvery until stop is closed. requests counts those executed so far. Without a way to measure it, all processors stay in use.
func (p *processors) follow(requests func() int64, stop <-chan struct{}) {
	if p == nil || p.limit == 1 {
		return
	}
	meter, err := newLoadMeter()
	if err != nil {
		p.use(p.limit)
		return
	}
	defer meter.Close()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for before := requests(); ; {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		sum := requests()
		p.look(meter, sum-before)
		before = sum
	}
}

// look applies the policy to what happened since the last look, requests among it.
func (p *processors) look(m *loadMeter, requests int64) {
	l, ok := m.read(p.policy.now > 1)
	if !ok {
		p.policy.calm()
		return
	}
	l.rate = max(0, float64(requests)/l.took)
	if n := p.policy.next(l); n != p.policy.now {
		p.use(n)
	}
}

// load is what happened between two looks, the middle three each as a number of processors.
type load struct {
	took   float64 // between the looks, in seconds
	used   float64 // by this process
	waited float64 // threads of this process that were ready to run and had none
	idle   float64 // that nobody in the whole system used
	rate   float64 // requests executed in a second
}

// processorPolicy decides how many processors to use. It keeps no clock: time is the sum of what it is shown.
type processorPolicy struct {
	limit, now int

	busyFor, slackFor, crowdedFor, leanFor float64 // seconds for which a reason to change has held
	rate                                   float64 // of requests, lately, with as many processors as now: rises at once, falls slowly
	trial                                  trial
	more, fewer                            lesson
}

// lesson is what trials in one direction have taught: one that brought nothing is not repeated soon, unless the load has changed.
type lesson struct {
	pause   float64 // seconds until the next trial
	backoff float64 // what the pause was the last time
	rate    float64 // of requests then
}

// pass lets time go by. Between bursts of a load nothing is forgotten: only busy processors show another one.
func (l *lesson) pass(took, rate float64, busy bool) {
	l.pause = max(0, l.pause-took)
	if l.backoff > 0 && busy && (rate > otherLoad*l.rate || rate*otherLoad < l.rate) {
		*l = lesson{}
	}
}

func (l *lesson) learn(rate float64) {
	l.backoff = min(longestPause, max(firstPause, 2*l.backoff))
	l.pause, l.rate = l.backoff, rate
}

// trial is a change whose worth the rate of requests will show.
type trial struct {
	from   int     // processors before, 0: none is going on
	before float64 // rate before
	age    float64 // seconds
	sum, n float64 // of the rates seen since it settled
}

// When the number changes.
const (
	busyShare    = 0.88 // of the processors in use, from which on they are busy
	idleEnough   = 0.40 // processors that nobody uses, from which on taking one more is worth a trial
	slackShare   = 0.60 // of one processor fewer, below which one fewer is enough
	leanUse      = 1.20 // processors used by two loops, below which one alone is worth a trial: a request costs it less
	lostShare    = 0.50 // of the smaller number, below which a trial has no load any more
	crowdedShare = 0.40 // processors' worth of waiting threads, from which on there may be too many of ours
	risingBy     = 1.05 // by this factor the rate differs from the last one while a load begins
	worthMore    = 1.10 // what the rate must grow by to keep one processor more that clients or others want, too
	worthLess    = 0.92 // what must be left of it to give one up
	busyFor      = 0.15 // seconds
	slackFor     = 0.3
	crowdedFor   = 0.5
	leanFor      = 0.3
	settleFor    = 0.15 // seconds of a trial that don't count
	trialFor     = 0.55
	firstPause   = 4.0
	longestPause = 120.0
	lookAtMost   = 1.0 // seconds that one look counts at most: the machine may have slept
	otherLoad    = 1.5 // by this factor the rate differs under another load
)

// calm forgets what was seen: something else decides at the moment.
func (p *processorPolicy) calm() {
	p.busyFor, p.slackFor, p.crowdedFor, p.leanFor = 0, 0, 0, 0
	p.trial = trial{}
	p.rate = 0
}

// next returns how many processors to use from now on.
func (p *processorPolicy) next(l load) int {
	took := min(l.took, lookAtMost)
	if p.trial.from != 0 {
		return p.judge(l, took)
	}
	rising := l.rate > risingBy*p.rate // the load has just begun: a trial would take the credit
	p.rate = max(l.rate, p.rate+(l.rate-p.rate)/3)
	busy := l.used >= busyShare*float64(p.now)
	p.more.pass(took, l.rate, busy)
	p.fewer.pass(took, l.rate, busy)
	hold := func(held *float64, reason bool) {
		if *held += took; !reason {
			*held = 0
		}
	}
	now := float64(p.now)
	hold(&p.busyFor, busy && !rising && l.idle >= idleEnough && p.now < p.limit)
	hold(&p.slackFor, l.used < slackShare*(now-1))
	hold(&p.crowdedFor, p.now > 1 && l.waited >= crowdedShare && l.idle < idleEnough)
	hold(&p.leanFor, p.now == 2 && l.used < leanUse)
	switch {
	case p.busyFor >= busyFor && p.more.pause == 0:
		return p.try(min(p.limit, 2*p.now, p.now+max(1, int(l.idle))))
	case p.slackFor >= slackFor:
		p.calm()
		return max(1, int(math.Ceil(l.used/slackShare)))
	case (p.crowdedFor >= crowdedFor || p.leanFor >= leanFor) && p.fewer.pause == 0:
		return p.try(p.now - 1)
	}
	return p.now
}

// try changes the number on trial.
func (p *processorPolicy) try(n int) int {
	rate := p.rate
	p.calm()
	p.trial = trial{from: p.now, before: rate}
	return n
}

// judge goes on with a trial and ends it: a processor more must have brought something, unless nobody else wants it, and neither that
// nor one fewer must have cost much.
func (p *processorPolicy) judge(l load, took float64) int {
	t := &p.trial
	if l.used < lostShare*float64(min(p.now, t.from)) { // the load is gone: nothing can be learnt
		back := min(p.now, t.from)
		p.calm()
		return back
	}
	if t.age += took; t.age > settleFor {
		t.sum += l.rate
		t.n++
	}
	if t.age < trialFor {
		return p.now
	}
	rate, more := t.sum/max(t.n, 1), p.now > t.from
	wanted := l.waited >= crowdedShare/2 || l.idle < idleEnough
	least := worthLess
	if more && wanted {
		least = worthMore
	}
	if rate >= least*t.before {
		if p.calm(); more {
			p.more = lesson{}
		}
		return p.now
	}
	back, before := t.from, t.before
	if p.calm(); more {
		p.more.learn(before)
	} else {
		p.fewer.learn(before)
	}
	return back
}

// processorsFor returns nil where the number of processors is the user's choice (GOMAXPROCS). changed is told of every change. The Go
// scheduler has two at least: with one, everything else would wait while the loop asks the kernel for events.
func processorsFor(getenv func(string) string, changed func(n int)) *processors {
	if getenv("GOMAXPROCS") != "" {
		return nil
	}
	limit := runtime.GOMAXPROCS(0)
	if limit == 1 {
		runtime.GOMAXPROCS(2)
	}
	return newProcessors(limit, changed)
}
