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
	s := section{text: fmt.Sprintf("%s keys, %d clients that read without a pipeline for %s, one FLUSHALL after a second of it. Medians of %d rounds, and the worst. "+
		"Target: nobody waits more than 10 ms for it.",
		load.Count(b.size(manyKeys)), quietClients, window, flushRounds)}
	table, err := b.each(ctx, func(ctx context.Context, s *server) ([]figure, error) {
		var quiet, busy, call []float64
		for range flushRounds {
			if _, err := load.Fill(ctx, s.target, b.size(manyKeys), 64); err != nil {
				return nil, err
			}
			if _, err := s.settle(ctx); err != nil {
				return nil, err
			}
			q, err := readOthers(ctx, s, window)
			if err != nil {
				return nil, err
			}
			f, took, err := readWhile(ctx, s, window, time.Second, "FLUSHALL")
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

// readWhile returns what readers saw in the duration d, and how long the command took that came after a while.
func readWhile(ctx context.Context, s *server, d, after time.Duration, command ...string) (load.Result, time.Duration, error) {
	type answer struct {
		took time.Duration
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		if err := sleep(ctx, after); err != nil {
			done <- answer{err: err}
			return
		}
		began := time.Now()
		_, err := s.ctl.Do(command...)
		done <- answer{time.Since(began), err}
	}()
	res, err := readOthers(ctx, s, d)
	a := <-done
	if err == nil {
		err = a.err
	}
	return res, a.took, err
}
