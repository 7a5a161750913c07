package coretest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/effects"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/protocol"
)

// Clock is a clock that only Advance moves.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now implements core.Clock.
func (c *Clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) { c.mu.Lock(); c.now = c.now.Add(d); c.mu.Unlock() }

// Harness is an engine with clients under test.
type Harness struct {
	t       testing.TB
	Engine  *core.Engine
	Clock   *Clock
	first   *Client
	effects *effects.Reader
	fams    []core.Family
	replay  bool
}

// New starts an engine with the families. It is closed, and checked, when the test ends.
func New(t testing.TB, families ...core.Family) *Harness {
	t.Helper()
	h := &Harness{t: t, Clock: &Clock{now: time.UnixMilli(1_700_000_000_000)}, fams: families, replay: true}
	h.Engine = newEngine(t, h.Clock, families)
	h.effects = h.Engine.Log().NewReader(false)
	h.first = h.Client()
	t.Cleanup(h.finish)
	return h
}

func newEngine(t testing.TB, clock core.Clock, families []core.Family) *core.Engine {
	t.Helper()
	table, err := options.Standard()
	if err != nil {
		t.Fatalf("options: %v", err)
	}
	e, err := core.New(core.Config{Families: families, Options: table, Clock: clock})
	if err != nil {
		t.Fatalf("engine: %v", err)
	}
	return e
}

// WithoutReplay is for tests whose effects are meant not to rebuild the data.
func (h *Harness) WithoutReplay() *Harness { h.replay = false; return h }

// Do runs a command of the first client.
func (h *Harness) Do(args ...string) *Reply { h.t.Helper(); return h.first.Do(args...) }

// Advance moves the clock and lets due keys expire.
func (h *Harness) Advance(d time.Duration) {
	h.Clock.Advance(d)
	h.Engine.ExpireStep()
}

// Set changes options as CONFIG SET does.
func (h *Harness) Set(name, value string) {
	h.t.Helper()
	if err := h.Engine.Options().Set([]options.Pair{{Name: name, Value: value}}, options.Permit{Protected: true}); err != nil {
		h.t.Fatalf("CONFIG SET %s %s: %v", name, value, err)
	}
}

// Effects returns the commands that reached the log since the last call, each as one line.
func (h *Harness) Effects() []string {
	h.t.Helper()
	var out []string
	for _, c := range h.takeEffects() {
		out = append(out, strings.Join(c, " "))
	}
	return out
}

func (h *Harness) takeEffects() [][]string {
	h.t.Helper()
	var all [][]string
	for {
		b, end, err := h.effects.TryNext()
		if err != nil || b == nil {
			h.replay = h.replay && len(all) == 0
			return all
		}
		var p protocol.Parser
		for len(b) > 0 {
			args, n, err := p.Next(b, &protocol.Limits{})
			if err != nil {
				h.t.Fatalf("effect log: %v", err)
			}
			b = b[n:]
			line := make([]string, len(args))
			for i, a := range args {
				line[i] = string(a)
			}
			all = append(all, line)
		}
		h.effects.Release(end)
	}
}

// finish checks the engine and everything that its values can be turned into.
func (h *Harness) finish() {
	defer h.Engine.Close()
	if h.t.Failed() {
		return
	}
	if err := h.Engine.Keyspace().CheckInvariants(); err != nil {
		h.t.Errorf("keyspace: %v", err)
	}
	want := h.Engine.Digest()
	if h.replay {
		h.compare("effects", want, h.takeEffects())
	}
	h.compareSaved(want)
	h.compare("rewrite", want, h.rewritten())
}

// compare replays commands on an empty engine.
func (h *Harness) compare(what, want string, commands [][]string) {
	h.t.Helper()
	e := newEngine(h.t, h.Clock, h.fams)
	defer e.Close()
	c := e.NewClient(nil)
	c.Set(core.FlagPrimary) // what expired meanwhile is deleted by the commands, not by the clock
	for _, line := range commands {
		switch strings.ToUpper(line[0]) {
		case "SELECT":
			var db int
			fmt.Sscan(line[1], &db)
			c.SetDB(db)
			continue
		case "MULTI", "EXEC":
			continue
		}
		args := make([][]byte, len(line))
		for i, a := range line {
			args[i] = []byte(a)
		}
		c.W.Reset()
		e.Handle(c, args)
		if len(c.W.Buf) > 0 && c.W.Buf[0] == '-' {
			h.t.Errorf("%s: %q: %s", what, line, c.W.Buf)
			return
		}
	}
	if got := e.Digest(); got != want {
		h.t.Errorf("%s: digest differs after %d commands: %.600q", what, len(commands), commands)
	}
}
