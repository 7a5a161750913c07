package core

import (
	"sync"
	"sync/atomic"
)

// registryMap is a map that all read without a lock and few write: clients by id, topics by name. It
// is sync.Map with types and a count. It took the place of haxmap v1.4.0, whose Get goes on
// finding some keys after their Del, so that a closed client could be found by its id.
type registryMap[K comparable, V any] struct {
	m sync.Map
	n atomic.Int64
}

// Get finds a value. Lock-free.
func (r *registryMap[K, V]) Get(k K) (v V, ok bool) {
	x, ok := r.m.Load(k)
	if !ok {
		return v, false
	}
	return x.(V), true
}

// Set stores a value. Writers hold the registry's mutex.
func (r *registryMap[K, V]) Set(k K, v V) {
	if _, had := r.m.Swap(k, v); !had {
		r.n.Add(1)
	}
}

// Del removes a key. Writers hold the registry's mutex.
func (r *registryMap[K, V]) Del(k K) {
	if _, had := r.m.LoadAndDelete(k); had {
		r.n.Add(-1)
	}
}

// Len is the number of keys. O(1).
func (r *registryMap[K, V]) Len() int { return int(r.n.Load()) }

// ForEach calls fn with every pair until it returns false, in no order.
func (r *registryMap[K, V]) ForEach(fn func(K, V) bool) {
	r.m.Range(func(k, v any) bool { return fn(k.(K), v.(V)) })
}
