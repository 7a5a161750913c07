package core

import (
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
	reply  []byte // RESP, once state is waitDone
	began  int64  // engine monotonic ns
	until  time.Time
}

const (
	waitWaiting int32 = iota
	waitServing       // somebody runs the command again
	waitDone          // reply is ready
	waitCancelled
)

type waitQueue struct{ list []*waiter }

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
	w := &waiter{client: c.client, cmd: c.cmd, db: c.db, block: b, seq: e.waiterSeq.Add(1), began: e.clock.mono()}
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
	c.client.blocked.Store(w)
	for _, k := range w.keys {
		e.enqueue(w, k)
	}
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

// park ends the request of a client that now waits.
func (e *Engine) park(c *Client) Status {
	c.Set(FlagBlocked)
	e.clients.blocked.Add(1)
	return Blocked
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
				w.block.OnTimeout(&c.W)
				return c.unblocked(w), true
			}
		case waitServing:
			time.Sleep(10 * time.Microsecond) // the server of this waiter is about to decide
		case waitDone:
			c.W.Raw(w.reply)
			return c.unblocked(w), true
		case waitCancelled:
			c.eng.dequeue(w)
			if w.reply != nil {
				c.W.Raw(w.reply)
			}
			return c.unblocked(w), true
		}
	}
}

func (c *Client) unblocked(w *waiter) Status {
	c.blocked.Store(nil)
	c.Clear(FlagBlocked)
	e := c.eng
	e.clients.blocked.Add(-1)
	c.count(w.cmd, e.clock.mono()-w.began, false)
	c.lastSeen.Store(e.NowMs())
	return c.after()
}

// CancelBlocked ends a wait with the given reply bytes (nil: none): CLIENT
// UNBLOCK and clients that go away. It reports whether the client was waiting.
// Safe from any goroutine.
func (c *Client) CancelBlocked(reply func(w *protocol.Writer)) bool {
	for {
		w := c.blocked.Load()
		if w == nil {
			return false
		}
		switch w.state.Load() {
		case waitWaiting:
			var b []byte
			if reply != nil {
				pw := protocol.Writer{Proto: c.Proto()}
				reply(&pw)
				b = pw.Buf
			}
			if !w.state.CompareAndSwap(waitWaiting, waitServing) {
				continue
			}
			w.reply = b
			w.state.Store(waitCancelled)
			c.eng.dequeue(w)
			if reply != nil && c.conn != nil {
				c.conn.Wake()
			} else if reply == nil {
				c.blocked.Store(nil)
				c.Clear(FlagBlocked)
				c.eng.clients.blocked.Add(-1)
			}
			return true
		case waitServing:
			time.Sleep(10 * time.Microsecond)
		default:
			return false
		}
	}
}

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
		queue = queue[1:]
		var tried int64
		for {
			w := e.nextWaiter(k, tried)
			if w == nil {
				break
			}
			tried = w.seq
			queue = append(queue, e.serve(w, k)...)
		}
	}
}

// nextWaiter returns the first client that waits for k after seq, if the key has a value now.
func (e *Engine) nextWaiter(k Key, after int64) *waiter {
	shard, s := e.ks.Shard(k.shard), &e.shards[k.shard]
	shard.RLock()
	defer shard.RUnlock()
	if len(s.waiters) == 0 {
		return nil
	}
	q := s.waiters[dbKey{k.DB, string(k.Name)}]
	if q == nil {
		return nil
	}
	ent, ok := e.ks.Find(k.DB, k.hash, k.Name)
	if !ok {
		return nil
	}
	for _, w := range q.list {
		if w.seq > after && (w.block.Type == keyspace.None || w.block.Type == ent.Type()) && w.state.Load() == waitWaiting {
			return w
		}
	}
	return nil
}

// serve runs the waiting command of w again for key k. It returns the keys that
// doing so has changed.
func (e *Engine) serve(w *waiter, k Key) []Key {
	if !w.state.CompareAndSwap(waitWaiting, waitServing) {
		return nil
	}
	pw := protocol.Writer{Proto: w.client.Proto()}
	_, ms := e.clock.read()
	c := &Ctx{Args: w.args, Reply: &pw, eng: e, client: w.client, cmd: w.cmd, db: w.db, nowMs: ms, serving: w, ready: k}
	err := e.perform(c)
	if c.blocking != nil {
		w.state.Store(waitWaiting)
		return nil
	}
	if err != nil {
		c.fail(0, err)
	}
	w.reply = pw.Buf
	w.state.Store(waitDone)
	e.dequeue(w)
	changed := append([]Key(nil), c.modified...)
	c.modified = nil
	e.conclude(c)
	if f := e.onModified.Load(); f != nil && len(changed) > 0 {
		(*f)(w.client, changed)
	}
	e.stats.hits.Add(int64(c.hits))
	e.stats.misses.Add(int64(c.misses))
	w.client.conn.Wake()
	return changed
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
