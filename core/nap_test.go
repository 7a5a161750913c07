package core

import (
	"sync"
	"testing"
	"time"
)

// Nap sleeps as long as it is told, about, for many at once.
func TestNap(t *testing.T) {
	for _, d := range []time.Duration{0, time.Microsecond, 200 * time.Microsecond, 3 * time.Millisecond} {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				began := time.Now()
				Nap(d)
				if took := time.Since(began); took < d || took > d+2*time.Second {
					t.Errorf("%v: slept %v", d, took)
				}
			})
		}
		wg.Wait()
	}
}
