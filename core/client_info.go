package core

import "time"

// What CLIENT LIST, KILL and INFO show of a client beside its own accessors. All methods are safe
// from any goroutine.

// Subscriptions are the counts of a client's subscriptions by kind.
type Subscriptions struct{ Channels, Patterns, ShardChannels int }

// subscriptionCounter is what a family stores with SetExt to have its
// subscriptions shown.
type subscriptionCounter interface{ Subscriptions() Subscriptions }

// Subscriptions sums the counts of everything stored with SetExt that has a
// method Subscriptions() Subscriptions.
func (c *Client) Subscriptions() (sum Subscriptions) {
	for _, v := range c.exts() {
		if s, ok := v.(subscriptionCounter); ok {
			n := s.Subscriptions()
			sum.Channels += n.Channels
			sum.Patterns += n.Patterns
			sum.ShardChannels += n.ShardChannels
		}
	}
	return sum
}

// TrackingState is how CLIENT LIST shows client-side caching.
type TrackingState struct {
	Redirect int64 // the client that receives invalidations, 0 for the client itself
	Broken   bool  // that client is gone
	Bcast    bool
}

// Tracking reports the state that the tracking family stored with SetExt: any
// value with a method Tracking() TrackingState. ok is false without FlagTracking.
func (c *Client) Tracking() (st TrackingState, ok bool) {
	if !c.Has(FlagTracking) {
		return st, false
	}
	for _, v := range c.exts() {
		if t, found := v.(interface{ Tracking() TrackingState }); found {
			return t.Tracking(), true
		}
	}
	return st, true
}

// exts copies the values that families keep for the client, so that none is
// called with the client's mutex held.
func (c *Client) exts() []any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ext) == 0 {
		return nil
	}
	out := make([]any, 0, len(c.ext))
	for _, v := range c.ext {
		out = append(out, v)
	}
	return out
}

// WaitState tells whether the client waits in a blocking command, when that ends (zero:
// never), and the bytes of the arguments kept for it.
func (c *Client) WaitState() (waiting bool, until time.Time, argBytes int) {
	w := c.blocked.Load()
	if w == nil {
		return false, time.Time{}, 0
	}
	return true, w.until, int(w.argBytes())
}

// MultiMemory is the size of the queued commands in bytes.
func (c *Client) MultiMemory() int64 { return c.multiMem.Load() }

// RepliesOff reports CLIENT REPLY OFF. Owner only.
func (c *Client) RepliesOff() bool { return c.replyOff }

// SetMonitor makes the client a monitor: it may not touch the data, and no pause holds
// it. Owner only.
func (c *Client) SetMonitor() {
	c.Set(FlagMonitor)
	c.updateGates()
}

// SetTracking turns client-side caching on or off for the client: its reads are shown to
// what Engine.OnRead registered. Owner only.
func (c *Client) SetTracking(on bool) {
	if on {
		c.Set(FlagTracking)
	} else {
		c.Clear(FlagTracking)
		c.caching = nil
	}
	c.updateGates()
}

// SetCaching is CLIENT CACHING: it holds for the next command that is no subcommand of the
// same container, or the next transaction. by is the command that asks. Owner only.
func (c *Client) SetCaching(by *Command) { c.caching = by.parent }

// Caching reports whether SetCaching holds. Owner only.
func (c *Client) Caching() bool { return c.caching != nil }

// endCaching ends it after a command; cmd is nil for an unknown one.
func (c *Client) endCaching(cmd *Command) {
	if c.caching != nil && c.multi == nil && (cmd == nil || cmd.parent != c.caching) {
		c.caching = nil
	}
}

// Dirty reports whether a watched key was changed.
func (c *Client) Dirty() bool { return c.dirty.Load() }

// ClientKind is a client's class for CLIENT LIST TYPE and for output buffer limits.
type ClientKind uint8

const (
	KindNormal ClientKind = iota
	KindReplica
	KindPubSub
	KindPrimary
)

// Kind is the client's class, in Redis's order of precedence.
func (c *Client) Kind() ClientKind {
	switch f := c.Flags(); {
	case f&FlagPrimary != 0:
		return KindPrimary
	case f&FlagReplica != 0 && f&FlagMonitor == 0:
		return KindReplica
	case f&FlagSubscribed != 0:
		return KindPubSub
	}
	return KindNormal
}
