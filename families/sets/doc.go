// Package sets is the set family: SADD ... SSCAN.
//
// A set has one of three encodings, which OBJECT ENCODING names as Redis does:
//
//   - intset: integers only, up to set-max-intset-entries of them, sorted, in one packed block;
//   - listpack: up to set-max-listpack-entries members of at most set-max-listpack-value bytes, in one packed block (Redis
//     has this since 7.2; with set-max-listpack-entries 0 it is never chosen, which is 7.0's behaviour);
//   - hashtable: a keyspace.Dict whose keys are the members, without values.
//
// A set only ever moves down that list. view reads a value of any encoding, set builds or changes one, and edit is a set
// bound to its key. SUNION, SINTER and SDIFF stream members straight into the reply while they ask the other sets, so that no
// temporary set is built; algebra.go says when that would be slower.
//
// Commands with many arguments or members have a Weight and may run with their keys reserved: they use the value style of
// core.Ctx alone. Short ones change the entry in place.
package sets
