package server

import (
	"encoding/hex"
	"math"
	"strings"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

func (f *family) debugCommands() []core.Command {
	return []core.Command{{
		Name: "DEBUG", Arity: -2,
		Flags:      admin | core.AllKeys,
		Group:      "server",
		Since:      "1.0.0",
		Complexity: "That of the subcommand.",
		Summary:    "Looks inside, and makes states that tests need.",
		DocFlags:   []string{"syscmd"},
		Run:        f.debug,
	}}
}

// debugCommand is a subcommand of DEBUG: its arguments follow the name.
type debugCommand struct {
	name     string
	min, max int // how many arguments; max < 0 means any number
	run      func(f *family, c *core.Ctx, args [][]byte) error
}

var debugSubcommands = []debugCommand{
	{"AOF-FLUSH-SLEEP", 1, 1, debugAOFFlushSleep},
	{"ASSERT", 0, -1, debugAssert},
	{"CHANGE-REPL-ID", 0, 0, debugChangeReplID},
	{"CLIENT-EVICTION", 0, 0, debugClientEviction},
	{"CONFIG-REWRITE-FORCE-ALL", 0, 0, debugRewriteAll},
	{"DIGEST", 0, 0, debugDigest},
	{"DIGEST-VALUE", 0, -1, debugDigestValue},
	{"ERROR", 1, 1, debugError},
	{"HELP", 0, 0, debugHelp},
	{"LISTPACK", 1, 1, debugListpack},
	{"LOADAOF", 0, -1, debugLoadAOF},
	{"LOG", 1, 1, debugLog},
	{"OBJECT", 1, 1, debugObject},
	{"OOM", 0, -1, debugOOM},
	{"PANIC", 0, -1, debugPanic},
	{"PAUSE-CRON", 1, 1, debugPauseCron},
	{"POPULATE", 1, 3, debugPopulate},
	{"PROTOCOL", 1, 1, debugProtocol},
	{"QUICKLIST-PACKED-THRESHOLD", 1, 1, debugQuicklistThreshold},
	{"RELOAD", 0, -1, debugReload},
	{"REPLYBUFFER", 2, 2, debugReplyBuffer},
	{"SEGFAULT", 0, -1, debugSegfault},
	{"SET-ACTIVE-EXPIRE", 1, 1, debugSetActiveExpire},
	{"SET-SKIP-CHECKSUM-VALIDATION", 1, 1, debugSkipChecksums},
	{"SLEEP", 1, 1, debugSleep},
}

const errDebugRefused = protocol.Error("ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", " +
	"you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.")

func (f *family) debug(c *core.Ctx) error {
	if !permits(f.opts.enableDebug.Load(), c.Client()) {
		return errDebugRefused
	}
	args := c.Args[2:]
	for i := range debugSubcommands {
		d := &debugSubcommands[i]
		if protocol.IsWord(c.Args[1], d.name) && len(args) >= d.min && (d.max < 0 || len(args) <= d.max) {
			return d.run(f, c, args)
		}
	}
	return protocol.SubcommandSyntax(c.Args[0], c.Args[1])
}

// exclusively runs fn with all shards held: DEBUG has no key specs, so its keys are not locked
// before. EXEC holds all shards already, as DEBUG is marked AllKeys.
func exclusively(c *core.Ctx, fn func()) {
	if c.InTransaction() {
		fn()
		return
	}
	c.Engine().WithAllShards(fn)
}

// debugSleep holds every key for the time; commands without keys go on.
func debugSleep(_ *family, c *core.Ctx, args [][]byte) error {
	sec, _ := protocol.ParseFloat(args[0]) // as Redis: what is no number is 0
	sec = min(max(sec, 0), math.MaxInt32)
	exclusively(c, func() { time.Sleep(time.Duration(sec * float64(time.Second))) })
	c.Reply.OK()
	return nil
}

func debugSetActiveExpire(_ *family, c *core.Ctx, args [][]byte) error {
	n, _ := protocol.ParseInt(args[0]) // as Redis: what is no number is 0
	c.Engine().SetActiveExpire(n != 0)
	c.Reply.OK()
	return nil
}

func debugPauseCron(_ *family, c *core.Ctx, args [][]byte) error {
	n, _ := protocol.ParseInt(args[0]) // as Redis: what is no number is 0
	c.Engine().Debug().CronPaused.Store(n != 0)
	c.Reply.OK()
	return nil
}

func debugSkipChecksums(_ *family, c *core.Ctx, args [][]byte) error {
	n, _ := protocol.ParseInt(args[0]) // as Redis: what is no number is 0
	c.Engine().Debug().ChecksumsSkipped.Store(n != 0)
	c.Reply.OK()
	return nil
}

// debugAOFFlushSleep slows the AOF's writer down, which shows how commands get on with a slow disk.
func debugAOFFlushSleep(_ *family, c *core.Ctx, args [][]byte) error {
	n, _ := protocol.ParseInt(args[0]) // as Redis: what is no number is 0
	c.Engine().Debug().AOFFlushSleep.Store(max(n, 0))
	c.Reply.OK()
	return nil
}

// debugChangeReplID has the replication service change its id if there is one.
func debugChangeReplID(f *family, c *core.Ctx, _ [][]byte) error {
	if r, ok := c.Engine().Replication().(interface{ ChangeReplID() }); ok {
		r.ChangeReplID()
	} else {
		f.newReplID()
	}
	c.Engine().Logger().Warn("replication id changed by DEBUG CHANGE-REPL-ID")
	c.Reply.OK()
	return nil
}

func debugRewriteAll(_ *family, c *core.Ctx, _ [][]byte) error {
	return rewriteConfig(c, core.Process.RewriteAll)
}

func debugDigest(_ *family, c *core.Ctx, _ [][]byte) error {
	var sum [20]byte
	exclusively(c, func() { sum = c.DigestAll() })
	c.Reply.SimpleString(hex.EncodeToString(sum[:]))
	return nil
}

func debugDigestValue(_ *family, c *core.Ctx, args [][]byte) error {
	sums := make([][20]byte, len(args))
	exclusively(c, func() {
		for i, name := range args {
			ent, ok := c.Peek(c.OtherKey(name))
			if !ok {
				continue
			}
			if t := c.Engine().Registry().Type(ent.Type()); t != nil && t.Digest != nil {
				var d core.Digest
				_, volatile := ent.ExpireAt()
				d.AddValue(t, core.ValueOf(ent), volatile)
				sums[i] = d.Sum()
			}
		}
	})
	c.Reply.Array(len(sums))
	for i := range sums {
		c.Reply.SimpleString(hex.EncodeToString(sums[i][:]))
	}
	return nil
}

func debugError(_ *family, c *core.Ctx, args [][]byte) error {
	c.Reply.Error(string(args[0]))
	return nil
}

func debugLog(_ *family, c *core.Ctx, args [][]byte) error {
	c.Engine().Logger().Warn("DEBUG LOG", "message", string(args[0]))
	c.Reply.OK()
	return nil
}

// debugQuicklistThreshold takes a size with a unit; 0 restores the default.
func debugQuicklistThreshold(_ *family, c *core.Ctx, args [][]byte) error {
	n, ok := parseMemory(string(args[0]))
	if !ok || n > 1<<32 {
		return protocol.Error("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
	}
	c.Engine().Debug().QuicklistPackedThreshold.Store(n)
	c.Reply.OK()
	return nil
}

// parseMemory reads a number of bytes with a unit: k, m, g are powers of 1000, kb, mb, gb of 1024.
func parseMemory(s string) (int64, bool) {
	s = strings.ToLower(s)
	digits := strings.TrimRight(s, "bkmg")
	unit, ok := map[string]int64{"": 1, "b": 1, "k": 1e3, "kb": 1 << 10, "m": 1e6, "mb": 1 << 20, "g": 1e9, "gb": 1 << 30}[s[len(digits):]]
	n, isInt := protocol.ParseIntString(digits)
	if !ok || !isInt || n < 0 || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}

const errNoPersistence = protocol.Error("ERR this server keeps its data in memory alone: there is nothing to load from")

func debugReload(_ *family, c *core.Ctx, args [][]byte) error {
	var flags core.ReloadFlags
	for _, a := range args {
		switch {
		case protocol.IsWord(a, "MERGE"):
			flags.Merge = true
		case protocol.IsWord(a, "NOFLUSH"):
			flags.NoFlush = true
		case protocol.IsWord(a, "NOSAVE"):
			flags.NoSave = true
		default:
			return protocol.Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
		}
	}
	return reload(c, false, flags)
}

func debugLoadAOF(_ *family, c *core.Ctx, _ [][]byte) error {
	return reload(c, true, core.ReloadFlags{})
}

func reload(c *core.Ctx, aof bool, flags core.ReloadFlags) error {
	p := c.Engine().Persistence()
	if p == nil {
		return errNoPersistence
	}
	if c.InTransaction() {
		return protocol.Error("ERR loading the data set is not possible inside a transaction")
	}
	if err := p.Reload(aof, flags); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

func debugHelp(_ *family, c *core.Ctx, _ [][]byte) error {
	c.Help(
		"AOF-FLUSH-SLEEP <microseconds>",
		"    Has the AOF's writer wait that long before each write.",
		"ASSERT",
		"    Ends the process as a failed assertion does.",
		"CHANGE-REPL-ID",
		"    Gives the data set a new replication id.",
		"CLIENT-EVICTION",
		"    The clients by size, as maxmemory-clients counts them.",
		"CONFIG-REWRITE-FORCE-ALL",
		"    CONFIG REWRITE of every option, also of those that have their default.",
		"DIGEST",
		"    A sum over all data: equal for equal data, here and in Redis.",
		"DIGEST-VALUE <key> [<key> ...]",
		"    Such a sum for the value of each key.",
		"ERROR <string>",
		"    Replies with the string as an error.",
		"LISTPACK <key>",
		"    Writes the elements of a packed value to the log.",
		"LOADAOF",
		"    Empties the data set and loads it from the AOF.",
		"LOG <message>",
		"    Writes the message to the log.",
		"OBJECT <key>",
		"    Encoding, size when saved and last access of a value.",
		"OOM",
		"    Ends the process as a lack of memory does.",
		"PANIC",
		"    Ends the process as a panic does.",
		"PAUSE-CRON <0|1>",
		"    Stops or resumes what is done every so often.",
		"POPULATE <count> [<prefix>] [<size>]",
		"    Makes string keys <prefix>:<number> that are not there yet, without telling replicas.",
		"PROTOCOL <type>",
		"    A reply of that type: string, integer, double, bignum, null, array, set, map,",
		"    attrib, push, verbatim, true, false.",
		"QUICKLIST-PACKED-THRESHOLD <size>",
		"    From which size list elements are kept unpacked; 0 restores the default.",
		"RELOAD [NOSAVE] [NOFLUSH] [MERGE]",
		"    Saves the data set and loads it again. NOSAVE loads what was saved before, NOFLUSH",
		"    keeps what is there, MERGE lets loaded keys replace others.",
		"REPLYBUFFER <PEAK-RESET-TIME <NEVER|RESET|milliseconds>|RESIZING <0|1>>",
		"    Has no effect: connections own no reply buffer that could be resized.",
		"SEGFAULT",
		"    Ends the process as an access to memory that isn't there does.",
		"SET-ACTIVE-EXPIRE <0|1>",
		"    Whether keys that are due are deleted without being asked for.",
		"SET-SKIP-CHECKSUM-VALIDATION <0|1>",
		"    Whether checksums of payloads and snapshots are ignored.",
		"SLEEP <seconds>",
		"    Holds all keys for that time.",
	)
	return nil
}
