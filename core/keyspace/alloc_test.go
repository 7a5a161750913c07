//go:build !race

package keyspace

import (
	"math/rand/v2"
	"testing"
)

// GET and an overwrite of the same size allocate nothing; new keys only what tables grow by.
func TestAllocations(t *testing.T) {
	ks := New(Config{})
	defer ks.Close()
	var buf [16]byte
	value := make([]byte, 64)
	const n = 50_000
	for i := range n {
		k := benchKey(buf[:], i)
		ks.Put(0, ks.Hash(k), k, String, EncRaw, value)
	}
	i := 0
	check := func(name string, limit float64, op func(k []byte, h uint64)) {
		t.Helper()
		if a := testing.AllocsPerRun(10_000, func() {
			i++
			k := benchKey(buf[:], i%n)
			op(k, ks.Hash(k))
		}); a > limit {
			t.Errorf("%s: %.2f allocations", name, a)
		}
	}
	check("Find", 0, func(k []byte, h uint64) {
		if e, ok := ks.Find(0, h, k); !ok || len(e.Bytes()) != 64 {
			t.Fatal("lost")
		}
	})
	check("Put over", 0, func(k []byte, h uint64) { ks.Put(0, h, k, String, EncRaw, value) })
	check("PutExpire and Persist", 0, func(k []byte, h uint64) {
		e := ks.PutExpire(0, h, k, String, EncRaw, value, 1)
		e.Persist()
	})
	check("Delete and Put", 0, func(k []byte, h uint64) {
		ks.Delete(0, h, k)
		ks.Put(0, h, k, String, EncRaw, value)
	})
}

// What a small and a medium keyspace hold in pages, per key of 16 bytes with a value of 64.
func TestMemoryPerKey(t *testing.T) {
	for _, c := range []struct {
		keys       int
		used, held float64
	}{{10_000, 220, 520}, {100_000, 115, 160}, {1_000_000, 99, 107}} {
		ks := New(Config{})
		var buf [16]byte
		for i := range c.keys {
			k := benchKey(buf[:], i)
			ks.Put(0, ks.Hash(k), k, String, EncRaw, make([]byte, 64))
		}
		m := ks.Memory()
		used, held := float64(m.Used)/float64(c.keys), float64(m.Held)/float64(c.keys)
		t.Logf("%d keys: %.1f bytes used, %.1f held", c.keys, used, held)
		if used > c.used || held > c.held {
			t.Errorf("%d keys: %.1f bytes used, %.1f held; want at most %.1f and %.1f", c.keys, used, held, c.used, c.held)
		}
		ks.Close()
	}
}

// A small keyspace whose values are of all sizes up to 1 KiB.
func TestMemoryOfMixedSizes(t *testing.T) {
	ks := New(Config{})
	defer ks.Close()
	rnd := rand.New(rand.NewPCG(1, 2))
	var buf [16]byte
	data := 0
	for i := range 10_000 {
		k, value := benchKey(buf[:], i), make([]byte, rnd.IntN(1024))
		ks.Put(0, ks.Hash(k), k, String, EncRaw, value)
		data += len(k) + len(value)
	}
	m := ks.Memory()
	used, held := float64(data)/float64(m.Used), float64(data)/float64(m.Held)
	t.Logf("data are %.3f of what is used, %.3f of what is held", used, held)
	if used < 0.75 || held < 0.4 {
		t.Errorf("data are %.3f of what is used, %.3f of what is held; want 0.75 and 0.4", used, held)
	}
}

// A database of a few ten thousand keys has few blocks of each class in a shard, which are then put into coarse classes.
func TestFewBlocksOfManySizesLoseLittle(t *testing.T) {
	for c := range numSmallClasses {
		size, coarse := classes[c].size, classes[coarseOf[c]].size
		if coarse < size || size > 256 && coarse*2 > size*3 || size >= 64 && coarse > 2*size {
			t.Errorf("blocks of %d bytes go to blocks of %d", size, coarse)
		}
	}
}
