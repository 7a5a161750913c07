package main

import (
	"strings"
	"testing"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

func TestChoose(t *testing.T) {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	got, err := choose("memory,set_get", names)
	if err != nil || len(got) != 2 || got[0].name != "set_get" || got[1].name != "memory" {
		t.Errorf("%v, %v: want set_get and memory in the order of the report", got, err)
	}
	if got, err := choose("", names); err != nil || len(got) != len(parts) {
		t.Errorf("no list chose %d parts, %v", len(got), err)
	}
	if _, err := choose("nonsense", names); err == nil || !strings.Contains(err.Error(), "flushall") {
		t.Errorf("an unknown part's error doesn't say what there is: %v", err)
	}
}

func TestRender(t *testing.T) {
	host := &load.Table{Head: []string{"", ""}, Left: 2}
	host.Add("Redis", "7.0.15")
	table := sideBySide(
		[]figure{megabytes("size", 5_000_000), millis("lag", 20*time.Millisecond), count("keys", 1000)},
		[]figure{megabytes("size", 10_000_000), late("lag", 30*time.Second), count("keys", 3)},
	)
	got := render(host, []section{
		{title: "Memory", text: "Text.", notes: []string{"Before.", "Not measured completely: reason."}, tables: []*load.Table{table}},
		{title: "Broken", text: "Nothing.", tables: []*load.Table{nil}},
	})
	for _, want := range []string{
		"# Benchmarks\n", "| Redis | 7.0.15 |\n", "\n## Memory\n\nText.\n\nBefore.\n\n|",
		"| size |   5.0 MB |       10.0 MB |   0.50 |\n",
		"| lag  | 20.00 ms | more than 30s |      - |\n",
		"| keys |    1,000 |             3 | 333.33 |\n",
		"\nNot measured completely: reason.\n", "\n## Broken\n\nNothing.\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

func TestLagFigure(t *testing.T) {
	var h load.Histogram
	h.Record(10*time.Millisecond, 600)
	h.Record(40*time.Millisecond, 300)
	waited := 30 * time.Second
	for _, tt := range []struct {
		q    float64
		want time.Duration // 0: never
	}{{0.5, 10 * time.Millisecond}, {0.9, 40 * time.Millisecond}, {0.99, 0}} {
		f := lagFigure("lag", &h, tt.q, waited)
		if tt.want == 0 {
			if f.text != "more than 30s" {
				t.Errorf("%v of the keys: %q, though they never went", tt.q, f.text)
			}
			continue
		}
		if got := time.Duration(f.value); got < tt.want || got > tt.want+tt.want/100 {
			t.Errorf("%v of the keys: %v, want %v", tt.q, got, tt.want)
		}
	}
}

func TestLastLine(t *testing.T) {
	if got := lastLine([]byte("one\ntwo\n\n")); got != "two" {
		t.Errorf("%q", got)
	}
	if got := lastLine(nil); got != "" {
		t.Errorf("%q", got)
	}
}
