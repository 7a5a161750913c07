package redustcmd

import (
	"testing"
	"time"
)

// machine is a model of a closed loop: clients of one thread on the same machine, or elsewhere, and a server.
type machine struct {
	cores          float64
	server, client float64 // microseconds of processor time for a request; client 0: the clients are elsewhere
	limit          float64 // requests a microsecond that remote clients offer, 0 for as many as are answered
	crowding       float64 // what a request costs more for each processor that is one too many
}

// run returns what a second thread of the policy would see with n processors.
func (m machine) run(n int) load {
	if m.client > 0 && float64(n)+1 > m.cores {
		m.server *= 1 + m.crowding
	}
	rate := min(float64(n)/m.server, m.cores/(m.server+m.client))
	full := rate == m.cores/(m.server+m.client)
	if m.client > 0 {
		rate = min(rate, 1/m.client)
	}
	if m.limit > 0 {
		rate = min(rate, m.limit)
	}
	l := load{took: lookEvery.Seconds(), used: rate * m.server, rate: rate * 1e6}
	l.idle = m.cores - rate*(m.server+m.client)
	if full && m.client > 0 {
		l.waited = max(0, float64(n)+1-m.cores)
	}
	return l
}

// settle follows m for some seconds and returns for how long each number of processors was in use.
func settle(p *processorPolicy, m machine, seconds float64) map[int]float64 {
	held := map[int]float64{}
	for range int(seconds / lookEvery.Seconds()) {
		held[p.now] += lookEvery.Seconds()
		p.now = p.next(m.run(p.now))
	}
	return held
}

func TestProcessorsFollowTheLoad(t *testing.T) {
	for name, tc := range map[string]struct {
		m      machine
		limit  int
		begin  int
		want   int
		mostly float64 // share of a minute, after two seconds
	}{
		"one request at a time, clients on the same two cores": {m: machine{cores: 2, server: 9, client: 8, crowding: 0.2}, limit: 2, begin: 2, want: 1, mostly: 0.99},
		"... and from one": {m: machine{cores: 2, server: 9, client: 8, crowding: 0.2}, limit: 2, begin: 1, want: 1, mostly: 1},
		"long pipelines":   {m: machine{cores: 2, server: 0.6, client: 0.2}, limit: 2, begin: 1, want: 2, mostly: 0.9},
		"a processor lies idle, but two of ours only hinder the client": {m: machine{cores: 2, server: 20, client: 9, crowding: 0.5}, limit: 2, begin: 1, want: 1, mostly: 0.85},
		"idle":                  {m: machine{cores: 8, server: 9, limit: 0.0001}, limit: 8, begin: 8, want: 1, mostly: 0.98},
		"remote clients, all":   {m: machine{cores: 8, server: 9}, limit: 8, begin: 1, want: 8, mostly: 0.98},
		"remote clients, half":  {m: machine{cores: 16, server: 10, limit: 0.5}, limit: 16, begin: 16, want: 9, mostly: 0.98},
		"an only core":          {m: machine{cores: 1, server: 9, client: 8}, limit: 1, begin: 1, want: 1, mostly: 1},
		"a control group's two": {m: machine{cores: 64, server: 9}, limit: 2, begin: 1, want: 2, mostly: 0.98},
	} {
		t.Run(name, func(t *testing.T) {
			p := &processorPolicy{limit: tc.limit, now: tc.begin}
			settle(p, tc.m, 2)
			held := settle(p, tc.m, 60)
			if got := held[tc.want] / 60; got < tc.mostly-1e-6 {
				t.Errorf("%d processors in use for %.0f %% of the time, want %.0f %%: %v", tc.want, 100*got, 100*tc.mostly, held)
			}
			for n := range held {
				if n < 1 || n > tc.limit {
					t.Errorf("%d processors with a limit of %d", n, tc.limit)
				}
			}
		})
	}
}

// TestProcessorsTrialsBecomeRare: a load that misses the processor given up makes the next trial wait longer.
func TestProcessorsTrialsBecomeRare(t *testing.T) {
	p := &processorPolicy{limit: 2, now: 2}
	m := machine{cores: 2, server: 0.6, client: 0.2}
	first := settle(p, m, 60)[1]
	later := settle(p, m, 600)[1] / 10
	if later*2 > first {
		t.Errorf("%.1f s of the first minute on trial, %.1f s of a later one", first, later)
	}
}

// A load that comes in bursts finds one processor at each, if one is best for it.
func TestProcessorsBetweenBursts(t *testing.T) {
	p := &processorPolicy{limit: 2, now: 2}
	burst, none := machine{cores: 2, server: 9, client: 8, crowding: 0.2}, machine{cores: 2, server: 9, limit: 0.00001}
	settle(p, burst, 0.7)
	settle(p, none, 0.7)
	for range 10 {
		if held := settle(p, burst, 0.7); held[2] > 0 {
			t.Fatalf("%v", held)
		}
		settle(p, none, 0.7)
	}
}

// What a trial has taught holds for the next burst of the same load, too.
func TestProcessorsRememberBetweenBursts(t *testing.T) {
	p := &processorPolicy{limit: 2, now: 1}
	burst := machine{cores: 2, server: 20, client: 9, crowding: 0.5} // leaves a processor idle that only hinders
	none := machine{cores: 2, server: 20, limit: 0.00001}
	tried := 0.0
	for range 20 {
		tried += settle(p, burst, 1.5)[2]
		settle(p, none, 1.5)
	}
	if tried > 20*1.5/8 {
		t.Errorf("%.1f of %d s on trial", tried, 30)
	}
}

// A load that grows by itself, as one whose memory has to be fetched first, is not put down to a processor more: not until it stands.
func TestProcessorsWaitForALoadToStand(t *testing.T) {
	p := &processorPolicy{limit: 2, now: 1}
	look := func(n int, server float64) int {
		for range n {
			l := machine{cores: 2, server: server, client: 0.9}.run(1)
			l.idle = idleEnough + 0.1
			p.now = p.next(l)
		}
		return p.now
	}
	for server := 3.0; server > 1; server *= 0.93 {
		if n := look(1, server); n != 1 {
			t.Fatalf("%d processors while the load grows", n)
		}
	}
	if n := look(3, 1); n != 2 {
		t.Fatalf("%d processors when it stands", n)
	}
}

// A processor more that makes requests slower is given up though nobody else wants it.
func TestProcessorsThatOnlyHinder(t *testing.T) {
	p := &processorPolicy{limit: 2, now: 1}
	one := load{took: lookEvery.Seconds(), used: 0.95, idle: 0.9, rate: 1e6}
	two := load{took: lookEvery.Seconds(), used: 1.1, idle: 0.7, rate: 0.8e6}
	held := 0.0
	for range 600 {
		l := one
		if p.now == 2 {
			l = two
			held += l.took
		}
		p.now = p.next(l)
	}
	if held == 0 || held > 6 {
		t.Errorf("%.1f of 60 s with two", held)
	}
}

func TestProcessorsAreLeftToTheUser(t *testing.T) {
	var none *processors // GOMAXPROCS was given
	none.follow(nil, nil)
	if processorsFor(func(string) string { return "3" }, nil) != nil {
		t.Error("GOMAXPROCS=3 is not left alone")
	}
}

func TestLoadMeter(t *testing.T) {
	m, err := newLoadMeter()
	if err != nil {
		t.Skip("no way to measure the load here:", err)
	}
	defer m.Close()
	m.read(true)
	until := time.Now().Add(150 * time.Millisecond)
	for time.Now().Before(until) {
	}
	l, ok := m.read(true)
	if !ok || l.took < 0.14 || l.used <= 0 || l.idle < 0 || l.waited < 0 {
		t.Errorf("after 150 ms of work: %+v, %v", l, ok)
	}
}
