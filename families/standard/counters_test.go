package standard_test

import (
	"fmt"
	"testing"

	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/standard"
)

// A client mixes more commands than it counts side by side, in one batch: none is lost, each is counted under its own name, and what
// changed is counted before the replies go out.
func TestCountersOfMixedPipeline(t *testing.T) {
	h := coretest.New(t, standard.All()...)
	commands := [][]string{
		{"SET", "k", "1"},
		{"GET", "k"},
		{"INCR", "k"},
		{"DECR", "k"},
		{"APPEND", "k", "2"},
		{"STRLEN", "k"},
		{"EXISTS", "k"},
		{"TTL", "k"},
		{"SADD", "s", "a"},
		{"SCARD", "s"},
		{"HSET", "h", "f", "v"},
		{"HGET", "h", "f"},
		{"HLEN", "h"},
		{"LPUSH", "l", "a"},
		{"LLEN", "l"},
		{"ZADD", "z", "1", "a"},
		{"ZSCORE", "z", "a"},
		{"ZCARD", "z"},
		{"GET", "none"},
		{"TYPE", "k"},
		{"DEL", "k"},
	}
	before := h.Engine.Stats().Load()
	c := h.Client()
	want := map[string]int64{}
	const rounds = 3
	for range rounds {
		for _, cmd := range commands {
			c.Do(cmd...)
			want[cmd[0]]++
		}
	}
	h.Engine.AwaitDurable(c.C)
	if got := h.Engine.Stats().Dirty() - before.Dirty; got != 23 { // SADD and ZADD change something once; HSET counts its fields each time, as in Redis
		t.Errorf("%d changes counted", got)
	}
	c.C.Flush()
	after := h.Engine.Stats().Load()
	if got := after.Commands - before.Commands; got != int64(rounds*len(commands)) {
		t.Errorf("%d commands counted, %d executed", got, rounds*len(commands))
	}
	if got := after.Misses - before.Misses; got != rounds {
		t.Errorf("%d misses counted", got)
	}
	for name, n := range want {
		if got := h.Engine.Registry().Lookup(name).Stats().Load().Calls; got != n {
			t.Errorf("%s: %d calls counted, %d made", name, got, n)
		}
	}
	c.C.Flush()
	if got := h.Engine.Stats().Load(); fmt.Sprint(got) != fmt.Sprint(after) {
		t.Errorf("counted twice: %+v, then %+v", after, got)
	}
}
