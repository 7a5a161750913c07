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

// Every command that may be queued, as far as a line of the conformance scripts shows it, runs inside EXEC: with -tags
// invariants a shard lock taken there is a panic.
func TestNoLockInTransaction(t *testing.T) {
	h := coretest.New(t, standard.All()...)
	for _, line := range []string{
		"SCAN 0 COUNT 1000", "KEYS *", "RANDOMKEY", "DBSIZE", "DEBUG DIGEST", "DEBUG OBJECT k", "DEBUG JMAP", "INFO everything",
		"OBJECT ENCODING k", "MEMORY USAGE k", "MEMORY STATS", "MEMORY DOCTOR", "MEMORY PURGE", "COMMAND COUNT", "CLIENT LIST", "CLIENT KILL ID 99",
		"CLIENT UNBLOCK 99", "CLIENT TRACKINGINFO", "CONFIG SET maxmemory 100mb", "CONFIG SET maxmemory-policy allkeys-lru", "CONFIG SET maxmemory 0",
		"CONFIG GET *", "CONFIG RESETSTAT", "CONFIG SET notify-keyspace-events KEA", "SLOWLOG GET", "LATENCY DOCTOR", "LATENCY HISTOGRAM",
		"SELECT 3", "SWAPDB 0 3", "SELECT 0", "MOVE k 5", "COPY k other", "SORT list BY w_* GET v_*", "SORT list BY w_* STORE sorted", "RENAME other k",
		"BLPOP nothing 0", "BLMOVE list list LEFT RIGHT 0", "UNWATCH", "PUBLISH channel x", "PUBSUB CHANNELS", "DUMP list", "EXPIRE k 100",
		"PEXPIRE k -1", "OBJECT FREQ k", "SINTERSTORE a b c", "ZUNIONSTORE z 2 a b", "SPOP set 5000", "LTRIM list 0 2", "UNLINK list", "FLUSHDB ASYNC", "FLUSHALL",
	} {
		within(t, line, func() {
			h.Do("SET", "k", "v")
			h.Do("RPUSH", "list", "3", "1", "2")
			h.Do("WATCH", "watched")
			h.Do("MULTI")
			h.Do("GET", "k")
			if r := h.Do(strings.Fields(line)...); r.Raw != "+QUEUED\r\n" {
				t.Errorf("%s: %q", line, r.Raw)
			}
			h.Do("EXEC")
		})
	}
}
