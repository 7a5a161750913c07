// Command benchreport measures Redust beside redis-server and writes docs/benchmarks.md. `make bench` runs it.
//
// It starts both servers itself on free loopback ports with the same settings, without persistence unless a part is about it, and
// ends them. Parts can be chosen:
//
//	benchreport -only set_get,memory -out docs/benchmarks.md
//
// rewrites the sections of these parts and keeps the others of the file; without -out it prints to standard output. A full run takes
// about an hour; see [parts] for what there is. The file is written after each part, so an interrupted run loses one part only.
// With -sweep it lists the CPU of single commands instead (`make sweep`).
//
// To see whether a part works at all, use `-scale 0.01 -seconds 0.1 -rounds 1`: figures of such a run mean nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
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
	benchmark     string // redis-benchmark
	dir           string // where servers keep their files
	rounds        int
	seconds       float64 // of a round
	scale         float64 // of all sizes
	idle          int     // connections
	patience      time.Duration
	log           io.Writer
}

// size is the number n in the scale of this run.
func (b *bench) size(n int64) int64 { return max(int64(float64(n)*b.scale), 10) }

// round is a share of the time of a round.
func (b *bench) round(share float64) time.Duration {
	return time.Duration(share * b.seconds * float64(time.Second))
}

// part measures one thing and returns its section of the report. One that takes longer than its limit ends with what it has.
type part struct {
	name, title string
	limit       time.Duration
	run         func(context.Context, *bench) (section, error)
}

// parts are in the order of the report.
var parts = []part{
	{"set_get", "SET and GET", 4 * time.Minute, setGetPart},
	{"redisbench", "redis-benchmark", 8 * time.Minute, redisBenchPart},
	{"threads", "redis-benchmark by two threads", 20 * time.Minute, threadsPart},
	{"bare", "A loop that does nothing", 4 * time.Minute, barePart},
	{"groups", "Command groups", 6 * time.Minute, groupsPart},
	{"memory", "Memory", 3 * time.Minute, memoryPart},
	{"typememory", "Memory of the collections", 6 * time.Minute, typeMemoryPart},
	{"large", "Large collections", 4 * time.Minute, largePart},
	{"stall", "Waiting for others", 9 * time.Minute, stallPart},
	{"connections", "Idle connections", 2 * time.Minute, connectionsPart},
	{"expiry", "Expiry on time", 3 * time.Minute, expiryPart},
	{"mass_expiry", "Mass expiry", 3 * time.Minute, massExpiryPart},
	{"flushall", "FLUSHALL", 5 * time.Minute, flushPart},
	{"pubsub", "Publish and subscribe", 4 * time.Minute, pubsubPart},
	{"transactions", "Transactions and tracking", 4 * time.Minute, transactionsPart},
	{"aof", "Append-only file", 10 * time.Minute, aofPart},
	{"snapshot", "Snapshots", 7 * time.Minute, snapshotPart},
}

func main() {
	if len(os.Args) > 1 && helpers[os.Args[1]] != nil { // this program again, see helper.go
		if err := helpers[os.Args[1]](os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "benchreport:", err)
			os.Exit(1)
		}
		return
	}
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
	flag.StringVar(&b.benchmark, "redis-benchmark", "redis-benchmark", "Redis's load generator, a `program`")
	flag.StringVar(&b.dir, "dir", "", "`directory` on the disk to measure, for the servers' files (bin, or the temporary one)")
	out := flag.String("out", "", "`file` to write (docs/benchmarks.md, or standard output with -only)")
	only := flag.String("only", "", "parts to run, comma-separated, of "+strings.Join(names, " "))
	sweep := flag.String("sweep", "", "measure the CPU of the commands in this `file` instead, see sweep.txt")
	flag.IntVar(&b.rounds, "rounds", 5, "rounds of each server")
	flag.Float64Var(&b.seconds, "seconds", 2, "duration of a round of set_get; other parts take a share of it")
	flag.Float64Var(&b.scale, "scale", 1, "multiplies the number of keys, elements and connections of all parts")
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
	b.idle = int(b.size(10_000))
	if b.dir == "" {
		b.dir = dataDir()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	if *sweep != "" {
		runtime.GOMAXPROCS(1) // as measure does
		return b.sweep(ctx, *sweep, os.Stdout)
	}
	return b.measure(ctx, chosen, file)
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

// measure runs the parts and writes the report, to standard output when no file is named. A part that fails is reported in its section and the
// others still run, unless ctx ends.
func (b *bench) measure(ctx context.Context, chosen []part, file string) error {
	runtime.GOMAXPROCS(1) // the generator shares the machine with the servers
	host, err := b.describe(ctx)
	if err != nil {
		return err
	}
	sections := map[string]string{} // by title
	if file != "" {
		old, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		sections = parseSections(string(old))
	}
	for _, p := range chosen {
		began := time.Now()
		fmt.Fprintf(b.log, "%s %s\n", began.Format(time.TimeOnly), p.name)
		s, err := b.runPart(ctx, p)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if err != nil {
			fmt.Fprintf(b.log, "%s: %v\n", p.name, err)
			s.notes = append(s.notes, fmt.Sprintf("Not measured completely: %v.", err))
		}
		sections[p.title] = host.stamp(began) + "\n\n" + s.markdown()
		if file == "" {
			continue
		}
		if err := os.WriteFile(file, []byte(render(host.table, sections)), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(b.log, "  wrote %s after %s\n", file, time.Since(began).Round(time.Second))
	}
	if file == "" {
		_, err = os.Stdout.WriteString(render(host.table, sections))
	}
	return err
}

// runPart runs one part within its limit.
func (b *bench) runPart(ctx context.Context, p part) (section, error) {
	limited, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	s, err := p.run(limited, b)
	if err != nil && limited.Err() != nil {
		err = fmt.Errorf("it took longer than %s", p.limit)
	}
	return s, err
}

// progress shows a rate now and then, one line a report.
func (b *bench) progress(format string, args ...any) { fmt.Fprintf(b.log, "  "+format+"\n", args...) }

// options are those of redis-benchmark's default run with 64-byte values over 100,000 keys.
func (b *bench) options(pipeline int, seconds float64) load.Options {
	return load.Options{Clients: 50, Pipeline: pipeline, Keyspace: 100_000, ValueSize: 64, Duration: time.Duration(seconds * float64(time.Second))}
}
