//go:build invariants

package keyspace

import "testing"

func TestForbidLocks(t *testing.T) {
	ks := New(Config{Shards: 1})
	defer ks.Close()
	lock := func() (refused bool) {
		defer func() { refused = recover() != nil }()
		ks.Shard(0).RLock()
		ks.Shard(0).RUnlock()
		return false
	}
	allow := ForbidLocks()
	done := make(chan bool)
	go func() { done <- lock() }()
	if <-done {
		t.Error("another goroutine may not lock")
	}
	if !lock() {
		t.Error("this goroutine may lock")
	}
	if allow(); lock() {
		t.Error("it still may not lock")
	}
}
