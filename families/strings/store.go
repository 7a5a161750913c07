package strfamily

import (
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
)

// keepTTL is the deadline that leaves a key's TTL as it is.
const keepTTL = core.NoDeadline + 1

// Words of propagated commands.
var (
	setWord       = []byte("SET")
	delWord       = []byte("DEL")
	persistWord   = []byte("PERSIST")
	pexpireatWord = []byte("PEXPIREAT")
	pxatWord      = []byte("PXAT")
	keepttlWord   = []byte("KEEPTTL")
)

// put stores val under k, whose entry is e if found, whatever type it had. deadline is in milliseconds since the epoch,
// core.NoDeadline to have none, or keepTTL. In place where the old string has about the new one's size.
func put(c *core.Ctx, k core.Key, e keyspace.Entry, found bool, val []byte, deadline int64) {
	n, isInt := asInt(val)
	if !found || e.Type() != keyspace.String {
		v := core.Stored{Type: keyspace.String, Enc: keyspace.EncRaw, Packed: val}
		if isInt {
			v.Enc, v.Int, v.Packed = keyspace.EncInt, n, nil
		}
		if found {
			c.Store(k, v, deadline == keepTTL)
			if deadline > keepTTL {
				c.SetExpireAt(k, deadline)
			}
			return
		}
		if deadline == keepTTL {
			deadline = core.NoDeadline
		}
		c.Create(k, v, deadline)
		return
	}
	if deadline == core.NoDeadline {
		e.Persist()
	}
	if isInt {
		e.SetInt(n)
	} else {
		e.SetBytes(keyspace.EncRaw, val)
	}
	if deadline > keepTTL {
		e.SetExpireAt(deadline)
	}
}

// decimal is n's text in bytes of its own, for the effect log.
func decimal(n int64) []byte { return strconv.AppendInt(make([]byte, 0, maxIntLen), n, 10) }
