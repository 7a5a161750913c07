package core

import (
	"sync"
	"sync/atomic"

	"github.com/alphadose/haxmap"
)

// Broker connects publishers to subscribers: channels, patterns and shard
// channels. Publishing takes no lock and never waits for a subscriber.
//
// Lock order: mu is taken alone, never with a shard lock held by the same goroutine
// except in SUBSCRIBE's own handler, which holds none.
type Broker struct {
	mu       sync.Mutex // one writer at a time for the maps and lists
	channels *haxmap.Map[string, *subscribers]
	shards   *haxmap.Map[string, *subscribers]
	patterns atomic.Pointer[[]patternSubscribers]
	// anyone is false while nobody is subscribed to anything.
	anyone atomic.Int64
}

// subscribers is copied on change: readers iterate without a lock.
type subscribers struct{ list atomic.Pointer[[]*Client] }

type patternSubscribers struct {
	pattern []byte
	clients []*Client
}

func newBroker() *Broker {
	return &Broker{channels: haxmap.New[string, *subscribers](), shards: haxmap.New[string, *subscribers]()}
}

// Publish sends a message to all subscribers of the channel and of matching
// patterns. It returns how many received it. O(subscribers + patterns).
func (b *Broker) Publish(channel, message []byte) int {
	if b.anyone.Load() == 0 {
		return 0
	}
	return b.publish(channel, message)
}
