package load

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Summary is what several rounds of one group against one server amount to: medians, except that Max is the largest of all
// rounds and the counts are sums.
type Summary struct {
	Addr                string
	Rounds              int
	Requests            int64
	Errors              uint64
	ErrorText           string
	Rate                float64 // requests a second
	P50, P99, P999, Max time.Duration
	CPU                 time.Duration // the server's, for one request; 0 when unknown
	CPUSource           string
}

// Comparison is one group measured against one server or several.
type Comparison struct {
	Group       Group
	Options     Options
	Skipped     string    // why it wasn't measured; empty when it was
	Servers     []Summary // in the order of the targets
	Interrupted bool
}

// Ratio divides the first server's figure by the second's; 0 when there is no second or its figure is 0.
func (c *Comparison) Ratio(figure func(*Summary) float64) float64 {
	if len(c.Servers) < 2 || figure(&c.Servers[1]) == 0 {
		return 0
	}
	return figure(&c.Servers[0]) / figure(&c.Servers[1])
}

// Compare measures group against each target in rounds, after a warm-up of each. Every second round goes through the targets backwards,
// so that neither always comes first. A group that a target lacks commands for comes back as skipped.
// On an error, and when ctx ends, the rounds done so far are summarised.
func Compare(ctx context.Context, targets []Target, g Group, o Options, rounds int) (Comparison, error) {
	c := Comparison{Group: g, Options: o}
	if err := o.Check(); err != nil {
		return c, err
	}
	for _, t := range targets {
		missing, err := prepareGroup(ctx, t, &g, o)
		if err != nil {
			return c, fmt.Errorf("%s: %w", t.Addr, err)
		}
		if len(missing) > 0 {
			c.Skipped = t.Addr + " has no " + strings.Join(missing, ", ")
			return c, nil
		}
	}
	results := make([][]Result, len(targets))
	var failed error
	for round := -1; round < rounds && failed == nil && ctx.Err() == nil; round++ {
		for i := range targets {
			if round%2 != 0 {
				i = len(targets) - 1 - i
			}
			ro := o
			if round < 0 {
				ro = o.warmUp()
			}
			res, err := Run(ctx, targets[i], g, ro)
			if round >= 0 && res.Requests > 0 {
				results[i] = append(results[i], res)
			}
			if err != nil {
				failed = fmt.Errorf("%s: %s: %w", targets[i].Addr, g.Name, err)
				break
			}
		}
	}
	for i, t := range targets {
		c.Servers = append(c.Servers, summarise(t.Addr, results[i]))
	}
	c.Interrupted = ctx.Err() != nil
	return c, failed
}

// prepareGroup probes a server for the group's commands and brings the keys it needs.
func prepareGroup(ctx context.Context, t Target, g *Group, o Options) (missing []string, err error) {
	ctl, err := t.Dial()
	if err != nil {
		return nil, err
	}
	defer ctl.Close()
	if missing, err = ctl.Missing(g); err != nil || len(missing) > 0 {
		return missing, err
	}
	if err := ctl.prepare(g); err != nil {
		return nil, err
	}
	if g.FillKeys {
		_, err = Fill(ctx, t, o.Keyspace, o.ValueSize)
	}
	return nil, err
}

// warmUp is a tenth of a run, at most half a second.
func (o Options) warmUp() Options {
	if o.Iterations > 0 {
		o.Iterations = max(o.Iterations/10, 1)
	}
	if limit := 500 * time.Millisecond; o.Duration > 0 {
		o.Duration = min(o.Duration/10, limit)
	} else {
		o.Duration = limit
	}
	o.Progress = nil
	return o
}

func summarise(addr string, rounds []Result) Summary {
	s := Summary{Addr: addr, Rounds: len(rounds)}
	if len(rounds) == 0 {
		return s
	}
	pick := func(figure func(*Result) float64) float64 {
		all := make([]float64, len(rounds))
		for i := range rounds {
			all[i] = figure(&rounds[i])
		}
		return Median(all)
	}
	quantile := func(q float64) time.Duration {
		return time.Duration(pick(func(r *Result) float64 { return float64(r.Latency.Quantile(q)) }))
	}
	s.Rate = pick((*Result).Rate)
	s.P50, s.P99, s.P999 = quantile(0.5), quantile(0.99), quantile(0.999)
	s.CPU = time.Duration(pick(func(r *Result) float64 { return float64(r.CPUPerRequest()) }))
	for i := range rounds {
		r := &rounds[i]
		s.Requests += r.Requests
		s.Errors += r.Errors
		s.Max = max(s.Max, r.Latency.Max())
		if s.ErrorText == "" {
			s.ErrorText = r.ErrorText
		}
		s.CPUSource = r.CPUSource
	}
	return s
}

// Median returns the middle value, or the mean of the two in the middle; 0 for none. It sorts v.
func Median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	mid := len(v) / 2
	if len(v)%2 == 1 {
		return v[mid]
	}
	return (v[mid-1] + v[mid]) / 2
}
