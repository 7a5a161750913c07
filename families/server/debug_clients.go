package server

import (
	"fmt"
	"math/bits"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// What DEBUG shows of the clients' memory.

// Eviction buckets are powers of two: the first ends at 32 KB, the last begins at 4 GB.
const (
	firstBucketLog = 15
	lastBucketLog  = 33
)

// debugClientEviction shows the clients by size as maxmemory-clients sees them.
func debugClientEviction(f *family, c *core.Ctx, _ [][]byte) error {
	if f.opts.table.Int("maxmemory-clients").Load() == 0 {
		return protocol.Error("ERR maxmemory-clients is disabled.")
	}
	var sums, counts [lastBucketLog - firstBucketLog + 1]int64
	for _, cl := range c.Engine().Clients().All() {
		if cl.Has(core.FlagReplica | core.FlagPrimary | core.FlagNoEvict) {
			continue
		}
		n := cl.Memory()
		b := min(max(bits.Len64(uint64(n)), firstBucketLog), lastBucketLog) - firstBucketLog
		sums[b] += n
		counts[b]++
	}
	var out []byte
	for i := range sums {
		low := uint64(1) << (firstBucketLog + i - 1)
		if i == 0 {
			low = 0
		}
		out = fmt.Appendf(out, "bucket %10d", low)
		if i == len(sums)-1 {
			out = append(out, "+            : "...)
		} else {
			out = fmt.Appendf(out, " - %10d: ", uint64(1)<<(firstBucketLog+i)-1)
		}
		out = fmt.Appendf(out, "tot-mem: %10d, clients: %d\n", sums[i], counts[i])
	}
	c.Reply.Verbatim("txt", out)
	return nil
}

// debugReplyBuffer checks what it is told, and has nothing to do: no connection has a reply buffer of its own that would
// shrink when it is idle, or keeps one from a request to the next.
func debugReplyBuffer(_ *family, c *core.Ctx, args [][]byte) error {
	switch {
	case protocol.IsWord(args[0], "RESIZING"):
	case protocol.IsWord(args[0], "PEAK-RESET-TIME"):
		if protocol.IsWord(args[1], "NEVER") || protocol.IsWord(args[1], "RESET") {
			break
		}
		if _, ok := protocol.ParseInt(args[1]); !ok {
			return protocol.ErrNotInt
		}
	default:
		return protocol.SubcommandSyntax(c.Args[0], c.Args[1])
	}
	c.Reply.OK()
	return nil
}
