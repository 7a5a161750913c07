package core

import (
	"slices"

	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

// Ctx is one execution of one command. It belongs to the goroutine that runs
// the handler and is valid until the handler returns, like Args.
type Ctx struct {
	// Args is the request; Args[0] is the command's name as sent. The bytes live
	// in the read buffer: copy what is kept.
	Args [][]byte
	// Reply takes exactly one reply, unless the handler returns an error.
	Reply *protocol.Writer

	eng    *Engine
	client *Client
	cmd    *Command
	db     int
	nowMs  int64

	keys    []Key
	keyBuf  [2]Key
	room    []Key // for more of them, as long as most of the present batch's commands had
	refs    []KeyRef
	scratch []byte

	mode   lockMode
	shards shardSet // held, in modes lockShared and lockExclusive
	writes shardSet // those of them held exclusively

	dirty     int64
	effects   []effect // what to propagate instead of Args
	replaced  bool
	events    []event
	modified  []Key        // keys signalled as modified
	announced int          // so many of modified OnModified's function has been told of
	expired   []Key        // keys that a read found expired: removed after the command
	objects   []objectSize // objects that the command may change
	detached  []keyspace.Object
	serving   *waiter // non-nil while a blocked client's command is tried again
	ready     Key     // the key that became ready, while serving
	blocking  *waiter // set by Block
	inExec    bool    // inside EXEC or a script: locks are the outer command's affair
	hits      int32
	misses    int32
	errReply  bool
	spent     *multiState // EXEC's queue, to be released when the command has finished

	memory *keyspace.MemoryStats // inside EXEC: as of before it took its locks
}

type lockMode uint8

const (
	lockNone      lockMode = iota
	lockShards             // the shards of the keys are locked
	lockAll                // every shard is locked exclusively
	lockReserved           // the keys are reserved, no shard is locked
	lockAllShared          // every shard is locked shared
)

// Key is a key of the command with its hash. Name aliases the arguments.
type Key struct {
	Name   []byte
	DB     int
	hash   uint64
	shard  int
	access Access
	due    bool // see Expired
	pos    int
}

// Expired tells of a modified key that its time was up: the server has deleted it, whoever came across it.
func (k Key) Expired() bool { return k.due }

// FoundExpired are the keys that the command has found expired, and that are deleted when it has released its locks.
func (c *Ctx) FoundExpired() []Key { return c.expired }

// In is the same key in another database. It has the same shard.
func (k Key) In(db int) Key { k.DB = db; return k }

// Engine is the engine that runs the command.
func (c *Ctx) Engine() *Engine { return c.eng }

// Client is who asked.
func (c *Ctx) Client() *Client { return c.client }

// Command is the spec being executed.
func (c *Ctx) Command() *Command { return c.cmd }

// Now is the command's one clock reading, in milliseconds since the Unix epoch.
func (c *Ctx) Now() int64 { return c.nowMs }

// DB is the selected database.
func (c *Ctx) DB() int { return c.db }

// SelectDB changes the client's database; the caller has checked the range.
func (c *Ctx) SelectDB(n int) {
	c.db = n
	c.client.SetDB(n)
}

// NArgs counts the arguments, the name included.
func (c *Ctx) NArgs() int { return len(c.Args) }

// Key is the i-th key that the key specs found, in order of the arguments.
func (c *Ctx) Key(i int) Key { return c.keys[i] }

// Keys are all keys of the command.
func (c *Ctx) Keys() []Key { return c.keys }

// OtherKey makes a Key of a name that is not among the command's arguments. Only
// commands with AllKeys or AllShards may look it up.
func (c *Ctx) OtherKey(name []byte) Key { return c.makeKey(name, c.db, 0, 0) }

func (c *Ctx) makeKey(name []byte, db, pos int, a Access) (k Key) {
	c.setKey(&k, name, db, pos, a)
	return k
}

// setKey is makeKey where the key is to be: copying what has just been written word by word makes the processor wait.
func (c *Ctx) setKey(k *Key, name []byte, db, pos int, a Access) {
	h := c.eng.ks.Hash(name)
	k.Name, k.DB, k.hash, k.shard, k.access, k.due, k.pos = name, db, h, c.eng.ks.ShardIndex(h), a, false, pos
}

// appendKey adds a name of the selected database, the argument at pos, to keys; it is written where it is to be, as setKey says.
func (c *Ctx) appendKey(keys []Key, name []byte, pos int, a Access) []Key {
	n := len(keys)
	keys = slices.Grow(keys, 1)[:n+1]
	c.setKey(&keys[n], name, c.db, pos, a)
	return keys
}

// Scratch is a buffer for building values, empty, kept between commands. Hand
// it back with SetScratch when it may have grown.
func (c *Ctx) Scratch() []byte { return c.scratch[:0] }

// SetScratch keeps b for the next Scratch, unless it has grown huge.
func (c *Ctx) SetScratch(b []byte) {
	if cap(b) <= 1<<20 {
		c.scratch = b[:0]
	}
}

// InTransaction reports whether the command runs inside EXEC or a script.
func (c *Ctx) InTransaction() bool { return c.inExec }

// --- looking values up -----------------------------------------------------

// Find looks a key up for reading: expired keys are absent, hits and misses are
// counted, the access time is renewed. Only while the shard is locked (no
// Weight); the entry is valid until the next change.
func (c *Ctx) Find(k Key) (keyspace.Entry, bool) {
	e, ok := c.peek(k)
	if !ok {
		c.misses++
		if c.eng.notify.keymiss.Load() {
			c.Notify(EventKeyMiss, "keymiss", k)
		}
		return e, false
	}
	c.hits++
	c.touchAccess(e)
	return e, true
}

// Peek is Find without counting and without renewing the access time.
func (c *Ctx) Peek(k Key) (keyspace.Entry, bool) { return c.peek(k) }

func (c *Ctx) peek(k Key) (keyspace.Entry, bool) {
	e, ok := c.eng.ks.Find(k.DB, k.hash, k.Name)
	if !ok {
		return e, false
	}
	if at, has := e.ExpireAt(); has && at <= c.nowMs && c.eng.expiryVisible(c.client) {
		if c.mayDelete(k) {
			c.expireNow(k, e)
		} else if !c.eng.expiryPaused() {
			c.expired = append(c.expired, k)
		}
		return keyspace.Entry{}, false
	}
	return e, true
}

// mayDelete reports whether the shard of k is held exclusively, and no slow command works on the value: that of a key
// which is only read here may be reserved for reading, and its shard held exclusively for another key's sake.
func (c *Ctx) mayDelete(k Key) bool {
	return c.mode == lockAll || c.mode == lockShards && c.writes.has(k.shard) && !c.eng.isReserved(k.shard, k.DB, k.Name)
}

// expireNow deletes an expired key: with its effect and its event. On a
// replica the primary's DEL does it.
func (c *Ctx) expireNow(k Key, e keyspace.Entry) {
	if c.eng.isReplica() {
		return
	}
	c.eng.snapshotBefore(k.DB, e)
	c.detach(c.eng.ks.DeleteEntry(e))
	c.eng.stats.expired.Add(1)
	c.effectsFirst(k)
	c.Notify(EventExpired, "expired", k)
	k.due = true
	c.signal(k)
}

// FindWrite looks a key up for writing: an expired key is deleted first. What is
// returned may be changed through the entry's methods.
func (c *Ctx) FindWrite(k Key) (keyspace.Entry, bool) {
	e, ok := c.peek(k)
	if !ok {
		return e, false
	}
	c.eng.snapshotBefore(k.DB, e)
	c.touchAccess(e)
	return e, true
}

// Value reads a key's value of the wanted type: ErrWrongType for another, ok
// false when the key is absent. It works in both lock modes: with reserved keys,
// packed bytes are a copy.
func (c *Ctx) Value(k Key, t keyspace.Type) (v Value, ok bool, err error) {
	if c.mode == lockReserved {
		c.eng.ks.Shard(k.shard).RLock()
		defer c.eng.ks.Shard(k.shard).RUnlock()
	}
	e, ok := c.Find(k)
	return c.typed(e, ok, t)
}

// ValueWrite is Value for a command that will change the value.
func (c *Ctx) ValueWrite(k Key, t keyspace.Type) (v Value, ok bool, err error) {
	defer c.enter(k).leave()
	e, ok := c.FindWrite(k)
	if v, ok, err = c.typed(e, ok, t); ok && v.Object != nil {
		c.objects = append(c.objects, objectSize{k, v.Object, v.Object.MemoryUsage()})
	}
	return v, ok, err
}

func (c *Ctx) typed(e keyspace.Entry, ok bool, t keyspace.Type) (Value, bool, error) {
	if !ok {
		return Value{}, false, nil
	}
	if t != keyspace.None && e.Type() != t {
		return Value{}, false, protocol.ErrWrongType
	}
	v := ValueOf(e)
	if c.mode == lockReserved && v.Packed != nil {
		v.Packed = append([]byte(nil), v.Packed...)
	}
	return v, true, nil
}

// ValueOf is the value of an entry; Packed aliases it.
func ValueOf(e keyspace.Entry) (v Value) { // named: else it is put together elsewhere and copied
	v.Type, v.Enc = e.Type(), e.Encoding()
	switch {
	case v.Enc == keyspace.EncInt:
		v.Int = e.Int()
	case e.IsObject():
		v.Object = e.Object()
	default:
		v.Packed = e.Bytes()
	}
	return v
}

// objectSize remembers an object's size before a command that may change it.
type objectSize struct {
	key    Key
	object keyspace.Object
	bytes  int64
}

// section is a shard lock taken for one access in reserved mode.
type section struct{ s *keyspace.Shard }

func (s section) leave() {
	if s.s != nil {
		s.s.Unlock()
	}
}

// enter takes the shard's lock when the command runs with reserved keys. While
// it is held, the key's shard counts as held exclusively.
func (c *Ctx) enter(k Key) section {
	if c.mode != lockReserved {
		return section{}
	}
	s := c.eng.ks.Shard(k.shard)
	s.Lock()
	return section{s}
}

// Exists reports whether the key is there, without counting.
func (c *Ctx) Exists(k Key) bool {
	defer c.enter(k).leave()
	_, ok := c.peek(k)
	return ok
}

// TypeOf is the key's type, None when absent.
func (c *Ctx) TypeOf(k Key) keyspace.Type {
	defer c.enter(k).leave()
	if e, ok := c.peek(k); ok {
		return e.Type()
	}
	return keyspace.None
}

// --- changing values -------------------------------------------------------

// Store sets the key to v whatever was there; a TTL is removed unless keepTTL.
// The keyspace copies v.Packed and owns v.Object.
func (c *Ctx) Store(k Key, v Stored, keepTTL bool) {
	defer c.enter(k).leave()
	ks := c.eng.ks
	old, had := ks.Find(k.DB, k.hash, k.Name)
	if had {
		c.eng.snapshotBefore(k.DB, old)
		if v.Object != nil && old.IsObject() && old.Object() == v.Object {
			return // changed in place; its size is accounted for when the command ends
		}
	}
	c.noteNew(k, had)
	var e keyspace.Entry
	at, ttl := int64(0), false
	if had && keepTTL {
		at, ttl = old.ExpireAt()
	}
	switch {
	case v.Object != nil:
		e = ks.PutObject(k.DB, k.hash, k.Name, v.Type, v.Enc, v.Object)
	case v.Enc == keyspace.EncInt:
		e = ks.PutInt(k.DB, k.hash, k.Name, v.Int)
	default:
		e = ks.Put(k.DB, k.hash, k.Name, v.Type, v.Enc, v.Packed)
	}
	if ttl {
		e.SetExpireAt(at)
	}
	c.freshAccess(e)
}

func (c *Ctx) noteNew(k Key, had bool) {
	if !had && c.eng.notify.created.Load() {
		c.Notify(EventNew, "new", k)
	}
}

// Update replaces the value of an existing key, keeping its TTL.
func (c *Ctx) Update(k Key, v Stored) { c.Store(k, v, true) }

// Remove deletes the key: true when it was there (and not expired). The effect
// and the event are the caller's. A big object is freed in the background. O(1).
func (c *Ctx) Remove(k Key) bool {
	defer c.enter(k).leave()
	e, ok := c.peek(k)
	if !ok {
		return false
	}
	c.eng.snapshotBefore(k.DB, e)
	c.detach(c.eng.ks.DeleteFound(k.hash, e))
	return true
}

// detach hands an object that left the keyspace to the background.
func (c *Ctx) detach(o keyspace.Object) {
	if o != nil {
		c.detached = append(c.detached, o)
	}
}

// ExpireAt is the key's deadline in milliseconds since the epoch; ok false
// without TTL or without key.
func (c *Ctx) ExpireAt(k Key) (ms int64, ok bool) {
	defer c.enter(k).leave()
	if e, found := c.peek(k); found {
		return e.ExpireAt()
	}
	return 0, false
}

// SetExpireAt sets the deadline of an existing key.
func (c *Ctx) SetExpireAt(k Key, ms int64) {
	defer c.enter(k).leave()
	if e, ok := c.FindWrite(k); ok {
		e.SetExpireAt(ms)
	}
}

// Persist removes the deadline: true when there was one.
func (c *Ctx) Persist(k Key) bool {
	defer c.enter(k).leave()
	if e, ok := c.FindWrite(k); ok {
		return e.Persist()
	}
	return false
}

// touchAccess renews LRU or LFU data unless the client asked for NO-TOUCH.
func (c *Ctx) touchAccess(e keyspace.Entry) {
	if c.client != nil && c.client.Has(FlagNoTouch) {
		return
	}
	if c.eng.lfu.Load() {
		c.eng.touchLFU(e, c.nowMs)
		return
	}
	if clock := lruClock(c.nowMs); e.Access() != clock {
		e.SetAccess(clock)
	}
}

func (c *Ctx) freshAccess(e keyspace.Entry) {
	if c.eng.lfu.Load() {
		e.SetAccess(freshLFU(c.nowMs))
		return
	}
	e.SetAccess(lruClock(c.nowMs))
}

// Fresh marks an entry that a handler made by the keyspace's own methods as
// accessed now.
func (c *Ctx) Fresh(e keyspace.Entry) { c.freshAccess(e) }

// --- what came of it -------------------------------------------------------

// Changed says that the command changed k: the command counts as a write and is
// propagated, watchers and waiting clients learn of it, and the event is sent.
func (c *Ctx) Changed(class EventClass, event string, k Key) {
	c.dirty++
	c.signal(k)
	c.Notify(class, event, k)
}

// Dirty adds to the number of changes without naming a key.
func (c *Ctx) Dirty(n int) { c.dirty += int64(n) }

// Modified signals a change to watchers, waiting clients and tracking, without an event.
func (c *Ctx) Modified(k Key) { c.dirty++; c.signal(k) }

func (c *Ctx) signal(k Key) {
	e := c.eng
	s := &e.shards[k.shard]
	waited := e.tracked.Load()
	if s.interested.Load() != 0 {
		if c.mode == lockReserved {
			e.ks.Shard(k.shard).RLock()
		}
		e.touchWatched(k)
		waited = waited || len(s.waiters) != 0
		if c.mode == lockReserved {
			e.ks.Shard(k.shard).RUnlock()
		}
	}
	if waited {
		c.modified = append(c.modified, k)
	}
}

// Notify sends a keyspace event if the class is enabled. The event goes out after
// the locks are released, in order.
func (c *Ctx) Notify(class EventClass, event string, k Key) {
	if EventClass(c.eng.notify.mask.Load())&class != 0 {
		c.events = append(c.events, event0(class, event, k))
	}
}

// Propagate replaces what is sent to the effect log: with the first call the
// command as received is dropped; further calls add commands. args are kept
// until the command ends.
func (c *Ctx) Propagate(args ...[]byte) {
	c.replaced = true
	if c.eng.log.Active() {
		c.effects = append(c.effects, effect{c.db, args})
	}
}

// PropagateIn is Propagate for another database than the client's.
func (c *Ctx) PropagateIn(db int, args ...[]byte) {
	c.replaced = true
	if c.eng.log.Active() {
		c.effects = append(c.effects, effect{db, args})
	}
}

// effectsFirst puts a deletion before the command's own effect, without replacing it.
func (c *Ctx) effectsFirst(k Key) {
	if c.eng.log.Active() {
		c.effects = append(c.effects, effect{k.DB, [][]byte{delWord, append([]byte(nil), k.Name...)}})
	}
	c.eng.stats.dirty.Add(1)
}

var delWord = []byte("DEL")
