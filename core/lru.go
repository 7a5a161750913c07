package core

import (
	"math/rand/v2"

	"github.com/redust/redust/core/keyspace"
)

// Access data is 24 bits an entry, as in Redis: an LRU clock in seconds, or,
// under an LFU policy, the minute of the last decay (16 bits) and a logarithmic counter (8).

const lruMask = 1<<24 - 1

func lruClock(nowMs int64) uint32 { return uint32(nowMs/1000) & lruMask }

// IdleSeconds is the time since the last access under an LRU policy.
func IdleSeconds(access uint32, nowMs int64) int64 {
	now := lruClock(nowMs)
	return int64((now - access) & lruMask)
}

// LRUFromIdle is the access data of a key idle for so many seconds.
func LRUFromIdle(seconds, nowMs int64) uint32 { return uint32(nowMs/1000-seconds) & lruMask }

const lfuInit = 5

func lfuMinutes(nowMs int64) uint32 { return uint32(nowMs/60000) & 0xffff }

func freshLFU(nowMs int64) uint32 { return lfuMinutes(nowMs)<<8 | lfuInit }

// LFUFrequency is the counter after the decay that is due.
func (e *Engine) LFUFrequency(access uint32, nowMs int64) uint8 {
	counter := uint8(access)
	decay := e.set.lfuDecay.Load()
	if decay <= 0 {
		return counter
	}
	minutes := int64(lfuMinutes(nowMs)) - int64(access>>8)
	if minutes < 0 { // the clock began anew, after 65535 minutes as Redis has it; or these are the seconds of LRU
		minutes += 0xffff
	}
	return uint8(max(0, int64(counter)-minutes/decay))
}

// LFUAccess is the access data for a counter value, as of now.
func LFUAccess(counter uint8, nowMs int64) uint32 { return lfuMinutes(nowMs)<<8 | uint32(counter) }

// UsesLFU reports whether the access data of entries are LFU data.
func (e *Engine) UsesLFU() bool { return e.lfu.Load() }

// touchLFU decays and then increments the counter with a probability that falls
// with its value.
func (e *Engine) touchLFU(ent keyspace.Entry, nowMs int64) {
	counter := e.LFUFrequency(ent.Access(), nowMs)
	if counter < 255 {
		base := max(0, float64(counter)-lfuInit)
		if rand.Float64() < 1/(base*float64(e.set.lfuLog.Load())+1) {
			counter++
		}
	}
	ent.SetAccess(LFUAccess(counter, nowMs))
}
