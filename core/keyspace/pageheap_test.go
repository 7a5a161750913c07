package keyspace

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

// Runs never overlap, keep what is written to them while others come and go, and all memory goes back in the end.
func TestPageHeap(t *testing.T) {
	h := NewPageHeap()
	defer h.close()
	type run struct {
		p      unsafe.Pointer
		n      int
		region int32
		mark   byte
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var runs []run
	fill := func(r run) {
		for i := range r.n {
			*u8(r.p, i<<pageShift) = r.mark
			*u8(r.p, i<<pageShift+pageSize-1) = r.mark
		}
	}
	for i := range 6000 {
		if rnd.IntN(2) == 0 || len(runs) == 0 {
			n := []int{1, 1 + rnd.IntN(16), 1 + rnd.IntN(maxSharedRun), maxSharedRun + rnd.IntN(20)}[rnd.IntN(4)]
			p, region := h.alloc(n)
			r := run{p, n, region, byte(i)}
			fill(r)
			runs = append(runs, r)
		} else {
			k := rnd.IntN(len(runs))
			r := runs[k]
			for i := range r.n {
				if *u8(r.p, i<<pageShift) != r.mark || *u8(r.p, i<<pageShift+pageSize-1) != r.mark {
					t.Fatal("a run was overwritten")
				}
			}
			h.free(r.p, r.n, r.region)
			runs[k] = runs[len(runs)-1]
			runs = runs[:len(runs)-1]
		}
		if i%100 == 0 {
			if rnd.IntN(3) == 0 {
				h.Scavenge(rnd.Int64N(8 << 20))
				h.Collapse(2)
			}
			if err := h.check(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, r := range runs {
		h.free(r.p, r.n, r.region)
	}
	h.Scavenge(1 << 40)
	if err := h.check(); err != nil {
		t.Fatal(err)
	}
	if s := h.Stats(); s.InUse != 0 || s.Mapped > regionBytes || s.Resident > 2<<20 {
		t.Fatalf("left: %+v", s)
	}
}

// What a flush, mass deletion or big values took comes back.
func TestMemoryComesBack(t *testing.T) {
	ks := New(Config{Shards: 16, Databases: 2})
	defer ks.Close()
	fill := func(db int) {
		var buf [16]byte
		for i := range 100_000 {
			k := benchKey(buf[:], i)
			ks.Put(db, ks.Hash(k), k, String, EncRaw, make([]byte, 64))
		}
		for i := range 5 {
			k := benchKey(buf[:], -1-i)
			ks.Put(db, ks.Hash(k), k, String, EncRaw, make([]byte, 3<<20))
		}
	}
	fill(0)
	fill(1)
	used := ks.MemoryUsed()
	ks.FlushDB(0)()
	if half := ks.MemoryUsed(); half > used*51/100 {
		t.Fatalf("%d of %d bytes used after the flush of one of two databases", half, used)
	}
	var buf [16]byte
	for i := range 100_000 { // all but every 20th
		if k := benchKey(buf[:], i); i%20 != 0 {
			ks.Delete(1, ks.Hash(k), k)
		}
	}
	for i := range 5 {
		k := benchKey(buf[:], -1-i)
		ks.Delete(1, ks.Hash(k), k)
	}
	for ks.Compact(1000) >= 1000 {
	}
	for ks.Scavenge(64<<20) > 0 {
	}
	m := ks.Memory()
	t.Logf("%+v", m)
	if m.Held > m.Blocks*3/2+1<<20 || m.Heap.Resident > m.Held+4<<20 {
		t.Fatalf("not given back: %+v", m)
	}
	if err := ks.CheckInvariants(); err != nil {
		t.Fatal(err)
	}
}
