package core

import "unsafe"

// What clients take in memory: their connections tell of the buffers, core and the families of what they keep.

// clientBase is what a connection costs before its buffers, in bytes: core's state, the connection's, and a goroutine's stack.
const clientBase = 3 << 10

// watchBytes is what one watched key costs beside its name: the client's list, and its entry in the shard's map.
const watchBytes = int64(2*unsafe.Sizeof(watchedKey{}) + unsafe.Sizeof(watchEntry{}) + 64)

func watchMemory(k Key) int64 { return watchBytes + 2*int64(len(k.Name)) }

// AddMemory notes that n bytes more are kept for the client, or less: watched keys, subscriptions, tracking prefixes. Safe
// from any goroutine.
func (c *Client) AddMemory(n int64) { c.kept.Add(n) }

// KeptMemory is what the server keeps for the client beside its buffers, in bytes: what AddMemory was told, commands queued in
// MULTI, and the arguments of a command that waits. Safe from any goroutine.
func (c *Client) KeptMemory() int64 {
	n := c.kept.Load() + c.multiMem.Load()
	if w := c.blocked.Load(); w != nil {
		n += w.argBytes()
	}
	return n
}

// Memory is all that the client takes, in bytes: what CLIENT LIST shows and maxmemory-clients counts. Safe from any goroutine.
func (c *Client) Memory() int64 {
	n := clientBase + c.KeptMemory()
	if c.conn != nil {
		b := c.conn.Buffers()
		n += int64(b.Query + b.QueryFree + b.Output + b.Reply)
	}
	return n
}

// argBytes is the size of the arguments kept for the command that waits.
func (w *waiter) argBytes() (n int64) {
	for _, a := range w.args {
		n += int64(len(a))
	}
	return n
}

// AddClientMemory tells that the clients' buffers and what is kept for clients have grown by n bytes: it counts as used memory.
func (e *Engine) AddClientMemory(n int64) { e.clientBytes.Add(n) }

// ClientMemory is what all clients take together, in bytes. Connections may be a kilobyte each behind.
func (e *Engine) ClientMemory() int64 { return e.clientBytes.Load() }
