// Package persistence makes the data set outlive the process: RDB snapshots and the AOF,
// both in the formats and under the file names of Redis 7 (DESIGN.md, D4-D6). It implements
// core.Persistence.
//
//   - fs.go: the file system as a port.
//   - service.go: Service, which ties the halves together: load at start, shutdown, write errors.
//   - snapshot.go, snapshot_walk.go, snapshot_write.go: the state at one instant, taken from the
//     running process without fork and written in RDB form: for BGSAVE, the base of an AOF
//     rewrite and a replica's full sync.
//   - rdb_save.go, rdb_cron.go, rdb_load.go: SAVE, BGSAVE and save points; loading.
//   - aof*.go, manifest.go: the append-only directory.
//   - check_rdb.go, check_aof.go: the tools that examine files.
//
// # Invariants
//
//   - A file in use is never overwritten: what is new is written under a temporary name, flushed, renamed,
//     and the directory flushed.
//   - A damaged file stops the start. It is neither changed nor replaced.
//   - One process writes to a data directory: it holds the directory's lock.
//   - At most one snapshot of an engine runs at a time.
package persistence
