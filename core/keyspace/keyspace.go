package keyspace

import (
	"fmt"
	"hash/maphash"
	"math/bits"
	"slices"
	"sync/atomic"
	"time"
	"unsafe"
)

// shardBits is how many leading bits of a hash the shard takes at most.
const shardBits = 8

// Config is fixed for the life of a Keyspace.
type Config struct {
	Shards    int // a power of two up to 256, which is the default
	Databases int // default 16

	// OnDetach gets every object that a write, an expiry or an eviction detached, other than by Delete and DeleteEntry, which return it. It is called
	// under the shard's exclusive lock and must only pass the object on, to be freed in the background. Default: Free at once.
	OnDetach func(Object)
}

// Keyspace holds the keys of all databases. See the package comment for who locks what.
type Keyspace struct {
	shards     []Shard
	databases  int
	shardShift uint8
	heap       *PageHeap
	seed       maphash.Seed
	onDetach   func(Object)
	epoch      uint8 // changed with all locks held, read with any
	unfinished int   // epochs begun since one was walked to its end
	mem        atomic.Int64
	compactAt  atomic.Uint32 // shard that Compact looks at next
	alarm      alarm
	begun      []atomic.Bool // by database: whether it ever had a table
}

// Shard is the part of all databases that one lock guards.
type Shard struct {
	shardLock
	tables  []atomic.Pointer[table] // by database; changed under the exclusive lock, read for counters without
	memory  atomic.Int64            // bytes of all tables
	pending int64                   // part of memory not yet in Keyspace.mem
	wake    atomic.Int64            // ms: the wheels want attention
	clock   atomic.Int64            // ms: latest time that ExpireDue was told
	alarm   *alarm                  // the Keyspace's
	_       [64]byte                // keeps neighbours' locks off this cache line
}

// New returns an empty Keyspace. It panics on an impossible Config.
func New(c Config) *Keyspace {
	if c.Shards == 0 {
		c.Shards = 1 << shardBits
	}
	if c.Databases == 0 {
		c.Databases = 16
	}
	if c.Shards < 1 || c.Shards > 1<<shardBits || bits.OnesCount(uint(c.Shards)) != 1 || c.Databases < 1 {
		panic(fmt.Sprintf("keyspace: %d shards, %d databases", c.Shards, c.Databases))
	}
	if c.OnDetach == nil {
		c.OnDetach = Object.Free
	}
	ks := &Keyspace{
		shards:     make([]Shard, c.Shards),
		databases:  c.Databases,
		shardShift: uint8(64 - bits.TrailingZeros(uint(c.Shards))),
		heap:       NewPageHeap(),
		seed:       maphash.MakeSeed(),
		onDetach:   c.OnDetach,
		begun:      make([]atomic.Bool, c.Databases),
	}
	ks.alarm.ring = make(chan struct{}, 1)
	now := time.Now().UnixMilli()
	for i := range ks.shards {
		sh := &ks.shards[i]
		sh.tables = make([]atomic.Pointer[table], c.Databases)
		sh.alarm = &ks.alarm
		sh.wake.Store(neverEvent)
		sh.clock.Store(now)
	}
	return ks
}

// Close gives all memory back. Nothing of the Keyspace, nor of Dicts made by it, may be used afterwards.
func (ks *Keyspace) Close() {
	for i := range ks.shards {
		for d := range ks.shards[i].tables {
			ks.shards[i].tables[d].Store(nil)
		}
	}
	ks.heap.close()
}

// Hash returns the hash of a key, by which all other calls find it. Seeded: different in every Keyspace.
func (ks *Keyspace) Hash(key []byte) uint64 { return maphash.Bytes(ks.seed, key) }

// ShardIndex returns the number of the shard of a hash, the same in all databases.
func (ks *Keyspace) ShardIndex(hash uint64) int { return int(hash >> ks.shardShift) }

// Shard returns shard i, for its lock.
func (ks *Keyspace) Shard(i int) *Shard { return &ks.shards[i] }

// Shards returns the number of shards.
func (ks *Keyspace) Shards() int { return len(ks.shards) }

// Databases returns the number of databases.
func (ks *Keyspace) Databases() int { return ks.databases }

// Heap returns the page heap, for Dicts and for statistics.
func (ks *Keyspace) Heap() *PageHeap { return ks.heap }

// NewDict returns an empty Dict on the page heap.
func (ks *Keyspace) NewDict() *Dict { return NewDict(ks.heap, ks.seed) }

// table returns the table of a hash, nil if there is none yet.
func (ks *Keyspace) table(db int, hash uint64) *table {
	return ks.shards[hash>>ks.shardShift].tables[db].Load()
}

func (ks *Keyspace) tableFor(db int, hash uint64) *table {
	sh := &ks.shards[hash>>ks.shardShift]
	t := sh.tables[db].Load()
	if t == nil {
		t = newTable(ks, sh, db)
		sh.tables[db].Store(t)
		if !ks.begun[db].Load() {
			ks.begun[db].Store(true)
		}
	}
	return t
}

// Find returns the entry of a key, also one whose deadline has passed: the caller compares ExpireAt with its clock. Needs the shard's lock shared.
// Allocates nothing.
func (ks *Keyspace) Find(db int, hash uint64, key []byte) (Entry, bool) {
	t := ks.table(db, hash)
	if t == nil {
		return Entry{}, false
	}
	ref, p := t.find(hash<<shardBits, key)
	return Entry{t: t, p: p, ref: ref}, ref != 0
}

// reservedEach is from how many keys a shard on it is worth while to make room: with few, most shards may need no table at all.
const reservedEach = 64

// Reserve prepares an empty database for n keys, about. It takes each shard's lock in turn. The memory, 6 to 12 bytes a key, stays if they don't come.
func (ks *Keyspace) Reserve(db, n int) {
	each := n / len(ks.shards)
	if each < reservedEach {
		return
	}
	for i := range ks.shards {
		sh := &ks.shards[i]
		sh.Lock()
		t := ks.tableFor(db, uint64(i)<<ks.shardShift)
		t.reserve(each)
		t.account()
		sh.Unlock()
	}
}

// Place is where a key would be found. It is for looking several keys up: Place for each, Touch for each, then Find for each lets
// the processor wait for the memory of all at once.
type Place struct {
	t     *table
	group unsafe.Pointer
	hash  uint64
	read  uint8
}

// Place needs the shard's lock shared, for as long as what it returns is used.
func (ks *Keyspace) Place(db int, hash uint64) (p Place) {
	if t := ks.table(db, hash); t != nil {
		p = Place{t: t, group: t.homeGroup(hash << shardBits), hash: hash << shardBits}
		if p.group != nil {
			p.read = *tagAt(p.group, 0)
		}
	}
	return p
}

// Touch reads the head of the block that most likely is the key's.
func (p *Place) Touch() {
	if p.group != nil {
		p.read = p.t.touchBlock(p.group, p.hash)
	}
}

// Put stores a packed value under a key, inserting the key or replacing its value and removing its TTL. key and value are copied; value may alias the
// value it replaces. The entry's epoch is the current one; access bits of a new entry are 0, of an old one kept. Needs the exclusive lock, as
// all writes below.
func (ks *Keyspace) Put(db int, hash uint64, key []byte, typ Type, enc Encoding, value []byte) Entry {
	return ks.tableFor(db, hash).put(hash<<shardBits, key, typ, enc, widthBytes, value, 0, noTTL)
}

// PutExpire is Put with a deadline in milliseconds since the Unix epoch, in one step.
func (ks *Keyspace) PutExpire(db int, hash uint64, key []byte, typ Type, enc Encoding, value []byte, expireAtMs int64) Entry {
	return ks.tableFor(db, hash).put(hash<<shardBits, key, typ, enc, widthBytes, value, 0, max(expireAtMs, keepTTL+1))
}

// PutKeepTTL is Put that leaves the TTL of a key that has one.
func (ks *Keyspace) PutKeepTTL(db int, hash uint64, key []byte, typ Type, enc Encoding, value []byte) Entry {
	return ks.tableFor(db, hash).put(hash<<shardBits, key, typ, enc, widthBytes, value, 0, keepTTL)
}

// PutInt is Put of a String that is an integer (EncInt): eight bytes, in place whatever the number.
func (ks *Keyspace) PutInt(db int, hash uint64, key []byte, v int64) Entry {
	return ks.tableFor(db, hash).put(hash<<shardBits, key, String, EncInt, valFixed, nil, uint64(v), noTTL)
}

// PutObject is Put of an object. If the key holds obj already, obj must have been detached before.
func (ks *Keyspace) PutObject(db int, hash uint64, key []byte, typ Type, enc Encoding, obj Object) Entry {
	t := ks.tableFor(db, hash)
	return t.put(hash<<shardBits, key, typ, enc, widthObject, nil, uint64(t.attach(obj)), noTTL)
}

// Delete removes a key and tells whether it was there. Its object, nil if the value was packed, is the caller's to free.
func (ks *Keyspace) Delete(db int, hash uint64, key []byte) (Object, bool) {
	e, ok := ks.Find(db, hash, key)
	if !ok {
		return nil, false
	}
	return e.t.drop(hash<<shardBits, e), true
}

// DeleteEntry removes an entry and returns its object, nil if the value was packed.
func (ks *Keyspace) DeleteEntry(e Entry) Object { return e.t.drop(e.t.hashOf(e.p), e) }

// DeleteFound is DeleteEntry where the hash of the entry's key is at hand.
func (ks *Keyspace) DeleteFound(hash uint64, e Entry) Object { return e.t.drop(hash<<shardBits, e) }

// sum adds up a counter of a database's tables.
func (ks *Keyspace) sum(db int, counter func(*table) int64) (n int64) {
	if !ks.begun[db].Load() {
		return 0
	}
	for i := range ks.shards {
		if t := ks.shards[i].tables[db].Load(); t != nil {
			n += counter(t)
		}
	}
	return n
}

func tableKeys(t *table) int64    { return t.keys.Load() }
func tableExpires(t *table) int64 { return t.expires.Load() }

// Len returns the number of keys in a database, those past their deadline included. No lock, O(shards); O(1) for a database never written to.
func (ks *Keyspace) Len(db int) int { return int(ks.sum(db, tableKeys)) }

// Expires returns the number of keys that have a TTL. No lock, O(shards).
func (ks *Keyspace) Expires(db int) int { return int(ks.sum(db, tableExpires)) }

// AvgTTL returns the mean remaining time of the keys that have a TTL, in milliseconds; 0 if there are none. No lock, O(shards).
func (ks *Keyspace) AvgTTL(db int, nowMs int64) int64 {
	_, _, avgTTL := ks.Counts(db, nowMs)
	return avgTTL
}

// Counts returns what Len, Expires and AvgTTL do, of one pass.
func (ks *Keyspace) Counts(db int, nowMs int64) (keys, expires int, avgTTL int64) {
	if !ks.begun[db].Load() {
		return 0, 0, 0
	}
	dueSum := int64(0)
	for i := range ks.shards {
		if t := ks.shards[i].tables[db].Load(); t != nil {
			keys += int(t.keys.Load())
			if n := t.expires.Load(); n > 0 {
				expires += int(n)
				dueSum += t.dueSum.Load()
			}
		}
	}
	if expires > 0 {
		avgTTL = max(int64(float64(dueSum)/float64(expires))+dueBase-nowMs, 0)
	}
	return keys, expires, avgTTL
}

// memoryBatch is how far Keyspace.mem may be off for each shard.
const memoryBatch = 16 << 10

func (sh *Shard) addMemory(ks *Keyspace, delta int64) {
	sh.memory.Store(sh.memory.Load() + delta)
	sh.pending += delta
	if sh.pending > memoryBatch || sh.pending < -memoryBatch {
		ks.mem.Add(sh.pending)
		sh.pending = 0
	}
}

// MemoryUsed returns the bytes in use: blocks, tables, directories and objects as they were accounted. Exact at the moment when each shard was read;
// no lock, O(shards).
func (ks *Keyspace) MemoryUsed() (n int64) {
	for i := range ks.shards {
		n += ks.shards[i].memory.Load()
	}
	return n
}

// MemoryNear is MemoryUsed to within 16 KiB a shard, for one atomic load: for the check before each write.
func (ks *Keyspace) MemoryNear() int64 { return ks.mem.Load() }

// MemoryStats splits MemoryUsed, in bytes.
type MemoryStats struct {
	Used     int64 // as MemoryUsed
	Blocks   int64 // of it, blocks of entries and leaves
	Objects  int64 // of it, objects
	Overhead int64 // of it, directories, books and wheels
	Held     int64 // pages held by tables; what exceeds Blocks is free space in them
	Heap     HeapStats
}

// Memory returns the split, taking the lock of each shard that has a table shared in turn.
func (ks *Keyspace) Memory() (m MemoryStats) {
	begun := make([]int, 0, 16)
	for d := range ks.begun {
		if ks.begun[d].Load() {
			begun = append(begun, d)
		}
	}
	for i := range ks.shards {
		sh := &ks.shards[i]
		if !slices.ContainsFunc(begun, func(d int) bool { return sh.tables[d].Load() != nil }) {
			continue
		}
		sh.RLock()
		for _, d := range begun {
			if t := sh.tables[d].Load(); t != nil {
				m.Blocks += t.used
				m.Objects += t.objectBytes
				m.Overhead += t.overhead()
				m.Held += t.held
			}
		}
		sh.RUnlock()
	}
	m.Used = m.Blocks + m.Objects + m.Overhead
	m.Heap = ks.heap.Stats()
	return m
}

// FlushDB empties a database, O(shards); the caller holds all shard locks exclusively. The returned function frees what was in it, in small steps and calling
// Free of every object; it needs no lock and is meant for the background.
func (ks *Keyspace) FlushDB(db int) (detach func()) {
	var gone []*table
	for i := range ks.shards {
		sh := &ks.shards[i]
		if t := sh.tables[db].Swap(nil); t != nil {
			sh.addMemory(ks, -t.accounted)
			gone = append(gone, t)
		}
	}
	return func() {
		for _, t := range gone {
			t.free()
		}
		gone = nil
	}
}

// SwapDB exchanges two databases, O(shards); the caller holds all shard locks exclusively.
func (ks *Keyspace) SwapDB(a, b int) {
	ks.begun[a].Store(true)
	ks.begun[b].Store(true)
	for i := range ks.shards {
		sh := &ks.shards[i]
		ta, tb := sh.tables[a].Load(), sh.tables[b].Load()
		if ta != nil {
			ta.db = b
		}
		if tb != nil {
			tb.db = a
		}
		sh.tables[a].Store(tb)
		sh.tables[b].Store(ta)
	}
}
