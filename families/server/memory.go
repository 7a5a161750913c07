package server

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

var memoryCommands = []core.Command{
	{
		Name: "MEMORY", Arity: -2,
		Group:      "server",
		Since:      "4.0.0",
		Complexity: "That of the subcommand.",
		Summary:    "Groups the commands about memory.",
	},
	{
		Name: "MEMORY|DOCTOR", Arity: 2,
		Flags:      core.Survey,
		Group:      "server",
		Since:      "4.0.0",
		Complexity: "O(1)",
		Summary:    "Says in words whether anything is wrong with the use of memory.",
		Tips:       []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
		Run:        memoryDoctor,
	},
	{
		Name: "MEMORY|HELP", Arity: 2,
		Flags:      core.Loading | core.Stale,
		Group:      "server",
		Since:      "4.0.0",
		Complexity: "O(1)",
		Summary:    "Describes the subcommands of MEMORY.",
		Run:        memoryHelp,
	},
	{
		Name: "MEMORY|MALLOC-STATS", Arity: 2,
		Flags:      core.Survey,
		Group:      "server",
		Since:      "4.0.0",
		Complexity: "O(N), N = shards",
		Summary:    "Shows the figures of the memory allocators.",
		Tips:       []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
		Run:        memoryMallocStats,
	},
	{
		Name: "MEMORY|PURGE", Arity: 2,
		Group:      "server",
		Since:      "4.0.0",
		Complexity: "O(N), N = free memory and live Go objects",
		Summary:    "Gives memory that is free back to the system.",
		Tips:       []string{"request_policy:all_shards", "response_policy:all_succeeded"},
		Run:        memoryPurge,
	},
	{
		Name: "MEMORY|STATS", Arity: 2,
		Flags:      core.Survey,
		Group:      "server",
		Since:      "4.0.0",
		Complexity: "O(1)",
		Summary:    "Tells what memory is used for.",
		Tips:       []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
		Run:        memoryStats,
	},
	{
		Name: "MEMORY|USAGE", Arity: -3,
		Flags:      core.ReadOnlyCmd,
		Keys:       core.KeyAt(2, core.ReadOnly),
		Group:      "server",
		Since:      "4.0.0",
		Complexity: "O(1): values know their size",
		Summary:    "Tells how many bytes a key and its value take.",
		Syntax:     "key@0 [count:integer=SAMPLES]",
		Run:        memoryUsage,
	},
}

// memoryUsage is exact: SAMPLES is checked and not needed.
func memoryUsage(c *core.Ctx) error {
	for i := 3; i < len(c.Args); i += 2 {
		if !protocol.IsWord(c.Args[i], "SAMPLES") || i+1 >= len(c.Args) {
			return protocol.ErrSyntax
		}
		n, ok := protocol.ParseInt(c.Args[i+1])
		if !ok {
			return protocol.ErrNotInt
		}
		if n < 0 {
			return protocol.ErrSyntax
		}
	}
	ent, ok := c.Peek(c.Key(0))
	if !ok {
		c.Reply.Null()
		return nil
	}
	c.Reply.Int(ent.MemoryUsage())
	return nil
}

// memoryStats prints Redis's fields; those of parts that are not here are zero.
func memoryStats(c *core.Ctx) error {
	e := c.Engine()
	m := readMemory(c)
	overhead, keys := m.overhead(), 0
	w := c.Reply
	stats := w.DeferMap()
	n := 0
	num := func(name string, v int64) { w.BulkString(name); w.Int(v); n++ }
	double := func(name string, v float64) { w.BulkString(name); w.Double(v); n++ }

	num("peak.allocated", m.peak)
	num("total.allocated", m.used)
	num("startup.allocated", m.base)
	num("replication.backlog", 0)
	num("clients.slaves", 0)
	num("clients.normal", m.clients)
	num("cluster.links", 0)
	num("aof.buffer", m.logBuffer)
	num("lua.caches", 0)
	num("functions.caches", 0)
	ks := e.Keyspace()
	for db := range ks.Databases() {
		size := ks.Len(db)
		if size == 0 {
			continue
		}
		keys += size
		n++
		w.BulkString(fmt.Sprintf("db.%d", db))
		w.Map(3)
		w.BulkString("overhead.hashtable.main")
		w.Int(int64(size) * slotBytes)
		w.BulkString("overhead.hashtable.expires")
		w.Int(int64(ks.Expires(db)) * deadlineBytes)
		w.BulkString("overhead.hashtable.slot-to-keys")
		w.Int(0)
	}
	dataset := m.used - overhead
	num("overhead.total", overhead)
	num("keys.count", int64(keys))
	num("keys.bytes-per-key", perKey(m.used-m.base, keys))
	num("dataset.bytes", dataset)
	double("dataset.percentage", percent(dataset, m.used-m.base))
	double("peak.percentage", percent(m.used, m.peak))
	num("allocator.allocated", m.allocated)
	num("allocator.active", m.active)
	num("allocator.resident", m.resident)
	double("allocator-fragmentation.ratio", ratio(m.active, m.allocated))
	num("allocator-fragmentation.bytes", m.active-m.allocated)
	double("allocator-rss.ratio", ratio(m.resident, m.active))
	num("allocator-rss.bytes", m.resident-m.active)
	double("rss-overhead.ratio", ratio(m.rss, m.resident))
	num("rss-overhead.bytes", m.rss-m.resident)
	double("fragmentation", ratio(m.rss, m.used))
	num("fragmentation.bytes", m.rss-m.used)
	w.SetDeferred(stats, n)
	return nil
}

// What a key costs in the keyspace beside its block, at the mean load of a leaf, and what its deadline does.
const (
	slotBytes     = 7
	deadlineBytes = 16
)

func perKey(bytes int64, keys int) int64 {
	if keys == 0 {
		return 0
	}
	return bytes / int64(keys)
}

// The doctor's thresholds: as a ratio, and as bytes below which a ratio says nothing.
const (
	doctorSmallest = 5 << 20
	doctorPeak     = 1.5
	doctorRatio    = 1.4
	doctorBytes    = 10 << 20
	doctorClient   = 200 << 10 // mean buffers of a client
)

func memoryDoctor(c *core.Ctx) error {
	e := c.Engine()
	m := readMemory(c)
	if m.used < doctorSmallest {
		c.Reply.Verbatim("txt", []byte("Too little data to examine: less than 5 MB are in use. Ask again when there is more.\n"))
		return nil
	}
	var found []string
	report := func(ill bool, format string, args ...any) {
		if ill {
			found = append(found, " * "+fmt.Sprintf(format, args...))
		}
	}
	report(ratio(m.peak, m.used) > doctorPeak,
		"Peak: at its peak the server used %s, %.1f times as much as now. What it kept from the system since shows in used_memory_rss.",
		human(m.peak), ratio(m.peak, m.used))
	report(ratio(m.active, m.allocated) > doctorRatio && m.active-m.allocated > doctorBytes,
		"Gaps: %s of the pages taken hold nothing. Deletions leave gaps; the server closes them in small steps.", human(m.active-m.allocated))
	report(ratio(m.rss, m.resident) > doctorRatio && m.rss-m.resident > doctorBytes,
		"Other memory: %s of the resident set belong to neither data nor Go's heap.", human(m.rss-m.resident))
	report(ratio(m.rss, m.used) > doctorRatio && m.rss-m.used > doctorBytes,
		"Resident size: the process occupies %.2f times the memory that its data needs. MEMORY PURGE gives free memory back at once.",
		ratio(m.rss, m.used))
	clients := int64(max(1, e.Clients().Len()))
	report(m.clients/clients > doctorClient,
		"Clients: their buffers take %s each on average. See CLIENT LIST for who reads slowly (omem) or sends much (qbuf).", human(m.clients/clients))
	if len(found) == 0 {
		c.Reply.Verbatim("txt", []byte("No memory problem found.\n"))
		return nil
	}
	c.Reply.Verbatim("txt", []byte("Memory problems found:\n\n"+strings.Join(found, "\n\n")+"\n"))
	return nil
}

func memoryMallocStats(c *core.Ctx) error {
	m := readMemory(c)
	var g runtime.MemStats
	runtime.ReadMemStats(&g)
	var b strings.Builder
	line := func(name string, n int64) { fmt.Fprintf(&b, "%-34s %14d  %s\n", name, n, human(n)) }
	b.WriteString("Keyspace (pages outside Go's heap)\n")
	line("  entries and leaves", m.keyspace.Blocks)
	line("  directories, books, wheels", m.keyspace.Overhead)
	line("  objects", m.keyspace.Objects)
	line("  pages held by tables", m.keyspace.Held)
	line("  pages in use", m.keyspace.Heap.InUse)
	line("  mapped", m.keyspace.Heap.Mapped)
	line("  resident", m.keyspace.Heap.Resident)
	b.WriteString("Go runtime (" + runtime.Version() + ")\n")
	line("  heap objects", int64(g.HeapAlloc))
	line("  heap in use", int64(g.HeapInuse))
	line("  heap idle", int64(g.HeapIdle))
	line("  heap released", int64(g.HeapReleased))
	line("  stacks", int64(g.StackInuse))
	line("  collector", int64(g.GCSys))
	line("  other", int64(g.OtherSys))
	line("  from the system", int64(g.Sys))
	line("  next collection at", int64(g.NextGC))
	fmt.Fprintf(&b, "  collections %d, goroutines %d, pauses %.3f ms in all\n", g.NumGC, runtime.NumGoroutine(), float64(g.PauseTotalNs)/1e6)
	c.Reply.Verbatim("txt", []byte(b.String()))
	return nil
}

func memoryPurge(c *core.Ctx) error {
	c.Engine().Keyspace().Scavenge(math.MaxInt64)
	debug.FreeOSMemory()
	c.Reply.OK()
	return nil
}

func memoryHelp(c *core.Ctx) error {
	c.Help(
		"DOCTOR",
		"    Whether anything is wrong with the use of memory.",
		"MALLOC-STATS",
		"    Figures of the allocators.",
		"PURGE",
		"    Gives free memory back to the system.",
		"STATS",
		"    What memory is used for.",
		"USAGE <key> [SAMPLES <count>]",
		"    Bytes that <key> and its value take. SAMPLES is accepted and not needed:",
		"    values know their size.",
	)
	return nil
}
