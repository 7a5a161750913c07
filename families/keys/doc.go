// Package keysfamily is what concerns keys whatever their values: deleting, renaming, copying and moving them, their
// times to live, finding them, OBJECT, SORT, DUMP, RESTORE and MIGRATE, and the commands on whole databases.
//
//   - family.go: the list of commands; words.go: reading arguments.
//   - delete.go, rename.go, copy.go, expire.go, ttl.go, object.go: commands by topic, each spec beside its handler.
//   - scan.go: KEYS, SCAN, RANDOMKEY, TYPE; database.go: DBSIZE, FLUSHDB, FLUSHALL, SWAPDB.
//   - sort.go, sortby.go: SORT; dump.go: DUMP and RESTORE; migrate.go, migrate_link.go: MIGRATE.
//
// The family knows no value type. It works on all of them through core.TypeInfo: what can be saved can be copied and
// dumped, what lists its elements can be sorted.
//
// Nothing here holds a lock for longer than a look at one key, or at one piece of a shard: values leave the
// keyspace in O(1) and are freed in the background, KEYS and SCAN walk shard by shard, and
// copying, dumping or sorting a large value happens with its key reserved and no shard locked.
package keysfamily
