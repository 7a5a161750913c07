package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

const (
	channel       = "news"
	messageBytes  = 64
	publishers    = 10
	otherReaders  = 10
	stoppedWindow = 0.5 // of a round's time
)

// delivery is the bytes a subscriber receives for one message.
var delivery = int64(len(fmt.Sprintf("*3\r\n$7\r\nmessage\r\n$%d\r\n%s\r\n$%d\r\n%*s\r\n", len(channel), channel, messageBytes, messageBytes, "")))

// pubsubPart publishes to channels of few and of many subscribers.
func pubsubPart(ctx context.Context, b *bench) (section, error) {
	s := section{text: fmt.Sprintf("%d clients publish messages of %d bytes for %s to one channel, P requests a pipeline; a round ends when the last subscriber has the last message. "+
		"Subscribers read in a process of their own. Medians of %d rounds. Targets: deliveries/s at least 1.50, CPU per delivery at most 1.00.", publishers, messageBytes, b.round(0.25), b.rounds)}
	pair, stop, err := b.pair(ctx)
	if err != nil {
		return s, err
	}
	defer stop()
	table := wideTable("", "deliveries/s", "CPU µs/delivery")
	s.notes, s.tables = append(s.notes, ""), append(s.tables, table)
	for _, n := range []int{1, int(b.size(100)), int(b.size(1000))} {
		if err := b.publishRows(ctx, pair, n, table); err != nil {
			return s, err
		}
	}
	s.notes = append(s.notes, fmt.Sprintf("%d clients read keys while one client publishes, to a subscriber that reads and to one that stopped reading. "+
		"Target: the p99 with one that stopped is that with one that reads.", otherReaders))
	all, err := b.stoppedReader(ctx, pair)
	s.tables = append(s.tables, all.table())
	return s, err
}

// publishRows measures n subscribers at both pipeline depths.
func (b *bench) publishRows(ctx context.Context, pair []*server, n int, table *load.Table) error {
	subscribers, stop, err := listenBoth(pair, n, "SUBSCRIBE "+channel)
	if err != nil {
		return err
	}
	defer stop()
	for _, pipeline := range []int{1, 16} {
		all, err := b.alternate(ctx, pair, func(ctx context.Context, s *server) ([]figure, error) {
			return b.publish(ctx, s, subscribers[s], n, pipeline)
		})
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s subscribers, P %d", load.Count(int64(n)), pipeline)
		redust, redis := middle(all[0]), middle(all[1])
		b.progress("%s: %s and %s deliveries/s", name, redust[0].text, redis[0].text)
		addRounds(table, name, &all)
	}
	return nil
}

var publisher = load.Group{Name: "publish", Commands: [][]string{{"PUBLISH", channel, "{v}"}}}

func (b *bench) publish(ctx context.Context, s *server, to *listeners, n, pipeline int) ([]figure, error) {
	before, err := s.ctl.CPU()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	res, err := load.RunAll(ctx, s.target, publisher, load.Options{Clients: publishers, Pipeline: pipeline, Keyspace: 1, ValueSize: messageBytes, Duration: b.round(0.25)})
	if err != nil {
		return nil, err
	}
	sent := res.Requests * int64(n)
	if err := to.await(sent * delivery); err != nil {
		return nil, err
	}
	took := time.Since(began)
	after, err := s.ctl.CPU()
	cpu := float64(after-before) / float64(max(sent, 1))
	return []figure{
		count("deliveries/s", float64(sent)/took.Seconds()),
		{name: "CPU", text: fmt.Sprintf("%.3f", cpu/1e3), value: cpu},
	}, err
}

// stoppedReader compares what others see with a subscriber that reads and with one that doesn't.
func (b *bench) stoppedReader(ctx context.Context, pair []*server) (samples, error) {
	if err := both(pair, func(s *server) error { _, err := load.Fill(ctx, s.target, quietKeys, 64); return err }); err != nil {
		return samples{}, err
	}
	d := b.round(stoppedWindow)
	return b.alternate(ctx, pair, func(ctx context.Context, s *server) ([]figure, error) {
		reading, err := s.listeners(1, "SUBSCRIBE "+channel)
		if err != nil {
			return nil, err
		}
		with, err := readWhilePublishing(ctx, s, d)
		reading.stop()
		if err != nil {
			return nil, err
		}
		stopped, err := listen(s.target.Addr, []string{"SUBSCRIBE " + channel})
		if err != nil {
			return nil, err
		}
		defer stopped.Close()
		without, err := readWhilePublishing(ctx, s, d)
		p, q := with.Latency.Quantile(0.99), without.Latency.Quantile(0.99)
		return []figure{
			millis("GET p99, subscriber reads", p), millis("GET p99, subscriber stopped", q), ratio("GET p99, stopped / reads", float64(q)/float64(max(p, 1))),
			millis("GET max, subscriber reads", with.Latency.Max()), millis("GET max, subscriber stopped", without.Latency.Max()),
		}, err
	})
}

// readWhilePublishing measures readers while a client publishes without a pause.
func readWhilePublishing(ctx context.Context, s *server, d time.Duration) (load.Result, error) {
	published := make(chan error, 1)
	go func() {
		_, err := load.RunAll(ctx, s.target, publisher, load.Options{Clients: 1, Pipeline: 16, Keyspace: 1, ValueSize: 1024, Duration: d})
		published <- err
	}()
	res, err := readBy(ctx, s, otherReaders, d)
	return res, errors.Join(err, <-published)
}
