package persistence

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redust/redust/core"
)

// CONFIG SET in an EXEC waits for another CONFIG SET with shards held that a load of the AOF needs. So the other must not
// wait for the load.
func TestSwitchDuringLoad(t *testing.T) {
	r := start(t, newFaultFS(t, t.TempDir()), "appendonly", "yes", "appendfsync", "no")
	r.must("SET", "k", "v")
	done := make(chan struct{})
	go func() {
		defer close(done)
		var wg sync.WaitGroup
		stop := make(chan struct{})
		repeat := func(commands ...string) {
			cl := r.newClient()
			wg.Go(func() {
				defer r.eng.CloseClient(cl)
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
						doWith(r.eng, cl, strings.Fields(commands[i%len(commands)])...)
					}
				}
			})
		}
		repeat("CONFIG SET appendonly no", "CONFIG SET appendonly yes")
		// WATCH is allowed while loading, and EXEC holds the shard of k.
		repeat("WATCH k", "MULTI", "CONFIG SET maxmemory-samples 5", "EXEC")
		for range 20 {
			if err := r.svc.Reload(true, core.ReloadFlags{}); err != nil {
				t.Error(err)
			}
		}
		close(stop)
		wg.Wait()
	}()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		t.Fatal("EXEC and DEBUG LOADAOF wait for each other")
	}
	r.must("CONFIG", "SET", "appendonly", "yes")
	eventually(t, "the AOF counts again", func() bool { return r.aof().enabled() })
}

// An EXEC that switches the AOF holds shards, which a rewrite needs: the rewrite begins after it, with all that the transaction has
// written before and after the switch. What DEBUG LOADAOF would need, it refuses.
func TestSwitchInATransaction(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "appendonly", "no", "enable-debug-command", "yes")
	exec := func(want string, commands ...string) {
		t.Helper()
		r.must("MULTI")
		for _, c := range commands {
			r.do(strings.Fields(c)...)
		}
		if got := strings.ReplaceAll(r.do("EXEC"), "\r\n", " "); got != want {
			t.Errorf("EXEC of %q: %s", commands, got)
		}
	}
	const refused = "-ERR loading the data set is not possible inside a transaction "
	exec("*4 +OK +OK +OK "+refused, "SET a 1", "CONFIG SET appendonly yes", "SET b 2", "DEBUG LOADAOF")
	eventually(t, "the log counts", r.aof().enabled)
	exec("*4 +OK +OK +OK +OK ", "SET c 1", "CONFIG SET appendonly no", "CONFIG SET appendonly yes", "SET d 1")
	exec("*3 +OK +OK "+refused, "SET e 1", "CONFIG SET appendonly yes", "DEBUG LOADAOF")
	eventually(t, "the log counts again", r.aof().enabled)
	exec("*5 +OK +OK +OK +OK +OK ", "SET f 1", "CONFIG SET appendonly no", "CONFIG SET appendonly yes", "CONFIG SET appendonly no", "SET g 1")
	exec("*2 +OK +OK ", "CONFIG SET appendonly yes", "SET h 1")
	eventually(t, "the log counts at last", r.aof().enabled)
	exec("*2 +OK +OK ", "SET i 1", "SET j 1")
	want := r.stop()
	start(t, disk, "appendonly", "yes").wantDigest(want)
}
