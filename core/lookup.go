package core

import "github.com/redust/redust/core/keyspace"

// FindNoTouch is Find without renewing the access time: for commands that ask about a
// key and don't use it (EXISTS, TTL, TYPE).
func (c *Ctx) FindNoTouch(k Key) (keyspace.Entry, bool) {
	e, ok := c.peek(k)
	if ok {
		c.hits++
		return e, true
	}
	c.misses++
	if c.eng.notify.keymiss.Load() {
		c.Notify(EventKeyMiss, "keymiss", k)
	}
	return e, false
}

// Inspect is FindNoTouch without the keymiss event: for OBJECT.
func (c *Ctx) Inspect(k Key) (keyspace.Entry, bool) {
	e, ok := c.peek(k)
	if ok {
		c.hits++
	} else {
		c.misses++
	}
	return e, ok
}

// LookOther calls fn with the entry of a key that is not among the command's own, its
// shard locked shared: what SORT's patterns need. Only for commands with AllKeys, and only
// where no shard is locked (keys reserved by a Weight, or none) or all are, as inside
// EXEC. fn must not call back into the keyspace. False when the key is absent.
//
// A key that a slow command changes in place is waited for: such a command holds all
// its keys and waits for none, so there is no circle. One that is reserved
// only to be overwritten keeps its old value, whole, until then.
func (c *Ctx) LookOther(k Key, fn func(keyspace.Entry)) bool {
	defer c.enterOther(k, true).leave()
	return c.lookOther(k, fn)
}

// ExistsOther is Exists for a key that is not among the command's own, under the
// conditions of LookOther.
func (c *Ctx) ExistsOther(k Key) bool {
	defer c.enterOther(k, false).leave()
	expired := len(c.expired)
	_, ok := c.peek(k)
	c.expired = c.expired[:expired] // somebody else's affair
	return ok
}

// readSection is a shard lock taken shared for one access.
type readSection struct{ s *keyspace.Shard }

func (s readSection) leave() {
	if s.s != nil {
		s.s.RUnlock()
	}
}

// enterOther locks the shard of a foreign key shared, once nobody changes the key's value in
// place if value is set.
func (c *Ctx) enterOther(k Key, value bool) readSection {
	switch c.mode {
	case lockAll, lockAllShared:
		return readSection{}
	case lockShards:
		panic("core: a look at another key with shards locked")
	}
	shard, s := c.eng.ks.Shard(k.shard), &c.eng.shards[k.shard]
	for {
		shard.RLock()
		var r *reservation
		if value && len(s.reserved) != 0 {
			r = s.reserved[dbKey{k.DB, string(k.Name)}]
		}
		if r == nil || !r.inPlace {
			return readSection{shard}
		}
		shard.RUnlock()
		<-r.done
	}
}

func (c *Ctx) lookOther(k Key, fn func(keyspace.Entry)) bool {
	expired := len(c.expired)
	e, ok := c.Find(k)
	if len(c.expired) > expired { // deleted after the command, when the caller's buffer has other bytes
		c.expired[expired].Name = append([]byte(nil), k.Name...)
	}
	if ok {
		fn(e)
	}
	return ok
}

// MustObey reports whether the command comes from where it has been decided already: the
// primary, or the AOF being loaded. Limits are then not checked, and deadlines
// that have passed are kept until the DEL comes.
func (c *Ctx) MustObey() bool {
	return c.client.Has(FlagPrimary) || c.client.Has(FlagFake) && c.eng.Loading()
}

// Due reports whether a deadline given in milliseconds since the epoch has
// passed, so that the key goes at once instead of getting it.
func (c *Ctx) Due(ms int64) bool { return ms <= c.nowMs && !c.MustObey() }
