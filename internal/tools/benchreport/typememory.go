package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// dataset is what fills an empty server.
type dataset struct {
	name string
	fill func(context.Context, *server) error
}

// typeMemoryPart loads collections and looks at the resident size.
func typeMemoryPart(ctx context.Context, b *bench) (section, error) {
	s := section{text: "Each loaded into an empty server of its own: resident size (VmRSS) once it has settled, and how much of it came with the data. " +
		"Targets: resident at most 0.80 of Redis's, the sets of short strings at most 0.35."}
	table := wideTable("data", "resident", "growth")
	s.tables = append(s.tables, table)
	for _, d := range b.datasets() {
		var columns [][]figure
		for _, p := range b.programs() {
			f, err := b.weigh(ctx, p, d)
			if err != nil {
				return s, fmt.Errorf("%s: %s: %w", d.name, p.name, err)
			}
			columns = append(columns, f)
		}
		b.progress("%s: %s and %s", d.name, columns[0][0].text, columns[1][0].text)
		addWide(table, d.name, columns[0], columns[1])
	}
	return s, nil
}

func (b *bench) weigh(ctx context.Context, p program, d dataset) ([]figure, error) {
	s, err := b.start(ctx, p)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	empty, err := s.rss()
	if err != nil {
		return nil, err
	}
	if err := d.fill(ctx, s); err != nil {
		return nil, err
	}
	full, err := s.settle(ctx)
	return []figure{megabytes("resident", full), megabytes("growth", max(full-empty, 0))}, err
}

func (b *bench) datasets() []dataset {
	half, million := b.size(500_000), b.size(1_000_000)
	hash := []string{"HSET", "hash:{k}"}
	for i := range 8 {
		hash = append(hash, fmt.Sprintf("field%03d", i), "{v}")
	}
	ints := load.Group{Name: "ints", Vars: numbered, Commands: [][]string{{"SADD", "ints:{k}"}}}
	for i := range 10 {
		name := byte('a' + i)
		ints.Vars = append(ints.Vars[:i+1:i+1], load.Var{Name: name, Digits: 6, Bound: 1_000_000})
		ints.Commands[0] = append(ints.Commands[0], "1{"+string(name)+"}")
	}
	short := load.Group{Name: "short", Vars: append(numbered[:1:1], load.Var{Name: 'm', Digits: 6, Bound: 1_000_000}), Commands: [][]string{{"SADD", "set:{k}"}}}
	for i := range 50 {
		short.Commands[0] = append(short.Commands[0], fmt.Sprintf("m%02d:{m}", i))
	}
	each := func(g load.Group, n int64) func(context.Context, *server) error {
		return func(ctx context.Context, s *server) error { return fillValues(ctx, s, g, n, 16) }
	}
	whole := func(kind string, n int64) func(context.Context, *server) error {
		return func(ctx context.Context, s *server) error {
			return collectionOf(kind).fill(ctx, s, strings.ReplaceAll(kind, " ", "-"), 0, n)
		}
	}
	return []dataset{
		{load.Count(half) + " hashes of 8 fields of 8+16 bytes", each(load.Group{Name: "hashes", Vars: numbered, Commands: [][]string{hash}}, half)},
		{load.Count(half) + " sets of 10 integers", each(ints, half)},
		{load.Count(b.size(50_000)) + " sets of 50 short strings", each(short, b.size(50_000))},
		{"a list of " + load.Count(2*million) + " short strings", whole("list", 2*million)},
		{"a sorted set of " + load.Count(million), whole("sorted set", million)},
		{"a hash of " + load.Count(million), whole("hash", million)},
	}
}
