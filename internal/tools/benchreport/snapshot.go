package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

const (
	snapshotRate    = 20_000 // requests a second meanwhile
	snapshotClients = 20
	// quietShare is the time before each snapshot, in rounds: about what a snapshot takes. Where the host takes the processors away for 10 ms and
	// more now and then, p99.9 is about the longest such pause, and the longer one looks, the longer is that.
	quietShare = 2.5
	rdbName    = "dump.rdb"
)

// snapshotKind is a command that writes a file of everything in the background.
type snapshotKind struct {
	command         string
	running, status string // fields of INFO persistence
	cow             string // what Redis's child copied; in Redust, which has no child, a part of its own resident size
}

var snapshotKinds = []snapshotKind{
	{"BGSAVE", "rdb_bgsave_in_progress", "rdb_last_bgsave_status", "rdb_last_cow_size"},
	{"BGREWRITEAOF", "aof_rewrite_in_progress", "aof_last_bgrewrite_status", "aof_last_cow_size"},
}

// snapshotPart saves and rewrites under load, and loads what was saved.
func snapshotPart(ctx context.Context, b *bench) (section, error) {
	n := b.size(manyKeys)
	s := section{text: fmt.Sprintf("%s keys of 16 bytes with values of 64 bytes, under %s requests/s of GET and SET in equal parts over %d connections. They are sent by the clock, and "+
		"a latency counts from the moment its request was due. Both servers keep an append-only file with `everysec`. Growth is that of the resident size until its peak plus "+
		"what INFO says the child copied that Redis forks. Quiet figures are from the %s before. Medians of %d rounds. "+
		"Targets: growth at most 15 %%, p99.9 at most twice the quiet one, duration at most 1.50 of Redis's; loading at most 1.00.",
		load.Count(n), load.Count(snapshotRate), snapshotClients, b.round(quietShare), b.rounds)}
	pair, stop, err := b.pair(ctx, aofModes[1].options...)
	if err != nil {
		return s, err
	}
	defer stop()
	if err := both(pair, func(s *server) error { _, err := load.Fill(ctx, s.target, n, 64); return err }); err != nil {
		return s, err
	}
	for _, k := range snapshotKinds {
		all, err := b.alternate(ctx, pair, func(ctx context.Context, s *server) ([]figure, error) { return b.snapshot(ctx, s, k, n) })
		s.notes, s.tables = append(s.notes, k.command+":"), append(s.tables, all.table())
		if err != nil {
			return s, fmt.Errorf("%s: %w", k.command, err)
		}
		b.progress("%s", k.command)
	}
	all, err := b.loadings(ctx, pair)
	s.notes = append(s.notes, fmt.Sprintf("Loading the RDB file of %s keys, from the start of the process to its first PONG:", load.Count(n)))
	s.tables = append(s.tables, all.table())
	return s, err
}

// snapshot measures a quiet time and then one snapshot.
func (b *bench) snapshot(ctx context.Context, s *server, k snapshotKind, keys int64) ([]figure, error) {
	host := startHostMeter()
	calm, cancel := context.WithTimeout(ctx, b.round(quietShare))
	quiet, err := paced(calm, s, snapshotClients, snapshotRate, keys)
	cancel()
	if err != nil {
		return nil, err
	}
	quietSteal := host.taken()
	before, err := s.rss()
	if err != nil {
		return nil, err
	}
	loaded, cancel := context.WithCancel(ctx)
	var r running
	go func() {
		defer cancel()
		r = s.runSnapshot(ctx, k)
	}()
	busy, err := paced(loaded, s, snapshotClients, snapshotRate, keys)
	<-loaded.Done()
	if err := errors.Join(err, r.err, ctx.Err()); err != nil {
		return nil, err
	}
	p, q := quiet.Quantile(0.999), busy.Quantile(0.999)
	grown := max(r.peak-before, 0)
	return []figure{
		seconds("duration", r.took), megabytes("resident before", before), megabytes("growth of the server", grown), megabytes("copied by the child", r.cow),
		percent("growth and copies, of resident before", float64(grown+r.cow)/float64(before)),
		millis("p99.9, quiet", p), millis("p99.9, meanwhile", q), ratio("p99.9, meanwhile / quiet", float64(q)/float64(max(p, 1))),
		percent("processors taken by the host, quiet", quietSteal), percent("processors taken by the host, meanwhile", host.taken()),
		millis("max, quiet", quiet.Max()), millis("max, meanwhile", busy.Max()),
		count("requests/s meanwhile", float64(busy.Count())/r.took.Seconds()),
	}, nil
}

// running is what was seen of a snapshot.
type running struct {
	took      time.Duration
	peak, cow int64 // bytes
	err       error
}

// runSnapshot starts a snapshot and watches the resident size until it is done.
func (s *server) runSnapshot(ctx context.Context, k snapshotKind) (r running) {
	began := time.Now()
	if _, r.err = s.ctl.Do(k.command); r.err != nil {
		return r
	}
	for {
		rss, err := s.rss()
		if err != nil {
			r.err = err
			return r
		}
		r.peak = max(r.peak, rss)
		f, err := s.ctl.Info("persistence")
		if err != nil {
			r.err = err
			return r
		}
		if f[k.running] == "0" && f["aof_rewrite_scheduled"] == "0" {
			r.took = time.Since(began)
			if f[k.status] != "ok" {
				r.err = fmt.Errorf("%s is %q", k.status, f[k.status])
			}
			break
		}
		if r.err = sleep(ctx, 20*time.Millisecond); r.err != nil {
			return r
		}
	}
	if s.name == redisName {
		r.cow, r.err = s.ctl.InfoInt("persistence", k.cow)
	}
	return r
}

// loadings saves what each server holds and starts servers with the file.
func (b *bench) loadings(ctx context.Context, pair []*server) (samples, error) {
	files := make(map[string]string) // by server
	for _, s := range pair {
		s.ctl.Timeout = 2 * time.Minute
		if _, err := s.ctl.Do("SAVE"); err != nil {
			return samples{}, fmt.Errorf("%s: SAVE: %w", s.name, err)
		}
		files[s.name] = filepath.Join(s.dir, rdbName)
	}
	paths := make(map[string]string)
	for _, p := range b.programs() {
		paths[p.name] = p.path
	}
	return b.alternate(ctx, pair, func(ctx context.Context, s *server) ([]figure, error) {
		dir, err := os.MkdirTemp(b.dir, "benchreport-")
		if err != nil {
			return nil, err
		}
		if err := os.Link(files[s.name], filepath.Join(dir, rdbName)); err != nil {
			os.RemoveAll(dir)
			return nil, err
		}
		began := time.Now()
		loaded, err := b.startIn(ctx, program{s.name, paths[s.name]}, dir)
		if err != nil {
			return nil, err
		}
		took := time.Since(began)
		defer loaded.stop()
		size, err := loaded.ctl.Do("DBSIZE")
		if err != nil {
			return nil, err
		}
		return []figure{seconds("seconds", took), count("keys", float64(size.Integer()))}, nil
	})
}
