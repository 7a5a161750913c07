package core

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"unsafe"

	"github.com/redust/redust/core/options"
)

// TestWatchFilterMissesNoWatchedKey has clients watch and forget keys at random. A watched key passes the filter always, of others few do.
func TestWatchFilterMissesNoWatchedKey(t *testing.T) {
	table, err := options.Standard()
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Config{Options: table})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	r := rand.New(rand.NewPCG(1, 2))
	s := &e.shards[0]
	s.watchers = map[dbKey][]*watchEntry{}
	watched := map[string]watchedKey{}
	for step := range 20_000 {
		name := "k" + strconv.Itoa(r.IntN(2000))
		k := Key{Name: []byte(name), hash: e.ks.Hash([]byte(name))}
		// The number of watched keys grows and shrinks.
		if w, ok := watched[name]; !ok && r.IntN(4000) < step%4000 {
			id := dbKey{0, name}
			w = watchedKey{k, new(watchEntry)}
			s.watchers[id] = append(s.watchers[id], w.entry)
			s.interested.Add(1)
			e.filterWatched(s, k.hash)
			watched[name] = w
		} else if ok && r.IntN(4000) >= step%4000 {
			e.dropWatch(w)
			delete(watched, name)
		}
		if step%100 != 0 {
			continue
		}
		for _, w := range watched {
			if !s.filter.may(w.key.hash) {
				t.Fatalf("step %d: %s is watched, the filter says it is not", step, w.key.Name)
			}
		}
		passed := 0
		for range 1000 {
			if s.filter.may(r.Uint64()) {
				passed++
			}
		}
		if passed > 60 {
			t.Fatalf("step %d: of 1000 keys that nobody watches %d pass, %d are watched", step, passed, len(watched))
		}
	}
	for name, w := range watched {
		e.dropWatch(w)
		delete(watched, name)
	}
	if s.filter.words != nil || s.interested.Load() != 0 {
		t.Error("something is left of the watches")
	}
}

func TestShardStatesShareNoCacheLine(t *testing.T) {
	if n := unsafe.Sizeof(shardState{}); n%64 != 0 {
		t.Errorf("a shardState has %d bytes", n)
	}
}
