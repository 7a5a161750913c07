// Package core runs commands: it knows what a command is, in which order it is checked, which locks it needs, where its effect goes, and who waits
// for it. It knows no command by name, opens no socket, and no file but one of the kernel's.
//
// # A family
//
// A server is a list of families ([Family]), passed to [New] as values. A family declares commands ([Command]) and, if it has values
// of its own kind, a type ([TypeInfo]); everything else reads the declaration: arity, locks, ACL, COMMAND INFO and DOCS, metrics.
//
//	func (family) Name() string { return "example" }
//	func (family) Register(r *core.Registry) {
//		r.Add([]core.Command{{
//			Name: "LONGEST", Arity: -2,
//			Flags:      core.ReadOnlyCmd,
//			Keys:       core.KeyRange(1, -1, 1, core.ReadOnly|core.AccessData),
//			Group:      "string", Since: "1.0.0", Complexity: "O(N), N = keys",
//			Summary:    "Returns the longest of the strings stored at several keys.",
//			Syntax:     "key@0...",
//			Run:        longest,
//		}})
//	}
//
// The whole of it, with its test, is in example_test.go. A declaration with a fault (a written key in a command that doesn't write, no summary, a name
// that is there already) stops the start, and all faults are reported at once.
//
// A family may also be a [Starter], [Closer], [Configurable] or [InfoSource]. Package coretest runs one in process, on a clock of its own.
//
// # A handler
//
// Run gets a [Ctx]: it reads arguments, finds and stores values, says what changed, and writes exactly one reply to Ctx.Reply, or returns an error
// before it has written any. A handler never locks: the key specs of the command are what is locked. What it must know:
//
//   - Arguments and packed values alias buffers that are used again: copy what is kept.
//   - The clock is read once a command (Ctx.Now), and stands still inside a transaction. A key that is due is not there.
//   - Ctx.Changed, or Ctx.Modified, after every change: that is what wakes waiting clients, fails EXEC of those who watch, invalidates caches and
//     counts for save points. The effect is the command as received unless Ctx.Propagate says otherwise, which it must where the outcome depends on
//     time, chance, waiting or the text of floats.
//   - A collection that becomes empty is removed: empty collections do not exist.
//   - Work on very many elements has a Weight, and then runs with its keys reserved and no shard locked: Ctx.Value, ValueWrite, Store, Update and Remove
//     do the right thing in both cases, Ctx.Find and its like are for commands without Weight.
//
// # The way of a request
//
//	dispatch.go    Handle: look-up, the checks in Redis's order, or into the queue of MULTI
//	ahead.go       the memory of keys that are asked for soon
//	locks.go       shards in ascending order, or reservations; docs/locks.md has all orders
//	ctx.go         what handlers see; create.go, lookup.go, reserved.go, whole.go: the rarer parts
//	exec.go        the call itself, the effect to the log while the locks are held, then events and waking
//	multi.go       queue, EXEC; watch.go: who watches what
//	blocking.go    clients that wait for keys, in arrival order
//	notify.go      keyspace events; broker.go: channels; push.go: what is no reply
//
// # The declarations
//
//	family.go, command.go, keyspec.go, syntax.go, types.go    what a family says
//	registry.go    gathers and checks it; rename.go: rename-command
//	ports.go       what core needs from outside: [Conn], [Authorizer], [Observer], [Persistence], [Replication], [Process]
//
// # Around them
//
//	engine.go, settings.go    Engine: made by New, Run starts cron.go: expiry, eviction, freeing, housekeeping
//	client.go, clients.go, client_info.go, client_memory.go    who is connected; pause.go, seal.go: who is held
//	memory.go, lru.go         used memory, access data, eviction
//	snapshot.go, load.go      a point-in-time picture going out, keys coming in; rewrite.go, digest.go: values as commands, as a sum
//	overdue.go                expired keys and the order of the log
//	stats.go, latency.go, long.go    what is counted, timed, announced
//
// Engine, Client's exported accessors and Broker may be used from several goroutines; a Ctx belongs to one.
package core
