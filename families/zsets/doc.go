// Package zsets is the sorted-set family: ZADD to ZSCAN, and the value type they share.
//
// A small sorted set is a listpack of pairs of member and score, in order, byte for byte as Redis keeps it. Beyond
// zset-max-listpack-entries members, or with a member above zset-max-listpack-value bytes, it is a [sortedSet]: a
// keyspace.Dict from member to score for look-ups, and a B+tree with counts over the Dict's elements for order and
// rank (docs/structures/zset.md).
//
// Commands read both forms through a view, which addresses elements by rank: every range, by rank, score or member, is
// a span of ranks. They change them through an editor, which converts on the way. ZUNION and its like gather
// their result in plain slices, or in a Dict if it is large, sort once, and load the tree in bulk.
//
// Plain sets are sources of ZUNION and its like as well: their forms (listpack, intset, *keyspace.Dict) are read
// directly, each member having score 1.
//
// Reading order: family.go, view.go, listpack.go, sortedset.go, tree.go, editor.go, then the commands.
package zsets
