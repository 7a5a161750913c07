package keyspace

import (
	"bytes"
	"fmt"
	"testing"
)

func TestPutFindDelete(t *testing.T) {
	ks := New(Config{})
	defer ks.Close()
	const n = 100000
	for i := range n {
		k := fmt.Appendf(nil, "key:%012d", i)
		v := fmt.Appendf(nil, "value %d", i)
		ks.Put(0, ks.Hash(k), k, String, EncRaw, v)
	}
	if got := ks.Len(0); got != n {
		t.Fatalf("Len = %d, want %d", got, n)
	}
	for i := range n {
		k := fmt.Appendf(nil, "key:%012d", i)
		e, ok := ks.Find(0, ks.Hash(k), k)
		if !ok || !bytes.Equal(e.Bytes(), fmt.Appendf(nil, "value %d", i)) || !bytes.Equal(e.Key(), k) {
			t.Fatalf("key %d: %v %q", i, ok, e.Bytes())
		}
	}
	seen := 0
	for c := uint64(0); ; {
		c = ks.Scan(0, c, 10, false, func(Entry) { seen++ })
		if c == 0 {
			break
		}
	}
	if seen != n {
		t.Fatalf("Scan saw %d, want %d", seen, n)
	}
	for i := range n {
		k := fmt.Appendf(nil, "key:%012d", i)
		if _, ok := ks.Delete(0, ks.Hash(k), k); !ok {
			t.Fatalf("key %d not deleted", i)
		}
	}
	if got := ks.Len(0); got != 0 {
		t.Fatalf("Len = %d, want 0", got)
	}
}
