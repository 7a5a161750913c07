package core

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// Clients is the registry of connected clients by id: read by all, written
// under mu.
type Clients struct {
	mu      sync.Mutex
	byID    registryMap[int64, *Client]
	nextID  atomic.Int64
	count   atomic.Int64
	blocked atomic.Int64
	doomed  atomic.Int64
}

// firstID is that of the first client. Redis spends two ids on its script
// interpreters before.
const firstID = 3

func newClients() *Clients {
	cs := new(Clients)
	cs.nextID.Store(firstID - 1)
	return cs
}

// Len is the number of connected clients. O(1).
func (cs *Clients) Len() int { return int(cs.count.Load()) }

// Doomed is the number of clients that were killed and whose connection has not ended yet: nothing is sent to them.
func (cs *Clients) Doomed() int { return int(cs.doomed.Load()) }

// Blocked is the number of clients that wait in a blocking command.
func (cs *Clients) Blocked() int { return int(cs.blocked.Load()) }

// Get finds a client by id; nil when it is gone, or others have killed it.
func (cs *Clients) Get(id int64) *Client {
	if c, ok := cs.byID.Get(id); ok && !c.dying() {
		return c
	}
	return nil
}

// Each calls fn with the clients that All lists, in any order. O(N), no lock.
func (cs *Clients) Each(fn func(*Client)) {
	cs.byID.ForEach(func(_ int64, c *Client) bool {
		if !c.dying() {
			fn(c)
		}
		return true
	})
}

// All lists the clients in order of id, without those that Get does not find. O(N log N).
func (cs *Clients) All() []*Client {
	out := make([]*Client, 0, cs.Len())
	cs.Each(func(c *Client) { out = append(out, c) })
	slices.SortFunc(out, func(a, b *Client) int { return cmp.Compare(a.id, b.id) })
	return out
}

// NewClient registers a client. conn may be nil for one without connection,
// which is not listed.
func (e *Engine) NewClient(conn Conn) *Client {
	c := &Client{id: e.clients.nextID.Add(1), eng: e, conn: conn, created: e.clock.now().UnixNano()}
	c.yielder, _ = conn.(Yielder)
	c.W.Proto = 2
	c.lastSeen.Store(e.NowMs())
	c.multiLen.Store(-1)
	u, open := e.auth.Default()
	c.user = u // who it is by default, allowed in or not
	if open {
		c.Set(FlagAuthenticated)
	}
	if conn == nil {
		c.Set(FlagFake | FlagAuthenticated)
	} else {
		e.clients.mu.Lock()
		e.clients.byID.Set(c.id, c)
		e.clients.mu.Unlock()
		e.clients.count.Add(1)
		e.AddClientMemory(clientBase)
	}
	c.updateGates()
	return c
}

// CloseClient forgets a client whose connection is gone: its watches, its wait,
// its subscriptions. Owner only, once.
func (e *Engine) CloseClient(c *Client) {
	if c.killed.Swap(true) {
		defer e.clients.doomed.Add(-1)
	}
	if w := c.blocked.Load(); w != nil {
		c.CancelBlocked(nil)
		e.dequeue(w)
		c.endWait(w)
	}
	e.unwatch(c)
	e.discard(c)
	c.flushTally()
	c.mu.Lock()
	ext := c.ext
	c.ext = nil
	c.mu.Unlock()
	for _, v := range ext {
		if cl, ok := v.(interface{ ClientClosed(*Client) }); ok {
			cl.ClientClosed(c)
		}
	}
	if c.conn != nil {
		e.clients.mu.Lock()
		e.clients.byID.Del(c.id)
		e.clients.mu.Unlock()
		e.clients.count.Add(-1)
		e.AddClientMemory(-clientBase)
	}
}

// ResetClient is RESET: everything a new connection would be, but for the name
// space of its id. Owner only.
func (e *Engine) ResetClient(c *Client) {
	e.unwatch(c)
	e.discard(c)
	c.mu.Lock()
	ext := c.ext
	c.ext = nil
	c.mu.Unlock()
	for _, v := range ext {
		if cl, ok := v.(interface{ ClientClosed(*Client) }); ok {
			cl.ClientClosed(c)
		}
	}
	c.subscriptions.Store(0)
	c.Clear(FlagSubscribed | FlagMonitor | FlagTracking | FlagReadOnlyCluster | FlagNoTouch) // NO-EVICT stays, as in Redis
	c.SetDB(0)
	c.SetName("")
	c.replyOff, c.replySkipNext = false, false // a SKIP before RESET still swallows its reply
	u, ok := e.auth.Default()
	c.mu.Lock()
	c.user = u
	c.mu.Unlock()
	if ok {
		c.Set(FlagAuthenticated)
	} else {
		c.Clear(FlagAuthenticated)
	}
	c.SetProto(2)
}

// work is what a client needs while it has requests, and an idle one need not
// keep: ten thousand idle clients are the rule, not the exception.
type work struct {
	ctx     Ctx
	last    [8]remembered // by rememberedSlot
	tallies tallies
	own     []byte // pushed to the client by its own command
	after   []byte // likewise, but to come behind the reply
	message []byte // lent to the connections of subscribers
	atEnd   func(*Client)
	lastNs  int64 // when the last command of the present batch ended; 0 between batches
}

var workPool = sync.Pool{New: func() any { return new(work) }}

// busy returns the client's work, taking one from the pool after idling. Owner only.
func (c *Client) busy() *work {
	if c.work == nil {
		c.takeWork()
	}
	return c.work
}

func (c *Client) takeWork() {
	w := workPool.Get().(*work)
	if w.ctx.eng != c.eng { // the commands of another engine in this process
		w.last = [8]remembered{}
	}
	c.work = w
}

// Idle gives back what a client without input need not keep. Owner only.
func (c *Client) Idle() {
	w := c.work
	if w == nil {
		return
	}
	c.flushTally()
	c.work = nil
	if cap(w.ctx.scratch) > 64<<10 {
		w.ctx.scratch = nil
	}
	if cap(w.own)+cap(w.after)+cap(w.message) > 64<<10 {
		w.own, w.after, w.message = nil, nil, nil
	}
	if cap(w.ctx.refs) > 1024 {
		w.ctx.refs = nil
	}
	w.ctx.client, w.ctx.Args, w.ctx.Reply, w.ctx.keys = nil, nil, nil, nil
	w.ctx.keyBuf = [2]Key{}
	clear(w.ctx.room)
	w.ctx.room = w.ctx.room[:0]
	workPool.Put(w)
}

// AwaitDurable waits until what c was answered is as safe as appendfsync
// promises, and FLUSHALL as final as it is in Redis. The connection calls it before it writes replies.
func (e *Engine) AwaitDurable(c *Client) {
	if w := c.work; w != nil && w.tallies.dirty != 0 { // who has the reply finds the change counted
		e.stats.dirty.Add(w.tallies.dirty)
		w.tallies.dirty = 0
	}
	if c.lastOffset == 0 && !c.flushedAll {
		return
	}
	if c.lastOffset != 0 && e.RepliesWait() {
		e.Persistence().WaitDurable(c.lastOffset)
	}
	if w, ok := e.Persistence().(FlushWaiter); ok && c.flushedAll {
		w.WaitFlushed()
	}
	c.lastOffset, c.flushedAll = 0, false
}

// Durable is AwaitDurable if that need not wait, and false otherwise.
func (e *Engine) Durable(c *Client) bool {
	if c.flushedAll || c.lastOffset != 0 && e.RepliesWait() {
		return false
	}
	c.lastOffset = 0
	e.AwaitDurable(c)
	return true
}

// RepliesWait reports whether AwaitDurable waits for the disk at present, after a write.
func (e *Engine) RepliesWait() bool {
	p := e.Persistence()
	return p != nil && p.MustWait()
}

// CountProtocolError counts an error that no command caused.
func (e *Engine) CountProtocolError(msg string) { e.stats.countError(msg) }
