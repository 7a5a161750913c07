// Command benchreport measures Redust beside redis-server and writes docs/benchmarks.md. `make bench` runs it.
//
// It starts both servers itself on free loopback ports with the same settings and no persistence, and ends them. Parts can be chosen:
//
//	benchreport -only set_get,memory
//
// which prints to standard output unless -out is given. A full run takes about twelve minutes; see [parts] for what there is.
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
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// bench is what the parts share.
type bench struct {
	redust, redis string // programs
	rounds        int
	seconds       float64 // of a round
	keys          int64   // of the memory and flush parts
	expiring      int64   // of the expiry parts
	idle          int     // connections
	patience      time.Duration
	log           io.Writer
}

// part measures one thing and returns its section of the report.
type part struct {
	name string
	run  func(context.Context, *bench) (section, error)
}

var parts = []part{
	{"set_get", setGetPart},
	{"groups", groupsPart},
	{"memory", memoryPart},
	{"connections", connectionsPart},
	{"expiry", expiryPart},
	{"mass_expiry", massExpiryPart},
	{"flushall", flushPart},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "benchreport:", err)
		os.Exit(1)
	}
}

func run() error {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	b := &bench{log: os.Stderr}
	flag.StringVar(&b.redust, "redust", "bin/redust", "Redust's `program`")
	flag.StringVar(&b.redis, "redis", "redis-server", "Redis's `program`")
	out := flag.String("out", "", "`file` to write (docs/benchmarks.md, or standard output with -only)")
	only := flag.String("only", "", "parts to run, comma-separated, of "+strings.Join(names, " "))
	flag.IntVar(&b.rounds, "rounds", 5, "rounds of each server in the throughput parts")
	flag.Float64Var(&b.seconds, "seconds", 2, "duration of a round of set_get; half of it for groups")
	flag.Int64Var(&b.keys, "keys", 3_000_000, "keys of the memory and flushall parts")
	flag.Int64Var(&b.expiring, "expiring", 1_000_000, "keys with a TTL of the expiry parts")
	flag.IntVar(&b.idle, "idle", 10_000, "idle connections")
	flag.DurationVar(&b.patience, "patience", 30*time.Second, "how long to wait for a server to expire keys and give memory back")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	chosen, err := choose(*only, names)
	if err != nil {
		return err
	}
	file := *out
	if file == "" && *only == "" {
		file = "docs/benchmarks.md"
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	report, err := b.measure(ctx, chosen)
	if err != nil {
		return err
	}
	if file == "" {
		_, err = os.Stdout.WriteString(report)
		return err
	}
	if err := os.WriteFile(file, []byte(report), 0o644); err != nil {
		return err
	}
	fmt.Fprintln(b.log, "wrote", file)
	return nil
}

// choose returns the parts named in the list, all for an empty one, in the order of the report.
func choose(list string, names []string) ([]part, error) {
	if list == "" {
		return parts, nil
	}
	wanted := strings.Split(list, ",")
	for _, w := range wanted {
		if !slices.Contains(names, w) {
			return nil, fmt.Errorf("unknown part %q; there are %s", w, strings.Join(names, " "))
		}
	}
	var out []part
	for _, p := range parts {
		if slices.Contains(wanted, p.name) {
			out = append(out, p)
		}
	}
	return out, nil
}

// measure runs the parts and returns the report. A part that fails is reported in its section and the others still run, unless ctx ends.
func (b *bench) measure(ctx context.Context, chosen []part) (string, error) {
	runtime.GOMAXPROCS(1) // the generator shares the machine with the servers
	host, err := b.describe(ctx)
	if err != nil {
		return "", err
	}
	var sections []section
	for _, p := range chosen {
		fmt.Fprintf(b.log, "%s %s\n", time.Now().Format(time.TimeOnly), p.name)
		s, err := p.run(ctx, b)
		if ctx.Err() != nil {
			return "", errors.New("interrupted")
		}
		if err != nil {
			fmt.Fprintf(b.log, "%s: %v\n", p.name, err)
			s.notes = append(s.notes, fmt.Sprintf("Not measured completely: %v.", err))
		}
		sections = append(sections, s)
	}
	return render(host, sections), nil
}

// progress shows a rate now and then, one line a report.
func (b *bench) progress(format string, args ...any) { fmt.Fprintf(b.log, "  "+format+"\n", args...) }

// options are those of redis-benchmark's default run with 64-byte values over 100,000 keys.
func (b *bench) options(pipeline int, seconds float64) load.Options {
	return load.Options{Clients: 50, Pipeline: pipeline, Keyspace: 100_000, ValueSize: 64, Duration: time.Duration(seconds * float64(time.Second))}
}
