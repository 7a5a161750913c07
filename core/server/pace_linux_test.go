package server

import (
	"testing"
	"time"
)

// load is a simulated load of a loop: what is served in a second without naps and with them, and what the thread takes of its processor.
type load struct {
	plain, napped int // connections a second
	clients       int
	busy          int64 // of a hundred
}

// simulation runs windows of a loop under loads.
type simulation struct {
	p        pace
	now, cpu int64
	cs       []*conn
}

func newSimulation() *simulation {
	return &simulation{now: int64(time.Hour), cs: conns(1000)}
}

// run lets some time go by, and returns for how much of a hundred there were naps.
func (s *simulation) run(l load, d time.Duration) int {
	windows, napped := 0, 0
	for end := s.now + int64(d); s.now < end; windows++ {
		rate := l.plain
		if s.p.naps {
			rate = l.napped
			napped++
		}
		for i := range rate * int(paceWindow) / int(time.Second) {
			s.p.count(s.cs[i%l.clients])
		}
		s.now += paceWindow
		s.cpu += paceWindow * l.busy / 100
		s.p.tick(s.now, func() int64 { return s.cpu })
	}
	return napped * 100 / windows
}

func (s *simulation) wantNaps(t *testing.T, what string, got, least, most int) {
	t.Helper()
	if got < least || got > most {
		t.Errorf("%s: naps for %d %% of the time, want %d to %d", what, got, least, most)
	}
}

func TestPaceFollowsWhatIsServed(t *testing.T) {
	s := newSimulation()
	gains := load{plain: 50_000, napped: 56_000, clients: 50, busy: 60}
	s.wantNaps(t, "naps bring something, at once", s.run(gains, 300*time.Millisecond), 95, 100)
	s.wantNaps(t, "naps bring something", s.run(gains, 20*time.Second), 95, 99)
	loses := load{plain: 50_000, napped: 40_000, clients: 50, busy: 60}
	s.run(loses, 11*time.Second)
	s.wantNaps(t, "naps cost something", s.run(loses, 30*time.Second), 1, 5) // they are tried now and then
	s.run(gains, 11*time.Second)
	s.wantNaps(t, "they don't any more", s.run(gains, 20*time.Second), 95, 99)
	s.run(load{plain: 60_000, napped: 40_000, clients: 50, busy: 60}, 11*time.Second)
	s.run(load{clients: 1}, 2*time.Second)
	s.wantNaps(t, "another load after a pause", s.run(gains, 300*time.Millisecond), 95, 100)
}

func TestPaceLeavesOthersAlone(t *testing.T) {
	for what, l := range map[string]load{
		"few requests":  {plain: 25_000, napped: 25_000, clients: 50, busy: 60},
		"few clients":   {plain: 50_000, napped: 50_000, clients: 15, busy: 60},
		"a lot of time": {plain: 50_000, napped: 50_000, clients: 50, busy: 30},
		"silence":       {clients: 50},
	} {
		s := newSimulation()
		s.run(load{plain: 50_000, napped: 50_000, clients: 50, busy: 60}, 3*paceTime)
		s.run(l, paceTime)
		s.wantNaps(t, what, s.run(l, time.Second), 0, 0)
	}
}

const paceTime = time.Duration(paceWindow)

func TestPaceOfNaps(t *testing.T) {
	for rate, want := range map[int]time.Duration{40_000: paceNap, 100_000: 50 * time.Microsecond, 400_000: 12500 * time.Nanosecond} {
		s := newSimulation()
		s.run(load{plain: rate, napped: rate, clients: 50, busy: 60}, time.Second)
		if got := s.p.nap; got != want {
			t.Errorf("%d a second: %s, want %s", rate, got, want)
		}
	}
}

// A trial that the machine interrupts says what most of it says.
func TestPaceIgnoresPauses(t *testing.T) {
	s := newSimulation()
	l := load{plain: 50_000, napped: 54_000, clients: 50, busy: 60}
	for range 600 {
		s.run(l, 50*time.Millisecond)
		if s.p.step != noTrial && s.p.naps && s.p.step < 4 {
			s.now += int64(40 * time.Millisecond)
		}
	}
	if s.p.off {
		t.Error("pauses count against naps")
	}
}
