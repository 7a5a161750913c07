package keyspace

import "testing"

// A database with room for more, fewer or as many keys as come is like any other.
func TestReserve(t *testing.T) {
	for _, room := range []int{0, 1, 100, 3000, 50_000, 400_000} {
		ks := New(Config{Shards: 16, Databases: 2})
		var buf [16]byte
		k := benchKey(buf[:], -1)
		ks.Put(1, ks.Hash(k), k, String, EncRaw, []byte("there"))
		ks.Reserve(0, room)
		ks.Reserve(1, room) // too late: it is not empty
		if err := ks.CheckInvariants(); err != nil {
			t.Fatalf("room for %d: %v", room, err)
		}
		const keys = 50_000
		for i := range keys {
			k := benchKey(buf[:], i)
			ks.Put(0, ks.Hash(k), k, String, EncRaw, k)
		}
		if err := ks.CheckInvariants(); err != nil {
			t.Fatalf("room for %d: %v", room, err)
		}
		seen := 0
		for cursor, more := uint64(0), true; more; more = cursor != 0 {
			cursor = ks.Scan(0, cursor, 100, false, func(Entry) { seen++ })
		}
		if seen != keys {
			t.Fatalf("room for %d: %d keys scanned", room, seen)
		}
		for i := range keys {
			k := benchKey(buf[:], i)
			if _, ok := ks.Delete(0, ks.Hash(k), k); !ok {
				t.Fatalf("room for %d: key %d is not there", room, i)
			}
		}
		if err := ks.CheckInvariants(); err != nil {
			t.Fatalf("room for %d: %v", room, err)
		}
		ks.Close()
	}
}

// Room for a few keys costs nothing: a server with many small databases stays small.
func TestReserveOfFewKeys(t *testing.T) {
	ks := New(Config{Shards: 16, Databases: 16})
	defer ks.Close()
	before := ks.MemoryUsed()
	for db := range 16 {
		ks.Reserve(db, 500)
	}
	if after := ks.MemoryUsed(); after != before {
		t.Errorf("%d bytes used, %d before", after, before)
	}
}
