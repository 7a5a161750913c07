package observe

import (
	"slices"
	"sync"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

const latencyFlags = core.Admin | core.NoScript | core.Loading | core.Stale

var latencyTips = []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"}

func (f *family) latencyCommands() []core.Command {
	return []core.Command{
		{
			Name: "LATENCY", Arity: -2,
			Group:      "server",
			Since:      "2.8.13",
			Complexity: "That of the subcommand.",
			Summary:    "Groups the commands about delays.",
		},
		{
			Name: "LATENCY|DOCTOR", Arity: 2,
			Flags:      latencyFlags,
			Group:      "server",
			Since:      "2.8.13",
			Complexity: "O(1)",
			Summary:    "Says in words what was slow and what may help.",
			Tips:       latencyTips,
			Run:        f.latencyDoctor,
		},
		{
			Name: "LATENCY|GRAPH", Arity: 3,
			Flags:      latencyFlags,
			Group:      "server",
			Since:      "2.8.13",
			Complexity: "O(1)",
			Summary:    "Draws the samples of an event.",
			Syntax:     "event",
			Tips:       latencyTips,
			Run:        f.latencyGraph,
		},
		{
			Name: "LATENCY|HELP", Arity: 2,
			Flags:      core.Loading | core.Stale,
			Group:      "server",
			Since:      "2.8.13",
			Complexity: "O(1)",
			Summary:    "Describes the subcommands of LATENCY.",
			Run:        latencyHelp,
		},
		{
			Name: "LATENCY|HISTOGRAM", Arity: -2,
			Flags:      latencyFlags,
			Group:      "server",
			Since:      "7.0.0",
			Complexity: "O(N), N = commands shown",
			Summary:    "Shows how the durations of commands are distributed.",
			Syntax:     "[command...]",
			Tips:       latencyTips,
			Run:        latencyHistogram,
		},
		{
			Name: "LATENCY|HISTORY", Arity: 3,
			Flags:      latencyFlags,
			Group:      "server",
			Since:      "2.8.13",
			Complexity: "O(1)",
			Summary:    "Lists the samples of an event: time and duration.",
			Syntax:     "event",
			Tips:       latencyTips,
			Run:        f.latencyHistory,
		},
		{
			Name: "LATENCY|LATEST", Arity: 2,
			Flags:      latencyFlags,
			Group:      "server",
			Since:      "2.8.13",
			Complexity: "O(1)",
			Summary:    "Shows the last sample of every event.",
			Tips:       latencyTips,
			Run:        f.latencyLatest,
		},
		{
			Name: "LATENCY|RESET", Arity: -2,
			Flags:      latencyFlags,
			Group:      "server",
			Since:      "2.8.13",
			Complexity: "O(1)",
			Summary:    "Forgets the samples of some events, or all.",
			Syntax:     "[event...]",
			Tips:       []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
			Run:        f.latencyReset,
		},
	}
}

// latencyKept is how many samples of an event are kept, as in Redis.
const latencyKept = 160

// sample is the longest that an event took within a second.
type sample struct{ unix, ms int64 }

// series are the last samples of an event, the oldest first.
type series struct {
	samples []sample
	max     int64 // ms, since the last reset
}

// latencyMonitor holds the events that lasted longer than the threshold.
type latencyMonitor struct {
	mu     sync.Mutex
	events map[string]*series
}

func (m *latencyMonitor) init() { m.events = map[string]*series{} }

func (m *latencyMonitor) add(event string, unix, ms int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.events[event]
	if s == nil {
		s = new(series)
		m.events[event] = s
	}
	s.max = max(s.max, ms)
	if n := len(s.samples); n > 0 && s.samples[n-1].unix == unix {
		s.samples[n-1].ms = max(s.samples[n-1].ms, ms)
		return
	}
	if len(s.samples) == latencyKept {
		s.samples = slices.Delete(s.samples, 0, 1)
	}
	s.samples = append(s.samples, sample{unix, ms})
}

// get copies an event's samples.
func (m *latencyMonitor) get(event string) (samples []sample, longest int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.events[event]; s != nil {
		return slices.Clone(s.samples), s.max
	}
	return nil, 0
}

// names lists the events in order.
func (m *latencyMonitor) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]string, 0, len(m.events))
	for n := range m.events {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// reset forgets the events, all without names, and tells how many there were.
func (m *latencyMonitor) reset(names [][]byte) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(names) == 0 {
		n = len(m.events)
		clear(m.events)
		return n
	}
	for _, name := range names {
		if m.events[string(name)] != nil {
			delete(m.events, string(name))
			n++
		}
	}
	return n
}

func (f *family) latencyHistory(c *core.Ctx) error {
	samples, _ := f.latency.get(string(c.Args[2]))
	c.Reply.Array(len(samples))
	for _, s := range samples {
		c.Reply.Array(2)
		c.Reply.Int(s.unix)
		c.Reply.Int(s.ms)
	}
	return nil
}

func (f *family) latencyLatest(c *core.Ctx) error {
	list, n := c.Reply.DeferArray(), 0
	for _, name := range f.latency.names() {
		samples, longest := f.latency.get(name)
		if len(samples) == 0 {
			continue // reset meanwhile
		}
		last := samples[len(samples)-1]
		c.Reply.Array(4)
		c.Reply.BulkString(name)
		c.Reply.Int(last.unix)
		c.Reply.Int(last.ms)
		c.Reply.Int(longest)
		n++
	}
	c.Reply.SetDeferred(list, n)
	return nil
}

func (f *family) latencyReset(c *core.Ctx) error {
	c.Reply.Int(int64(f.latency.reset(c.Args[2:])))
	return nil
}

// latencyHistogram replies with a map of commands; a container stands for its subcommands.
func latencyHistogram(c *core.Ctx) error {
	c.Client().Flush() // what this connection did counts
	reg := c.Engine().Registry()
	var cmds []*core.Command
	if len(c.Args) == 2 {
		cmds = reg.AllCommands()
	}
	for _, name := range c.Args[2:] {
		if cmd := reg.Lookup(string(name)); cmd != nil {
			cmds = append(append(cmds, cmd), cmd.Subcommands()...)
		}
	}
	list, n := c.Reply.DeferMap(), 0
	for _, cmd := range cmds {
		if cmd.Stats().LatencyBuckets(nil) > 0 {
			replyHistogram(c.Reply, cmd)
			n++
		}
	}
	c.Reply.SetDeferred(list, n)
	return nil
}

// replyHistogram prints the number of calls that took up to each power of two of
// 1024 ns, where it grows.
func replyHistogram(w *protocol.Writer, cmd *core.Command) {
	w.BulkString(cmd.FullName())
	w.Map(2)
	w.BulkString("calls")
	w.Int(cmd.Stats().LatencyBuckets(nil))
	w.BulkString("histogram_usec")
	rows, n := w.DeferMap(), 0
	var level, below, shown int64 = 1024, 0, 0
	show := func() {
		if below > shown {
			w.Int(levelUsec(level))
			w.Int(below)
			shown = below
			n++
		}
	}
	cmd.Stats().LatencyBuckets(func(topNs, count int64) {
		for topNs > level {
			show()
			level *= 2
		}
		below += count
	})
	show()
	w.SetDeferred(rows, n)
}

// levelUsec is the level in microseconds as Redis's histogram of two digits rounds it up:
// 1, 2, 4, 8, 16, 33, 66, 132 ...
func levelUsec(ns int64) int64 { return (ns + ns>>7 - 1) / 1000 }

func latencyHelp(c *core.Ctx) error {
	c.Help(
		"DOCTOR",
		"    What was slow, in words.",
		"GRAPH <event>",
		"    A drawing of the samples of <event>.",
		"HISTOGRAM [<command> ...]",
		"    How the durations of the commands, or of all, are distributed.",
		"HISTORY <event>",
		"    The samples of <event>: time and milliseconds.",
		"LATEST",
		"    The last sample of every event.",
		"RESET [<event> ...]",
		"    Forgets the samples of the events, or all.",
	)
	return nil
}
