package server

import (
	"syscall"
	"testing"
	"time"
)

func conns(n int) []*conn {
	cs := make([]*conn, n)
	for i := range cs {
		cs[i] = new(conn)
	}
	return cs
}

// Clients that are answered in two halves by turns are known to be twice as many.
func TestGroupCountsClientsOnce(t *testing.T) {
	var g group
	cs := conns(50)
	for i, c := range []struct{ from, to, both int }{
		{0, 25, 25}, {25, 50, 50}, {0, 25, 50}, {0, 50, 50}, {0, 50, 50}, {10, 20, 50}, {10, 20, 10}, {5, 15, 15}, {40, 41, 11},
	} {
		if g.answering(cs[c.from:c.to]); g.both != c.both {
			t.Errorf("%d: %d clients, want %d", i, g.both, c.both)
		}
	}
}

func TestGroupKnowsWhatAFlushTakes(t *testing.T) {
	var g group
	for range 50 {
		g.began = time.Now().Add(-8 * time.Millisecond)
		g.flushed()
	}
	if g.flush < 7*time.Millisecond || g.flush > 80*time.Millisecond {
		t.Error(g.flush)
	}
}

// halves is a loop that has answered two halves of some clients by turns, and has one half again.
func halves(t *testing.T, clients int, flush time.Duration) *loop {
	t.Helper()
	l, err := newLoop(new(Server), new(multi))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.free)
	cs := conns(clients)
	l.group.answering(cs[:clients/2])
	l.group.answering(cs[clients/2:])
	l.group.flush = flush
	l.ready = cs[:clients/2]
	return l
}

func (l *loop) wantLinger(t *testing.T, events int) {
	t.Helper()
	if n, err := l.linger(); n != events || err != nil {
		t.Errorf("%d events (%v), want %d", n, err, events)
	}
}

func TestALoopLingersForTheOtherHalf(t *testing.T) {
	l := halves(t, 8, time.Minute) // lingerMost bounds the wait
	var pair [2]int
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(pair[0])
	defer syscall.Close(pair[1])
	if err := l.add(&conn{fd: pair[0]}); err != nil {
		t.Fatal(err)
	}
	for n, err := l.poll(0); n > 0; n, err = l.poll(0) { // it can be written to
		if err != nil {
			t.Fatal(err)
		}
	}
	syscall.Write(pair[1], []byte("x"))
	l.wantLinger(t, 1)
	l.ready = conns(8)
	l.wantLinger(t, 0)
	if l.group.skip != 0 {
		t.Error("a wait that brought all counts as vain")
	}
}

func TestALoopDoesNotLingerInVain(t *testing.T) {
	l := halves(t, 8, 4*time.Millisecond)
	waits := 0
	const answers = 1000
	for range answers {
		l.wantLinger(t, 0)
		if !l.group.until.IsZero() {
			waits++
		}
		l.group.answering(l.ready)
		l.group.both = 8 // as if the others had come a little too late again
	}
	if waits < 2 || waits > 16 {
		t.Errorf("%d waits in %d answers", waits, answers)
	}
}

func TestALoopDoesNotLingerForAQuickDisk(t *testing.T) {
	l := halves(t, 8, lingerFrom-1)
	l.wantLinger(t, 0)
	if !l.group.until.IsZero() {
		t.Error("it has waited")
	}
}

func TestALoopDoesNotLingerWhereEveryProcessorHasOne(t *testing.T) {
	l := halves(t, 8, time.Second)
	l.srv.crowded.Store(true)
	l.wantLinger(t, 0)
	if !l.group.until.IsZero() {
		t.Error("it has waited")
	}
}
