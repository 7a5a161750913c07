package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

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
