package redustcmd

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The data set lives outside the garbage collector's heap (core/keyspace): what it
// manages is small, so it may run often and give back at once what it freed. That
// keeps the resident size near what is used (DESIGN.md, D9).
const (
	gcPercent    = 50
	gcRoom       = 16 << 20 // bytes of garbage that may come together, however small the heap is
	leastHeap    = 4 << 20  // bytes that the runtime takes a heap for at the least
	paceEvery    = 2 * time.Second
	paceAtMost   = 10 * time.Second
	unusedAtMost = 2 << 20 // bytes of free heap that are not worth a collection
)

// paceMemory returns free heap memory to the system while the process runs: whenever
// it is more than a tenth of the heap, at most every paceAtMost, and sooner when it is most of the heap. A collection of such a heap is a
// matter of milliseconds, and concurrent.
func paceMemory(stop <-chan struct{}) {
	percent := percentFor(0)
	debug.SetGCPercent(percent)
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	var last time.Time
	sample := []metrics.Sample{{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		metrics.Read(sample)
		free, objects, live := sample[0].Value.Uint64(), sample[1].Value.Uint64(), sample[2].Value.Uint64()
		if p := percentFor(live); p < percent-percent/8 || p > percent+percent/8 {
			percent = p
			debug.SetGCPercent(p)
		}
		garbage := free + objects - min(live, objects)
		pause := paceAtMost
		if garbage > objects {
			pause = paceEvery
		}
		if garbage > unusedAtMost && garbage > objects/10 && time.Since(last) >= pause {
			debug.FreeOSMemory()
			last = time.Now()
		}
	}
}

// percentFor is GOGC for a heap of which so much is in use: with a small one a collection for each half of it would come after every few large
// requests, and the memory that each gives back to the system has to be fetched again, page by page.
func percentFor(live uint64) int {
	return max(gcPercent, int(100*gcRoom/max(live, leastHeap)))
}

// liveHeap collects garbage and returns what is left in bytes.
func liveHeap() int64 {
	runtime.GC()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
