package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redust/redust/cmd/redust-bench/load"
)

const (
	watchedKeys     = 10_000
	trackingClients = 100
)

// transactionsPart measures MULTI/EXEC, and what WATCH and tracking by others cost a writer.
func transactionsPart(ctx context.Context, b *bench) (section, error) {
	s := section{text: fmt.Sprintf("50 clients, 100,000 random keys, values of 64 bytes; medians of %d rounds of %s.", b.rounds, b.round(0.5))}
	pair, stop, err := b.pair(ctx)
	if err != nil {
		return s, err
	}
	defer stop()
	for _, m := range []struct {
		note    string
		measure func(context.Context, *bench, []*server) (*load.Table, error)
	}{
		{"MULTI, 10 SET and EXEC: each command a round trip (P 1), and the twelve of a transaction together (P 12). Target: transactions/s at least 1.00 at P 1.", measureExec},
		{fmt.Sprintf("SET while one client watches %s other keys, beside SET while nobody watches. Target: no difference.", load.Count(b.size(watchedKeys))), measureWatch},
		{fmt.Sprintf("SET while %d clients track in BCAST mode, beside SET while nobody tracks. What is left of the requests and what CPU is added: the target is that it costs "+
			"a writer at most what it costs in Redis.", b.size(trackingClients)), measureTracking},
	} {
		table, err := m.measure(ctx, b, pair)
		s.notes, s.tables = append(s.notes, m.note), append(s.tables, table)
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

func measureExec(ctx context.Context, b *bench, pair []*server) (*load.Table, error) {
	g := load.Group{Name: "multi", Commands: [][]string{{"MULTI"}}}
	for i := range 10 {
		name := byte('a' + i)
		g.Vars = append(g.Vars, load.Var{Name: name, Digits: 12})
		g.Commands = append(g.Commands, []string{"SET", "key:{" + string(name) + "}", "{v}"})
	}
	g.Commands = append(g.Commands, []string{"EXEC"})
	table := wideTable("", "transactions/s", "CPU µs/transaction", "p99 ms of a batch")
	for _, pipeline := range []int{1, len(g.Commands)} {
		all, err := b.alternate(ctx, pair, func(ctx context.Context, s *server) ([]figure, error) {
			res, err := load.RunAll(ctx, s.target, g, b.options(pipeline, b.round(0.5).Seconds()))
			cpu := res.CPUPerRequest() * 12
			p99 := res.Latency.Quantile(0.99)
			return []figure{
				count("", res.Rate()/12), {text: load.Micros(cpu), value: float64(cpu)}, {text: load.Millis(p99), value: float64(p99)},
			}, err
		})
		if err != nil {
			return table, err
		}
		b.progress("MULTI/EXEC at P %d", pipeline)
		addRounds(table, fmt.Sprintf("MULTI, 10 SET, EXEC, P %d", pipeline), &all)
	}
	return table, nil
}

// besides measures SET without and with what begin does meanwhile; it returns what ends that.
func (b *bench) besides(ctx context.Context, pair []*server, with string, begin func(*server) (end func(), err error)) (*load.Table, error) {
	set := load.Group{Name: "set", Vars: numbered, Commands: [][]string{{"SET", "key:{k}", "{v}"}}}
	all, err := b.alternate(ctx, pair, func(ctx context.Context, s *server) ([]figure, error) {
		var out []figure
		for _, pipeline := range []int{1, 16} {
			o := b.options(pipeline, b.round(0.25).Seconds())
			alone, err := load.RunAll(ctx, s.target, set, o)
			if err != nil {
				return nil, err
			}
			end, err := begin(s)
			if err != nil {
				return nil, err
			}
			beside, err := load.RunAll(ctx, s.target, set, o)
			end()
			if err != nil {
				return nil, err
			}
			p := ", P " + strconv.Itoa(pipeline)
			out = append(out, count("SET requests/s"+p, alone.Rate()), count("SET requests/s "+with+p, beside.Rate()),
				ratio("requests/s, with / without"+p, beside.Rate()/max(alone.Rate(), 1)),
				micros("CPU of a SET"+p, alone.CPUPerRequest()), micros("CPU of a SET "+with+p, beside.CPUPerRequest()),
				micros("CPU added"+p, max(beside.CPUPerRequest()-alone.CPUPerRequest(), 0)))
		}
		return out, nil
	})
	b.progress("SET %s", with)
	return all.table(), err
}

func measureWatch(ctx context.Context, b *bench, pair []*server) (*load.Table, error) {
	args := []string{"WATCH"}
	for i := range b.size(watchedKeys) {
		args = append(args, "watched:"+strconv.FormatInt(i, 10))
	}
	return b.besides(ctx, pair, "beside WATCH", func(s *server) (func(), error) {
		ctl, err := s.target.Dial()
		if err != nil {
			return nil, err
		}
		if _, err := ctl.Do(args...); err != nil {
			ctl.Close()
			return nil, err
		}
		return func() { ctl.Close() }, nil
	})
}

func measureTracking(ctx context.Context, b *bench, pair []*server) (*load.Table, error) {
	return b.besides(ctx, pair, "with tracking", func(s *server) (func(), error) {
		l, err := s.listeners(int(b.size(trackingClients)), "HELLO 3", "CLIENT TRACKING ON BCAST")
		if err != nil {
			return nil, err
		}
		return l.stop, nil
	})
}
