package core

import (
	"sync"
	"sync/atomic"

	"github.com/alphadose/haxmap"

	"github.com/redust/redust/protocol"
)

// Broker connects publishers to subscribers: channels, patterns and shard
// channels. Publishing takes no lock and never waits for a subscriber: lists are
// copied when they change. A haxmap takes one writer at a time (DESIGN.md, D1): mu.
type Broker struct {
	mu       sync.Mutex
	channels *haxmap.Map[string, *subscribers]
	shards   *haxmap.Map[string, *subscribers]
	patterns atomic.Pointer[[]patternSubscribers]
	anyone   atomic.Int64 // subscriptions of all kinds: while 0, Publish returns at once
}

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
	n := deliver(b.channels, "message", channel, message)
	if p := b.patterns.Load(); p != nil {
		for i := range *p {
			ps := &(*p)[i]
			if protocol.Match(ps.pattern, channel) {
				n += send(ps.clients, [][]byte{[]byte("pmessage"), ps.pattern, channel, message})
			}
		}
	}
	return n
}

// PublishShard is SPUBLISH: shard channels have no patterns.
func (b *Broker) PublishShard(channel, message []byte) int {
	if b.anyone.Load() == 0 {
		return 0
	}
	return deliver(b.shards, "smessage", channel, message)
}

func deliver(m *haxmap.Map[string, *subscribers], kind string, channel, message []byte) int {
	s, ok := m.Get(string(channel))
	if !ok {
		return 0
	}
	list := s.list.Load()
	if list == nil {
		return 0
	}
	return send(*list, [][]byte{[]byte(kind), channel, message})
}

// send pushes one message to clients, encoded at most once a protocol version.
func send(clients []*Client, parts [][]byte) int {
	var encoded [2][]byte
	for _, c := range clients {
		v := c.Proto() - 2
		if encoded[v] == nil {
			w := protocol.Writer{Proto: v + 2}
			w.Push(len(parts))
			for _, p := range parts {
				w.Bulk(p)
			}
			encoded[v] = w.Buf
		}
		c.conn.Push(encoded[v])
	}
	return len(clients)
}
