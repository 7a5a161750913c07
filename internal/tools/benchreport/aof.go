package main

import (
	"context"
	"fmt"

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
	s := section{text: fmt.Sprintf("SET, 50 clients, 100,000 random keys, values of 64 bytes, P requests a pipeline, the file on the disk of the repository, no rewrite meanwhile. "+
		"Each setting has servers of its own, and a round goes through all of them; medians of %d rounds of %s. "+
		"Targets: `everysec` at least 0.95 of Redust's own without AOF and at least 1.00 of Redis's; `always` at least 1.50 of Redis's.", b.rounds, b.round(0.4))}
	var pairs [][]*server
	for _, m := range aofModes {
		pair, stop, err := b.pair(ctx, m.options...)
		if err != nil {
			return s, err
		}
		defer stop()
		pairs = append(pairs, pair)
	}
	set := load.Group{Name: "set", Vars: numbered, Commands: [][]string{{"SET", "key:{k}", "{v}"}}}
	table := wideTable("", "requests/s", "CPU µs/req", "p99 ms", "of no AOF")
	s.tables = append(s.tables, table)
	for _, pipeline := range []int{1, 16} {
		all := make([]samples, len(aofModes))
		for round := range b.rounds {
			for i, pair := range pairs {
				err := all[i].take(ctx, pair, round, func(ctx context.Context, s *server) ([]figure, error) {
					res, err := load.RunAll(ctx, s.target, set, b.options(pipeline, b.round(0.4).Seconds()))
					cpu, p99 := res.CPUPerRequest(), res.Latency.Quantile(0.99)
					return []figure{
						count("", res.Rate()), {text: load.Micros(cpu), value: float64(cpu)}, {text: load.Millis(p99), value: float64(p99)},
					}, err
				})
				if err != nil {
					return s, err
				}
			}
		}
		var none [2]figure
		for i, m := range aofModes {
			var rows [2][]figure
			for j := range rows {
				rows[j] = middle(all[i][j])
				if i == 0 {
					none[j] = rows[j][0]
				}
				rows[j] = append(rows[j], ratio("", rows[j][0].value/max(none[j].value, 1)))
			}
			name := fmt.Sprintf("%s, P %d", m.name, pipeline)
			b.progress("%s: %s and %s requests/s", name, rows[0][0].text, rows[1][0].text)
			addWide(table, name, rows[0], rows[1])
		}
	}
	return s, nil
}
