package core

import (
	"github.com/redust/redust/core/effects"
	"github.com/redust/redust/protocol"
)

// multiState is the queue of a client between MULTI and EXEC.
type multiState struct {
	queue   []queued
	bytes   int64
	writes  bool
	denyOOM bool
	all     bool // a command needs every shard
	survey  bool // a command shows the keyspace's memory
	inner   Ctx
}

type queued struct {
	cmd  *Command
	args [][]byte
}

// Multi begins a transaction.
func (c *Ctx) Multi() error {
	if c.client.multi != nil {
		return protocol.ErrNestedMulti
	}
	c.client.multi = new(multiState)
	c.client.Set(FlagMulti)
	c.client.multiLen.Store(0)
	c.client.updateGates()
	return nil
}

// InMulti reports whether the client has an open transaction.
func (c *Ctx) InMulti() bool { return c.client.multi != nil }

// Discard ends the transaction without executing it and forgets all watches.
func (c *Ctx) Discard() {
	c.eng.discard(c.client)
	c.eng.unwatch(c.client)
}

func (e *Engine) discard(c *Client) {
	if c.multi == nil {
		return
	}
	c.multi = nil
	c.Clear(FlagMulti | FlagDirtyExec)
	c.multiLen.Store(-1)
	c.multiMem.Store(0)
	c.updateGates()
}

// queue adds the request to the transaction.
func (e *Engine) queue(c *Ctx) Status {
	cl, m := c.client, c.client.multi
	mark := cl.W.Mark()
	if !cl.Has(FlagDirtyExec) {
		args := cloneArgs(c.Args)
		m.queue = append(m.queue, queued{c.cmd, args})
		for _, a := range args {
			m.bytes += int64(len(a)) + 24
		}
		f := c.cmd.Flags
		m.writes = m.writes || f&Write != 0
		m.denyOOM = m.denyOOM || f&DenyOOM != 0
		m.survey = m.survey || f&Survey != 0
		m.all = m.all || f&(AllShards|AllKeys) != 0 || c.cmd.FindKeys != nil
		cl.multiMem.Store(m.bytes)
	}
	cl.multiLen.Add(1)
	cl.W.SimpleString("QUEUED")
	cl.lastCmd.Store(c.cmd)
	cl.endReply(mark)
	return cl.after()
}

// Exec runs the queued commands as one step: every shard that any of them
// needs, and those of the watched keys, are locked at once, in ascending order.
// Replies are written as one array, null when a watched key changed.
func (c *Ctx) Exec() error {
	cl, e := c.client, c.eng
	m := cl.multi
	if cl.Has(FlagDirtyExec) {
		c.Discard()
		return protocol.ErrExecAbort
	}
	if m.survey {
		m.inner.memory = new(e.ks.Memory())
	}
	e.lockTransaction(c, m)
	if e.watchBroken(cl, c.nowMs) {
		e.unlockTransaction(c, m)
		c.Discard()
		c.Reply.NullArray()
		return nil
	}
	c.unwatchLocked()
	c.Reply.Array(len(m.queue))
	all := e.runQueue(c, m)
	if len(all) != 0 {
		cl.lastOffset = e.log.Append(len(all) > 1 || len(m.queue) > 1, all)
	}
	e.unlockTransaction(c, m)
	c.eng.discard(cl)
	e.unwatch(cl) // those on shards that were not held
	return nil
}

// lockTransaction takes the union of all shards. c.keys are the keys of all
// commands, so that reservations of any of them are waited for.
func (e *Engine) lockTransaction(c *Ctx, m *multiState) {
	if m.all {
		c.mode = lockAll
		e.lockAllShards()
		return
	}
	c.keys = c.keys[:0]
	for i := range m.queue {
		q := &m.queue[i]
		first := len(c.keys)
		c.refs, _ = q.cmd.AppendKeys(c.refs[:0], q.args)
		for _, r := range c.refs {
			k := c.makeKey(q.args[r.Pos], c.db, r.Pos, r.Access)
			if q.cmd.keyWrite {
				k.access = ReadWrite
			}
			c.keys = append(c.keys, k)
		}
		if q.cmd.Elsewhere != nil {
			c.keys = append(c.keys[:first], q.cmd.Elsewhere(c, q.args, c.keys[first:])...)
		}
	}
	for _, w := range c.client.watched {
		w.key.access = ReadWrite // its watch is dropped while we hold the shard
		c.keys = append(c.keys, w.key)
	}
	c.shards, c.writes = shardSet{}, shardSet{}
	e.lockKeys(c, false)
}

func (e *Engine) unlockTransaction(c *Ctx, m *multiState) {
	if m.all {
		e.unlockAllShards()
	} else {
		e.unlockSet(&c.shards, &c.writes)
	}
	c.mode = lockNone
}

// unwatchLocked drops the watches while their shards are held, so that the
// transaction's own writes touch nobody but others.
func (c *Ctx) unwatchLocked() {
	for _, w := range c.client.watched {
		c.eng.dropWatch(w)
	}
	c.client.watched = nil
	c.client.dirty.Store(false)
}

// runQueue executes the commands and returns their effects. Waiting clients,
// events and the like are gathered in c: they follow when EXEC is done.
func (e *Engine) runQueue(c *Ctx, m *multiState) []effects.Command {
	var all []effects.Command
	in := &m.inner
	in.mode, in.shards, in.writes, in.inExec = c.mode, c.shards, c.writes, true
	for i := range m.queue {
		q := &m.queue[i]
		startNs := e.clock.mono()
		in.eng, in.client, in.cmd, in.Args, in.Reply = e, c.client, q.cmd, q.args, c.Reply
		in.db, in.nowMs, in.errReply, in.dirty, in.replaced = c.client.DB(), c.nowMs, false, 0, false
		in.effects = in.effects[:0]
		mark := c.Reply.Mark()
		if err := e.perform(in); err != nil {
			in.fail(mark, err)
		}
		e.stats.dirty.Add(in.dirty)
		if e.log.Active() && !c.client.Has(FlagFake|FlagPrimary) {
			all = in.appendEffects(all)
		}
		e.account(in, c.client, e.clock.mono()-startNs)
	}
	c.db = c.client.DB()
	c.hits, c.misses = c.hits+in.hits, c.misses+in.misses
	c.events = append(c.events, in.events...)
	c.modified = append(c.modified, in.modified...)
	c.expired = append(c.expired, in.expired...)
	c.detached = append(c.detached, in.detached...)
	return all
}
