package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// samples are the figures of Redust and of Redis, a row a round.
type samples [2][][]figure

// alternate measures each server of the pair in turns, every second round backwards, so that neither always comes first. On an error it
// returns the rounds done so far.
func (b *bench) alternate(ctx context.Context, pair []*server, measure func(context.Context, *server) ([]figure, error)) (samples, error) {
	var all samples
	for round := range b.rounds {
		if err := all.take(ctx, pair, round, measure); err != nil {
			return all, err
		}
	}
	return all, nil
}

// take adds one round.
func (all *samples) take(ctx context.Context, pair []*server, round int, measure func(context.Context, *server) ([]figure, error)) error {
	for _, i := range inTurn(len(pair), round) {
		f, err := measure(ctx, pair[i])
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", pair[i].name, err)
		}
		all[i] = append(all[i], f)
	}
	return nil
}

// table lays the medians out, a row a figure.
func (all *samples) table() *load.Table { return sideBySide(middle(all[0]), middle(all[1])) }

// both does the same with both servers at once.
func both(pair []*server, work func(*server) error) error {
	errs := make([]error, len(pair))
	var wg sync.WaitGroup
	for i, s := range pair {
		wg.Go(func() {
			if err := work(s); err != nil {
				errs[i] = fmt.Errorf("%s: %w", s.name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// inTurn is 0 to n-1, in every other round backwards.
func inTurn(n, round int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	if round%2 == 1 {
		slices.Reverse(out)
	}
	return out
}
