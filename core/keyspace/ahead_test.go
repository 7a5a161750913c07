package keyspace

import (
	"fmt"
	"sync"
	"testing"
)

// LookAhead changes nothing, waits for nobody and takes any keys, beside writers that move everything.
func TestLookAhead(t *testing.T) {
	ks := New(Config{Shards: 4})
	key := func(i int) []byte { return fmt.Appendf(nil, "key:%d", i) }
	ks.Shard(0).Lock() // held by somebody: its keys are left out
	keys := make([][]byte, MaxAhead+5)
	for i := range keys {
		keys[i] = key(i)
	}
	ks.LookAhead(0, nil)
	ks.LookAhead(0, keys)
	ks.LookAhead(15, keys[:1])
	ks.Shard(0).Unlock()

	var wg sync.WaitGroup
	for w := range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 20000 {
				k := key(i*2 + w)
				hash := ks.Hash(k)
				sh := ks.Shard(ks.ShardIndex(hash))
				sh.Lock()
				ks.Put(0, hash, k, String, EncRaw, k)
				if i%3 == 0 {
					ks.Delete(0, hash, k)
				}
				sh.Unlock()
			}
		}()
	}
	for i := range 20000 {
		for j := range keys {
			keys[j] = key(i + j*7)
		}
		ks.LookAhead(0, keys)
	}
	wg.Wait()
	if n, want := ks.Len(0), 2*(20000-(20000+2)/3); n != want {
		t.Errorf("%d keys, want %d", n, want)
	}
	for i := range ks.Shards() { // no lock has been kept
		if !ks.Shard(i).TryLock() {
			t.Errorf("shard %d is held", i)
		}
	}
}

// BenchmarkLookAhead finds keys of a data set larger than the caches, 16 at a time, with and without.
func BenchmarkLookAhead(b *testing.B) {
	ks := New(Config{})
	const n = 1 << 20
	for i := range n {
		k := fmt.Appendf(nil, "key:%012d", i)
		ks.Put(0, ks.Hash(k), k, String, EncRaw, k)
	}
	var keys [MaxAhead][]byte
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "key:%012d", 0)
	}
	for name, look := range map[string]bool{"with": true, "without": false} {
		b.Run(name, func(b *testing.B) {
			x := uint64(1)
			for b.Loop() {
				for i := range keys {
					x = x*6364136223846793005 + 1442695040888963407
					for j, v := len(keys[i])-1, x>>44; j > 3; j, v = j-1, v/10 {
						keys[i][j] = '0' + byte(v%10)
					}
				}
				if look {
					ks.LookAhead(0, keys[:])
				}
				for _, k := range keys {
					hash := ks.Hash(k)
					sh := ks.Shard(ks.ShardIndex(hash))
					sh.RLock()
					ks.Find(0, hash, k)
					sh.RUnlock()
				}
			}
		})
	}
}
