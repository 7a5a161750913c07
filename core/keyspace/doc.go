// Package keyspace is the store under all families: keys, values, deadlines, and the order of SCAN. It knows neither commands nor clients, and
// reads no clock but the one it is told.
//
// # Map
//
//	pageheap.go   PageHeap: 4 KiB pages and runs of them, outside the garbage collector's view, returned to the system by Scavenge
//	blocks.go     blocks: size classes, spans and refs of one table
//	arena.go      Arena: blocks that many objects share
//	index.go      index: extendible hashing, leaves, groups, walking in hash order; grow.go: split, join, directory
//	layout.go     what a block looks like
//	entry.go      Entry: reading; write.go: writing
//	table.go      table: one shard of one database: index, objects, wheels, accounting
//	wheel.go      the timing wheel; expire.go: working it off
//	keyspace.go   Keyspace and Shard: the way in
//	ahead.go      LookAhead: fetching the memory of several keys at once
//	scan.go       Scan, Random, Sample; snapshot.go: epochs and walking; compact.go: sparse spans
//	dict.go       Dict: the index alone, for large hashes, sets and sorted sets
//
// # Locks
//
// A Shard is a reader-writer lock; the caller takes it. Find and all of Entry that only reads, and SetAccess, need it shared, every write needs it
// exclusive. What walks (Scan, Random, Sample, ExpireDue, Compact) takes locks itself, one shard at a time and for a bounded time; with held it relies on a
// caller that has all of them. LookAhead tries the locks of several keys' shards and waits for none. FlushDB, SwapDB and BeginEpoch need all of
// them exclusively. Counters (Len, MemoryUsed) need none.
// Readers write nothing but access bits, which are atomic, so any number of them may share a shard.
//
// # Invariants
//
//   - A key is in the shard its hash's first bits name, in every database, and in the leaf the next bits name. Between its home group and its
//     group, every group has counted it as passed over; so a search may stop at the first group that nothing passed, and deletion leaves no tombstone.
//   - The position of a key in SCAN order is its hash. A cursor is the first 53 bits of the hash to go on from; nothing that happens to the table
//     moves a key across it.
//   - Every block handed out has exactly one owner: a slot of a leaf (entries), a leaf's record (leaves). Entries that move are found by hashing their
//     keys; their neighbours on the wheel and their slot are changed in the same critical section.
//   - An entry with a deadline is on exactly one wheel, in a slot whose time is not after the deadline's, unless fn of ExpireDue put it off.
//   - The counter of a shard is the sum of its tables' memory at every unlock: capacity of blocks in use, directories, the allocators' books, wheels, and
//     objects by the size they were stored with plus what ObjectResized told.
//   - No operation touches more than a leaf's entries (384), the block of its value, and, rarely, a directory (4 bytes for each 250 keys of a shard).
//
// CheckInvariants verifies them.
//
// # What it costs
//
// A key of 16 bytes with a value of 64 takes a block of 88 bytes and about 8.5 bytes of leaf; a TTL takes 16 more. GET waits for two cache lines:
// the group and the block. Each shard has pages of its own: of 10,000 keys with values of random size up to 1 KB, some 5 MB lie in half-used pages, of 100,000
// some 14 MB, of 300,000 some 25 MB. Blocks are pointer-free and off the Go heap, so that neither their number nor their size costs the collector anything.
package keyspace
