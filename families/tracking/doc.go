// Package tracking is client-side caching: CLIENT TRACKING, CACHING, GETREDIR and TRACKINGINFO.
//
// The server remembers in a bounded table which client has read which key, and sends an
// invalidation when the key changes, expires, is evicted or flushed. In BCAST mode it remembers no
// reads: who is interested in a prefix hears of every change of a key that begins with it.
//
// Invariants:
//   - While no client tracks, core calls nothing of this package and the table is empty.
//   - A read is entered in the table with the key's shard locked, and a change is looked up after
//     its shard lock is released: no change that the reader has not seen goes unannounced.
//   - An invalidation never overtakes the reply it is about on the same connection: the
//     connection keeps pushes back while it answers a tracking client.
//   - As in Redis, the table knows keys by name, whatever their database.
//
// Lock order: a table stripe, or a prefix, or the list of prefixes; none is held while another is taken,
// nor while anything is sent.
package tracking
