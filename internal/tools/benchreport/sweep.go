package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// A sweep lists the server's CPU for a request of many commands, one by one, beside Redis's: a way to find those that cost more than they should.
// Its figures are no report. A file says what is measured; sweep.txt explains the form.

const (
	sweepLimit    = 20 * time.Minute
	sweepShare    = 0.125 // of the time of a round, for each command
	sweepPipeline = 16
	sweepRandom   = 1000 // {i} and {r} have three digits
	sweepNoted    = 1.2  // ratios above it are listed again at the end
)

// sweepList is a file: commands that prepare both servers, and commands to measure.
type sweepList struct {
	setup    [][]string
	commands [][]string
}

func parseSweep(text string) (l sweepList, err error) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := strings.Fields(line)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		if words[0] != "setup" {
			l.commands = append(l.commands, words)
			continue
		}
		times := 0
		if len(words) > 2 {
			times, _ = strconv.Atoi(words[1])
		}
		if times < 1 || times > sweepRandom {
			return l, fmt.Errorf("line %d: want setup, a number up to %d and a command", n, sweepRandom)
		}
		for i := range times {
			command := slices.Clone(words[2:])
			for a := range command {
				command[a] = strings.ReplaceAll(command[a], "{i}", fmt.Sprintf("%03d", i))
			}
			l.setup = append(l.setup, command)
		}
	}
	return l, nil
}

// sweep measures the commands of a file and writes a line for each as it is done. It ends at sweepLimit.
func (b *bench) sweep(ctx context.Context, file string, out io.Writer) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	list, err := parseSweep(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	ctx, cancel := context.WithTimeout(ctx, sweepLimit)
	defer cancel()
	pair, stop, err := b.pair(ctx)
	if err != nil {
		return err
	}
	defer stop()
	err = both(pair, func(s *server) error {
		for _, command := range list.setup {
			if _, err := s.ctl.Do(command...); err != nil {
				return fmt.Errorf("%s: %w", strings.Join(command, " "), err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "CPU of a request, P %d\nratio  Redust µs   Redis µs  command\n", sweepPipeline)
	var above []string
	for _, command := range list.commands {
		line, ratio, err := b.sweepOne(ctx, pair, command)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, line)
		if ratio > sweepNoted {
			above = append(above, line)
		}
	}
	fmt.Fprintf(out, "\n%d of %d above %.2f:\n", len(above), len(list.commands), sweepNoted)
	for _, line := range above {
		fmt.Fprintln(out, line)
	}
	return nil
}

// sweepOne measures one command and returns its line.
func (b *bench) sweepOne(ctx context.Context, pair []*server, command []string) (line string, ratio float64, err error) {
	name := strings.Join(command, " ")
	g := load.Group{Name: name, Commands: [][]string{command}}
	if strings.Contains(name, "{r}") {
		g.Vars = []load.Var{{Name: 'r', Digits: 3, Bound: sweepRandom}}
	}
	o := b.options(sweepPipeline, b.seconds*sweepShare)
	c, err := load.Compare(ctx, []load.Target{pair[0].target, pair[1].target}, g, o, b.rounds)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return "", 0, fmt.Errorf("%s: %w", name, err)
	}
	if c.Skipped == "" && c.Servers[0].Errors+c.Servers[1].Errors > 0 {
		c.Skipped = "answered " + c.Servers[0].ErrorText + c.Servers[1].ErrorText
	}
	if c.Skipped != "" {
		return fmt.Sprintf("%5s %10s %10s  %s: %s", "-", "-", "-", name, c.Skipped), 0, nil
	}
	ratio = c.Ratio(func(s *load.Summary) float64 { return float64(s.CPU) })
	return fmt.Sprintf("%5.2f %10.2f %10.2f  %s", ratio, float64(c.Servers[0].CPU)/1e3, float64(c.Servers[1].CPU)/1e3, name), ratio, nil
}
