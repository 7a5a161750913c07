// Package server is the network side of an engine: listeners, connections,
// pipelining and output limits.
//
// On Linux connections are polled (loop_linux.go, ADR 0011): a loop asks the kernel which of its connections have
// input, reads and executes the requests of all of these, and then answers them. A request that waits or takes long leaves the
// loop to a new goroutine and goes on by itself (Conn.Yield, or the watch in loops.go), so nobody else waits for it; once it is
// answered the connection goes back to its loop. What it receives, and what it sends, goes by one system call for many connections where
// the kernel has io_uring (package sockets, ADR 0015). A busy loop lets input gather: by naps (pace_linux.go, ADR 0014), and before a slow
// flush of the disk (group_linux.go, ADR 0013). How many loops there are is the owner's choice: Server.Processors. Elsewhere, and for
// transports without a descriptor (TLS), a connection is a goroutine that reads from net.Conn (plain.go).
//
// Invariants:
//   - Between requests an idle connection owns no buffer: they go back to a pool.
//   - Replies go straight to the socket while it takes them and nothing is pending; a loop that sends those of many connections is in
//     charge of their lists meanwhile (conn.claim). Pushes go
//     to the connection's pending list; a flusher, or the publisher itself when its
//     requests are answered, writes all that is pending at once. What the socket does not
//     take is written by a goroutine that lives only as long as the list is not
//     empty, so neither requests nor pushes ever wait for a slow reader;
//     client-output-buffer-limit bounds the list.
//   - One goroutine at a time owns a connection, who set pollBusy: session, state and error are its own.
//   - A descriptor is closed when its owner and all who are writing to it have let go of it.
//   - A blocked client has a goroutine of its own, which sees the peer go away. Once the loop has
//     seen that, the client is served nothing any more.
//
// Lock order: conn.out.mu is innermost; nothing is called with it held.
package server
