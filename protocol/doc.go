// Package protocol is Redis's wire format, with no server in it: RESP2 and RESP3 as bytes, the text forms of
// Redis's numbers, its glob patterns and its error lines. It imports nothing of Redust and keeps no state
// beyond the values its callers own, so that the server, the AOF, replication, families and tools share it.
//
// The map, in reading order:
//
//   - parser.go, inline.go: [Parser] cuts requests (arrays of bulk strings, or inline lines) out of a buffer that
//     the connection owns. Arguments are slices of that buffer; nothing is copied. [SplitArgs] is the quoting of
//     inline lines, which redis.conf and redis-cli use as well.
//   - ahead.go: [Ahead] finds the keys of requests that are not parsed yet.
//   - writer.go, deferred.go: [Writer] appends replies to a byte slice, in the protocol version of the client.
//     Replies whose length isn't known up front are deferred: [Writer.DeferArray], [Writer.SetDeferred].
//   - number.go, score.go, longdouble.go: integers and floats exactly as Redis reads and prints them. [LongDouble]
//     is the x87 80-bit number behind INCRBYFLOAT and HINCRBYFLOAT.
//   - glob.go: [Match], [MatchFold] and the compiled [Glob] of KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACL rules.
//   - errors.go: [Error], the reply of a failed command, and the texts that more than one package needs.
//   - reply.go, value.go, command.go: the client's side: [ReplyReader], [Reply] and [AppendCommand].
//
// What always holds: a length that a peer declares costs no memory until the bytes are there; nothing here
// panics, whatever the bytes; nothing recurses by a peer's wish beyond a stated depth. Values aren't safe
// for use by several goroutines at once, except [Glob], [Error] and the plain functions.
//
// What it doesn't do: read or write sockets (core/server), know commands (core), speak RESP3's streamed
// aggregates, which no Redis sends.
package protocol
