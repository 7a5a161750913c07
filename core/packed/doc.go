// Package packed holds Redis's pointer-free encodings of small collections: each is one []byte, the same byte for byte
// as Redis 7 keeps and dumps it, so that DUMP, RESTORE and RDB files are a copy.
//
//   - [Listpack]: a sequence of byte strings and integers, walked in both directions. Lists, hashes (field, value),
//     sorted sets (member, score) and small sets use it.
//   - [Intset]: a sorted array of integers in the narrowest of 16, 32 and 64 bits that holds them all.
//   - [Ziplist] and [Zipmap]: what Redis before 7.0 and before 2.6 wrote. They are only read, and turned into listpacks.
//
// The named slice types are assignable from and to []byte. Methods that change a value edit in place as long as the
// capacity suffices and return the slice, which may be a new one, as append does: a caller edits in a scratch buffer or
// directly in the block where the value lives. Nothing here allocates but that growth.
//
// Input from outside goes through ValidateListpack and its like first. They are safe on any bytes; every method is
// safe on what they accepted, and may panic (never read out of bounds) on what they did not.
//
// The package knows nothing of keys, commands or RDB types. A value is not safe for concurrent use while it is edited;
// readers never write, not even to cache a count, so any number of them may share one.
package packed

import "strconv"

// A FormatError says where and why bytes are not a valid packed value.
type FormatError struct {
	Format string // "listpack", "intset", "ziplist" or "zipmap"
	Offset int    // byte offset in the value
	Reason string
}

// Error gives the format, the offset and the reason in one line.
func (e *FormatError) Error() string {
	return e.Format + ": " + e.Reason + " at byte " + strconv.Itoa(e.Offset)
}
