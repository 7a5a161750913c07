package keyspace

import "sync/atomic"

// alarm lets whoever deletes due keys sleep until there is something to do.
type alarm struct {
	until atomic.Int64  // ms: the sleeper wakes then by itself
	ring  chan struct{} // holds one
}

// NextExpiry returns the time, in milliseconds since the epoch, at which ExpireDue next has something to do in some shard, latestMs at
// most. A key that is given an earlier deadline after the call sends to sooner, once. For one sleeper; no lock, O(shards).
func (ks *Keyspace) NextExpiry(latestMs int64) (atMs int64, sooner <-chan struct{}) {
	a := &ks.alarm
	a.until.Store(latestMs) // before the look at the shards: a writer sees this, or is seen
	atMs = latestMs
	for i := range ks.shards {
		atMs = min(atMs, ks.shards[i].wake.Load())
	}
	a.until.Store(atMs)
	return atMs, a.ring
}

// wakeAt notes that the wheels want attention at ms. The shard is held exclusively.
func (sh *Shard) wakeAt(ms int64) {
	if ms >= sh.wake.Load() {
		return
	}
	sh.wake.Store(ms)
	if ms < sh.alarm.until.Load() {
		select {
		case sh.alarm.ring <- struct{}{}:
		default:
		}
	}
}
