package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// benchTest is one test of redis-benchmark: its -t name, or a command that is the same as the test. LRANGE goes by command, because the
// test pushes elements first, which would count as CPU of LRANGE.
type benchTest struct {
	name string
	args []string
	pops bool // empties the list, so elements are pushed before each measurement
}

func benchTests() []benchTest {
	var tests []benchTest
	for _, name := range []string{
		"ping_inline", "ping_mbulk", "set", "get", "incr", "lpush", "rpush", "lpop", "rpop", "sadd", "hset", "spop", "zadd", "zpopmin",
	} {
		tests = append(tests, benchTest{name: name, args: []string{"-t", name}, pops: name == "lpop" || name == "rpop"})
	}
	for _, n := range []int{100, 300, 500, 600} {
		tests = append(tests, benchTest{name: fmt.Sprintf("lrange_%d", n), args: []string{"lrange", "mylist", "0", strconv.Itoa(n - 1)}})
	}
	return append(tests, benchTest{name: "mset", args: []string{"-t", "mset"}})
}

const (
	// benchShare is the part of a round's time that one run of redis-benchmark is to take.
	benchShare = 0.25
	// threadsShare is that with --threads: redis-benchmark then looks four times a second whether it is done.
	threadsShare = 2.5
)

// benchWay is a way in which each test is run.
type benchWay struct {
	name     string
	pipeline int
	share    float64 // of a round's time
	options  []string
}

// redisBenchPart runs the tests of the real redis-benchmark. By its defaults it asks for one key, whose memory never has to be fetched.
func redisBenchPart(ctx context.Context, b *bench) (section, error) {
	return b.benchWays(ctx, []benchWay{
		{"P 1", 1, benchShare, nil},
		{"P 16", 16, benchShare, nil},
		{"P 16, 100,000 keys or elements (`-r 100000`)", 16, benchShare, []string{"-r", "100000"}},
	})
}

// threadsPart runs them by two threads: one takes more CPU for a request at P 16 than either server, and so is the limit.
func threadsPart(ctx context.Context, b *bench) (section, error) {
	return b.benchWays(ctx, []benchWay{{"P 16, `--threads 2`", 16, threadsShare, []string{"--threads", "2"}}})
}

// benchWays runs all tests in each of some ways, which take the same share of a round.
func (b *bench) benchWays(ctx context.Context, ways []benchWay) (section, error) {
	s := section{text: fmt.Sprintf("The tests of `redis-benchmark -t ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange,mset -c 50`, "+
		"the program of redis-tools, with its own defaults unless said otherwise, P requests a pipeline. Both servers get the same number of requests, as many as the slower one answers in about %s; "+
		"medians of %d rounds. requests/s and p99 are what redis-benchmark says. "+
		"Targets: requests/s at least 1.00 at P 1 and 1.30 at P 16; CPU at most 1.00 at P 1 and 0.80 at P 16.", b.round(ways[0].share), b.rounds)}
	if _, err := exec.LookPath(b.benchmark); err != nil {
		return s, err
	}
	pair, stop, err := b.pair(ctx)
	if err != nil {
		return s, err
	}
	defer stop()
	for _, w := range ways {
		table := wideTable("test", "requests/s", "CPU µs/req", "p99 ms")
		s.notes = append(s.notes, w.name+":")
		s.tables = append(s.tables, table)
		for _, t := range benchTests() {
			all, err := b.redisBench(ctx, pair, t, w)
			if err != nil {
				return s, fmt.Errorf("%s, %s: %w", t.name, w.name, err)
			}
			redust, redis := middle(all[0]), middle(all[1])
			b.progress("%s, %s: %s and %s requests/s", t.name, w.name, redust[0].text, redis[0].text)
			addRounds(table, t.name, &all)
		}
	}
	return s, nil
}

// redisBench measures one test, the number of requests found by a short run.
func (b *bench) redisBench(ctx context.Context, pair []*server, t benchTest, w benchWay) (samples, error) {
	n := int64(0)
	for _, s := range pair {
		if _, err := s.ctl.Do(append([]string{"RPUSH", "mylist"}, strings.Fields(strings.Repeat("xxx ", 600))...)...); err != nil {
			return samples{}, err
		}
		f, err := b.runRedisBench(ctx, s, t, w.pipeline, int64(1000*w.pipeline)) // one thread: of so few requests several tell nothing
		if err != nil {
			return samples{}, err
		}
		if fit := int64(f[0].value * b.round(w.share).Seconds()); n == 0 || fit < n {
			n = max(fit, 100)
		}
	}
	t.args = slices.Concat(w.options, t.args)
	return b.alternate(ctx, pair, func(ctx context.Context, s *server) ([]figure, error) {
		if t.pops {
			push := load.Group{Name: "push", Commands: [][]string{{"RPUSH", "mylist", "{v}"}}}
			if _, err := load.RunAll(ctx, s.target, push, load.Options{Clients: 1, Pipeline: 500, Keyspace: 1, ValueSize: 3, Iterations: n}); err != nil {
				return nil, err
			}
		}
		return b.runRedisBench(ctx, s, t, w.pipeline, n)
	})
}

// runRedisBench runs the program once.
func (b *bench) runRedisBench(ctx context.Context, s *server, t benchTest, pipeline int, n int64) ([]figure, error) {
	host, port, err := net.SplitHostPort(s.target.Addr)
	if err != nil {
		return nil, err
	}
	args := []string{"-h", host, "-p", port, "-c", "50", "-P", strconv.Itoa(pipeline), "-n", strconv.FormatInt(n, 10), "--csv"}
	before, err := s.ctl.CPU()
	if err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, b.benchmark, append(args, t.args...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("redis-benchmark: %w", err)
	}
	after, err := s.ctl.CPU()
	if err != nil {
		return nil, err
	}
	rate, p99, err := parseBenchCSV(out)
	if err != nil {
		return nil, err
	}
	cpu := (after - before) / time.Duration(n)
	return []figure{
		count("requests/s", rate),
		{name: "CPU", text: load.Micros(cpu), value: float64(cpu)},
		{name: "p99", text: load.Millis(p99), value: float64(p99)},
	}, nil
}

// parseBenchCSV returns requests a second and the p99 of the last test in redis-benchmark's CSV.
func parseBenchCSV(out []byte) (rate float64, p99 time.Duration, err error) {
	rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil {
		return 0, 0, fmt.Errorf("redis-benchmark: %w", err)
	}
	if len(rows) < 2 {
		return 0, 0, fmt.Errorf("redis-benchmark printed no figures: %q", out)
	}
	cells := make(map[string]string)
	for i, head := range rows[0] {
		cells[head] = rows[len(rows)-1][i]
	}
	rate, err1 := strconv.ParseFloat(cells["rps"], 64)
	ms, err2 := strconv.ParseFloat(cells["p99_latency_ms"], 64)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("redis-benchmark: %w", err)
	}
	return rate, time.Duration(ms * float64(time.Millisecond)), nil
}
