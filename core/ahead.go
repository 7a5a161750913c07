package core

import "github.com/redust/redust/core/keyspace"

// lookAheadFrom is the size of the data set in bytes from which on LookAhead is worth what it costs: less is in the processor's caches anyway.
const lookAheadFrom = 1 << 20

// LooksAhead reports whether LookAhead is worth while.
func (e *Engine) LooksAhead() bool { return e.ks.MemoryNear() >= lookAheadFrom }

// MaxAhead is how many keys LookAhead fetches at once.
const MaxAhead = keyspace.MaxAhead

// LookAhead is told of keys, at most MaxAhead, that requests of c which are yet to be executed will ask for, most likely.
func (e *Engine) LookAhead(c *Client, keys [][]byte) { e.ks.LookAhead(int(c.db.Load()), keys) }
