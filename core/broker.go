package core

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/redust/redust/protocol"
)

// Broker connects publishers to subscribers: channels, patterns and shard
// channels. Publishing takes no lock and never waits for a subscriber: a list only
// grows at its end, and who has left is marked until the list is copied without
// the marked ones. Who writes the registries holds mu.
type Broker struct {
	clients  *Clients
	mu       sync.Mutex
	topics   [topicKinds]registryMap[string, *topic] // by name; patterns by their text
	patterns atomic.Pointer[[]*topic]                // every pattern, for matching
	anyone   atomic.Int64                            // subscriptions of all kinds: while 0, Publish returns at once
}

// TopicKind is what a client can subscribe to.
type TopicKind uint8

const (
	Channel TopicKind = iota
	Pattern
	ShardChannel
	topicKinds
)

// topic is a channel or a pattern with its subscribers.
type topic struct {
	name []byte
	glob protocol.Glob
	list atomic.Pointer[[]*subscription]
	live int // subscriptions not marked as gone; guarded by mu
}

// subscription is one client's at one topic.
type subscription struct {
	client *Client
	topic  *topic
	order  int // of the client's subscriptions
	gone   atomic.Bool
}

// listens: neither has it ended nor is its client being killed.
func (s *subscription) listens() bool { return !s.gone.Load() && !s.client.killed.Load() }

// SubscriptionSet is what one client is subscribed to. Only the client's goroutine
// uses it, but for the counts.
type SubscriptionSet struct {
	broker *Broker
	byName [topicKinds]map[string]*subscription
	counts [topicKinds]atomic.Int64
	added  int
	bytes  int64 // told to the client
}

// Subscriptions implements what CLIENT LIST shows. Safe from any goroutine.
func (s *SubscriptionSet) Subscriptions() Subscriptions {
	return Subscriptions{
		Channels: int(s.counts[Channel].Load()), Patterns: int(s.counts[Pattern].Load()),
		ShardChannels: int(s.counts[ShardChannel].Load()),
	}
}

type subscriptionsKey struct{}

func newBroker(clients *Clients) *Broker {
	b := &Broker{clients: clients}
	b.patterns.Store(new([]*topic))
	return b
}

// Of returns the client's subscriptions, made on first use.
func (b *Broker) Of(c *Client) *SubscriptionSet {
	if s, ok := c.Ext(subscriptionsKey{}).(*SubscriptionSet); ok {
		return s
	}
	s := &SubscriptionSet{broker: b}
	c.SetExt(subscriptionsKey{}, s)
	return s
}

// Len counts subscriptions of a kind.
func (s *SubscriptionSet) Len(kind TopicKind) int { return len(s.byName[kind]) }

// Names lists what the client is subscribed to, in the order of subscribing.
func (s *SubscriptionSet) Names(kind TopicKind) []string {
	subs := s.byName[kind]
	out := slices.Collect(maps.Keys(subs))
	slices.SortFunc(out, func(a, b string) int { return subs[a].order - subs[b].order })
	return out
}

// Add subscribes the client; false when it was already. Amortised O(1).
func (s *SubscriptionSet) Add(c *Client, kind TopicKind, name []byte) bool {
	if s.byName[kind][string(name)] != nil {
		return false
	}
	if s.byName[kind] == nil {
		s.byName[kind] = map[string]*subscription{}
	}
	sub := s.broker.add(c, kind, name)
	s.added++
	sub.order = s.added
	s.byName[kind][string(name)] = sub
	s.counts[kind].Add(1)
	s.grow(c, subscriptionMemory(name))
	c.AddSubscriptions(1)
	return true
}

// Remove ends a subscription; false when there was none. Amortised O(1).
func (s *SubscriptionSet) Remove(c *Client, kind TopicKind, name []byte) bool {
	sub := s.byName[kind][string(name)]
	if sub == nil {
		return false
	}
	delete(s.byName[kind], string(name))
	s.broker.remove(kind, sub)
	s.counts[kind].Add(-1)
	s.grow(c, -subscriptionMemory(name))
	c.AddSubscriptions(-1)
	return true
}

// subscriptionMemory is what a subscription costs: itself, its place in the topic's list and in the client's map. The
// topic's name counts for each, as others may leave.
func subscriptionMemory(name []byte) int64 {
	return int64(unsafe.Sizeof(subscription{})) + 64 + 2*int64(len(name))
}

func (s *SubscriptionSet) grow(c *Client, n int64) {
	s.bytes += n
	c.AddMemory(n)
}

// ClientClosed ends all subscriptions of a client that goes away or is reset.
func (s *SubscriptionSet) ClientClosed(c *Client) {
	s.grow(c, -s.bytes)
	for kind := range s.byName {
		for _, sub := range s.byName[kind] {
			s.broker.remove(TopicKind(kind), sub)
		}
		s.byName[kind] = nil
		s.counts[kind].Store(0)
	}
}

func (b *Broker) add(c *Client, kind TopicKind, name []byte) *subscription {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.topics[kind].Get(string(name))
	if !ok {
		t = &topic{name: append([]byte(nil), name...)}
		t.list.Store(new([]*subscription))
		if kind == Pattern {
			t.glob = protocol.CompileGlob(t.name)
			all := append(*b.patterns.Load(), t)
			b.patterns.Store(&all)
		}
		b.topics[kind].Set(string(name), t)
	}
	sub := &subscription{client: c, topic: t}
	list := append(*t.list.Load(), sub) // readers see only what is within their own length
	t.list.Store(&list)
	t.live++
	b.anyone.Add(1)
	return sub
}

func (b *Broker) remove(kind TopicKind, sub *subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sub.gone.Store(true)
	b.anyone.Add(-1)
	t := sub.topic
	t.live--
	if t.live == 0 {
		b.drop(kind, t)
		return
	}
	old := *t.list.Load()
	if len(old) < 2*t.live+8 {
		return
	}
	list := make([]*subscription, 0, t.live+t.live/2)
	for _, s := range old {
		if !s.gone.Load() {
			list = append(list, s)
		}
	}
	t.list.Store(&list)
}

// drop forgets a topic without subscribers. mu is held.
func (b *Broker) drop(kind TopicKind, t *topic) {
	b.topics[kind].Del(string(t.name))
	if kind != Pattern {
		return
	}
	old := *b.patterns.Load()
	list := make([]*topic, 0, len(old))
	for _, o := range old {
		if o != t {
			list = append(list, o)
		}
	}
	b.patterns.Store(&list)
}

// Publish sends a message to all subscribers of the channel and of matching
// patterns. It returns how many received it. from is the client whose goroutine this is, or
// nil. O(subscribers + patterns).
func (b *Broker) Publish(from *Client, channel, message []byte) int {
	if b.anyone.Load() == 0 {
		return 0
	}
	n := b.deliver(from, Channel, "message", channel, message)
	for _, t := range *b.patterns.Load() {
		if t.glob.Match(channel) {
			n += t.send(from, "pmessage", t.name, channel, message)
		}
	}
	return n
}

// PublishShard is SPUBLISH: shard channels have no patterns.
func (b *Broker) PublishShard(from *Client, channel, message []byte) int {
	if b.anyone.Load() == 0 {
		return 0
	}
	return b.deliver(from, ShardChannel, "smessage", channel, message)
}

func (b *Broker) deliver(from *Client, kind TopicKind, word string, channel, message []byte) int {
	if t, ok := b.topics[kind].Get(string(channel)); ok {
		return t.send(from, word, channel, message)
	}
	return 0
}

// send pushes one message to the subscribers. Many share its bytes, encoded at most once a protocol version; for few, copying them costs
// less than memory of its own for each message.
func (t *topic) send(from *Client, word string, parts ...[]byte) int {
	var encoded [2][]byte
	by := from.deliverer()
	list := *t.list.Load()
	lent := by != nil && len(list) <= lendTo
	n := 0
	for _, s := range list {
		to := s.client
		if !s.listens() {
			continue
		}
		v := to.Proto() - 2
		switch {
		case lent:
			w := from.busy()
			w.message = encodeMessage(w.message[:0], v+2, word, parts)
			encoded[v] = w.message
		case encoded[v] == nil:
			encoded[v] = encodeMessage(nil, v+2, word, parts)
		}
		to.push(from, by, encoded[v], lent)
		n++
	}
	return n
}

// lendTo is the number of subscribers up to which each gets a copy of a message.
const lendTo = 2

// encodeMessage appends a push, an array in RESP2, to buf.
func encodeMessage(buf []byte, proto int, word string, parts [][]byte) []byte {
	size := 32 + len(word)
	for _, p := range parts {
		size += len(p) + 16
	}
	w := protocol.Writer{Proto: proto, Buf: slices.Grow(buf, size)}
	w.Push(len(parts) + 1)
	w.BulkString(word)
	for _, p := range parts {
		w.Bulk(p)
	}
	return w.Buf
}

// Count is the number of topics of a kind: PUBSUB NUMPAT for patterns. O(1), while a client is being killed O(subscribers).
func (b *Broker) Count(kind TopicKind) int {
	if b.clients.Doomed() == 0 {
		return int(b.topics[kind].Len())
	}
	n := 0
	b.Each(kind, func([]byte) { n++ })
	return n
}

// Subscribers counts a topic's subscribers. O(1), while a client is being killed O(subscribers).
func (b *Broker) Subscribers(kind TopicKind, name []byte) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.topics[kind].Get(string(name))
	switch {
	case !ok:
		return 0
	case b.clients.Doomed() == 0:
		return t.live
	}
	n := 0
	for _, s := range *t.list.Load() {
		if s.listens() {
			n++
		}
	}
	return n
}

// Each calls f with the name of every topic of a kind. O(topics).
func (b *Broker) Each(kind TopicKind, f func(name []byte)) {
	doomed := b.clients.Doomed() != 0
	b.topics[kind].ForEach(func(_ string, t *topic) bool {
		if !doomed || slices.ContainsFunc(*t.list.Load(), (*subscription).listens) {
			f(t.name)
		}
		return true
	})
}
