// Package strfamily is the string family: SET and GET with all their options, counters, ranges, MGET and MSET, LCS.
//
//   - family.go: the family and its options; type.go: how a string is kept, saved, loaded and rewritten.
//   - get.go, set.go, many.go, counter.go, range.go, lcs.go: commands by topic, each spec beside its handler.
//   - options.go: the words after SET's and GETEX's arguments; store.go: writing a string where a key may be.
//
// A string whose text is that of a 64-bit integer is kept as the integer (keyspace.EncInt), as Redis does; all others
// are bytes in the entry's block. A string that was changed in place (APPEND, SETRANGE) has core.EncGrown as long
// as it is short, so that OBJECT ENCODING says raw where Redis would.
//
// All commands but LCS use the entry style of core.Ctx: the shard is locked, values are read and
// overwritten in place. GET allocates nothing, nor does SET over a value of about the same size.
package strfamily
