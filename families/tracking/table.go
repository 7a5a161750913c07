package tracking

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// table remembers which clients have read which keys. It is striped, since all readers that track
// enter it. Entries of clients that are gone stay until their key changes or is
// evicted from the table; ids are never used again.
type table struct {
	seed    maphash.Seed
	stripes [tableStripes]stripe
	keys    atomic.Int64
	items   atomic.Int64 // pairs of key and client
}

const tableStripes = 64

type stripe struct {
	mu sync.Mutex
	m  map[string]*readers
	_  [40]byte // a cache line each
}

// readers is a set of client ids: a short list, or a map beyond fewReaders.
type readers struct {
	few  []int64
	many map[int64]struct{}
}

const fewReaders = 16

// add reports whether id is new. O(1), with fewReaders as the constant.
func (r *readers) add(id int64) bool {
	if r.many != nil {
		if _, ok := r.many[id]; ok {
			return false
		}
		r.many[id] = struct{}{}
		return true
	}
	for _, o := range r.few {
		if o == id {
			return false
		}
	}
	if len(r.few) < fewReaders {
		r.few = append(r.few, id)
		return true
	}
	r.many = make(map[int64]struct{}, 2*fewReaders)
	for _, o := range r.few {
		r.many[o] = struct{}{}
	}
	r.few = nil
	r.many[id] = struct{}{}
	return true
}

// ids lists the set; with many readers in no order.
func (r *readers) ids() []int64 {
	if r.many == nil {
		return r.few
	}
	out := make([]int64, 0, len(r.many))
	for id := range r.many {
		out = append(out, id)
	}
	return out
}

func (t *table) init() {
	t.seed = maphash.MakeSeed()
	for i := range t.stripes {
		t.stripes[i].m = map[string]*readers{}
	}
}

func (t *table) stripe(key []byte) *stripe {
	return &t.stripes[maphash.Bytes(t.seed, key)%tableStripes]
}

// add enters that the client has read the key. It reports whether it had not before.
func (t *table) add(key []byte, id int64) bool {
	s := t.stripe(key)
	s.mu.Lock()
	r := s.m[string(key)]
	if r == nil {
		r = new(readers)
		s.m[string(key)] = r
		t.keys.Add(1)
	}
	fresh := r.add(id)
	if fresh {
		t.items.Add(1)
	}
	s.mu.Unlock()
	return fresh
}

// take removes a key and returns who has read it.
func (t *table) take(key []byte) []int64 {
	if t.keys.Load() == 0 {
		return nil
	}
	s := t.stripe(key)
	s.mu.Lock()
	r := s.m[string(key)]
	if r == nil {
		s.mu.Unlock()
		return nil
	}
	delete(s.m, string(key))
	s.mu.Unlock()
	ids := r.ids()
	t.keys.Add(-1)
	t.items.Add(-int64(len(ids)))
	return ids
}

// some returns a key of the table, from a stripe at or behind start. The order of a Go map
// is random enough.
func (t *table) some(start uint64) (key string, ok bool) {
	for i := range uint64(tableStripes) {
		s := &t.stripes[(start+i)%tableStripes]
		s.mu.Lock()
		for k := range s.m {
			s.mu.Unlock()
			return k, true
		}
		s.mu.Unlock()
	}
	return "", false
}

// clear forgets everything. O(stripes); the memory is the collector's.
func (t *table) clear() {
	for i := range t.stripes {
		s := &t.stripes[i]
		s.mu.Lock()
		n := len(s.m)
		items := 0
		for _, r := range s.m {
			items += len(r.few) + len(r.many)
		}
		if n > 0 {
			s.m = map[string]*readers{}
		}
		s.mu.Unlock()
		t.keys.Add(-int64(n))
		t.items.Add(-int64(items))
	}
}
