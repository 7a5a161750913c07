package core

import (
	"sync"
	"testing"
	"time"
)

// measured returns a timeSource that reads the ticks, after resyncs every few milliseconds.
func measured(t testing.TB) *timeSource {
	t.Helper()
	c := new(timeSource)
	c.init(nil)
	if !c.steady {
		t.Skip("no steady ticks here")
	}
	for range 500 {
		if c.line.Load() != nil {
			return c
		}
		time.Sleep(10 * time.Millisecond)
		c.resync()
	}
	t.Skip("the machine is too busy to measure ticks")
	return nil
}

// near checks that a reading lies between two of the kernel's clock, but for tolerance.
func near(t *testing.T, c *timeSource, tolerance time.Duration) {
	t.Helper()
	before := time.Since(c.base)
	got := time.Duration(c.mono())
	if after := time.Since(c.base); got < before-tolerance || got > after+tolerance {
		t.Errorf("a reading of %v between %v and %v", got, before, after)
	}
}

func TestTicksAgreeWithTheKernel(t *testing.T) {
	c := measured(t)
	for end := time.Now().Add(200 * time.Millisecond); time.Now().Before(end); {
		near(t, c, 100*time.Microsecond)
	}
	if _, ok := c.line.Load().at(ticks()); !ok && time.Since(c.base) < time.Second {
		t.Error("the line ended too early")
	}
}

func TestClockWhileItIsMeasured(t *testing.T) {
	c := measured(t)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for last := int64(0); ; {
				select {
				case <-stop:
					return
				default:
				}
				now := c.after(last)
				if now < last {
					t.Errorf("%d ns after %d", now, last)
				}
				last = now
				near(t, c, 300*time.Microsecond)
			}
		})
	}
	for range 100 {
		time.Sleep(2 * time.Millisecond)
		c.resync()
	}
	close(stop)
	readers.Wait()
}

func TestTickMeter(t *testing.T) {
	const step = 100e6 // ns
	at := tickSample{ticks: 1 << 40, ns: 5e9}
	var m tickMeter
	next := func(ticks uint64, ns int64) *tickLine {
		at.ticks += ticks
		at.ns += ns
		return m.next(at)
	}
	usable := func(what string, l *tickLine, want bool) {
		t.Helper()
		if (l != nil) != want {
			t.Fatalf("%s: a line: %v, want %v", what, l != nil, want)
		}
	}
	recovers := func() {
		t.Helper()
		usable("one span", next(245e6, step), false)
		usable("two spans", next(245e6+1000, step), true)
	}
	usable("the first sample", next(0, 0), false)
	recovers()
	usable("adjusted by 20 ppm", next(245e6+4900, step), true)
	usable("adjusted by 500 ppm", next(245e6+122500, step), false)
	usable("back at the old rate", next(245e6, step), false)
	usable("again", next(245e6, step), true)
	for _, jump := range []struct {
		what  string
		ticks uint64
		ns    int64
	}{
		{"ticks forward", 245e9, step},
		{"ticks back", 1 << 63, step},
		{"ticks stand still", 0, step},
		{"time goes back", 245e6, -step},
		{"no resync for long", 245e7 + 1, 10*step + 1},
	} {
		usable(jump.what, next(jump.ticks, jump.ns), false)
		recovers()
	}
}

func TestTickLineHasEnds(t *testing.T) {
	l := tickLine{from: tickSample{ticks: 1000, ns: 77}, scale: 1 << 31, span: 2e9}
	for _, c := range []struct {
		ticks uint64
		ns    int64
		ok    bool
	}{{1000, 77, true}, {1002, 78, true}, {1000 + 2e9 - 2, 77 + 1e9 - 1, true}, {1000 + 2e9, 0, false}, {999, 0, false}} {
		if ns, ok := l.at(c.ticks); ok != c.ok || ok && ns != c.ns {
			t.Errorf("at(%d) = %d, %v", c.ticks, ns, ok)
		}
	}
}

func BenchmarkClock(b *testing.B) {
	c := measured(b)
	b.Run("ticks", func(b *testing.B) {
		n := 0
		for b.Loop() {
			if n++; n%1e6 == 0 {
				c.resync()
			}
			c.mono()
		}
	})
	b.Run("kernel", func(b *testing.B) {
		for b.Loop() {
			_ = time.Since(c.base)
		}
	})
}
