package core

import "github.com/redust/redust/core/keyspace"

// watchEntry is one client's watch of one key.
type watchEntry struct {
	client  *Client
	expired bool // the key was already expired when it was watched, and is there still
}

type watchedKey struct {
	key   Key
	entry *watchEntry
}

// Watch makes EXEC fail if k changes before it. The command holds k's shard exclusively
// (its key spec says so); watching a key twice is one watch. O(1) beside the other clients that watch k.
func (c *Ctx) Watch(k Key) {
	cl := c.client
	s := &c.eng.shards[k.shard]
	for _, w := range s.watchers[dbKey{k.DB, string(k.Name)}] {
		if w.client == cl {
			return
		}
	}
	k.Name = append([]byte(nil), k.Name...)
	entry := &watchEntry{client: cl}
	if e, ok := c.eng.ks.Find(k.DB, k.hash, k.Name); ok {
		if at, has := e.ExpireAt(); has && at <= c.nowMs {
			entry.expired = true
		}
	}
	cl.watched = append(cl.watched, watchedKey{k, entry})
	cl.AddMemory(watchMemory(k))
	if s.watchers == nil {
		s.watchers = map[dbKey][]*watchEntry{}
	}
	id := dbKey{k.DB, string(k.Name)}
	others := s.watchers[id]
	s.watchers[id] = append(others, entry)
	if others == nil {
		s.interested.Add(1)
		c.eng.filterWatched(s, k.hash)
	}
}

// watchFilter tells of most keys that are not watched that they are not, without a look into the map: a Bloom filter whose bits for a key are in
// one word. It is small because each write looks at it, at another place of it each time: what writers of other keys pay for those who watch
// is mostly that it has to be fetched from farther away the larger it is. The shard's lock guards it.
type watchFilter struct {
	words []uint64
	added int // keys since it was made
}

// watchFilterBits is the number of bits for a key. With three of them set for each, one of fifty other keys is taken for a watched one when
// the filter is full.
const watchFilterBits = 12

// newWatchFilter has room for n keys.
func newWatchFilter(n int) watchFilter {
	return watchFilter{words: make([]uint64, (n*watchFilterBits+63)/64)}
}

// place is the word of a key, and its bits. They don't depend on those bits of the hash that all keys of a shard have in common.
func (f *watchFilter) place(hash uint64) (word int, mask uint64) {
	return int(uint64(uint32(hash>>20)) * uint64(len(f.words)) >> 32), 1<<(hash&63) | 1<<(hash>>6&63) | 1<<(hash>>12&63)
}

func (f *watchFilter) full() bool { return (f.added+1)*watchFilterBits > 64*len(f.words) }

func (f *watchFilter) add(hash uint64) {
	i, mask := f.place(hash)
	f.words[i] |= mask
	f.added++
}

// may reports whether a key of this hash may have been added.
func (f *watchFilter) may(hash uint64) bool {
	if len(f.words) == 0 {
		return false
	}
	i, mask := f.place(hash)
	return f.words[i]&mask == mask
}

// filterWatched adds a key that is in s.watchers already. From time to time the filter is made anew, for those that are watched now and as many
// again by half.
func (e *Engine) filterWatched(s *shardState, hash uint64) {
	if !s.filter.full() {
		s.filter.add(hash)
		return
	}
	n := len(s.watchers)
	s.filter = newWatchFilter(n + n/2 + 1)
	for id := range s.watchers {
		s.filter.add(e.ks.Hash([]byte(id.name)))
	}
}

// Unwatch forgets all watches of the client.
func (c *Ctx) Unwatch() { c.eng.unwatch(c.client) }

// unwatch takes one shard lock at a time; the caller holds none.
func (e *Engine) unwatch(c *Client) {
	for _, w := range c.watched {
		shard := e.ks.Shard(w.key.shard)
		shard.Lock()
		e.dropWatch(w)
		shard.Unlock()
	}
	c.watchesGone()
}

// watchesGone is called when all watches of the client were dropped. Owner only.
func (c *Client) watchesGone() {
	for _, w := range c.watched {
		c.AddMemory(-watchMemory(w.key))
	}
	c.watched = nil
	c.dirty.Store(false)
}

func (e *Engine) dropWatch(w watchedKey) {
	s := &e.shards[w.key.shard]
	id := dbKey{w.key.DB, string(w.key.Name)}
	list := s.watchers[id]
	for i, o := range list {
		if o == w.entry {
			list = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if len(list) == 0 {
		if _, had := s.watchers[id]; had {
			delete(s.watchers, id)
			s.interested.Add(-1)
		}
		if len(s.watchers) == 0 {
			s.filter = watchFilter{}
		}
		return
	}
	s.watchers[id] = list
}

// touchWatched marks the clients that watch k. k's shard is held exclusively. For who watched a key that had
// expired already, its deletion changes nothing; what comes after it does.
func (e *Engine) touchWatched(k Key) {
	s := &e.shards[k.shard]
	if !s.filter.may(k.hash) {
		return
	}
	for _, w := range s.watchers[dbKey{k.DB, string(k.Name)}] {
		if w.expired {
			if _, there := e.ks.Find(k.DB, k.hash, k.Name); !there {
				w.expired = false
				continue
			}
		}
		w.client.dirty.Store(true)
	}
}

// touchWatchedDB marks who watches a key that exists in one of the databases: FLUSHDB,
// SWAPDB. other is the database whose keys take their place, or -1. Every shard is held.
func (e *Engine) touchWatchedDB(db, other int, nowMs int64) {
	for i := range e.shards {
		for id, list := range e.shards[i].watchers {
			if db >= 0 && id.db != db {
				continue
			}
			name := []byte(id.name)
			h := e.ks.Hash(name)
			_, here := e.ks.Find(id.db, h, name)
			there, stale := false, false
			if other >= 0 {
				var ent keyspace.Entry
				if ent, there = e.ks.Find(other, h, name); there {
					at, has := ent.ExpireAt()
					stale = has && at <= nowMs
				}
			}
			if here || there {
				for _, w := range list {
					w.replaced(here, there, stale)
				}
			}
		}
	}
}

// replaced notes that the watched key, in its database or not (here), gives way to the one of that name in another
// database, if that is there, which may have expired (stale). For a client, an expired key is none: what it can't tell
// apart breaks no watch.
func (w *watchEntry) replaced(here, there, stale bool) {
	switch {
	case w.expired && !there:
		w.expired = false
	case w.expired && stale:
	case !w.expired && !here && stale:
		w.expired = true
	default:
		w.client.dirty.Store(true)
	}
}

// watchBroken reports whether EXEC must fail: a watched key changed, or has expired
// since. The shards of the watched keys are held.
func (e *Engine) watchBroken(c *Client, nowMs int64) bool {
	if c.dirty.Load() {
		return true
	}
	for _, w := range c.watched {
		if w.entry.expired {
			continue
		}
		if ent, ok := e.ks.Find(w.key.DB, w.key.hash, w.key.Name); ok {
			if at, has := ent.ExpireAt(); has && at <= nowMs {
				return true
			}
		}
	}
	return false
}
