package keyspace

import "unsafe"

// unfinishedEpochs is how many epochs may begin without one being walked to its end. An epoch is a byte: an entry left over from
// 256 epochs ago would look as if it had been walked.
const unfinishedEpochs = 200

// Epoch returns the current snapshot epoch. Needs any shard's lock.
func (ks *Keyspace) Epoch() uint8 { return ks.epoch }

// BeginEpoch starts a new snapshot: every entry there is now has an epoch other than the one returned, every entry put from now on has it. The caller holds all locks
// exclusively. Constant time, but for every 200th time in a row that a snapshot is given up (EndEpoch not called), when all entries are touched.
func (ks *Keyspace) BeginEpoch() uint8 {
	if ks.unfinished++; ks.unfinished > unfinishedEpochs {
		for i := range ks.shards {
			for d := range ks.databases {
				for pos, done := uint64(0), false; !done; {
					pos, done = ks.WalkShard(i, d, pos, 1<<20, func(e Entry) { e.SetEpoch(ks.epoch) })
				}
			}
		}
		ks.unfinished = 1
	}
	ks.epoch++
	return ks.epoch
}

// EndEpoch tells that every entry has been walked and given the current epoch. The caller holds all locks exclusively.
func (ks *Keyspace) EndEpoch() { ks.unfinished = 0 }

// WalkShard visits about budget entries of a shard's table in the order of their hashes, from pos on (0 to begin), and returns where to go on. The caller holds the
// shard's lock exclusively, and may release it and change the table between calls: what is there throughout is visited exactly once. fn may use SetEpoch and SetAccess,
// and change nothing else.
func (ks *Keyspace) WalkShard(shard, db int, pos uint64, budget int, fn func(Entry)) (next uint64, done bool) {
	t := ks.shards[shard].tables[db].Load()
	if t == nil || t.count == 0 {
		return 0, true
	}
	next, _, _, done = t.walk(pos, budget, 10*max(budget, 1), func(ref Ref, p unsafe.Pointer) {
		fn(Entry{t: t, p: p, ref: ref})
	})
	return next, done
}
