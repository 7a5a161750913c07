// Package effects is the one ordered log of what writes did (DESIGN.md, D4).
//
// A write appends the command that replays it while the locks of its keys are
// held, so for every key the order in the log is the order of execution. The
// AOF writer, the replication backlog, each replica's sender and observers are
// Readers, each at an offset of its own. An offset is the number of bytes appended
// since the log began; it never goes back.
//
// With no reader nothing is encoded: Active is one atomic load. Memory is held for
// what a reader has not released, in segments that are shared, never
// copied, and used again. A reader that lags holds writers back through Throttle, which is called
// before a command takes its locks.
//
// Lock order: the log's mutex is the innermost lock of the engine.
package effects
