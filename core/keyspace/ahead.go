package keyspace

// LookAhead fetches the memory in which keys will be looked up soon, so that the processor waits for that of all at once; by itself a
// look-up waits two times, one after the other. It holds the shards of the keys shared, all together for less than a microsecond, and
// skips those that it would have to wait for; so it needs no order of locks. At most MaxAhead keys count.
func (ks *Keyspace) LookAhead(db int, keys [][]byte) {
	var places [MaxAhead]Place
	var held [MaxAhead]*Shard
	keys = keys[:min(len(keys), MaxAhead)]
	for i, key := range keys {
		hash := ks.Hash(key)
		if sh := ks.Shard(ks.ShardIndex(hash)); sh.TryRLock() {
			held[i] = sh
			places[i] = ks.Place(db, hash)
		}
	}
	for i := range keys {
		places[i].Touch()
	}
	for _, sh := range held[:len(keys)] {
		if sh != nil {
			sh.RUnlock()
		}
	}
}

// MaxAhead is the largest number of keys that LookAhead fetches.
const MaxAhead = 16
