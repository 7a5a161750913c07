package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// setGetPart is redis-benchmark's SET and GET, at three pipeline depths.
func setGetPart(ctx context.Context, b *bench) (section, error) {
	s := section{text: fmt.Sprintf("50 clients, 100,000 random keys, values of 64 bytes, P requests a pipeline. The servers take turns; "+
		"medians of %d rounds of %g s, max over all rounds. The ratio is Redust's figure divided by Redis's: above 1 is better for requests/s, below 1 for all else. "+
		"Targets: CPU at most 1.00 at P 1 and 0.80 at P 16 and P 200; requests/s at least 1.00 at P 1 and 1.30 at P 16; p99 at most 1.00.", b.rounds, b.seconds)}
	pair, stop, err := b.pair(ctx)
	if err != nil {
		return s, err
	}
	defer stop()
	groups, err := load.SelectGroups([]string{"set", "get"})
	if err != nil {
		return s, err
	}
	var list []load.Comparison
	for _, pipeline := range []int{1, 16, 200} {
		for _, g := range groups {
			c, err := b.compare(ctx, pair, g, pipeline, b.seconds)
			if err != nil {
				return s, err
			}
			c.Group.Name = fmt.Sprintf("%s, P %d", strings.ToUpper(g.Name), pipeline)
			list = append(list, c)
		}
	}
	s.add(list)
	return s, nil
}

// groupsPart runs every command group without a pipeline and with one of 16.
func groupsPart(ctx context.Context, b *bench) (section, error) {
	seconds := b.seconds / 4
	s := section{text: fmt.Sprintf("Each group repeats a short cycle of commands (see `cmd/redust-bench/load/groups.go`); otherwise as above. "+
		"Medians of %d rounds of %g s.", b.rounds, seconds)}
	pair, stop, err := b.pair(ctx)
	if err != nil {
		return s, err
	}
	defer stop()
	groups, err := load.SelectGroups(nil)
	if err != nil {
		return s, err
	}
	for _, pipeline := range []int{1, 16} {
		var list []load.Comparison
		for _, g := range groups {
			c, err := b.compare(ctx, pair, g, pipeline, seconds)
			if err != nil {
				return s, err
			}
			list = append(list, c)
		}
		s.notes = append(s.notes, fmt.Sprintf("P %d:", pipeline))
		s.add(list)
	}
	return s, nil
}

// compare measures one group. One that fails, or is answered by errors, comes back as skipped with the reason, so that the others are
// still measured; the error is that of ctx alone.
func (b *bench) compare(ctx context.Context, pair []*server, g load.Group, pipeline int, seconds float64) (load.Comparison, error) {
	targets := []load.Target{pair[0].target, pair[1].target}
	c, err := load.Compare(ctx, targets, g, b.options(pipeline, seconds), b.rounds)
	if ctx.Err() != nil {
		return c, ctx.Err()
	}
	if err != nil {
		c.Skipped = err.Error()
	}
	for i, s := range pair {
		if c.Skipped == "" && c.Servers[i].Errors > 0 {
			c.Skipped = fmt.Sprintf("%s answered %s", s.name, c.Servers[i].ErrorText)
		}
		c.Skipped = strings.ReplaceAll(c.Skipped, targets[i].Addr, s.name) // ports mean nothing to the reader
	}
	if c.Skipped != "" {
		b.progress("%s P %d: skipped, %s", g.Name, pipeline, c.Skipped)
		return c, nil
	}
	b.progress("%s P %d: %s and %s requests/s", g.Name, pipeline, load.Count(int64(c.Servers[0].Rate)), load.Count(int64(c.Servers[1].Rate)))
	return c, nil
}
