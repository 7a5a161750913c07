package core

import "github.com/redust/redust/core/effects"

// Expired keys of commands that write. What is in the effect log is replayed where keys don't expire by the clock: a
// command that took an expired key for absent must follow that key's DEL.

// overdue lists the keys that a writing command only reads and that have expired. Where the shard is held exclusively, the
// look-up deletes it, and logs that first; where it is held shared, that would come after the
// command's own effect. The shards are held. O(1) unless some are held shared and some exclusively.
func (e *Engine) overdue(c *Ctx) (keys []Key) {
	if len(c.keys) < 2 || c.writes.empty() || c.writes == c.shards || !e.log.Active() || e.isReplica() || !e.expiryVisible(c.client) {
		return nil
	}
	for i := range c.keys {
		if k := &c.keys[i]; !c.writes.has(k.shard) && e.isOverdue(c, k) {
			keys = append(keys, *k)
		}
	}
	return keys
}

func (e *Engine) isOverdue(c *Ctx, k *Key) bool {
	ent, ok := e.ks.Find(k.DB, k.hash, k.Name)
	if !ok {
		return false
	}
	at, has := ent.ExpireAt()
	return has && at <= c.nowMs
}

// expireKeys deletes the keys of c that have expired, before they are reserved: afterwards a look-up can't. The
// shards are held exclusively. A key that others have reserved for reading stays, as it is not to be written.
func (e *Engine) expireKeys(c *Ctx) {
	if e.isReplica() || !e.expiryVisible(c.client) {
		return
	}
	for i := range c.keys {
		k := c.keys[i]
		if !e.isOverdue(c, &k) || e.isReserved(k.shard, k.DB, k.Name) {
			continue
		}
		if ent, ok := e.ks.Find(k.DB, k.hash, k.Name); ok {
			c.expireNow(k, ent)
		}
	}
	e.appendFound(c)
}

// appendFound logs the deletions of expired keys that c has found so far, and forgets them: they must not
// come later in the log than what others do to the keys once their shards are given up. The shards are held.
func (e *Engine) appendFound(c *Ctx) {
	if len(c.effects) == 0 {
		return
	}
	cmds := make([]effects.Command, len(c.effects))
	for i, f := range c.effects {
		cmds[i] = effects.Command{DB: f.db, Args: f.args}
	}
	e.log.Append(false, cmds)
	clear(c.effects)
	c.effects = c.effects[:0]
}
