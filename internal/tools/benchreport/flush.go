package main

import (
	"context"
	"fmt"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

const flushRounds = 3

// flushPart runs FLUSHALL on a full server while clients read.
func flushPart(ctx context.Context, b *bench) (section, error) {
	s := section{title: "FLUSHALL", text: fmt.Sprintf("%s keys, %d clients that read without a pipeline for %s, one FLUSHALL after a second of it. Medians of %d rounds, and the worst. "+
		"Target: nobody waits more than 10 ms for it.",
		load.Count(b.keys), quietClients, window, flushRounds)}
	table, err := b.each(ctx, func(ctx context.Context, s *server) ([]figure, error) {
		var quiet, busy, call []float64
		for range flushRounds {
			if _, err := load.Fill(ctx, s.target, b.keys, 64); err != nil {
				return nil, err
			}
			if _, err := s.settle(ctx); err != nil {
				return nil, err
			}
			q, err := readOthers(ctx, s, window)
			if err != nil {
				return nil, err
			}
			f, took, err := flushWhileReading(ctx, s)
			if err != nil {
				return nil, err
			}
			quiet = append(quiet, float64(q.Latency.Max()))
			busy = append(busy, float64(f.Latency.Max()))
			call = append(call, float64(took))
		}
		worst := busy[0]
		for _, v := range busy {
			worst = max(worst, v)
		}
		return []figure{
			millis("GET max, quiet", time.Duration(load.Median(quiet))),
			millis("GET max, with FLUSHALL", time.Duration(load.Median(busy))),
			millis("GET max, with FLUSHALL, worst", time.Duration(worst)),
			millis("FLUSHALL itself", time.Duration(load.Median(call))),
		}, nil
	})
	s.tables = append(s.tables, table)
	return s, err
}

// flushWhileReading returns what the readers saw and how long FLUSHALL took.
func flushWhileReading(ctx context.Context, s *server) (load.Result, time.Duration, error) {
	type answer struct {
		took time.Duration
		err  error
	}
	flushed := make(chan answer, 1)
	go func() {
		if err := sleep(ctx, time.Second); err != nil {
			flushed <- answer{err: err}
			return
		}
		began := time.Now()
		_, err := s.ctl.Do("FLUSHALL")
		flushed <- answer{time.Since(began), err}
	}()
	res, err := readOthers(ctx, s, window)
	a := <-flushed
	if err == nil {
		err = a.err
	}
	return res, a.took, err
}
