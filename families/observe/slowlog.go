package observe

import (
	"fmt"
	"sync"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

const slowFlags = core.Admin | core.Loading | core.Stale

func (f *family) slowlogCommands() []core.Command {
	return []core.Command{
		{
			Name: "SLOWLOG", Arity: -2,
			Group:      "server",
			Since:      "2.2.12",
			Complexity: "That of the subcommand.",
			Summary:    "Groups the commands about slow commands.",
		},
		{
			Name: "SLOWLOG|GET", Arity: -2,
			Flags:      slowFlags,
			Group:      "server",
			Since:      "2.2.12",
			Complexity: "O(N), N = entries returned",
			Summary:    "Shows the last slow commands.",
			Syntax:     "[count:integer]",
			History:    [][2]string{{"4.0.0", "Shows address and name of the client."}},
			Tips:       []string{"request_policy:all_nodes", "nondeterministic_output"},
			Run:        f.slowlogGet,
		},
		{
			Name: "SLOWLOG|HELP", Arity: 2,
			Flags:      core.Loading | core.Stale,
			Group:      "server",
			Since:      "6.2.0",
			Complexity: "O(1)",
			Summary:    "Describes the subcommands of SLOWLOG.",
			Run:        slowlogHelp,
		},
		{
			Name: "SLOWLOG|LEN", Arity: 2,
			Flags:      slowFlags,
			Group:      "server",
			Since:      "2.2.12",
			Complexity: "O(1)",
			Summary:    "Counts the slow commands that are kept.",
			Tips:       []string{"request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"},
			Run:        f.slowlogLen,
		},
		{
			Name: "SLOWLOG|RESET", Arity: 2,
			Flags:      slowFlags,
			Group:      "server",
			Since:      "2.2.12",
			Complexity: "O(N), N = entries kept",
			Summary:    "Forgets all slow commands.",
			Tips:       []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
			Run:        f.slowlogReset,
		},
	}
}

// Limits of what an entry keeps of a command.
const (
	slowMaxArgs = 32
	slowMaxArg  = 128 // bytes
)

// slowEntry is a slow command.
type slowEntry struct {
	id, unix, us int64
	args         [][]byte
	addr, name   string
}

// slowLog keeps the last slow commands, the oldest first.
type slowLog struct {
	mu      sync.Mutex
	nextID  int64
	entries []slowEntry
}

// add keeps a copy of the command, cut to the limits, and forgets the oldest above
// maxLen.
func (l *slowLog) add(c *core.Client, args [][]byte, start time.Time, us int64, maxLen int) {
	e := slowEntry{unix: start.Unix(), us: us, args: cutArgs(args), name: c.Name()}
	if conn := c.Conn(); conn != nil {
		e.addr = conn.RemoteAddr()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e.id = l.nextID
	l.nextID++
	l.entries = append(l.entries, e)
	l.drop(maxLen)
}

// trim forgets the oldest above maxLen.
func (l *slowLog) trim(maxLen int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(maxLen)
}

// drop is trim with mu held.
func (l *slowLog) drop(maxLen int) {
	if over := len(l.entries) - maxLen; over > 0 {
		clear(l.entries[:over])
		l.entries = l.entries[over:]
	}
}

func cutArgs(args [][]byte) [][]byte {
	out := make([][]byte, 0, min(len(args), slowMaxArgs))
	for i, a := range args {
		if i == slowMaxArgs-1 && len(args) > slowMaxArgs {
			return append(out, fmt.Appendf(nil, "... (%d more arguments)", len(args)-i))
		}
		if len(a) > slowMaxArg {
			a = fmt.Appendf(a[:slowMaxArg:slowMaxArg], "... (%d more bytes)", len(a)-slowMaxArg)
		} else {
			a = append([]byte(nil), a...)
		}
		out = append(out, a)
	}
	return out
}

// last copies up to n entries, the newest first; all with n < 0.
func (l *slowLog) last(n int64) []slowEntry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n < 0 || n > int64(len(l.entries)) {
		n = int64(len(l.entries))
	}
	out := make([]slowEntry, 0, n)
	for i := len(l.entries) - 1; len(out) < int(n); i-- {
		out = append(out, l.entries[i])
	}
	return out
}

// slowDefaultCount is how many SLOWLOG GET shows without a count.
const slowDefaultCount = 10

func (f *family) slowlogGet(c *core.Ctx) error {
	n := int64(slowDefaultCount)
	switch len(c.Args) {
	case 2:
	case 3:
		var ok bool
		if n, ok = protocol.ParseInt(c.Args[2]); !ok || n < -1 {
			return protocol.Error("ERR count should be greater than or equal to -1")
		}
	default:
		return protocol.SubcommandSyntax(c.Args[0], c.Args[1])
	}
	entries := f.slow.last(n)
	w := c.Reply
	w.Array(len(entries))
	for i := range entries {
		e := &entries[i]
		w.Array(6)
		w.Int(e.id)
		w.Int(e.unix)
		w.Int(e.us)
		w.Array(len(e.args))
		for _, a := range e.args {
			w.Bulk(a)
		}
		w.BulkString(e.addr)
		w.BulkString(e.name)
	}
	return nil
}

func (f *family) slowlogLen(c *core.Ctx) error {
	f.slow.mu.Lock()
	defer f.slow.mu.Unlock()
	c.Reply.Int(int64(len(f.slow.entries)))
	return nil
}

func (f *family) slowlogReset(c *core.Ctx) error {
	f.slow.mu.Lock()
	f.slow.entries = nil
	f.slow.mu.Unlock()
	c.Reply.OK()
	return nil
}

func slowlogHelp(c *core.Ctx) error {
	c.Help(
		"GET [<count>]",
		"    The last 10 or <count> slow commands, the newest first; -1 means all. Each is",
		"    id, time, duration in microseconds, arguments, address and name of the client.",
		"LEN",
		"    How many slow commands are kept.",
		"RESET",
		"    Forgets them.",
	)
	return nil
}
