package observe

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
)

// sample commands: a plain one, a slow one with a secret, and one that is never shown.
type subject struct{}

func (subject) Name() string { return "subject" }
func (subject) Register(r *core.Registry) {
	ok := func(c *core.Ctx) error { c.Reply.OK(); return nil }
	r.Add([]core.Command{
		{Name: "SHOW", Arity: -1, Group: "generic", Since: "7.0.0", Summary: "Is shown.", Run: ok},
		{Name: "READ", Arity: 1, Flags: core.ReadOnlyCmd, Group: "generic", Since: "7.0.0", Summary: "Reads.", Run: ok},
		{Name: "HIDE", Arity: -1, Flags: core.SkipMonitor | core.SkipSlowlog, Group: "generic", Since: "7.0.0", Summary: "Isn't.", Run: ok},
		{
			Name: "LOGIN", Arity: 3, Group: "generic", Since: "7.0.0", Summary: "Has a secret.", Run: ok,
			Secrets: func([][]byte) []int { return []int{2} },
		},
		{
			Name: "LINGER", Arity: 1, Group: "generic", Since: "7.0.0", Summary: "Takes 3 ms.",
			Run: func(c *core.Ctx) error { time.Sleep(3 * time.Millisecond); return ok(c) },
		},
	})
}

func TestSlowlogKeepsTheNewest(t *testing.T) {
	h := coretest.New(t, New(), subject{})
	h.Set("slowlog-log-slower-than", "0")
	h.Set("slowlog-max-len", "2")
	h.Do("SLOWLOG", "RESET").OK()
	h.Do("HIDE")
	h.Do("SHOW", "1")
	h.Do("LOGIN", "me", "secret")
	h.Set("slowlog-log-slower-than", "-1")
	h.Do("SHOW", "2")
	h.Do("SLOWLOG", "LEN").Int(2)
	entries := h.Do("SLOWLOG", "GET").Elems
	var got []string
	for _, e := range entries {
		var args []string
		for _, a := range e.Elems[3].Elems {
			args = append(args, a.Text())
		}
		got = append(got, strings.Join(args, " "))
	}
	if strings.Join(got, ",") != "LOGIN me (redacted),SHOW 1" {
		t.Errorf("entries %q", got)
	}
	if newest, next := entries[0].Elems[0].Int, entries[1].Elems[0].Int; newest != next+1 {
		t.Errorf("ids %d, %d", newest, next)
	}
	h.Set("slowlog-max-len", "1")
	h.Do("SLOWLOG", "LEN").Int(1)
}

func TestSlowlogCutsArguments(t *testing.T) {
	many := make([][]byte, 40)
	for i := range many {
		many[i] = []byte(strconv.Itoa(i))
	}
	many[0] = bytes.Repeat([]byte("x"), 200)
	got := cutArgs(many)
	if len(got) != 32 || string(got[31]) != "... (9 more arguments)" || string(got[30]) != "30" {
		t.Errorf("%d arguments, the last %q", len(got), got[len(got)-1])
	}
	if want := strings.Repeat("x", 128) + "... (72 more bytes)"; string(got[0]) != want {
		t.Errorf("first argument %q", got[0])
	}
	if len(many[0]) != 200 {
		t.Error("the caller's argument was changed")
	}
}

func TestMonitorSeesOthers(t *testing.T) {
	h := coretest.New(t, New(), subject{})
	m := h.Client()
	m.Do("MONITOR").OK()
	if raw := m.Do("SHOW").Raw; !strings.HasPrefix(raw, "+OK\r\n+") {
		t.Errorf("its own command: %q", raw)
	}
	m.Do("READ").Error("ERR Replica can't interact with the keyspace")
	h.Do("SHOW", "a\"b\\\n\x01")
	h.Do("LOGIN", "me", "secret")
	h.Do("HIDE")
	got := m.Pushed()
	for _, want := range []string{` [0 127.0.0.1:1] "SHOW" "a\"b\\\n\x01"` + "\r\n", ` "LOGIN" "me" "(redacted)"` + "\r\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if strings.Contains(got, "HIDE") || strings.Contains(got, "secret") {
		t.Errorf("shown: %q", got)
	}
	h.Engine.CloseClient(m.C)
	h.Do("SHOW")
	if m.Pushed() != "" {
		t.Error("a client that is gone gets lines")
	}
}

func TestLatencyEvents(t *testing.T) {
	h := coretest.New(t, New(), subject{})
	h.Do("LINGER")
	h.Set("latency-monitor-threshold", "2")
	h.Do("LINGER")
	h.Do("SHOW")
	h.Engine.Latency("aof-write", 7*time.Millisecond)
	h.Engine.Latency("aof-write", time.Millisecond)
	h.Advance(time.Second)
	h.Engine.Latency("aof-write", 5*time.Millisecond)
	h.Do("LATENCY", "HISTORY", "aof-write").Equals("*2\r\n*2\r\n:1700000000\r\n:7\r\n*2\r\n:1700000001\r\n:5\r\n")
	if n := len(h.Do("LATENCY", "HISTORY", "command").Elems); n == 0 { // on a busy machine others may be slow, too
		t.Error("no samples of commands")
	}
	latest := h.Do("LATENCY", "LATEST").Elems
	if len(latest) != 2 || latest[0].Elems[0].Text() != "aof-write" || latest[0].Elems[2].Int != 5 || latest[0].Elems[3].Int != 7 {
		t.Errorf("latest %v", latest)
	}
	if text := h.Do("LATENCY", "GRAPH", "aof-write").Text(); !strings.Contains(text, "high 7 ms, low 5 ms (all time high 7 ms)") {
		t.Errorf("graph %q", text)
	}
	h.Do("LATENCY", "GRAPH", "nosuch").Error("ERR No samples available for event 'nosuch'")
	if text := h.Do("LATENCY", "DOCTOR").Text(); !strings.Contains(text, "aof-write: 2 samples, 6 ms on average") {
		t.Errorf("doctor %q", text)
	}
	h.Set("latency-monitor-threshold", "0")
	h.Do("LATENCY", "RESET", "nosuch", "command").Int(1)
	h.Do("LATENCY", "RESET").Int(1)
}

func TestSeriesIsBounded(t *testing.T) {
	var m latencyMonitor
	m.init()
	for i := range int64(latencyKept + 10) {
		m.add("e", i, i+1)
	}
	samples, longest := m.get("e")
	if len(samples) != latencyKept || samples[0].unix != 10 || longest != latencyKept+10 {
		t.Errorf("%d samples from %d on, longest %d", len(samples), samples[0].unix, longest)
	}
}

func TestHistogramLevels(t *testing.T) {
	var got []int64
	for level := int64(1024); level <= 1024<<14; level *= 2 {
		got = append(got, levelUsec(level))
	}
	want := []int64{1, 2, 4, 8, 16, 33, 66, 132, 264, 528, 1056, 2113, 4227, 8454, 16908}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("levels %v, want %v", got, want)
			break
		}
	}
	h := coretest.New(t, New(), subject{})
	h.Do("LINGER")
	h.Do("SHOW")
	m := h.Do("LATENCY", "HISTOGRAM", "show", "linger", "nosuch")
	linger, ok := m.Get("linger")
	if !ok || len(m.Elems) != 4 {
		t.Fatalf("histogram %v", m)
	}
	if calls, _ := linger.Get("calls"); calls.Int != 1 {
		t.Errorf("calls %v", calls)
	}
	if rows, _ := linger.Get("histogram_usec"); len(rows.Elems) != 2 || rows.Elems[0].Int < 2113 || rows.Elems[1].Int != 1 {
		t.Errorf("rows %v", rows)
	}
}
