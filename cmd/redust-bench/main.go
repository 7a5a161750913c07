// Command redust-bench is a load generator for Redust, Redis and their like: it runs groups of commands against one server, or
// alternates between two and prints how they compare.
//
//	redust-bench --addr 127.0.0.1:6379 --groups set_get,list_ops --pipeline 16
//	redust-bench --addr 127.0.0.1:6379 --vs 127.0.0.1:6380 --rounds 7
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/redust/redust/cmd/redust-bench/load"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with its surroundings passed in. It returns the exit code: 0, 1 when something couldn't be measured, 2 for
// bad usage, 130 after an interrupt.
func run(args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "redust-bench: %v (see --help)\n", err)
		return 2
	}
	runtime.GOMAXPROCS(s.threads)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once

	bar := newProgressLine(stderr, s.quiet)
	s.options.Progress = bar.show
	var done []load.Comparison
	code := 0
	for _, g := range s.groups {
		bar.begin(g.Name, s.rounds*len(s.targets))
		c, err := load.Compare(ctx, s.targets, g, s.options, s.rounds)
		bar.clear()
		if c.Skipped != "" || measured(&c) {
			done = append(done, c)
		}
		if err != nil && ctx.Err() == nil {
			fmt.Fprintf(stderr, "redust-bench: %v\n", err)
			code = 1
		}
		if ctx.Err() != nil {
			code = 130
		}
		if ctx.Err() != nil || err != nil && !measured(&c) { // a server that isn't there won't be for the next group
			break
		}
	}
	if err := s.write(stdout, done); err != nil {
		fmt.Fprintf(stderr, "redust-bench: %v\n", err)
		return 1
	}
	if code == 130 && !s.quiet {
		fmt.Fprintln(stderr, "redust-bench: interrupted; the figures are of what had run")
	}
	return code
}

// measured tells whether any round came to a result.
func measured(c *load.Comparison) bool {
	for i := range c.Servers {
		if c.Servers[i].Requests > 0 {
			return true
		}
	}
	return false
}
