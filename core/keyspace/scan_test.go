package keyspace

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Keys that are there throughout are seen, whatever is inserted and deleted between the calls.
func TestScanUnderChange(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			ks := New(Config{Shards: []int{1, 2, 256}[seed%3], Databases: 1})
			defer ks.Close()
			rnd := rand.New(rand.NewPCG(seed, 5))
			put := func(k []byte) { ks.Put(0, ks.Hash(k), k, String, EncRaw, nil) }
			const stay = 2000
			for i := range stay {
				put(fmt.Appendf(nil, "stay:%d", i))
			}
			seen := map[string]bool{}
			others := 0
			for c, grow := uint64(0), true; ; {
				c = ks.Scan(0, c, 7, false, func(e Entry) { seen[string(e.Key())] = true })
				if c == 0 {
					break
				}
				if rnd.IntN(40) == 0 {
					grow = !grow
				}
				for range 100 {
					if grow {
						put(fmt.Appendf(nil, "other:%d", others))
						others++
					} else if others > 0 {
						others--
						k := fmt.Appendf(nil, "other:%d", others)
						ks.Delete(0, ks.Hash(k), k)
					}
				}
			}
			for i := range stay {
				if !seen[fmt.Sprintf("stay:%d", i)] {
					t.Fatalf("stay:%d was missed", i)
				}
			}
		})
	}
}

// Cursors that a client made up are harmless.
func TestScanAnyCursor(t *testing.T) {
	ks := New(Config{Shards: 4, Databases: 1})
	defer ks.Close()
	for i := range 5000 {
		k := fmt.Appendf(nil, "%d", i)
		ks.Put(0, ks.Hash(k), k, String, EncRaw, nil)
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range 20_000 {
		c := rnd.Uint64() >> (i % 64)
		if next := ks.Scan(0, c, rnd.IntN(50)-5, true, func(Entry) {}); next >= 1<<53 {
			t.Fatalf("cursor %d", next)
		}
	}
}

// A scan of a nearly empty table is bounded work a call and still ends.
func TestScanSparse(t *testing.T) {
	ks := New(Config{})
	defer ks.Close()
	for i := range 100_000 {
		k := fmt.Appendf(nil, "%d", i)
		ks.Put(0, ks.Hash(k), k, String, EncRaw, nil)
	}
	for i := range 99_990 {
		k := fmt.Appendf(nil, "%d", i)
		ks.Delete(0, ks.Hash(k), k)
	}
	calls, seen := 0, 0
	for c := uint64(0); ; calls++ {
		if c = ks.Scan(0, c, 10, false, func(Entry) { seen++ }); c == 0 {
			break
		}
	}
	if seen != 10 || calls > 10 {
		t.Fatalf("%d seen in %d calls", seen, calls)
	}
}

func TestRandomIsUniform(t *testing.T) {
	ks := New(Config{Shards: 16, Databases: 1})
	defer ks.Close()
	const n, draws = 500, 200_000
	for i := range n {
		k := fmt.Appendf(nil, "%d", i)
		ks.Put(0, ks.Hash(k), k, String, EncRaw, nil)
	}
	rnd := rand.New(rand.NewPCG(9, 9))
	counts := map[string]int{}
	for range draws {
		if !ks.Random(0, false, rnd.Uint64, func(e Entry) { counts[string(e.Key())]++ }) {
			t.Fatal("nothing")
		}
	}
	chi, expected := 0.0, float64(draws)/n
	for i := range n {
		d := float64(counts[fmt.Sprint(i)]) - expected
		chi += d * d / expected
	}
	if chi > 499+6*32 {
		t.Fatalf("chi-squared %.0f", chi)
	}
}

func TestSampleVolatile(t *testing.T) {
	ks := New(Config{})
	defer ks.Close()
	rnd := rand.New(rand.NewPCG(9, 9))
	for i := range 20_000 {
		k := fmt.Appendf(nil, "%d", i)
		ks.Put(0, ks.Hash(k), k, String, EncRaw, nil)
	}
	if n := ks.Sample(0, 5, true, false, rnd.Uint64, func(Entry) {}); n != 0 {
		t.Fatalf("%d of none", n)
	}
	now := time.Now().UnixMilli()
	for i := range 20 {
		k := fmt.Appendf(nil, "%d", i)
		ks.PutExpire(0, ks.Hash(k), k, String, EncRaw, nil, now+int64(i)*100_000)
	}
	for range 200 {
		n := ks.Sample(0, 5, true, false, rnd.Uint64, func(e Entry) {
			if _, ok := e.ExpireAt(); !ok {
				t.Fatal("a key without TTL")
			}
		})
		if n != 5 {
			t.Fatalf("%d samples", n)
		}
		if n := ks.Soonest(0, 3, false, rnd.Uint64, func(e Entry) { e.deadline() }); n < 1 {
			t.Fatal("no soonest")
		}
	}
}

// Readers, writers, scans, expiry and compaction at once: for the race detector, and every value read must be whole.
func TestConcurrent(t *testing.T) {
	ks := New(Config{Shards: 8, Databases: 2})
	defer ks.Close()
	var stop atomic.Bool
	var wg sync.WaitGroup
	start := func(fn func(rnd *rand.Rand)) {
		wg.Add(1)
		seed := uint64(time.Now().UnixNano())
		go func() {
			defer wg.Done()
			rnd := rand.New(rand.NewPCG(seed, 1))
			for !stop.Load() {
				fn(rnd)
			}
		}()
	}
	whole := func(e Entry) {
		v := e.Bytes()
		if len(v) > 0 && bytes.Count(v, v[:1]) != len(v) {
			panic("torn value")
		}
	}
	for range 2 {
		start(func(rnd *rand.Rand) {
			k := fmt.Appendf(nil, "key:%d", rnd.IntN(3000))
			h := ks.Hash(k)
			sh := ks.Shard(ks.ShardIndex(h))
			sh.Lock()
			switch v := bytes.Repeat([]byte{byte(rnd.Uint32())}, rnd.IntN(300)); rnd.IntN(4) {
			case 0:
				ks.Delete(0, h, k)
			case 1:
				ks.PutExpire(0, h, k, String, EncRaw, v, time.Now().UnixMilli()+rnd.Int64N(300))
			default:
				ks.Put(0, h, k, String, EncRaw, v)
			}
			sh.Unlock()
		})
		start(func(rnd *rand.Rand) {
			k := fmt.Appendf(nil, "key:%d", rnd.IntN(3000))
			h := ks.Hash(k)
			sh := ks.Shard(ks.ShardIndex(h))
			sh.RLock()
			if e, ok := ks.Find(0, h, k); ok {
				e.SetAccess(rnd.Uint32())
				_ = e.Access() + uint32(e.Epoch())
				whole(e)
			}
			sh.RUnlock()
		})
	}
	start(func(rnd *rand.Rand) {
		for c := uint64(0); ; {
			if c = ks.Scan(0, c, 100, false, whole); c == 0 {
				break
			}
		}
		ks.Random(0, false, rnd.Uint64, whole)
		ks.Sample(0, 5, true, false, rnd.Uint64, whole)
		ks.Memory()
		_ = ks.MemoryUsed() + ks.MemoryNear() + ks.AvgTTL(0, time.Now().UnixMilli()) + ks.OverdueLag(time.Now().UnixMilli())
	})
	start(func(*rand.Rand) {
		for i := range ks.Shards() {
			ks.ExpireDue(i, time.Now().UnixMilli(), 100, func(_ int, e Entry) bool { whole(e); return true })
		}
		ks.Compact(100)
		ks.Scavenge(1 << 20)
		ks.Collapse(2)
	})
	time.Sleep(400 * time.Millisecond)
	stop.Store(true)
	wg.Wait()
	if err := ks.CheckInvariants(); err != nil {
		t.Fatal(err)
	}
}
