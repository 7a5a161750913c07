package main

import (
	"context"
	"fmt"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// aofModes are the ways to write an append-only file. Neither server may rewrite it by itself in the middle of a round.
var aofModes = []struct {
	name    string
	options []string
}{
	{"no AOF", nil},
	{"appendfsync everysec", []string{"--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0"}},
	{"appendfsync always", []string{"--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"}},
}

// aofPart measures SET with and without an append-only file.
func aofPart(ctx context.Context, b *bench) (section, error) {
	s := section{text: fmt.Sprintf("SET, 50 clients, P requests a pipeline, the file on the disk of the repository, no rewrite meanwhile. "+
		"Each setting has servers of its own, and a round goes through all of them, first those of one program; medians of %d rounds of %s. "+
		"Targets: `everysec` at least 0.95 of Redust's own without AOF and at least 1.00 of Redis's; `always` at least 1.50 of Redis's.", b.rounds, b.round(aofRound))}
	var pairs [][]*server
	for _, m := range aofModes {
		pair, stop, err := b.pair(ctx, m.options...)
		if err != nil {
			return s, err
		}
		defer stop()
		pairs = append(pairs, pair)
	}
	for _, g := range []struct {
		note    string
		measure func(context.Context, *server, int) ([]figure, error)
	}{
		{"By redust-bench, 100,000 random keys, values of 64 bytes:", b.setLoad},
		{"By `redis-benchmark -t set -c 50` with its defaults, one key and a value of 3 bytes:", b.setBench},
	} {
		table := wideTable("", "requests/s", "CPU µs/req", "p99 ms", "of no AOF")
		s.notes = append(s.notes, g.note)
		s.tables = append(s.tables, table)
		for _, pipeline := range []int{1, 16} {
			all, err := b.aofRounds(ctx, pairs, func(ctx context.Context, s *server) ([]figure, error) { return g.measure(ctx, s, pipeline) })
			if err != nil {
				return s, err
			}
			for i, m := range aofModes {
				name := fmt.Sprintf("%s, P %d", m.name, pipeline)
				b.progress("%s: %s and %s requests/s", name, middle(all[i][0])[0].text, middle(all[i][1])[0].text)
				addRounds(table, name, &all[i])
			}
		}
	}
	return s, nil
}

// aofRounds measures all settings in turn. A last figure is the rate in relation to the first setting's.
func (b *bench) aofRounds(ctx context.Context, pairs [][]*server, measure func(context.Context, *server) ([]figure, error)) ([]samples, error) {
	all := make([]samples, len(pairs))
	for round := range b.rounds {
		// The settings of one server come right after each other, as the smaller differences are between these.
		for _, j := range inTurn(2, round) {
			for _, i := range inTurn(len(pairs), round) {
				f, err := measure(ctx, pairs[i][j])
				if err != nil {
					return nil, fmt.Errorf("%s: %w", pairs[i][j].name, err)
				}
				all[i][j] = append(all[i][j], f)
				time.Sleep(aofRest)
			}
		}
	}
	for i := range all {
		for j := range all[i] {
			for round, figures := range all[i][j] {
				all[i][j][round] = append(figures, ratio("", figures[0].value/max(all[0][j][round][0].value, 1)))
			}
		}
	}
	return all, ctx.Err()
}

const (
	// aofRound is the share of a round: some flushes of everysec are to be in it.
	aofRound = 2
	// aofRest lets the last flush of one end before the next begins.
	aofRest = 1100 * time.Millisecond
)

// setLoad measures a round by redust-bench.
func (b *bench) setLoad(ctx context.Context, s *server, pipeline int) ([]figure, error) {
	set := load.Group{Name: "set", Vars: numbered, Commands: [][]string{{"SET", "key:{k}", "{v}"}}}
	res, err := load.RunAll(ctx, s.target, set, b.options(pipeline, b.round(aofRound).Seconds()))
	if err != nil {
		return nil, err
	}
	cpu, p99 := res.CPUPerRequest(), res.Latency.Quantile(0.99)
	return []figure{
		count("", res.Rate()), {text: load.Micros(cpu), value: float64(cpu)}, {text: load.Millis(p99), value: float64(p99)},
	}, nil
}

// setBench measures a round by redis-benchmark, the number of requests found by a short run.
func (b *bench) setBench(ctx context.Context, s *server, pipeline int) ([]figure, error) {
	set := benchTest{args: []string{"-t", "set"}}
	f, err := b.runRedisBench(ctx, s, set, pipeline, int64(5000*pipeline))
	if err != nil {
		return nil, err
	}
	return b.runRedisBench(ctx, s, set, pipeline, max(100, int64(f[0].value*b.round(aofRound).Seconds())))
}
