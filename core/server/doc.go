// Package server is the network side of an engine: listeners, connections,
// pipelining and output limits.
//
// A connection is one goroutine inside one syscall.RawConn.Read call (DESIGN.md,
// D3): the callback reads the socket, hands every complete request to the engine,
// writes the replies once and returns to wait for readiness. After a short
// read the socket is known to be drained, so no read is spent on EAGAIN. Transports
// without a raw descriptor (TLS) use the same code over net.Conn.
//
// Invariants:
//   - Between requests an idle connection owns no buffer: they go back to a pool.
//   - Replies go straight to the socket while it takes them and nothing is pending. Pushes go
//     to the connection's pending list; a flusher, or the publisher itself when its
//     requests are answered, writes all that is pending at once. What the socket does not
//     take is written by a goroutine that lives only as long as the list is not
//     empty, so neither requests nor pushes ever wait for a slow reader;
//     client-output-buffer-limit bounds the list.
//   - A blocked client keeps its goroutine in the same wait for readability, to see
//     the peer go away; it is woken through the read deadline.
//
// Lock order: conn.out.mu is innermost; nothing is called with it held.
package server
