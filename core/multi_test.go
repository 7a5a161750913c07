package core_test

import (
	"strings"
	"testing"

	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/standard"
)

// What looks at all shards must not wait for those that EXEC holds.
func TestMemoryInTransaction(t *testing.T) {
	h := coretest.New(t, standard.All()...)
	for _, key := range []string{"read", "write"} {
		for _, cmd := range []string{"INFO", "MEMORY STATS", "MEMORY DOCTOR", "MEMORY MALLOC-STATS", "MEMORY PURGE"} {
			within(t, cmd+" in EXEC", func() {
				h.Do("MULTI")
				if key == "read" {
					h.Do("GET", "k")
				} else {
					h.Do("SET", "k", "v")
				}
				h.Do(strings.Fields(cmd)...)
				if r := h.Do("EXEC"); !strings.HasPrefix(r.Raw, "*2\r\n") || strings.Contains(r.Raw, "-ERR") {
					t.Errorf("%s: %.200q", cmd, r.Raw)
				}
			})
		}
	}
}
