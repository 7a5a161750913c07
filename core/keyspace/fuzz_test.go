package keyspace

import (
	"bytes"
	"testing"
)

// FuzzKeyspace reads its input as operations, four bytes each, on a keyspace and a plain map.
func FuzzKeyspace(f *testing.F) {
	f.Add([]byte("0123456789abcdef"))
	f.Add(bytes.Repeat([]byte{0, 1, 200, 3, 5, 1, 250, 9, 7, 1, 0, 255}, 50))
	f.Fuzz(func(t *testing.T, ops []byte) {
		const start = 1_700_000_000_000
		ks := New(Config{Shards: 2, Databases: 1})
		defer ks.Close()
		now := int64(start)
		for i := range ks.Shards() {
			ks.ExpireDue(i, now, 1, nil)
		}
		type item struct {
			value []byte
			at    int64
		}
		want := map[string]*item{}
		for ; len(ops) >= 4; ops = ops[4:] {
			key := bytes.Repeat([]byte{ops[1]}, int(ops[1]))
			hash := ks.Hash(key)
			value := bytes.Repeat([]byte{ops[2]}, int(ops[2])*int(ops[3]%40))
			at := now + int64(ops[2])<<(ops[3]%32)
			e, ok := ks.Find(0, hash, key)
			w := want[string(key)]
			if ok != (w != nil) {
				t.Fatalf("Find = %v", ok)
			}
			switch op := ops[0] % 10; {
			case op == 0:
				ks.Put(0, hash, key, String, EncRaw, value)
				want[string(key)] = &item{value: value}
			case op == 1:
				ks.PutExpire(0, hash, key, String, EncRaw, value, at)
				want[string(key)] = &item{value, at}
			case op == 2:
				ks.Delete(0, hash, key)
				delete(want, string(key))
			case op == 3:
				now += int64(ops[2]) << (ops[3] % 24)
			case op == 4:
				now -= int64(ops[2]) << (ops[3] % 24)
			case op == 5:
				for i := range ks.Shards() {
					for ks.ExpireDue(i, now, 64, func(_ int, e Entry) bool {
						if w := want[string(e.Key())]; w == nil || w.at > now {
							t.Fatalf("%q expired too early", e.Key())
						}
						delete(want, string(e.Key()))
						return true
					}) {
					}
				}
				for k, w := range want {
					if w.at != 0 && w.at < now-64 { // the clock may have gone back by a few ticks before
						t.Fatalf("%q is %d ms late", k, now-w.at)
					}
				}
			case op == 6:
				ks.Compact(100)
			case !ok:
			case op == 7:
				e.SetBytes(EncRaw, value)
				w.value = value
			case op == 8:
				e.SetExpireAt(at)
				w.at = at
			case op == 9:
				e.Persist()
				w.at = 0
			}
		}
		if err := ks.CheckInvariants(); err != nil {
			t.Fatal(err)
		}
		for k, w := range want {
			e, ok := ks.Find(0, ks.Hash([]byte(k)), []byte(k))
			if !ok || !bytes.Equal(e.Bytes(), w.value) {
				t.Fatalf("%q is lost", k)
			}
			if at, _ := e.ExpireAt(); at != w.at {
				t.Fatalf("%q: deadline %d, want %d", k, at, w.at)
			}
		}
	})
}
