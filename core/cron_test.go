package core

import (
	"testing"
	"time"
)

// Active clients wait for memory that is moved during a thousandth of the time at most, idle ones don't matter.
func TestCollapsePace(t *testing.T) {
	var p collapsePace
	now, commands := time.Unix(1000, 0), int64(0)
	step := func(n int64) int {
		now, commands = now.Add(200*time.Millisecond), commands+n
		return p.regions(now, commands)
	}
	for range 5 {
		if got := step(0); got != collapseAtOnce {
			t.Fatalf("idle: %d regions", got)
		}
		p.took(now, 10*time.Millisecond)
	}
	var waited time.Duration
	const took = 12 * time.Millisecond
	began := now
	for now.Sub(began) < time.Minute {
		if n := step(1000); n > 0 {
			p.took(now, took)
			waited += time.Duration(n) * took
		}
	}
	if waited == 0 || waited > time.Minute/1000+took {
		t.Errorf("clients may have waited %v of a minute", waited)
	}
	if got := step(collapseQuiet); got != collapseAtOnce {
		t.Errorf("idle again: %d regions", got)
	}
}
