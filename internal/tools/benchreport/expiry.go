package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

const (
	expiringKeys = 1_000_000
	dueKeys      = 1000 // of expiryPart
	quietClients = 10   // that read other keys while the server is busy
	quietKeys    = 100_000
	window       = 3 * time.Second // of their measurement
	// expiryWindow covers the second in which keys expire and little more, so that calm doesn't dilute the p99.
	expiryWindow = 1500 * time.Millisecond
	// giveBack is the share of a growth that counts as all of it: tables shrink in steps (Redis's only when a tenth full) and
	// clients' buffers come and go.
	giveBack = 0.9
)

var (
	numbered = []load.Var{{Name: 'k', Digits: 12}}
	reader   = load.Group{Name: "get", Vars: numbered, Commands: [][]string{{"GET", "key:{k}"}}}
)

// expiryPart finds how late keys are deleted that nobody reads, beside many others that have a TTL.
func expiryPart(ctx context.Context, b *bench) (section, error) {
	s := section{text: fmt.Sprintf("%d keys due at one moment beside %s keys due in an hour; nobody reads any of them. "+
		"The lag is seen by reading `expired_keys` of INFO every 2 ms. Target: a p99 of at most 100 ms.", dueKeys, load.Count(b.size(expiringKeys)))}
	table, err := b.each(ctx, func(ctx context.Context, s *server) ([]figure, error) {
		others := load.Group{Name: "others", Vars: numbered, Commands: [][]string{{"SET", "key:{k}", "{v}", "PX", "3600000"}}}
		if err := fill(ctx, s, others, b.size(expiringKeys)); err != nil {
			return nil, err
		}
		before, err := s.ctl.InfoInt("stats", "expired_keys")
		if err != nil {
			return nil, err
		}
		due := time.Now().Add(2 * time.Second).Truncate(time.Millisecond)
		keys := load.Group{Name: "due", Vars: numbered, Commands: [][]string{{"SET", "due:{k}", "{v}", "PXAT", strconv.FormatInt(due.UnixMilli(), 10)}}}
		if err := fill(ctx, s, keys, dueKeys); err != nil {
			return nil, err
		}
		if err := sleep(ctx, time.Until(due)); err != nil {
			return nil, err
		}
		var lag load.Histogram
		for lag.Count() < dueKeys && time.Since(due) < b.patience && ctx.Err() == nil {
			now, err := s.ctl.InfoInt("stats", "expired_keys")
			if err != nil {
				return nil, err
			}
			if gone := uint64(now-before) - lag.Count(); gone > 0 {
				lag.Record(time.Since(due), gone)
			}
			time.Sleep(2 * time.Millisecond)
		}
		return []figure{
			lagFigure("lag p50", &lag, 0.5, b.patience),
			lagFigure("lag p99", &lag, 0.99, b.patience),
			lagFigure("lag, last key", &lag, 1, b.patience),
			count(fmt.Sprintf("of %d gone after %s", dueKeys, b.patience), float64(lag.Count())),
		}, ctx.Err()
	})
	s.tables = append(s.tables, table)
	return s, err
}

// lagFigure is the lag that the share q of all due keys didn't exceed; keys that never went count as late as we waited.
func lagFigure(name string, h *load.Histogram, q float64, waited time.Duration) figure {
	want := q * dueKeys
	if float64(h.Count()) < want {
		return late(name, waited)
	}
	return millis(name, h.Quantile(want/float64(h.Count())))
}

// massExpiryPart lets many keys expire within one second while clients read others.
func massExpiryPart(ctx context.Context, b *bench) (section, error) {
	s := section{text: fmt.Sprintf("%s keys with 64-byte values expire within one second, while %d clients read others without a pipeline for %s from its start. "+
		"Memory is back when %.0f %% of what the keys took is; its time counts from the end of that second. "+
		"Targets: GET p99 less than twice the quiet one, all memory back within 2 s.", load.Count(b.size(expiringKeys)), quietClients, expiryWindow, giveBack*100)}
	table, err := b.each(ctx, b.massExpiry)
	s.tables = append(s.tables, table)
	return s, err
}

func (b *bench) massExpiry(ctx context.Context, s *server) ([]figure, error) {
	if _, err := load.Fill(ctx, s.target, quietKeys, 64); err != nil {
		return nil, err
	}
	quiet, err := readOthers(ctx, s, window)
	if err != nil {
		return nil, err
	}
	base, err := s.footprint()
	if err != nil {
		return nil, err
	}
	// A whole second, so that only the last three digits of the milliseconds differ. Ten seconds are enough to load.
	due := time.Now().Add(10 * time.Second).Truncate(time.Second)
	keys := load.Group{
		Name: "due", Vars: append(numbered[:1:1], load.Var{Name: 'm', Digits: 3, Bound: 1000}),
		Commands: [][]string{{"SET", "due:{k}", "{v}", "PXAT", strconv.FormatInt(due.Unix(), 10) + "{m}"}},
	}
	if err := fill(ctx, s, keys, b.size(expiringKeys)); err != nil {
		return nil, err
	}
	full, err := s.footprint()
	if err != nil {
		return nil, err
	}
	if time.Now().After(due) {
		return nil, fmt.Errorf("loading %d keys took longer than their TTL", b.size(expiringKeys))
	}
	if err := sleep(ctx, time.Until(due)); err != nil {
		return nil, err
	}
	back := make(chan recovery, 1)
	go func() { back <- s.awaitMemory(ctx, base, full, due.Add(time.Second), b.patience) }()
	busy, err := readOthers(ctx, s, expiryWindow)
	r := <-back
	if err == nil {
		err = r.err
	}
	if err != nil {
		return nil, err
	}
	q, p := quiet.Latency.Quantile(0.99), busy.Latency.Quantile(0.99)
	return []figure{
		millis("GET p99, quiet", q), millis("GET p99, expiring", p),
		ratio("GET p99, expiring / quiet", float64(p)/float64(q)),
		millis("GET max, quiet", quiet.Latency.Max()), millis("GET max, expiring", busy.Latency.Max()),
		megabytes("used_memory of the keys", full.used-base.used), megabytes("resident size of the keys", full.rss-base.rss),
		r.figure("used_memory back after", r.used, b.patience), r.figure("resident size back after", r.rss, b.patience),
	}, nil
}

// fill sends the group's single command n times, its first variable counting.
func fill(ctx context.Context, s *server, g load.Group, n int64) error {
	return fillValues(ctx, s, g, n, 64)
}

// fillValues is fill with values of size bytes.
func fillValues(ctx context.Context, s *server, g load.Group, n int64, size int) error {
	_, err := load.RunAll(ctx, s.target, g, load.Options{Clients: 16, Pipeline: 100, Keyspace: 1, ValueSize: size, Iterations: n, Sequential: true})
	return err
}

// readOthers measures clients that read keys which nothing happens to.
func readOthers(ctx context.Context, s *server, d time.Duration) (load.Result, error) {
	return readBy(ctx, s, quietClients, d)
}

func readBy(ctx context.Context, s *server, clients int, d time.Duration) (load.Result, error) {
	return load.RunAll(ctx, s.target, reader, load.Options{Clients: clients, Pipeline: 1, Keyspace: quietKeys, Duration: d})
}

// footprint is a server's memory at a moment, in bytes.
type footprint struct{ used, rss int64 }

func (s *server) footprint() (f footprint, err error) {
	if f.used, err = s.ctl.InfoInt("memory", "used_memory"); err != nil {
		return f, err
	}
	f.rss, err = s.rss()
	return f, err
}

// recovery tells when memory was back, counted from a given moment; negative when it wasn't.
type recovery struct {
	used, rss time.Duration
	err       error
}

func (r recovery) figure(name string, d, waited time.Duration) figure {
	if d < 0 {
		return late(name, waited)
	}
	return millis(name, d)
}

// awaitMemory watches until the growth from base to full is given back, at most until patience has passed after from.
func (s *server) awaitMemory(ctx context.Context, base, full footprint, from time.Time, patience time.Duration) recovery {
	r := recovery{used: -1, rss: -1}
	isBack := func(now, base, full int64) bool { return float64(full-now) >= giveBack*float64(full-base) }
	for (r.used < 0 || r.rss < 0) && time.Since(from) < patience && ctx.Err() == nil {
		f, err := s.footprint()
		if err != nil {
			r.err = err
			return r
		}
		if r.used < 0 && isBack(f.used, base.used, full.used) {
			r.used = max(time.Since(from), 0)
		}
		if r.rss < 0 && isBack(f.rss, base.rss, full.rss) {
			r.rss = max(time.Since(from), 0)
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.err = ctx.Err()
	return r
}
