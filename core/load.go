package core

import (
	"slices"
	"time"

	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

// Loaded is a key of a file, on its way into the keyspace. Key and a packed value stay the caller's, an object becomes the keyspace's.
type Loaded struct {
	DB    int
	Key   []byte
	Value Stored
	Meta  KeyMeta

	hash uint64
}

// Loader stores loaded keys: before clients are served, or with LOADING answered. It belongs to one goroutine; several may load at a time.
type Loader struct {
	eng    *Engine
	fresh  bool
	rest   Breather
	order  []int32 // the keys of a batch by shard, and of one shard as they come
	places []keyspace.Place
}

// LoadSpell is how long clients who ask how far it is may have to wait.
const LoadSpell = 500 * time.Microsecond

// NewLoader returns a loader. A key that is there already is replaced, or with fresh an error.
func (e *Engine) NewLoader(fresh bool) *Loader {
	return &Loader{eng: e, fresh: fresh, rest: Breather{Eager: true}}
}

// loadHold is how many keys are inserted while a shard's lock is held once.
const loadHold = 512

// Insert stores a batch of keys, shard by shard, and looks the places of keys of one shard up before it uses the first: the more keys, the
// less it waits for memory. It holds one shard's lock at a time. If a fresh loader comes across a key that is there already, it returns that one,
// stores no more and frees what is left; nil is success.
func (l *Loader) Insert(keys []Loaded) (twice *Loaded) {
	from := 0
	for s, end := range l.sort(keys) {
		for from < end && twice == nil {
			to := min(from+loadHold, end)
			twice = l.insertShard(s, keys, l.order[from:to])
			l.rest.Breathe(LoadSpell)
			from = to
		}
	}
	FreeLoaded(keys)
	return twice
}

// FreeLoaded frees the objects of keys that are not to be stored.
func FreeLoaded(keys []Loaded) {
	for i := range keys {
		keys[i].Value.Free()
	}
}

// sort brings the keys in the order of shards and returns where each shard ends in it.
func (l *Loader) sort(keys []Loaded) (ends [numShards]int) {
	ks := l.eng.ks
	var next [numShards]int
	for i := range keys {
		keys[i].hash = ks.Hash(keys[i].Key)
		next[ks.ShardIndex(keys[i].hash)]++
	}
	sum := 0
	for s, n := range next {
		next[s] = sum
		sum += n
		ends[s] = sum
	}
	l.order = slices.Grow(l.order[:0], len(keys))[:len(keys)]
	for i := range keys {
		s := ks.ShardIndex(keys[i].hash)
		l.order[next[s]] = int32(i)
		next[s]++
	}
	return ends
}

// insertShard stores keys of one shard under its lock; their objects are no longer the caller's then.
func (l *Loader) insertShard(s int, keys []Loaded, order []int32) (twice *Loaded) {
	ks := l.eng.ks
	shard := ks.Shard(s)
	shard.Lock()
	defer shard.Unlock()
	l.places = l.places[:0]
	for _, i := range order {
		l.places = append(l.places, ks.Place(keys[i].DB, keys[i].hash))
	}
	for i := range l.places {
		l.places[i].Touch()
	}
	nowMs := l.eng.NowMs()
	for _, i := range order {
		k := &keys[i]
		if l.fresh {
			if _, had := ks.Find(k.DB, k.hash, k.Key); had {
				return k
			}
		}
		l.insert(k, nowMs)
		k.Value.Object = nil
	}
	return nil
}

func (l *Loader) insert(k *Loaded, nowMs int64) {
	ks, v, m := l.eng.ks, &k.Value, &k.Meta
	var ent keyspace.Entry
	switch {
	case v.Object != nil:
		ent = ks.PutObject(k.DB, k.hash, k.Key, v.Type, v.Enc, v.Object)
	case v.Enc == keyspace.EncInt:
		ent = ks.PutInt(k.DB, k.hash, k.Key, v.Int)
	default:
		ent = ks.Put(k.DB, k.hash, k.Key, v.Type, v.Enc, v.Packed)
	}
	if m.ExpireAt != 0 {
		ent.SetExpireAt(m.ExpireAt)
	}
	switch {
	case m.Access != 0:
		ent.SetAccess(m.Access)
	case l.eng.lfu.Load():
		ent.SetAccess(freshLFU(nowMs))
	default:
		ent.SetAccess(lruClock(nowMs))
	}
}

// Clear empties every database: before a data set is loaded in place of this one. Who watches a key that was there,
// or keeps one in a cache, hears of it as of FLUSHALL.
func (e *Engine) Clear() {
	e.WithAllShards(func() {
		e.touchWatchedDB(-1, -1, e.clock.now().UnixMilli())
		if f := e.onFlushBy.Load(); f != nil {
			(*f)(nil)
		}
		e.snapshotDisturbed()
		for db := range e.ks.Databases() {
			if n := e.ks.Len(db); n > 0 {
				e.background(e.ks.FlushDB(db))
			}
		}
	})
}

// Replay executes one command of a log: no checks of clients, no effects, no
// reply. c is a client without connection. The error is what the command answered.
func (e *Engine) Replay(c *Client, args [][]byte) error {
	c.W.Reset()
	e.Handle(c, args)
	if len(c.W.Buf) > 0 && c.W.Buf[0] == '-' {
		return protocol.Error(c.W.Buf[1 : len(c.W.Buf)-2])
	}
	return nil
}
