package core

import (
	"time"

	"github.com/redust/redust/core/effects"
)

// reserveWeight is how many elements a command may touch under shard locks: some
// hundred microseconds of work.
const reserveWeight = 4096

type effect struct {
	db   int
	args [][]byte
}

// execute runs a checked command: locks, handler, effect, unlock, and what follows.
func (e *Engine) execute(c *Ctx, startNs int64) Status {
	cl := c.client
	mark := cl.W.Mark()
	if cl.multi == nil {
		e.log.Throttle()
	}
	err := e.perform(c)
	if s, sealed := err.(*seal); sealed {
		return e.postpone(c, s)
	}
	if c.blocking != nil {
		cl.lastCmd.Store(c.cmd)
		w := c.blocking
		w.beganNs = e.clock.after(startNs) - startNs
		cl.tallyOf(c.cmd).ns += w.beganNs
		if e.watching.Load() {
			e.observe(c, cl, w.beganNs) // MONITOR shows a command when it begins to wait
		}
		e.conclude(c) // a key may have been found expired
		cl.placeOwn(mark)
		c.finish()
		return Blocked
	}
	if err != nil {
		c.fail(mark, err)
	}
	e.conclude(c)
	endNs := e.clock.after(startNs)
	cl.busy().lastNs = endNs
	e.account(c, cl, endNs-startNs)
	cl.endReply(mark)
	cl.endCaching(c.cmd)
	c.finish()
	return cl.after()
}

// fail replaces whatever the handler may have written by its error.
func (c *Ctx) fail(mark int, err error) {
	c.Reply.Truncate(mark)
	c.Reply.Error(err.Error())
	c.eng.stats.countError(err.Error())
	c.errReply = true
}

// perform locks what the command needs, runs its handler and appends its
// effects, then unlocks.
func (e *Engine) perform(c *Ctx) error {
	cmd := c.cmd
	if cmd.Flags&AllShards != 0 {
		e.findKeys(c)
		c.mode = lockAll
		e.lockAllShards()
		if s := e.sealedFor(c); s != nil {
			e.unlockAllShards()
			return s
		}
		err := e.run(c)
		e.append(c)
		e.unlockAllShards()
		c.mode = lockNone
		return err
	}
	if cmd.oneKey != 0 {
		c.setKey(&c.keyBuf[0], c.Args[cmd.oneKey], c.db, cmd.oneKey, cmd.Keys[0].Access)
		c.keys = c.keyBuf[:1]
	} else if e.findKeys(c); len(c.keys) == 0 {
		if cmd.Flags&(Fast|InnerCommands) == 0 {
			c.client.flushTally() // INFO, SAVE and their like see what came before in the pipeline
		}
		err := e.run(c)
		e.append(c)
		return err
	}
	e.lockKeys(c, cmd.Flags&(Blocking|LockExclusive) != 0)
	if s := e.sealedFor(c); s != nil {
		e.unlock(c)
		return s
	}
	if cmd.Weight != nil && cmd.Weight(c) > reserveWeight {
		c.Yield()
		e.reserve(c)
		if s := e.sealedFor(c); s != nil {
			e.release(c)
			return s
		}
		err := e.run(c)
		e.append(c)
		e.release(c)
		return err
	}
	err := e.run(c)
	e.append(c)
	e.unlock(c)
	c.mode = lockNone
	return err
}

// Yield says that the command may take long, or wait for others: other clients are not to wait for it. Any lock may be held.
func (c *Ctx) Yield() {
	if cl := c.client; cl != nil && cl.yielder != nil {
		cl.yielder.Yield()
	}
}

// findKeys fills c.keys from the key specs. Arguments that do not fit the specs give
// fewer keys: the handler finds its own syntax error before it touches any.
func (e *Engine) findKeys(c *Ctx) {
	if c.keys = c.room[:0]; cap(c.keys) < len(c.keyBuf) {
		c.keys = c.keyBuf[:0]
	}
	if len(c.cmd.Keys) == 0 && c.cmd.FindKeys == nil {
		return
	}
	if c.cmd.keyRange {
		for s, i := &c.cmd.Keys[0], c.cmd.Keys[0].Index; i < len(c.Args); i += s.Step {
			c.keys = c.appendKey(c.keys, c.Args[i], i, s.Access)
		}
	} else {
		c.refs, _ = c.cmd.AppendKeys(c.refs[:0], c.Args)
		for _, r := range c.refs {
			c.keys = c.appendKey(c.keys, c.Args[r.Pos], r.Pos, r.Access)
		}
	}
	if c.cmd.Elsewhere != nil {
		c.keys = c.cmd.Elsewhere(c, c.Args, c.keys)
	}
	if cap(c.keys) > len(c.keyBuf) && len(c.keys) > len(c.room) {
		c.room = c.keys
	}
}

// run calls the handler. A panic in a command that may have changed data ends the
// process, as half-applied data must not be served; the caller's stack says where.
func (e *Engine) run(c *Ctx) error {
	err := c.cmd.Run(c)
	if len(c.objects) != 0 {
		c.syncObjects()
	}
	if c.cmd.Flags&ReadOnlyCmd != 0 && c.client.Has(FlagTracking) {
		if f := e.onRead.Load(); f != nil {
			(*f)(c)
		}
	}
	return err
}

// syncObjects accounts for objects whose size the command has changed.
func (c *Ctx) syncObjects() {
	for _, o := range c.objects {
		delta := o.object.MemoryUsage() - o.bytes
		if delta == 0 {
			continue
		}
		s := c.enter(o.key)
		if ent, ok := c.eng.ks.Find(o.key.DB, o.key.hash, o.key.Name); ok && ent.IsObject() && ent.Object() == o.object {
			ent.ObjectResized(delta)
		}
		s.leave()
	}
	clear(c.objects)
	c.objects = c.objects[:0]
}

// append hands the command's effects to the log. The locks are held.
func (e *Engine) append(c *Ctx) {
	if c.dirty == 0 && len(c.effects) == 0 {
		return
	}
	if c.serving == nil && c.client.conn != nil {
		c.client.busy().tallies.dirty += c.dirty // counted before the reply is sent, by AwaitDurable
	} else {
		e.stats.dirty.Add(c.dirty)
	}
	if c.cmd.Flags&InnerCommands != 0 || !e.log.Active() {
		return
	}
	if c.client.Has(FlagFake | FlagPrimary) {
		return
	}
	var end int64
	if len(c.effects) == 0 && !c.replaced && !c.cmd.renamed { // the command itself, mostly
		if c.cmd.Flags&NoPropagate != 0 {
			return
		}
		if raw := c.client.raw; raw != nil && c.serving == nil {
			end = e.log.AppendRaw(c.db, raw)
		} else {
			end = e.log.AppendOne(c.db, c.Args)
		}
	} else {
		var buf [4]effects.Command
		cmds := c.appendEffects(buf[:0])
		if len(cmds) == 0 {
			return
		}
		end = e.log.Append(len(cmds) > 1, cmds)
	}
	if c.serving != nil { // the client belongs to another goroutine
		c.serving.offset = end
		return
	}
	c.client.lastOffset = end
}

// appendEffects adds what the command propagates: its replacements, or itself.
func (c *Ctx) appendEffects(dst []effects.Command) []effects.Command {
	for _, f := range c.effects {
		dst = append(dst, effects.Command{DB: f.db, Args: f.args})
	}
	if !c.replaced && c.dirty != 0 && c.cmd.Flags&(NoPropagate|InnerCommands) == 0 {
		args := c.Args
		if c.cmd.renamed { // a log is read by others, too
			args = append([][]byte{c.cmd.logName()}, args[1:]...)
		}
		dst = append(dst, effects.Command{DB: c.db, Args: args})
	}
	return dst
}

// conclude does what must wait until no lock is held: expired keys that a reader
// found, freed objects, waiting clients, tracking, events.
func (e *Engine) conclude(c *Ctx) {
	if len(c.expired) != 0 {
		found := len(c.events)
		e.removeExpired(c)
		// Redis deletes first and misses then: expired comes before keymiss.
		n := len(c.events)
		c.events = append(c.events[found:n:n], c.events[:found]...)
	}
	if len(c.detached) != 0 {
		e.freeLater(c.detached)
		c.detached = c.detached[:0]
	}
	if len(c.modified) > c.announced {
		if f := e.onModified.Load(); f != nil {
			(*f)(c, c.modified[c.announced:])
		}
	}
	c.announced = 0
	if len(c.events) != 0 { // before those of the commands that are served now
		e.publishEvents(c.Owner(), c.events)
	}
	if len(c.modified) != 0 {
		e.serveReady(c.modified)
	}
}

// Owner is the client if this is its own goroutine, else nil.
func (c *Ctx) Owner() *Client {
	if c.serving != nil {
		return nil
	}
	return c.client
}

// removeExpired deletes keys that a read found expired, if they still are.
func (e *Engine) removeExpired(c *Ctx) {
	keys := c.expired
	c.expired = nil
	c.keys = keys
	c.shards.clear()
	c.writes.clear()
	clear(c.effects) // they are in the log
	c.effects = c.effects[:0]
	e.lockKeys(c, true)
	for _, k := range keys {
		if ent, ok := e.ks.Find(k.DB, k.hash, k.Name); ok {
			if at, has := ent.ExpireAt(); has && at <= c.nowMs {
				c.expireNow(k, ent)
			}
		}
	}
	e.appendFound(c)
	e.unlock(c)
	c.mode = lockNone
	if len(c.detached) != 0 {
		e.freeLater(c.detached)
		c.detached = c.detached[:0]
	}
}

// finish clears what the command left, keeping capacity of ordinary size.
func (c *Ctx) finish() {
	if c.hits|c.misses != 0 {
		t := &c.client.busy().tallies
		t.hits += int64(c.hits)
		t.misses += int64(c.misses)
		c.hits, c.misses = 0, 0
	}
	c.dirty, c.replaced = 0, false
	c.shards.clear()
	c.writes.clear()
	if c.spent != nil {
		c.spent.release()
		c.spent = nil
	}
	if c.blocking == nil && len(c.effects)+len(c.events)+len(c.modified)+len(c.expired)+len(c.detached) == 0 && cap(c.keys) <= 64 {
		return
	}
	clear(c.effects)
	c.effects = c.effects[:0]
	clear(c.events)
	c.events = c.events[:0]
	clear(c.modified)
	c.modified = c.modified[:0]
	c.expired = c.expired[:0]
	clear(c.detached)
	c.detached = c.detached[:0]
	c.blocking = nil
	if cap(c.keys) > 64 {
		c.keys, c.refs, c.room = nil, nil, nil
	}
}

// account counts a finished command and shows it to observers that want it.
func (e *Engine) account(c *Ctx, cl *Client, tookNs int64) {
	cmd := c.cmd
	cl.count(cmd, tookNs, c.errReply)
	if cl.lastCmd.Load() != cmd {
		cl.lastCmd.Store(cmd)
	}
	if e.watching.Load() || tookNs >= e.slowNs.Load() {
		e.observe(c, cl, tookNs)
	}
}

// observeServed shows a command that waited to the observers that want it when it is done.
func (e *Engine) observeServed(cl *Client, w *waiter, tookNs int64) {
	list := e.observers.Load()
	if list == nil {
		return
	}
	start := e.clock.now().Add(-time.Duration(tookNs))
	for _, o := range *list {
		if s, ok := o.(ServedObserver); ok {
			s.Served(cl, w.cmd, w.args, w.db, start, time.Duration(tookNs))
		}
	}
}

func (e *Engine) observe(c *Ctx, cl *Client, tookNs int64) {
	list := e.observers.Load()
	if list == nil {
		return
	}
	start := e.clock.now().Add(-time.Duration(tookNs))
	for _, o := range *list {
		o.Executed(cl, c.cmd, c.Args, c.db, start, time.Duration(tookNs))
	}
}
