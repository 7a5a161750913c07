// Package pubsub is publish and subscribe: channels, patterns and shard channels. Who is
// subscribed to what is core's Broker; it is also where keyspace events go out.
package pubsub

import (
	"sort"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

type family struct{}

var _ core.Family = family{}

// New returns the pubsub family.
func New() core.Family { return family{} }

func (family) Name() string { return "pubsub" }

func (family) Register(r *core.Registry) { r.Add(subscribeCommands, publishCommands, pubsubCommands) }

const subscribing = core.PubSub | core.NoScript | core.Loading | core.Stale | core.SubscribedOK

var subscribeCommands = []core.Command{
	{
		Name: "SUBSCRIBE", Arity: -2, Flags: subscribing,
		Group: "pubsub", Since: "2.0.0", Complexity: "O(N) where N is the number of channels to subscribe to.",
		Summary: "Listens to channels.", Syntax: "channel...",
		Run: func(c *core.Ctx) error { return subscribe(c, core.Channel, "subscribe") },
	},
	{
		Name: "PSUBSCRIBE", Arity: -2, Flags: subscribing,
		Group: "pubsub", Since: "2.0.0", Complexity: "O(N) where N is the number of patterns the client is already subscribed to.",
		Summary: "Listens to all channels that match patterns.", Syntax: "pattern(pattern:pattern)...",
		Run: func(c *core.Ctx) error { return subscribe(c, core.Pattern, "psubscribe") },
	},
	{
		Name: "SSUBSCRIBE", Arity: -2, Flags: subscribing,
		Keys:  core.KeyRange(1, -1, 1, core.NotKey),
		Group: "pubsub", Since: "7.0.0", Complexity: "O(N) where N is the number of shard channels to subscribe to.",
		Summary: "Listens to shard channels.", Syntax: "shardchannel...",
		Run: func(c *core.Ctx) error { return subscribe(c, core.ShardChannel, "ssubscribe") },
	},
	{
		Name: "UNSUBSCRIBE", Arity: -1, Flags: subscribing,
		Group: "pubsub", Since: "2.0.0", Complexity: "O(N) where N is the number of clients already subscribed to a channel.",
		Summary: "Stops listening to channels, or to all of them.", Syntax: "[channel...]",
		Run: func(c *core.Ctx) error { return unsubscribe(c, core.Channel, "unsubscribe") },
	},
	{
		Name: "PUNSUBSCRIBE", Arity: -1, Flags: subscribing,
		Group: "pubsub", Since: "2.0.0", Complexity: "O(N+M) where N is the number of patterns the client is already subscribed and M is the number of total patterns subscribed in the system (by any client).",
		Summary: "Stops listening to patterns, or to all of them.", Syntax: "[pattern:pattern...]",
		Run: func(c *core.Ctx) error { return unsubscribe(c, core.Pattern, "punsubscribe") },
	},
	{
		Name: "SUNSUBSCRIBE", Arity: -1, Flags: subscribing,
		Keys:  core.KeyRange(1, -1, 1, core.NotKey),
		Group: "pubsub", Since: "7.0.0", Complexity: "O(N) where N is the number of clients already subscribed to a channel.",
		Summary: "Stops listening to shard channels, or to all of them.", Syntax: "[shardchannel...]",
		Run: func(c *core.Ctx) error { return unsubscribe(c, core.ShardChannel, "sunsubscribe") },
	},
}

// subscribe confirms each name with a message of its own.
func subscribe(c *core.Ctx, kind core.TopicKind, word string) error {
	s := c.Engine().Broker().Of(c.Client())
	for _, name := range c.Args[1:] {
		s.Add(c.Client(), kind, name)
		confirm(c, word, name, count(s, kind))
	}
	return nil
}

func unsubscribe(c *core.Ctx, kind core.TopicKind, word string) error {
	s := c.Engine().Broker().Of(c.Client())
	if len(c.Args) > 1 {
		for _, name := range c.Args[1:] {
			s.Remove(c.Client(), kind, name)
			confirm(c, word, name, count(s, kind))
		}
		return nil
	}
	names := s.Names(kind)
	for _, n := range names {
		s.Remove(c.Client(), kind, []byte(n))
		confirm(c, word, []byte(n), count(s, kind))
	}
	if len(names) == 0 {
		confirm(c, word, nil, count(s, kind))
	}
	return nil
}

// count is what a confirmation reports: channels and patterns together, shard channels alone.
func count(s *core.SubscriptionSet, kind core.TopicKind) int {
	if kind == core.ShardChannel {
		return s.Len(kind)
	}
	return s.Len(core.Channel) + s.Len(core.Pattern)
}

// confirm writes one message; a nil name is a null.
func confirm(c *core.Ctx, word string, name []byte, n int) {
	c.Message(func(w *protocol.Writer) {
		w.Push(3)
		w.BulkString(word)
		if name == nil {
			w.Null()
		} else {
			w.Bulk(name)
		}
		w.Int(int64(n))
	})
}

var publishCommands = []core.Command{
	{
		Name: "PUBLISH", Arity: 3,
		Flags: core.PubSub | core.Loading | core.Stale | core.Fast | core.MayReplicate,
		Group: "pubsub", Since: "2.0.0",
		Complexity: "O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client).",
		Summary:    "Sends a message to a channel.", Syntax: "channel message",
		Run: func(c *core.Ctx) error {
			c.Reply.Int(int64(c.Engine().Broker().Publish(c.Client(), c.Args[1], c.Args[2])))
			return nil
		},
	},
	{
		Name: "SPUBLISH", Arity: 3,
		Flags: core.PubSub | core.Loading | core.Stale | core.Fast | core.MayReplicate,
		Keys:  core.KeyAt(1, core.NotKey),
		Group: "pubsub", Since: "7.0.0", Complexity: "O(N) where N is the number of clients subscribed to the receiving shard channel.",
		Summary: "Sends a message to a shard channel.", Syntax: "shardchannel message",
		Run: func(c *core.Ctx) error {
			c.Reply.Int(int64(c.Engine().Broker().PublishShard(c.Client(), c.Args[1], c.Args[2])))
			return nil
		},
	},
}

var helpText = []string{
	"PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
	"CHANNELS [<pattern>]",
	"    Return the currently active channels matching a <pattern> (default: '*').",
	"NUMPAT",
	"    Return number of subscriptions to patterns.",
	"NUMSUB [<channel> ...]",
	"    Return the number of subscribers for the specified channels, excluding",
	"    pattern subscriptions(default: no channels).",
	"SHARDCHANNELS [<pattern>]",
	"    Return the currently active shard level channels matching a <pattern> (default: '*').",
	"SHARDNUMSUB [<shardchannel> ...]",
	"    Return the number of subscribers for the specified shard level channel(s)",
	"HELP",
	"    Print this help.",
}

var pubsubCommands = []core.Command{
	{
		Name: "PUBSUB", Arity: -2, Group: "pubsub", Since: "2.8.0", Complexity: "Depends on subcommand.",
		Summary: "Container of commands about publish and subscribe.",
	},
	{
		Name: "PUBSUB|CHANNELS", Arity: -2, Flags: core.PubSub | core.Loading | core.Stale,
		Group: "pubsub", Since: "2.8.0", Complexity: "O(N) where N is the number of active channels, and assuming constant time pattern matching (relatively short channels and patterns)",
		Summary: "Lists channels that have subscribers.", Syntax: "[pattern:pattern]",
		Run: func(c *core.Ctx) error { return channels(c, core.Channel) },
	},
	{
		Name: "PUBSUB|SHARDCHANNELS", Arity: -2, Flags: core.PubSub | core.Loading | core.Stale,
		Group: "pubsub", Since: "7.0.0", Complexity: "O(N) where N is the number of active shard channels, and assuming constant time pattern matching (relatively short shard channels).",
		Summary: "Lists shard channels that have subscribers.", Syntax: "[pattern:pattern]",
		Run: func(c *core.Ctx) error { return channels(c, core.ShardChannel) },
	},
	{
		Name: "PUBSUB|NUMPAT", Arity: 2, Flags: core.PubSub | core.Loading | core.Stale,
		Group: "pubsub", Since: "2.8.0", Complexity: "O(1)",
		Summary: "Counts the different patterns that have subscribers.",
		Run: func(c *core.Ctx) error {
			c.Reply.Int(int64(c.Engine().Broker().Count(core.Pattern)))
			return nil
		},
	},
	{
		Name: "PUBSUB|NUMSUB", Arity: -2, Flags: core.PubSub | core.Loading | core.Stale,
		Group: "pubsub", Since: "2.8.0", Complexity: "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
		Summary: "Counts the subscribers of channels.", Syntax: "[channel...]",
		Run: func(c *core.Ctx) error { return numSub(c, core.Channel) },
	},
	{
		Name: "PUBSUB|SHARDNUMSUB", Arity: -2, Flags: core.PubSub | core.Loading | core.Stale,
		Group: "pubsub", Since: "7.0.0", Complexity: "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
		Summary: "Counts the subscribers of shard channels.", Syntax: "[shardchannel...]",
		Run: func(c *core.Ctx) error { return numSub(c, core.ShardChannel) },
	},
	{
		Name: "PUBSUB|HELP", Arity: 2, Flags: core.Loading | core.Stale,
		Group: "pubsub", Since: "6.2.0", Complexity: "O(1)",
		Summary: "Describes the subcommands.",
		Run: func(c *core.Ctx) error {
			c.Reply.Array(len(helpText))
			for _, line := range helpText {
				c.Reply.SimpleString(line)
			}
			return nil
		},
	},
}

func channels(c *core.Ctx, kind core.TopicKind) error {
	if len(c.Args) > 3 {
		return protocol.SubcommandSyntax(c.Args[0], c.Args[1])
	}
	var names []string
	c.Engine().Broker().Each(kind, func(name []byte) {
		if len(c.Args) < 3 || protocol.Match(c.Args[2], name) {
			names = append(names, string(name))
		}
	})
	sort.Strings(names)
	c.Reply.Array(len(names))
	for _, n := range names {
		c.Reply.BulkString(n)
	}
	return nil
}

// numSub replies with a flat array of channel, count, in RESP3 as well.
func numSub(c *core.Ctx, kind core.TopicKind) error {
	c.Reply.Array(2 * (len(c.Args) - 2))
	for _, name := range c.Args[2:] {
		c.Reply.Bulk(name)
		c.Reply.Int(int64(c.Engine().Broker().Subscribers(kind, name)))
	}
	return nil
}
