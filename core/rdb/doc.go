// Package rdb is the format of Redis's snapshots and DUMP payloads: its checksum, compression, primitives and the
// encodings of values, without files and without a keyspace.
//
//   - [Encoder] appends header, fields, keys and values to a buffer, which goes to an io.Writer in chunks with a running
//     checksum, or stays in memory.
//   - [Decoder] reads them from an io.Reader or from memory: [Decoder.Next] walks a file, [Decoder.ReadList] and its like
//     hand one value to a sink, [Decoder.ReadRaw] keeps a value of which nobody knows the type, [Decoder.Skip] passes it.
//   - [AppendPayload] and [CheckPayload] wrap one value for DUMP and RESTORE.
//
// Written is version 10, as by Redis 7.0. Read is everything from Redis 1.0 to 7.2 (versions 1 to 11): old encodings
// reach a sink as the listpack that Redis would convert them to.
//
// Nothing that a file or payload says is believed: a declared length or count takes no memory until the data
// has come, packed values are walked before anyone gets to see them, and every error names the offset and the reason.
// Sanitizing adds what costs memory or time to know: duplicates and order.
//
// Reading order: types.go, encoder.go, decoder.go, value.go, stream.go.
package rdb
