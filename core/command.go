package core

// Command is the specification of one command: the single source for arity,
// locks, ACL categories, COMMAND INFO and DOCS, metrics labels and coverage.
// A subcommand is a Command of its own, named "CONTAINER|SUB".
type Command struct {
	// Name is upper case; a subcommand is "CONFIG|GET".
	Name string
	// Arity counts the name (and the subcommand); -3 means three or more.
	Arity int
	Flags Flags
	// Keys tells which arguments are keys and how they are accessed. Core
	// locks their shards: shared when every access is ReadOnly, else exclusive.
	Keys KeySpecs
	// FindKeys replaces Keys for commands whose keys no static spec can find
	// (SORT ... STORE, EVAL): it returns the argument positions with access.
	FindKeys func(args [][]byte) ([]KeyRef, error)
	// KeyAccess tells, for key specs marked VariableFlags, what these arguments make of
	// the access (SET without GET only overwrites). Nil means what the specs say.
	KeyAccess func(args [][]byte) Access
	// Elsewhere adds keys in databases other than the client's (MOVE, COPY ... DB) to
	// those that Keys found: they are locked and reserved with them, follow them in
	// Ctx.Keys, and are not shown to clients. Nil means none.
	Elsewhere func(c *Ctx, args [][]byte, keys []Key) []Key

	Group      string // "string", "list" ...: the group of COMMAND DOCS
	Since      string // Redis version that introduced it
	Complexity string
	Summary    string
	// Syntax describes the arguments for COMMAND DOCS in the notation of
	// ParseSyntax.
	Syntax string
	// History lists behaviour changes: version and what came, in pairs.
	History [][2]string
	// Deprecated is the version that deprecated the command, ReplacedBy what to use instead.
	Deprecated, ReplacedBy string
	DocFlags               []string // extra doc flags beside "deprecated", e.g. "syscmd"
	// Tips are COMMAND INFO's hints for clients, e.g. "nondeterministic_output".
	Tips []string
	// ACL adds categories beside those that follow from Flags.
	ACL Category

	// Run handles the command. It gives exactly one reply through c.Reply or
	// returns an error before writing any. Nil only for a container.
	Run func(c *Ctx) error
	// Secrets gives the positions of arguments that MONITOR and SLOWLOG must not
	// show: passwords. Nil means none.
	Secrets func(args [][]byte) []int
	// Weight estimates, with the shard locks held, how many elements Run will
	// touch. Above Engine's limit the command runs with its keys reserved
	// instead of its shards locked. Nil means cheap.
	Weight func(c *Ctx) int

	// filled in by the registry
	id       int
	lower    string
	sub      map[string]*Command
	subs     []*Command
	parent   *Command
	renamed  bool // by rename-command
	movable  bool
	oneKey   int  // argument position when there is exactly one static key, else 0
	keyRange bool // exactly one key spec, from a fixed position to the last argument
	keyWrite bool
	category Category
	args     []Arg
	stats    *CommandStats
}

// Flags are the command flags of COMMAND INFO, plus core's own.
type Flags uint64

const (
	Write Flags = 1 << iota
	ReadOnlyCmd
	DenyOOM
	Admin
	PubSub
	NoScript
	Blocking
	Loading // allowed while loading
	Stale   // allowed on a stale replica
	SkipMonitor
	SkipSlowlog
	Asking
	Fast
	NoAuth
	MayReplicate
	NoMandatoryKeys
	NoAsyncLoading
	NoMulti
	AllowBusy
	// The following are core's own and not shown.
	// AllKeys: touches keys outside its key specs; EXEC must hold all shards.
	AllKeys
	// AllShards: core locks every shard exclusively before Run (FLUSHALL, SWAPDB).
	AllShards
	// InnerCommands: runs other commands (EXEC, EVAL); locks are its affair.
	InnerCommands
	// SubscribedOK: allowed in RESP2's subscribed mode.
	SubscribedOK
	// NoQueue: executed at once inside MULTI (EXEC, DISCARD, WATCH, QUIT, RESET).
	NoQueue
	// PauseExempt: not held by CLIENT PAUSE.
	PauseExempt
	// RefusedWithWrites: refused like a write while the disk fails (PING).
	RefusedWithWrites
	// LockExclusive: locks exclusively whatever its key specs say (WATCH).
	LockExclusive
	// NoPropagate: a write that never reaches the effect log by itself.
	NoPropagate
	// EndsMulti: a way out of MULTI, never refused for want of memory (EXEC, DISCARD, QUIT, RESET).
	EndsMulti
	// Survey: shows Ctx.KeyspaceMemory, which takes shard locks: EXEC looks before it takes its own.
	Survey
)

var flagNames = []string{
	"write", "readonly", "denyoom", "admin", "pubsub", "noscript", "blocking", "loading", "stale",
	"skip_monitor", "skip_slowlog", "asking", "fast", "no_auth", "may_replicate", "no_mandatory_keys", "no_async_loading",
	"no_multi", "allow_busy",
}

// Names lists the flags as COMMAND INFO prints them; may_replicate it doesn't.
func (f Flags) Names() []string {
	var out []string
	f &^= MayReplicate
	for i, n := range flagNames {
		if f&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}

// Access says what a command does with a key, in the words of Redis's key
// specs: exactly one of ReadOnly, ReadWrite, Overwrite, Remove, and any of the
// logical flags.
type Access uint16

const (
	ReadOnly  Access = 1 << iota // RO
	ReadWrite                    // RW
	Overwrite                    // OW
	Remove                       // RM
	AccessData
	Update
	Insert
	Delete
	NotKey
	Incomplete
	VariableFlags
)

var accessNames = []string{"RO", "RW", "OW", "RM", "access", "update", "insert", "delete", "not_key", "incomplete", "variable_flags"}

// Names lists the flags as COMMAND INFO prints them.
func (a Access) Names() []string {
	var out []string
	for i, n := range accessNames {
		if a&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}

func (a Access) exclusive() bool { return a&ReadOnly == 0 }

// Category is a set of ACL categories.
type Category uint32

const (
	CatKeyspace Category = 1 << iota
	CatRead
	CatWrite
	CatSet
	CatSortedSet
	CatList
	CatHash
	CatString
	CatBitmap
	CatHyperloglog
	CatGeo
	CatStream
	CatPubSub
	CatAdmin
	CatFast
	CatSlow
	CatBlocking
	CatDangerous
	CatConnection
	CatTransaction
	CatScripting
)

// CategoryNames are the ACL category names, in bit order.
var CategoryNames = []string{
	"keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap",
	"hyperloglog", "geo", "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection",
	"transaction", "scripting",
}

// Names lists the categories with their @, as COMMAND INFO prints them.
func (c Category) Names() []string {
	var out []string
	for i, n := range CategoryNames {
		if c&(1<<i) != 0 {
			out = append(out, "@"+n)
		}
	}
	return out
}

// implied gives the categories that follow from the flags, as Redis derives them.
func (f Flags) implied() Category {
	var c Category
	if f&Write != 0 {
		c |= CatWrite
	}
	if f&ReadOnlyCmd != 0 {
		c |= CatRead
	}
	if f&Admin != 0 {
		c |= CatAdmin | CatDangerous
	}
	if f&PubSub != 0 {
		c |= CatPubSub
	}
	if f&Blocking != 0 {
		c |= CatBlocking
	}
	if f&Fast != 0 {
		c |= CatFast
	} else {
		c |= CatSlow
	}
	return c
}

// Accessors for what the registry fills in.

// ID is the command's dense number within its registry.
func (c *Command) ID() int { return c.id }

// FullName is the lower-case name as COMMAND INFO prints it: "config|get".
func (c *Command) FullName() string { return c.lower }

// Subcommands are in order of registration; nil for a plain command.
func (c *Command) Subcommands() []*Command { return c.subs }

// Parent is the container of a subcommand, or nil.
func (c *Command) Parent() *Command { return c.parent }

// Categories are all ACL categories, implied and explicit.
func (c *Command) Categories() Category { return c.category }

// MovableKeys reports whether key positions depend on the arguments' values.
func (c *Command) MovableKeys() bool { return c.movable }

// Arguments is the parsed Syntax.
func (c *Command) Arguments() []Arg { return c.args }

// Stats are the command's counters.
func (c *Command) Stats() *CommandStats { return c.stats }

// ArityOK reports whether n arguments (name included) are acceptable.
func (c *Command) ArityOK(n int) bool {
	return n == c.Arity || (c.Arity < 0 && n >= -c.Arity)
}
