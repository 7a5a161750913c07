package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/standard"
)

// One command evicts no longer than maxmemory-eviction-tenacity says: it runs, and the background does the rest.
func TestEvictionDelaysACommandForABoundedTime(t *testing.T) {
	h := coretest.New(t, standard.All()...).WithoutReplay()
	value := strings.Repeat("v", 1000)
	for i := range 1000 {
		h.Do("SET", fmt.Sprint("k", i), value).OK()
	}
	h.Set("maxmemory-policy", "allkeys-random")
	h.Set("maxmemory-eviction-tenacity", "0")
	h.Set("maxmemory", "1")
	h.Do("SET", "new", "v").OK()
	if left := h.Engine.Keyspace().Len(0); left < 900 {
		t.Errorf("%d keys are left after one command that may not wait", left)
	}
	h.Set("maxmemory-eviction-tenacity", "100")
	h.Do("GET", "new")
	if left := h.Engine.Keyspace().Len(0); left != 0 {
		t.Errorf("%d keys are left after a command that may wait for all", left)
	}
}

// CONFIG SET maxmemory needs no command after it to take effect.
func TestALowerLimitEvictsAtOnce(t *testing.T) {
	h := coretest.New(t, standard.All()...).WithoutReplay()
	h.Engine.Run()
	h.Do("SET", "k", "v").OK()
	h.Set("maxmemory-policy", "allkeys-lru")
	h.Set("maxmemory", "1")
	for deadline := time.Now().Add(5 * time.Second); h.Engine.Keyspace().Len(0) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the key is still there")
		}
	}
}

// What eviction has others sent, as invalidations are, takes memory until it is read: no more keys go for it.
func TestEvictionIsNotFedByWhatItSends(t *testing.T) {
	h := coretest.New(t, standard.All()...).WithoutReplay()
	const keys, size = 1000, 1000
	for i := range keys {
		h.Do("SET", fmt.Sprint("k", i), strings.Repeat("v", size)).OK()
	}
	h.Engine.OnModified(func(_ *core.Ctx, changed []core.Key) { h.Engine.AddClientMemory(int64(2 * size * len(changed))) })
	h.Set("maxmemory-policy", "allkeys-random")
	h.Set("maxmemory-eviction-tenacity", "100")
	h.Set("maxmemory", fmt.Sprint(h.Engine.UsedMemory()-20*size))
	h.Do("PING")
	if left := h.Engine.Keyspace().Len(0); left < keys-100 || left > keys-10 {
		t.Errorf("%d of %d keys are left", left, keys)
	}
}

// A limit a little above what is used holds for each policy: nothing is refused while a key can go, and only keys that may go do.
func TestSmallLimits(t *testing.T) {
	const room, keys = 100 << 10, 150
	cases := []struct {
		policy          string
		plain, volatile bool // which of the two kinds of keys are written
		refused         bool // writes in the end
	}{
		{policy: "noeviction", plain: true, refused: true},
		{policy: "noeviction", volatile: true, refused: true},
		{policy: "allkeys-lru", plain: true},
		{policy: "allkeys-lfu", plain: true},
		{policy: "allkeys-random", plain: true},
		{policy: "allkeys-lru", volatile: true},
		{policy: "allkeys-lfu", volatile: true},
		{policy: "allkeys-random", volatile: true},
		{policy: "volatile-lru", volatile: true},
		{policy: "volatile-lfu", volatile: true},
		{policy: "volatile-random", volatile: true},
		{policy: "volatile-ttl", volatile: true},
		{policy: "volatile-lru", plain: true, refused: true},
		{policy: "volatile-lfu", plain: true, refused: true},
		{policy: "volatile-random", plain: true, refused: true},
		{policy: "volatile-ttl", plain: true, refused: true},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s/plain=%v", c.policy, c.plain), func(t *testing.T) {
			h := coretest.New(t, standard.All()...).WithoutReplay()
			for i := range 8 { // these stay in a volatile-* policy
				h.Do("SET", fmt.Sprint("kept", i), "v").OK()
			}
			limit := h.Engine.UsedMemory() + room
			h.Set("maxmemory-policy", c.policy)
			h.Set("maxmemory-eviction-tenacity", "100")
			if c.refused { // no key can go: an end of patience lets nothing through
				h.Set("maxmemory-eviction-tenacity", "0")
			}
			h.Set("maxmemory", fmt.Sprint(limit))
			refused := 0
			for i := range keys {
				args := []string{"SET", fmt.Sprint("k", i), "v"}
				if c.volatile {
					args = append(args, "EX", "10000")
				}
				if strings.HasPrefix(h.Do(args...).Raw, "-OOM ") {
					refused++
				}
				// One write may go over the limit: by the first key of a shard with its table and wheel.
				if used := h.Engine.UsedMemory(); used > limit+8<<10 {
					t.Fatalf("%d bytes used after %d keys, the limit is %d", used, i+1, limit)
				}
			}
			evicted := h.Engine.Stats().Load().Evicted
			if (refused > 0) != c.refused || (evicted > 0) == c.refused {
				t.Errorf("%d writes refused, %d keys evicted", refused, evicted)
			}
			if strings.HasPrefix(c.policy, "volatile") {
				h.Do("EXISTS", "kept0", "kept1", "kept2", "kept3", "kept4", "kept5", "kept6", "kept7").Int(8)
			}
			h.Do("GET", "k0") // evicts, for a last time
			if used := h.Engine.UsedMemory(); !c.refused && used > limit {
				t.Errorf("%d bytes used, the limit is %d", used, limit)
			}
		})
	}
}
