package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

const (
	unionClients = 50 // that read other keys during SUNION
	unionSize    = 1_000_000
	// actAfter is when in a measurement the deletion comes.
	actAfter = 100 * time.Millisecond
)

// stallPart finds how long clients wait for what happens to large keys that are not theirs.
func stallPart(ctx context.Context, b *bench) (section, error) {
	s := section{text: "Clients read small keys without a pipeline while another client works on large ones."}
	note, table, err := b.unionStall(ctx)
	s.notes, s.tables = append(s.notes, note), append(s.tables, table)
	if err != nil {
		return s, err
	}
	table, err = b.deletionStall(ctx, &s)
	s.tables = append(s.tables, table)
	return s, err
}

func (b *bench) unionStall(ctx context.Context) (note string, t *load.Table, err error) {
	n, d := b.size(unionSize), b.round(0.75)
	note = fmt.Sprintf("%d clients read for %s, without and with a client that runs SUNION of two sets of %s (half of it common) in a loop; medians of %d rounds. "+
		"Target: a p99 below 5 ms during SUNION.", unionClients, d, load.Count(n), b.rounds)
	pair, stop, err := b.pair(ctx)
	if err != nil {
		return note, nil, err
	}
	defer stop()
	err = both(pair, func(s *server) error {
		set := collectionOf("set")
		if err := set.fill(ctx, s, "set1", 0, n); err != nil {
			return err
		}
		if err := set.fill(ctx, s, "set2", n/2, n); err != nil {
			return err
		}
		_, err := load.Fill(ctx, s.target, quietKeys, 64)
		return err
	})
	if err != nil {
		return note, nil, err
	}
	all, err := b.alternate(ctx, pair, func(ctx context.Context, s *server) ([]figure, error) {
		quiet, err := readBy(ctx, s, unionClients, d)
		if err != nil {
			return nil, err
		}
		wait, err := loop(ctx, s, d+actAfter, "SUNION", "set1", "set2")
		if err != nil {
			return nil, err
		}
		time.Sleep(actAfter)
		busy, err := readBy(ctx, s, unionClients, d)
		unions, err2 := wait()
		if err == nil {
			err = err2
		}
		return []figure{
			millis("GET p99, quiet", quiet.Latency.Quantile(0.99)), millis("GET p99, during SUNION", busy.Latency.Quantile(0.99)),
			millis("GET max, quiet", quiet.Latency.Max()), millis("GET max, during SUNION", busy.Latency.Max()),
			count("GET requests/s, quiet", quiet.Rate()), count("GET requests/s, during SUNION", busy.Rate()),
			{name: "SUNION/s meanwhile", text: fmt.Sprintf("%.1f", float64(unions)/(d+actAfter).Seconds()), value: float64(unions)},
		}, err
	})
	return note, all.table(), err
}

// removal makes a large key go.
type removal struct {
	name string
	args func(key string) []string
}

var removals = []removal{
	{"nothing", func(string) []string { return []string{"PING"} }},
	{"DEL", func(key string) []string { return []string{"DEL", key} }},
	{"expiry", func(key string) []string { return []string{"PEXPIRE", key, "50"} }},
	{"overwritten by SET", func(key string) []string { return []string{"SET", key, "x"} }},
}

func (b *bench) deletionStall(ctx context.Context, s *section) (*load.Table, error) {
	n := b.size(manyKeys)
	d := max(b.round(0.4), 2*actAfter)
	s.notes = append(s.notes, fmt.Sprintf("%d clients read for %s, and after %s of it a key of %s elements goes: the longest wait of all, medians and worst of %d rounds. "+
		"Target: at most 10 ms.", quietClients, d, actAfter, load.Count(n), b.rounds))
	table := wideTable("key and what happens to it", "longest wait", "worst")
	pair, stop, err := b.pair(ctx)
	if err != nil {
		return table, err
	}
	defer stop()
	if err := both(pair, func(s *server) error { _, err := load.Fill(ctx, s.target, quietKeys, 64); return err }); err != nil {
		return table, err
	}
	for i, c := range collections {
		for j, r := range removals {
			if j == 0 && i > 0 {
				continue // nothing happens once
			}
			all, err := b.remove(ctx, pair, c, r, n, d)
			if err != nil {
				return table, err
			}
			name := c.name + ", " + r.name
			if j == 0 {
				name = r.name
			}
			redust, redis := append(middle(all[0]), worst(all[0])...), append(middle(all[1]), worst(all[1])...)
			b.progress("%s: %s and %s", name, redust[0].text, redis[0].text)
			addWide(table, name, redust, redis)
		}
	}
	return table, nil
}

// remove measures one removal of a collection, in rounds. All keys are made first, on both servers at once.
func (b *bench) remove(ctx context.Context, pair []*server, c collection, r removal, n int64, d time.Duration) (samples, error) {
	key := func(i int) string { return c.name + " " + r.name + " " + strconv.Itoa(i) }
	if r.name != removals[0].name {
		err := both(pair, func(s *server) error {
			for i := range b.rounds {
				if err := c.fill(ctx, s, key(i), 0, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return samples{}, err
		}
	}
	next := make(map[*server]int)
	return b.alternate(ctx, pair, func(ctx context.Context, s *server) ([]figure, error) {
		args := r.args(key(next[s]))
		next[s]++
		res, _, err := readWhile(ctx, s, d, actAfter, args...)
		return []figure{millis("longest", res.Latency.Max())}, err
	})
}
