package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// barePart measures what is left to gain: the bare loop makes the system calls that any server must make for a request, and nothing else.
func barePart(ctx context.Context, b *bench) (section, error) {
	s := section{text: fmt.Sprintf("redis-benchmark, 50 clients, its own defaults, against a *bare* loop: it reads, counts the commands, and answers +OK to each, with one write "+
		"for what one read brought. Its figures show what the kernel, the generator and the machine leave to a server: where its ratio to Redis is below a target, "+
		"this machine can hardly show that the target holds. Servers that answer more connections together may do a little better. Medians of %d rounds of %s.", b.rounds, b.round(benchShare))}
	if _, err := exec.LookPath(b.benchmark); err != nil {
		return s, err
	}
	self, err := os.Executable()
	if err != nil {
		return s, err
	}
	var pair []*server
	for _, p := range []program{{"bare", self}, {redisName, b.redis}} {
		one, err := b.start(ctx, p)
		if err != nil {
			return s, err
		}
		defer one.stop()
		pair = append(pair, one)
	}
	table := &load.Table{Head: []string{"test", "requests/s: bare", "Redis", "ratio", "CPU µs/req: bare", "Redis", "ratio", "p99 ms: bare", "Redis", "ratio"}, Left: 1}
	s.tables = append(s.tables, table)
	for _, pipeline := range []int{1, 16} {
		for _, name := range []string{"ping_mbulk", "set", "lpush"} {
			all, err := b.redisBench(ctx, pair, benchTest{name: name, args: []string{"-t", name}}, benchWay{pipeline: pipeline, share: benchShare})
			if err != nil {
				return s, fmt.Errorf("%s P %d: %w", name, pipeline, err)
			}
			b.progress("%s P %d", name, pipeline)
			addRounds(table, fmt.Sprintf("%s, P %d", name, pipeline), &all)
		}
	}
	return s, nil
}
