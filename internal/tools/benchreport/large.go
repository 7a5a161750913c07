package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// Sizes of what largePart makes.
const (
	largest   = 1_000_000 // the sorted set and the list
	medium    = 100_000   // the sets, a list to change, a list to sort
	largeHash = 10_000

	largeValue   = 100_000 // bytes of a string
	largeClients = 20      // who set and get it
)

// largeCommand is a command on large collections, or of a large value. times bounds the runs of one that changes its list, so that both servers
// change it alike.
type largeCommand struct {
	name, text string
	times      int64
	clients    int // 0 is one
}

// largePart times commands on large collections, one after the other on one connection.
func largePart(ctx context.Context, b *bench) (section, error) {
	s := section{text: fmt.Sprintf("One connection, one command at a time: time of a command as the client sees it, and the server's CPU for it; where there are several clients, the time from one reply to the next. "+
		"A sorted set and a list of %s elements, two sets of %s of which half are common, a hash of %s fields, lists of %s to change and to sort. Medians of %d rounds of %s. "+
		"Targets: time at most 1.00; SUNION and SDIFF at most 0.50.",
		load.Count(b.size(largest)), load.Count(b.size(medium)), load.Count(b.size(largeHash)), load.Count(b.size(medium)), b.rounds, b.round(0.15))}
	pair, stop, err := b.pair(ctx)
	if err != nil {
		return s, err
	}
	defer stop()
	if err := both(pair, func(s *server) error { return b.fillLarge(ctx, s) }); err != nil {
		return s, err
	}
	table := wideTable("command", "time", "CPU")
	s.tables = append(s.tables, table)
	for _, c := range b.largeCommands() {
		g := load.Group{Name: c.name, Commands: [][]string{strings.Fields(c.text)}, Vars: []load.Var{{Name: 'i', Digits: 10, Bound: b.size(largest)}}}
		o := load.Options{Clients: max(1, c.clients), Pipeline: 1, Keyspace: 1, ValueSize: largeValue, Duration: b.round(0.15), Iterations: c.times}
		if c.times > 0 {
			o.Duration = 0
		}
		m, err := load.Compare(ctx, []load.Target{pair[0].target, pair[1].target}, g, o, b.rounds)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return s, err
		}
		redust, redis := timing(&m.Servers[0]), timing(&m.Servers[1])
		b.progress("%s: %s and %s", c.name, redust[0].text, redis[0].text)
		addWide(table, c.name, redust, redis)
		if e := m.Servers[0].ErrorText + m.Servers[1].ErrorText; e != "" {
			return s, fmt.Errorf("%s was answered %s", c.name, e)
		}
	}
	return s, nil
}

// timing is what one command takes.
func timing(s *load.Summary) []figure {
	took := time.Duration(0)
	if s.Rate > 0 {
		took = time.Duration(float64(time.Second) / s.Rate)
	}
	return []figure{micros("time", took), micros("CPU", s.CPU)}
}

func (b *bench) largeCommands() []largeCommand {
	middle := b.size(largest) / 2
	return []largeCommand{
		{name: "ZRANGEBYSCORE, 10 of them", text: "ZRANGEBYSCORE zset {i} +inf LIMIT 0 10"},
		{name: "ZRANGEBYSCORE, 1,000 of them", text: fmt.Sprintf("ZRANGEBYSCORE zset %d %d", middle, middle+999)},
		{name: "ZRANK", text: "ZRANK zset member:" + "{i}"},
		{name: "SINTER", text: "SINTER set1 set2"},
		{name: "SUNION", text: "SUNION set1 set2"},
		{name: "SDIFF", text: "SDIFF set1 set2"},
		{name: "LRANGE, 500 in the middle", text: fmt.Sprintf("LRANGE list %d %d", middle, middle+499)},
		{name: "HGETALL", text: "HGETALL hash"},
		{name: "LINSERT before the middle", text: "LINSERT changed BEFORE " + numberedName("element:", b.size(medium)/2) + " new", times: 100},
		{name: "LREM of one in the middle", text: "LREM changed 1 new", times: 100},
		{name: "LREM that finds nothing", text: "LREM changed 0 absent", times: 100},
		{name: "SORT", text: "SORT numbers"},
		{name: "SORT ALPHA", text: "SORT numbers ALPHA"},
		{name: "SORT BY", text: "SORT numbers BY weight:*"},
		{name: "SET of 100 KB, 20 clients", text: "SET value {v}", clients: largeClients},
		{name: "GET of 100 KB, 20 clients", text: "GET value", clients: largeClients},
	}
}

// fillLarge makes the keys that the commands read.
func (b *bench) fillLarge(ctx context.Context, s *server) error {
	ctl, err := s.target.Dial()
	if err != nil {
		return err
	}
	defer ctl.Close()
	n := b.size(medium)
	set, list := collectionOf("set"), collectionOf("list")
	shuffled := func(i int64) string { return strconv.FormatInt(i*7919%n, 10) } // 7919 is prime, so each number comes once
	for _, fill := range []func() error{
		func() error {
			return addElements(ctx, ctl, []string{"ZADD", "zset"}, 0, b.size(largest), func(args []string, i int64) []string {
				return append(args, strconv.FormatInt(i, 10), fmt.Sprintf("member:%010d", i))
			})
		},
		func() error { return set.fill(ctx, s, "set1", 0, n) },
		func() error { return set.fill(ctx, s, "set2", n/2, n) },
		func() error { return list.fill(ctx, s, "list", 0, b.size(largest)) },
		func() error { return collectionOf("hash").fill(ctx, s, "hash", 0, b.size(largeHash)) },
		func() error { return list.fill(ctx, s, "changed", 0, n) },
		func() error {
			return addElements(ctx, ctl, []string{"RPUSH", "numbers"}, 0, n, func(args []string, i int64) []string { return append(args, shuffled(i)) })
		},
		func() error {
			return addElements(ctx, ctl, []string{"MSET"}, 0, n, func(args []string, i int64) []string {
				return append(args, "weight:"+strconv.FormatInt(i, 10), strconv.FormatInt(i*104729%n, 10))
			})
		},
	} {
		if err := fill(); err != nil {
			return err
		}
	}
	return nil
}
