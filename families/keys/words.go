package keysfamily

import (
	"math"
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// Words of propagated commands.
var (
	delWord       = []byte("DEL")
	pexpireatWord = []byte("PEXPIREAT")
	absttlWord    = []byte("ABSTTL")
	restoreWord   = []byte("RESTORE") // sent by MIGRATE, as the next
	replaceWord   = []byte("REPLACE")
)

const errIntRange = protocol.Error("ERR value is out of range, value must between -2147483648 and 2147483647")

// database reads the number of a database. It returns protocol.ErrNotInt, errIntRange or protocol.ErrDBIndex.
func database(c *core.Ctx, arg []byte) (int, error) {
	n, ok := protocol.ParseInt(arg)
	switch {
	case !ok:
		return 0, protocol.ErrNotInt
	case n < math.MinInt32 || n > math.MaxInt32:
		return 0, errIntRange
	case n < 0 || n >= int64(c.Engine().Keyspace().Databases()):
		return 0, protocol.ErrDBIndex
	}
	return int(n), nil
}

// decimal is n's text in bytes of its own, for the effect log.
func decimal(n int64) []byte { return strconv.AppendInt(make([]byte, 0, 20), n, 10) }

// propagateDel makes the effect the deletion of k.
func propagateDel(c *core.Ctx, k core.Key) {
	if c.Propagates() {
		c.Propagate(delWord, k.Name)
	}
}
