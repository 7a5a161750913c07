// Package hashes is the hash family: HSET ... HSCAN.
//
// A hash has one of two encodings, which OBJECT ENCODING names as Redis does:
//
//   - listpack: up to hash-max-listpack-entries fields, none of them nor their values longer than
//     hash-max-listpack-value bytes, as field, value, field, value ... in one packed block (see pairs, which is denser
//     than Redis's listpack; RDB files and DUMP get the latter);
//   - hashtable: a keyspace.Dict of fields and values.
//
// A hash that became a hashtable stays one. view reads a value of either encoding, hash builds or changes one, and edit is
// a hash bound to its key.
//
// Commands with many arguments have a Weight and may run with their key reserved: they use the value style of core.Ctx
// alone. Short ones change the entry in place: a value of the same encoded length is overwritten where it stands.
package hashes
