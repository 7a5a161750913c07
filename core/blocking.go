package core

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

// Block is how a command wants to wait.
type Block struct {
	// Timeout is how long; 0 means without end.
	Timeout time.Duration
	// Keys to wait on; nil means all keys of the command.
	Keys []Key
	// Type that a key must have before the command is tried again.
	Type keyspace.Type
	// OnTimeout writes the reply when time is up, or at once where the command may
	// not wait (in a transaction); nil means a null array.
	OnTimeout func(w *protocol.Writer)
}

// waiter is a client that waits for one of its keys. It is queued at each key's
// shard; state decides who may finish it: the one who moves it on from waiting.
type waiter struct {
	client *Client
	cmd    *Command
	args   [][]byte // copies
	db     int
	seq    int64
	block  Block
	keys   []Key // waited on, names alias args
	state  atomic.Int32
	reply  []byte       // RESP, once state is waitDone
	after  []byte       // pushes to the client that serving it has caused; likewise
	offset int64        // in the effect log, on which the reply depends; likewise
	took   atomic.Int64 // ns that serving it took
	until  time.Time
	left   bool // the client is not counted as waiting any more; set before state says that it isn't
	// beganNs is what the first try took. Owner only.
	beganNs int64
}

const (
	waitWaiting int32 = iota
	waitServing       // somebody runs the command again
	waitDone          // reply is ready
	waitCancelled
)

// waitQueue is the clients that wait for a key, in order of arrival. list is guarded by the shard's lock.
type waitQueue struct {
	list []*waiter
	// serving is held by who serves the queue: without, of two writers one could serve the second client before
	// the first, or pass over a client that the other is just trying in vain. No other lock is held when it is
	// taken, and its holder waits for no other queue.
	serving sync.Mutex
}

// MayBlock reports whether the command may wait: not in a transaction, a script or
// while an AOF is loaded.
func (c *Ctx) MayBlock() bool { return !c.inExec && !c.client.Has(FlagFake) }

// Block makes the client wait, or writes the timeout's reply where it may not.
// The handler returns its result at once: `return c.Block(b)`.
func (c *Ctx) Block(b Block) error {
	if b.OnTimeout == nil {
		b.OnTimeout = (*protocol.Writer).NullArray
	}
	if !c.MayBlock() {
		b.OnTimeout(c.Reply)
		return nil
	}
	if c.serving != nil { // tried again, still nothing
		c.blocking = c.serving
		return nil
	}
	e := c.eng
	w := &waiter{client: c.client, cmd: c.cmd, db: c.db, block: b, seq: e.waiterSeq.Add(1)}
	w.args = cloneArgs(c.Args)
	keys := b.Keys
	if keys == nil {
		keys = c.keys
	}
	w.keys = make([]Key, 0, len(keys))
	for _, k := range keys {
		k.Name = w.args[k.pos]
		w.keys = append(w.keys, k)
	}
	if b.Timeout > 0 {
		w.until = time.Now().Add(b.Timeout)
	}
	e.countWait(c.cmd)
	c.client.Set(FlagBlocked) // before anybody can find w and end the wait
	e.clients.blocked.Add(1)
	for _, k := range w.keys {
		held := c.enter(k) // with keys reserved no shard is locked
		e.enqueue(w, k)
		held.leave()
	}
	c.client.blocked.Store(w)
	c.blocking = w
	return nil
}

// cloneArgs copies a request into one allocation for the bytes and one for the slices.
func cloneArgs(args [][]byte) [][]byte {
	n := 0
	for _, a := range args {
		n += len(a)
	}
	buf := make([]byte, 0, n)
	out := make([][]byte, len(args))
	for i, a := range args {
		at := len(buf)
		buf = append(buf, a...)
		out[i] = buf[at:len(buf):len(buf)]
	}
	return out
}

// enqueue puts w at the end of the key's queue, once. The shard is held exclusively.
func (e *Engine) enqueue(w *waiter, k Key) {
	s := &e.shards[k.shard]
	if s.waiters == nil {
		s.waiters = map[dbKey]*waitQueue{}
	}
	id := dbKey{k.DB, string(k.Name)}
	q := s.waiters[id]
	if q == nil {
		q = new(waitQueue)
		s.waiters[id] = q
		s.interested.Add(1)
	}
	for _, o := range q.list {
		if o == w {
			return
		}
	}
	q.list = append(q.list, w)
}

// dequeue removes w everywhere. No lock is held by the caller.
func (e *Engine) dequeue(w *waiter) {
	for _, k := range w.keys {
		shard, s := e.ks.Shard(k.shard), &e.shards[k.shard]
		id := dbKey{k.DB, string(k.Name)}
		shard.Lock()
		if q := s.waiters[id]; q != nil {
			for i, o := range q.list {
				if o == w {
					q.list = append(q.list[:i], q.list[i+1:]...)
					break
				}
			}
			if len(q.list) == 0 {
				delete(s.waiters, id)
				s.interested.Add(-1)
			}
		}
		shard.Unlock()
	}
}

// BlockDeadline is when the wait of a blocked client ends; zero means never.
// Owner only.
func (c *Client) BlockDeadline() time.Time {
	if w := c.blocked.Load(); w != nil {
		return w.until
	}
	return time.Time{}
}

// FinishBlocked is called by the connection after Wake or a deadline: done is
// false while the client still has to wait. The reply is in c.W then.
func (c *Client) FinishBlocked() (st Status, done bool) {
	w := c.blocked.Load()
	if w == nil {
		return c.after(), true
	}
	for {
		switch w.state.Load() {
		case waitWaiting:
			if w.until.IsZero() || time.Now().Before(w.until) {
				return Blocked, false
			}
			if w.state.CompareAndSwap(waitWaiting, waitCancelled) {
				c.eng.dequeue(w)
				mark := c.W.Mark()
				w.block.OnTimeout(&c.W)
				c.endReply(mark)
				return c.unblocked(w), true
			}
		case waitServing:
			time.Sleep(10 * time.Microsecond) // the server of this waiter is about to decide
		case waitDone, waitCancelled:
			failed := len(w.reply) != 0 && w.reply[0] == '-'
			if w.state.Load() == waitDone {
				c.served(w, failed)
			} else {
				c.eng.dequeue(w)
				if failed { // an error of the command itself is counted by who served it
					c.eng.stats.countError(string(w.reply))
				}
				if w.reply != nil {
					c.served(w, true) // CLIENT UNBLOCK counts as a failure, whatever it replies: as in Redis
				}
			}
			mark := c.W.Mark()
			c.lastOffset = max(c.lastOffset, w.offset)
			c.W.Raw(w.reply)
			c.endReply(mark)
			c.W.Raw(w.after)
			return c.unblocked(w), true
		}
	}
}

// served accounts for a command whose wait w was ended by another client; failed tells that the call counts as failed. A
// wait that ends by time or with the connection is neither slow nor in the histogram, as in Redis. Owner only.
func (c *Client) served(w *waiter, failed bool) {
	e, took := c.eng, w.took.Load()
	c.countServed(w.cmd, w.beganNs, took, failed)
	if total := w.beganNs + took; total >= e.slowNs.Load() {
		e.observeServed(c, w, total)
	}
}

// unblocked ends the wait w of the client, whose reply is in c.W. Owner only.
func (c *Client) unblocked(w *waiter) Status {
	c.endWait(w)
	return c.after()
}

// endWait ends the wait for the client itself. Owner only.
func (c *Client) endWait(w *waiter) {
	if c.blocked.CompareAndSwap(w, nil) {
		w.leave()
	}
}

// leave counts the client as not waiting any more, once. Whoever ends a wait does so before his own reply, as in Redis: the client may need some
// time to find out. Only for who has moved w on from waiting, or is its client.
func (w *waiter) leave() {
	if !w.left {
		w.left = true
		c := w.client
		c.lastSeen.Store(c.eng.NowMs()) // it is not idle yet
		c.Clear(FlagBlocked)
		c.eng.clients.blocked.Add(-1)
	}
}

// CancelBlocked ends a wait with the given reply bytes (nil: none): CLIENT
// UNBLOCK and clients that go away. It reports whether the client was waiting. While somebody
// serves the client it waits for what comes of that, so no shard may be held: see Ctx.Unblock.
// Safe from any goroutine.
func (c *Client) CancelBlocked(reply func(w *protocol.Writer)) bool {
	for {
		cancelled, serving := c.TryCancelBlocked(reply)
		if !serving {
			return cancelled
		}
		time.Sleep(10 * time.Microsecond)
	}
}

// TryCancelBlocked is CancelBlocked that waits for nobody and takes no lock: serving tells that the client
// is just being served, and nothing was done. The client's own goroutine takes it out of the queues.
func (c *Client) TryCancelBlocked(reply func(w *protocol.Writer)) (cancelled, serving bool) {
	w := c.blocked.Load()
	if w == nil {
		return false, false
	}
	if !w.state.CompareAndSwap(waitWaiting, waitServing) {
		return false, w.state.Load() <= waitServing
	}
	if reply != nil {
		pw := protocol.Writer{Proto: c.Proto()}
		reply(&pw)
		w.reply = pw.Buf
		if c.conn != nil {
			c.conn.Wake() // before the state, as in serve
		}
	}
	w.leave()
	w.state.Store(waitCancelled)
	return true, false
}

// Unblock is CancelBlocked of another client by a command. In a transaction, whose shards the server of a client may
// be waiting for, a client that is just being served counts as served.
func (c *Ctx) Unblock(cl *Client, reply func(w *protocol.Writer)) bool {
	if c.inExec {
		cancelled, _ := cl.TryCancelBlocked(reply)
		return cancelled
	}
	return cl.CancelBlocked(reply)
}

// CountFailed makes the command count as failed though its reply is no error: an error that it has given to another
// client counts as its own in Redis.
func (c *Ctx) CountFailed() { c.errReply = true }

// BlockTimeoutReply writes what the wait's end by time would reply: CLIENT UNBLOCK ... TIMEOUT.
func (c *Client) BlockTimeoutReply() func(w *protocol.Writer) {
	if w := c.blocked.Load(); w != nil {
		return w.block.OnTimeout
	}
	return nil
}

// serveReady serves the clients that wait for the given keys, in order of
// arrival. It is called without locks by whoever changed the keys, before its own reply is
// sent; serving may make further keys ready (BLMOVE), which are served in turn.
func (e *Engine) serveReady(keys []Key) {
	var queue []Key
	for _, k := range keys {
		if e.shards[k.shard].interested.Load() != 0 {
			queue = append(queue, k)
		}
	}
	for len(queue) > 0 {
		k := queue[0]
		queue = append(queue[1:], e.serveKey(k)...)
	}
}

// serveKey serves the clients that wait for k, one writer at a time, and returns the keys that doing so has changed.
func (e *Engine) serveKey(k Key) (changed []Key) {
	q := e.waitersOf(k)
	if q == nil {
		return nil
	}
	q.serving.Lock()
	defer q.serving.Unlock()
	var tried int64
	for {
		w := e.nextWaiter(q, k, tried)
		if w == nil {
			return changed
		}
		tried = w.seq
		changed = append(changed, e.serve(w, k)...)
	}
}

// waitersOf is the queue of k, or nil.
func (e *Engine) waitersOf(k Key) *waitQueue {
	shard, s := e.ks.Shard(k.shard), &e.shards[k.shard]
	shard.RLock()
	defer shard.RUnlock()
	return s.waiters[dbKey{k.DB, string(k.Name)}]
}

// nextWaiter returns the first client of q that waits for k after seq, if the key has a value now. A
// queue that was emptied meanwhile is no longer the key's: whoever waits in the next one came after the look
// that is to be made here.
func (e *Engine) nextWaiter(q *waitQueue, k Key, after int64) *waiter {
	shard := e.ks.Shard(k.shard)
	shard.RLock()
	defer shard.RUnlock()
	ent, ok := e.ks.Find(k.DB, k.hash, k.Name)
	if !ok {
		return nil
	}
	for _, w := range q.list {
		if w.seq > after && (w.block.Type == keyspace.None || w.block.Type == ent.Type()) && w.state.Load() <= waitServing {
			return w
		}
	}
	return nil
}

// serve runs the waiting command of w again for key k. It returns the keys that
// doing so has changed.
func (e *Engine) serve(w *waiter, k Key) []Key {
	if !w.claim() {
		return nil
	}
	if w.client.Killed() { // its connection is about to cancel the wait: nothing is taken for a reply that can't be sent
		w.state.Store(waitWaiting)
		return nil
	}
	pw := protocol.Writer{Proto: w.client.Proto()}
	startNs, ms := e.clock.read()
	c := &Ctx{Args: w.args, Reply: &pw, eng: e, client: w.client, cmd: w.cmd, db: w.db, nowMs: ms, serving: w, ready: k}
	err := e.perform(c)
	if s, sealed := err.(*seal); sealed {
		w.state.Store(waitWaiting)
		if s.owe(k) {
			return nil
		}
		return e.serve(w, k)
	}
	again := c.blocking != nil
	if err != nil && !again {
		c.fail(0, err)
	}
	if !again {
		w.took.Store(e.clock.after(startNs) - startNs)
		e.dequeue(w)
	}
	// Who waits for the keys that were changed is the caller's affair.
	changed := append([]Key(nil), c.modified...)
	c.modified = nil
	e.conclude(c)
	if f := e.onModified.Load(); f != nil && len(changed) > 0 {
		(*f)(c, changed)
	}
	if again {
		if len(w.after) != 0 {
			w.client.Push(nil, w.after)
			w.after = nil
		}
		w.state.Store(waitWaiting)
		return changed
	}
	e.stats.hits.Add(int64(c.hits))
	e.stats.misses.Add(int64(c.misses))
	w.reply = pw.Buf
	w.leave()
	w.client.conn.Wake() // before the state: a connection that has gone on must not be woken any more
	w.state.Store(waitDone)
	return changed
}

// claim moves w from waiting to serving. While another writer, at another key of w, is trying, it waits for what comes
// of that, or w would miss this key; false when w waits no more.
func (w *waiter) claim() bool {
	for !w.state.CompareAndSwap(waitWaiting, waitServing) {
		if w.state.Load() >= waitDone {
			return false
		}
		time.Sleep(10 * time.Microsecond)
	}
	return true
}

// ReadyKey is the key that became ready when a waiting command is tried again:
// of several keys, only this one is looked at. ok is false on the first try.
func (c *Ctx) ReadyKey() (k Key, ok bool) {
	if c.serving == nil {
		return Key{}, false
	}
	for _, own := range c.keys {
		if string(own.Name) == string(c.ready.Name) {
			return own, true
		}
	}
	return Key{}, false
}
