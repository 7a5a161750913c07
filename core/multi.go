package core

import (
	"sync"

	"github.com/redust/redust/core/effects"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

// multiState is the queue of a client between MULTI and EXEC. It comes from a pool, with room for the usual transaction.
type multiState struct {
	queue   []queued
	room    argRoom
	keys    []Key // of all queued commands, in order, while EXEC runs
	bytes   int64
	writes  bool
	pausing bool // a command writes or is replicated for another reason: CLIENT PAUSE WRITE holds EXEC
	denyOOM bool
	all     bool // a command needs every shard
	survey  bool // a command shows the keyspace's memory
	inner   Ctx
	effects []effects.Command
}

type queued struct {
	cmd      *Command
	args     [][]byte
	from, to int // its keys in multiState.keys
}

var multiPool = sync.Pool{New: func() any { return new(multiState) }}

// What a pooled multiState keeps.
const (
	keptQueue    = 256
	argRoomBytes = 8 << 10 // of arguments, and
	argRoomArgs  = 512     // their number
)

// argRoom keeps copies of requests one after the other: a transaction of ordinary size needs no allocation of its own.
type argRoom struct {
	bytes []byte
	args  [][]byte
}

// copy returns a copy of a request, valid until reset.
func (r *argRoom) copy(args [][]byte) [][]byte {
	n := 0
	for _, a := range args {
		n += len(a)
	}
	if cap(r.bytes)-len(r.bytes) < n {
		r.bytes = make([]byte, 0, max(n, min(max(2*cap(r.bytes), 512), argRoomBytes)))
	}
	if cap(r.args)-len(r.args) < len(args) {
		r.args = make([][]byte, 0, max(len(args), min(max(2*cap(r.args), 32), argRoomArgs)))
	}
	first := len(r.args)
	for _, a := range args {
		at := len(r.bytes)
		r.bytes = append(r.bytes, a...)
		r.args = append(r.args, r.bytes[at:len(r.bytes):len(r.bytes)])
	}
	return r.args[first:len(r.args):len(r.args)]
}

// reset forgets the copies.
func (r *argRoom) reset() {
	scrub(r.bytes)
	clear(r.args)
	r.bytes, r.args = r.bytes[:0], r.args[:0]
	if cap(r.bytes) > argRoomBytes {
		r.bytes = nil
	}
	if cap(r.args) > argRoomArgs {
		r.args = nil
	}
}

// release gives the state back to the pool. Nobody uses it any more.
func (m *multiState) release() {
	if cap(m.queue) > keptQueue || cap(m.keys) > keptQueue || cap(m.effects) > keptQueue {
		return
	}
	clear(m.queue)
	clear(m.keys)
	clear(m.effects)
	m.room.reset()
	in := &m.inner
	clear(in.effects)
	clear(in.events)
	clear(in.modified)
	clear(in.detached)
	m.inner = Ctx{
		effects: in.effects[:0], events: in.events[:0], modified: in.modified[:0], detached: in.detached[:0],
		objects: in.objects[:0], refs: in.refs[:0], scratch: in.scratch[:0],
	}
	if cap(in.scratch) > argRoomBytes {
		m.inner.scratch = nil
	}
	*m = multiState{queue: m.queue[:0], room: m.room, keys: m.keys[:0], effects: m.effects[:0], inner: m.inner}
	multiPool.Put(m)
}

// Multi begins a transaction.
func (c *Ctx) Multi() error {
	if c.client.multi != nil {
		return protocol.ErrNestedMulti
	}
	c.client.multi = multiPool.Get().(*multiState)
	c.client.Set(FlagMulti)
	c.client.multiLen.Store(0)
	c.client.gates |= gateMulti
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
	if m := c.endMulti(); m != nil {
		m.release()
	}
}

// endMulti takes the client out of its transaction, if it is in one, and returns what was queued.
func (c *Client) endMulti() *multiState {
	m := c.multi
	if m == nil {
		return nil
	}
	c.multi = nil
	c.Clear(FlagMulti | FlagDirtyExec)
	c.multiLen.Store(-1)
	c.multiMem.Store(0)
	c.gates &^= gateMulti
	return m
}

// queue adds the request to the transaction.
func (e *Engine) queue(c *Ctx) Status {
	cl, m := c.client, c.client.multi
	mark := cl.W.Mark()
	if !cl.Has(FlagDirtyExec) {
		m.queue = append(m.queue, queued{cmd: c.cmd, args: m.room.copy(c.Args)})
		for _, a := range c.Args {
			m.bytes += int64(len(a)) + 24
		}
		f := c.cmd.Flags
		m.writes = m.writes || f&Write != 0
		m.pausing = m.pausing || f&(Write|MayReplicate) != 0
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
	if s := e.sealedFor(c); s != nil { // the transaction stays as it is
		e.unlockTransaction(c, m)
		c.keys = nil
		return s
	}
	if e.watchBroken(cl, c.nowMs) {
		e.unlockTransaction(c, m)
		c.keys = nil
		c.Discard()
		c.Reply.NullArray()
		return nil
	}
	c.unwatchLocked()
	c.Reply.Array(len(m.queue))
	allow := keyspace.ForbidLocks()
	all := e.runQueue(c, m)
	allow()
	if len(all) != 0 {
		cl.lastOffset = e.log.Append(len(all) > 1 || len(m.queue) > 1, all)
	}
	e.unlockTransaction(c, m)
	c.keys, c.spent = nil, cl.endMulti() // what follows EXEC still names keys in m
	e.unwatch(cl)                        // those on shards that were not held
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
	keys := m.keys[:0]
	for i := range m.queue {
		q := &m.queue[i]
		q.from = len(keys)
		if at := q.cmd.oneKey; at != 0 {
			keys = c.appendKey(keys, q.args[at], at, q.cmd.Keys[0].Access)
		} else {
			c.refs, _ = q.cmd.AppendKeys(c.refs[:0], q.args)
			for _, r := range c.refs {
				keys = c.appendKey(keys, q.args[r.Pos], r.Pos, r.Access)
			}
		}
		if q.cmd.Elsewhere != nil {
			keys = append(keys[:q.from], q.cmd.Elsewhere(c, q.args, keys[q.from:])...)
		}
		if q.to = len(keys); q.cmd.keyWrite {
			for j := q.from; j < q.to; j++ {
				keys[j].access = ReadWrite
			}
		}
	}
	for _, w := range c.client.watched {
		w.key.access = ReadWrite // its watch is dropped while we hold the shard
		keys = append(keys, w.key)
	}
	m.keys, c.keys = keys, keys
	c.shards.clear()
	c.writes.clear()
	e.lockKeys(c, false)
}

func (e *Engine) unlockTransaction(c *Ctx, m *multiState) {
	if m.all {
		e.unlockAllShards()
	} else {
		e.unlock(c)
	}
	c.mode = lockNone
}

// unwatchLocked drops the watches while their shards are held, so that the
// transaction's own writes touch nobody but others.
func (c *Ctx) unwatchLocked() {
	for _, w := range c.client.watched {
		c.eng.dropWatch(w)
	}
	c.client.watchesGone()
}

// runQueue executes the commands and returns their effects. Waiting clients,
// events and the like are gathered in c: they follow when EXEC is done.
func (e *Engine) runQueue(c *Ctx, m *multiState) []effects.Command {
	in, cl := &m.inner, c.client
	in.eng, in.client, in.Reply, in.nowMs = e, cl, c.Reply, c.nowMs
	in.mode, in.shards, in.writes, in.inExec = c.mode, c.shards, c.writes, true
	logged := !cl.Has(FlagFake | FlagPrimary)
	startNs := e.clock.mono()
	for i := range m.queue {
		q := &m.queue[i]
		in.cmd, in.Args = q.cmd, q.args
		in.db, in.errReply, in.dirty, in.replaced = cl.DB(), false, 0, false
		in.effects = in.effects[:0]
		if in.keys = m.keys[q.from:q.to:q.to]; m.all || in.db != c.db { // SELECT came before
			in.keys = nil
			e.findKeys(in)
		}
		mark := c.Reply.Mark()
		if err := e.run(in); err != nil {
			in.fail(mark, err)
		}
		if in.dirty != 0 {
			e.stats.dirty.Add(in.dirty)
		}
		if n := len(in.modified); n > c.announced { // each change by itself: a later command may read the key again
			if f := e.onModified.Load(); f != nil {
				(*f)(in, in.modified[c.announced:n])
			}
			c.announced = n
		}
		if logged && e.log.Active() {
			m.effects = in.appendEffects(m.effects)
		}
		endNs := e.clock.after(startNs)
		e.account(in, cl, endNs-startNs)
		startNs = endNs
	}
	c.db = cl.DB()
	c.hits, c.misses = c.hits+in.hits, c.misses+in.misses
	c.events = append(c.events, in.events...)
	c.modified = append(c.modified, in.modified...)
	c.expired = append(c.expired, in.expired...)
	c.detached = append(c.detached, in.detached...)
	return m.effects
}
