package core

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/redust/redust/protocol"
)

// Client is one connection's state in the engine. Its goroutine owns it; what others
// read (CLIENT LIST, KILL, tracking) is atomic or under mu.
type Client struct {
	id      int64
	eng     *Engine
	conn    Conn
	yielder Yielder // conn, or nil
	created int64   // nanoseconds since the epoch

	// W takes the replies; the connection flushes it.
	W    protocol.Writer
	raw  []byte // the request at hand as it came, or nil; see HandleRaw
	work *work  // nil while the client is idle

	db    atomic.Int32
	flags atomic.Uint32 // ClientFlags
	gates uint32        // owner only: reasons to leave the fast path in dispatch
	multi *multiState
	// dirty is set by a writer that touches a watched key.
	dirty   atomic.Bool
	watched []watchedKey
	blocked atomic.Pointer[waiter]

	replyOff, replySkip, replySkipNext bool
	caching                            *Command // container of the command that gave CLIENT CACHING, or nil

	lastSeen   atomic.Int64 // engine milliseconds of the last request
	lastCmd    atomic.Pointer[Command]
	lastOffset int64 // effect-log offset that this client's replies depend on
	flushedAll bool  // it emptied all databases: its replies wait for the disk
	multiMem   atomic.Int64
	kept       atomic.Int64 // see AddMemory
	multiLen   atomic.Int32 // -1 outside MULTI
	netIn      atomic.Int64
	netOut     atomic.Int64

	mu    sync.Mutex   // guards the following
	names *clientNames // nil: none given
	user  User
	// Ext holds what families keep for a client (pub/sub, tracking), by ext key.
	ext map[any]any

	subscriptions atomic.Int32 // channels + patterns + shard channels
	killed        atomic.Bool
	resume        chan struct{} // Postponed: closed when the request may be tried again
}

// clientNames is what a client says about itself.
type clientNames struct{ name, lib, libVer string }

// setNames changes what the client says about itself. mu is held.
func (c *Client) setNames(f func(*clientNames)) {
	if c.names == nil {
		c.names = new(clientNames)
	}
	f(c.names)
	if *c.names == (clientNames{}) {
		c.names = nil
	}
}

// ClientFlags describe a client for checks and CLIENT LIST.
type ClientFlags uint32

const (
	FlagAuthenticated ClientFlags = 1 << iota
	FlagRESP3
	FlagMulti
	FlagDirtyExec // a queued command was refused: EXEC aborts
	FlagBlocked
	FlagSubscribed
	FlagMonitor
	FlagReplica
	FlagPrimary // the link from our primary
	FlagNoEvict
	FlagUnixSocket
	FlagTracking
	FlagCloseAfterReply
	FlagReadOnlyCluster
	FlagFake // loads the AOF, or runs a script: no connection
	FlagNoTouch
)

// ID is unique for the life of the engine and ascends with time.
func (c *Client) ID() int64 { return c.id }

// Conn is nil for a client without connection.
func (c *Client) Conn() Conn { return c.conn }

// DB is the selected database.
func (c *Client) DB() int { return int(c.db.Load()) }

// SetDB selects a database; the caller has checked the range.
func (c *Client) SetDB(n int) { c.db.Store(int32(n)) }

// Has reports whether any of the flags is set.
func (c *Client) Has(f ClientFlags) bool { return ClientFlags(c.flags.Load())&f != 0 }

// Flags returns all flags.
func (c *Client) Flags() ClientFlags { return ClientFlags(c.flags.Load()) }

// Set sets and Clear clears flags. Safe from any goroutine.
func (c *Client) Set(f ClientFlags)   { c.flags.Or(uint32(f)) }
func (c *Client) Clear(f ClientFlags) { c.flags.And(^uint32(f)) }

// Created is the time of connecting.
func (c *Client) Created() time.Time { return time.Unix(0, c.created) }

// Name is what CLIENT SETNAME gave.
func (c *Client) Name() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names == nil {
		return ""
	}
	return c.names.name
}

// SetName sets the connection name; empty removes it.
func (c *Client) SetName(s string) {
	c.mu.Lock()
	c.setNames(func(n *clientNames) { n.name = s })
	c.mu.Unlock()
}

// Lib returns CLIENT SETINFO's library name and version.
func (c *Client) Lib() (name, ver string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names == nil {
		return "", ""
	}
	return c.names.lib, c.names.libVer
}

// SetLib sets CLIENT SETINFO's values; nil leaves one as it is.
func (c *Client) SetLib(name, ver *string) {
	c.mu.Lock()
	c.setNames(func(n *clientNames) {
		if name != nil {
			n.lib = *name
		}
		if ver != nil {
			n.libVer = *ver
		}
	})
	c.mu.Unlock()
}

// User is who the client is, or would be by default.
func (c *Client) User() User { c.mu.Lock(); defer c.mu.Unlock(); return c.user }

// SetUser authenticates the client as u.
func (c *Client) SetUser(u User) {
	c.mu.Lock()
	c.user = u
	c.mu.Unlock()
	c.Set(FlagAuthenticated)
	c.updateGates()
}

// SetProto switches RESP2 and RESP3. Owner only.
func (c *Client) SetProto(v int) {
	c.W.Proto = v
	if v == 3 {
		c.Set(FlagRESP3)
	} else {
		c.Clear(FlagRESP3)
	}
	c.updateGates()
}

// Proto is 2 or 3. Safe from any goroutine.
func (c *Client) Proto() int {
	if c.Has(FlagRESP3) {
		return 3
	}
	return 2
}

// Ext returns what a family stored under key, or nil. Safe from any goroutine.
func (c *Client) Ext(key any) any { c.mu.Lock(); defer c.mu.Unlock(); return c.ext[key] }

// SetExt stores v under key; nil removes it.
func (c *Client) SetExt(key, v any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v == nil {
		delete(c.ext, key)
		return
	}
	if c.ext == nil {
		c.ext = map[any]any{}
	}
	c.ext[key] = v
}

// AddSubscriptions changes the number of subscriptions; above zero a RESP2
// client is in subscribed mode. Owner only.
func (c *Client) AddSubscriptions(delta int) int {
	n := c.subscriptions.Add(int32(delta))
	if n > 0 {
		c.Set(FlagSubscribed)
	} else {
		c.Clear(FlagSubscribed)
	}
	c.updateGates()
	return int(n)
}

// SetReplyMode is CLIENT REPLY: on, off, or skip for the next command.
func (c *Client) SetReplyMode(off, skipNext bool) {
	c.replyOff = off
	c.replySkipNext = skipNext
	if !off && !skipNext { // ON ends a SKIP at once: its own OK is sent
		c.replySkip = false
	}
	c.updateGates()
}

// LastCommand is the last command executed, or nil.
func (c *Client) LastCommand() *Command { return c.lastCmd.Load() }

// IdleMs is the time since the last request in milliseconds.
func (c *Client) IdleMs(nowMs int64) int64 { return max(0, nowMs-c.lastSeen.Load()) }

// MultiLen is the number of queued commands, -1 outside MULTI.
func (c *Client) MultiLen() int { return int(c.multiLen.Load()) }

// Watching is the number of watched keys. Owner only, or a quiet client.
func (c *Client) Watching() int { return len(c.watched) }

// NetBytes counts what was read and written.
func (c *Client) NetBytes() (in, out int64) { return c.netIn.Load(), c.netOut.Load() }

// CountNet is called by the connection.
func (c *Client) CountNet(in, out int) { c.netIn.Add(int64(in)); c.netOut.Add(int64(out)) }

// Kill closes the client: at once, or after its reply when it is the caller
// itself. A blocked client's wait is cancelled first.
func (c *Client) Kill(self bool) {
	c.Doom()
	if c.conn == nil {
		return
	}
	if self {
		c.Set(FlagCloseAfterReply)
		return
	}
	c.conn.Close(false)
}

// Doom marks a client whose connection is being closed: nothing is published to it any more.
func (c *Client) Doom() {
	if !c.killed.Swap(true) {
		c.eng.clients.doomed.Add(1)
	}
}

// Killed reports whether Kill or Doom was called.
func (c *Client) Killed() bool { return c.killed.Load() }

// dying tells that the client was killed by others: for them it is gone. Who kills itself still gets its reply.
func (c *Client) dying() bool { return c.killed.Load() && !c.Has(FlagCloseAfterReply) }

// Reasons of a client to leave the fast path.
const (
	gateChecks uint32 = 1 << iota // requests must go through every check
	gateMulti                     // a transaction is open
)

// updateGates recomputes whether requests must go through every check.
func (c *Client) updateGates() {
	g := c.gates & gateMulti
	if !c.Has(FlagAuthenticated) || c.Has(FlagSubscribed|FlagMonitor|FlagReplica|FlagPrimary|FlagTracking|FlagFake) ||
		c.replyOff || c.replySkip || c.replySkipNext || c.eng.restricted(c) {
		g |= gateChecks
	}
	c.gates = g
}
