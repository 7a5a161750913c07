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
