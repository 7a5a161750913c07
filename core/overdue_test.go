package core_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/standard"
)

// due lets ms pass without the expiry loop, so that only look-ups find what has expired.
func due(h *coretest.Harness, ms int) { h.Clock.Advance(time.Duration(ms) * time.Millisecond) }

// A replay knows an expired key by its DEL alone, which must come before the effect of a command that took
// the key for absent. Names differ so that in some rounds shards coincide.
func TestExpiredSourceIsDeletedBeforeTheEffect(t *testing.T) {
	for _, tc := range []struct {
		name string
		cmd  func(h *coretest.Harness, dst, src, live string)
	}{
		{"alone", func(h *coretest.Harness, dst, src, live string) { h.Do("SUNIONSTORE", dst, src, live) }},
		{"in EXEC", func(h *coretest.Harness, dst, src, live string) {
			h.Do("MULTI")
			h.Do("SUNIONSTORE", dst, src, live)
			h.Do("EXEC")
		}},
		{"COPY", func(h *coretest.Harness, dst, src, live string) {
			h.Do("SADD", dst, "kept")
			h.Do("COPY", src, dst, "REPLACE")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := coretest.New(t, standard.All()...)
			for i := range 30 {
				n := fmt.Sprint(tc.name, i)
				src := "src" + n
				h.Do("SADD", src, "gone")
				h.Do("SADD", "live"+n, "stays")
				h.Do("PEXPIRE", src, "10")
				due(h, 20)
				tc.cmd(h, "dst"+n, src, "live"+n)
			}
		}) // the harness compares a replay
	}
}

// A command that names very many elements reserves its key, where a look-up can't delete what has expired.
func TestReservedWriteToAnExpiredKey(t *testing.T) {
	many := func(cmd ...string) []string {
		for i := range 10000 {
			cmd = append(cmd, fmt.Sprint(i))
		}
		return cmd
	}
	h := coretest.New(t, standard.All()...)
	for _, tc := range []struct{ make, write, count []string }{
		{[]string{"SADD", "s", "old"}, many("SADD", "s"), []string{"SCARD", "s"}},
		{[]string{"HSET", "h", "old", "1"}, many("HSET", "h"), []string{"HLEN", "h"}},
		{[]string{"ZADD", "z", "1", "old"}, many("ZADD", "z"), []string{"ZCARD", "z"}},
	} {
		h.Do(tc.make...)
		h.Do("PEXPIRE", tc.make[1], "10")
		due(h, 20)
		h.Do(tc.write...)
		h.Do("PTTL", tc.make[1]).Int(-1)
		h.Engine.ExpireStep()
		if n := h.Do(tc.count...).Raw; n == ":0\r\n" {
			t.Errorf("%s: what was written has expired with the old value", tc.write[0])
		}
	}
	var seen []string
	for _, line := range h.Effects() {
		seen = append(seen, strings.Join(strings.SplitN(line, " ", 3)[:2], " "))
	}
	for _, want := range []string{"DEL s", "DEL h", "DEL z"} {
		if at := slices.Index(seen, want); at < 0 || at+1 == len(seen) || !strings.HasSuffix(seen[at+1], want[3:]) {
			t.Errorf("no %s before the write: %q", want, seen)
		}
	}
}
