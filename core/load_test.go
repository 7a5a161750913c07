package core_test

import (
	"fmt"
	"testing"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/core/keyspace"
)

func loaded(n int, key, value string) []core.Loaded {
	keys := make([]core.Loaded, n)
	for i := range keys {
		keys[i] = core.Loaded{
			DB:    i % 2,
			Key:   fmt.Appendf(nil, key, i),
			Value: core.Stored{Type: keyspace.String, Enc: keyspace.EncRaw, Packed: fmt.Appendf(nil, value, i)},
		}
	}
	return keys
}

// freed counts how often it is freed.
type freed struct{ times int }

func (f *freed) MemoryUsage() int64 { return 8 }
func (f *freed) Free()              { f.times++ }

// A batch is stored whole, in its order where a key comes twice; a fresh loader refuses such a key and frees what it did not store.
func TestLoader(t *testing.T) {
	h := coretest.New(t)
	defer h.Engine.Clear() // no command has made these keys
	ks := h.Engine.Keyspace()
	value := func(db int, key string) string {
		hash := ks.Hash([]byte(key))
		shard := ks.Shard(ks.ShardIndex(hash))
		shard.RLock()
		defer shard.RUnlock()
		e, ok := ks.Find(db, hash, []byte(key))
		if !ok {
			return "nothing"
		}
		return string(e.Bytes())
	}
	if k := h.Engine.NewLoader(true).Insert(loaded(5000, "k%d", "v%d")); k != nil {
		t.Fatalf("%s is said to be there", k.Key)
	}
	if ks.Len(0) != 2500 || ks.Len(1) != 2500 {
		t.Fatal(ks.Len(0), ks.Len(1))
	}
	for _, i := range []int{0, 1, 77, 4999} {
		if got, want := value(i%2, fmt.Sprint("k", i)), fmt.Sprint("v", i); got != want {
			t.Errorf("key %d is %s", i, got)
		}
	}
	if k := h.Engine.NewLoader(false).Insert(append(loaded(10, "k%d", "new%d"), loaded(10, "k%d", "newer%d")...)); k != nil {
		t.Fatalf("%s is said to be there", k.Key)
	}
	if got := value(1, "k9"); got != "newer9" {
		t.Errorf("k9 is %s", got)
	}

	objects := make([]freed, 300)
	batch := make([]core.Loaded, len(objects))
	for i := range batch {
		batch[i] = core.Loaded{
			Key:   fmt.Appendf(nil, "o%d", i%299),
			Value: core.Stored{Type: keyspace.Hash, Enc: keyspace.EncHashtable, Object: &objects[i]},
		}
	}
	k := h.Engine.NewLoader(true).Insert(batch)
	if k == nil || string(k.Key) != "o0" {
		t.Fatalf("o0 comes twice: %v", k)
	}
	stored := ks.Len(0) - 2500
	for i := range objects {
		stored += objects[i].times
		if objects[i].times > 1 {
			t.Errorf("object %d freed %d times", i, objects[i].times)
		}
	}
	if stored != len(objects) || objects[299].times != 1 {
		t.Errorf("%d objects are stored or freed", stored)
	}
}
