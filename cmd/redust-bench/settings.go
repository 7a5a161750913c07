package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

const (
	defaultIterations = 100_000
	defaultRounds     = 5 // with --vs
)

// settings is the decoded command line.
type settings struct {
	targets []load.Target
	groups  []load.Group
	options load.Options
	rounds  int
	threads int
	format  format
	quiet   bool
}

type format int

const (
	formatTable format = iota
	formatJSON
	formatCSV
)

const usageHead = `Usage: redust-bench [options]

Runs groups of commands against a server and prints rate, latency and the server's CPU time for a request. With --vs it
alternates between two servers and prints medians and the ratio. It writes keys ("key:..." and "bench:...") and leaves them there.

Options:
`

// parse decodes args. Help goes to out and is reported as flag.ErrHelp.
func parse(args []string, out io.Writer) (*settings, error) {
	var (
		s                    settings
		addr, vs, user, auth string
		groups               string
		seconds              float64
		asJSON, asCSV        bool
		fs                   = flag.NewFlagSet("redust-bench", flag.ContinueOnError)
		o                    = &s.options
	)
	fs.SetOutput(io.Discard) // errors are reported once, by the caller
	fs.StringVar(&addr, "addr", "127.0.0.1:6379", "server, `host:port` or the path of a unix socket")
	fs.StringVar(&vs, "vs", "", "second server to alternate with, `host:port` or a path")
	fs.StringVar(&auth, "auth", "", "`password` for AUTH, for both servers; short: -a")
	fs.StringVar(&auth, "a", "", "")
	fs.StringVar(&user, "user", "", "user `name` for AUTH, together with --auth")
	fs.Int64Var(&o.Iterations, "iterations", 0, fmt.Sprintf("requests of a round over all clients (%d unless --seconds is given); short: -n", defaultIterations))
	fs.Int64Var(&o.Iterations, "n", 0, "")
	fs.Float64Var(&seconds, "seconds", 0, "longest duration of a round; with --iterations the bound that is reached first ends it")
	fs.IntVar(&o.Clients, "clients", 50, "connections; short: -c")
	fs.IntVar(&o.Clients, "c", 50, "")
	fs.IntVar(&o.Pipeline, "pipeline", 1, "requests sent at once on a connection; short: -P")
	fs.IntVar(&o.Pipeline, "P", 1, "")
	fs.Int64Var(&o.Keyspace, "keyspace", 100_000, "number of different keys; short: -r")
	fs.Int64Var(&o.Keyspace, "r", 100_000, "")
	fs.IntVar(&o.ValueSize, "value-size", 64, "`bytes` of a value; short: -d")
	fs.IntVar(&o.ValueSize, "d", 64, "")
	fs.StringVar(&groups, "groups", "", "groups to run, comma-separated `names`; all unless given")
	fs.IntVar(&s.rounds, "rounds", 0, fmt.Sprintf("measured rounds for each server (%d with --vs, else 1)", defaultRounds))
	fs.IntVar(&s.threads, "threads", 1, "threads of the generator; more only where it has cores of its own")
	fs.BoolVar(&asJSON, "json", false, "print JSON")
	fs.BoolVar(&asCSV, "csv", false, "print CSV")
	fs.BoolVar(&s.quiet, "quiet", false, "no progress line; short: -q")
	fs.BoolVar(&s.quiet, "q", false, "")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			help(fs, out)
		}
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	o.Duration = time.Duration(seconds * float64(time.Second))
	if o.Iterations == 0 && o.Duration == 0 {
		o.Iterations = defaultIterations
	}
	if s.rounds == 0 {
		s.rounds = 1
		if vs != "" {
			s.rounds = defaultRounds
		}
	}
	if asJSON && asCSV {
		return nil, errors.New("--json and --csv exclude each other")
	}
	if asJSON {
		s.format = formatJSON
	} else if asCSV {
		s.format = formatCSV
	}
	var err error
	if s.groups, err = load.SelectGroups(fields(groups)); err != nil {
		return nil, err
	}
	s.targets = []load.Target{{Addr: withPort(addr), User: user, Password: auth}}
	if vs != "" {
		s.targets = append(s.targets, load.Target{Addr: withPort(vs), User: user, Password: auth})
	}
	return &s, s.check()
}

func (s *settings) check() error {
	switch {
	case s.rounds < 1:
		return errors.New("--rounds must be at least 1")
	case s.threads < 1:
		return errors.New("--threads must be at least 1")
	case s.targets[0].User != "" && s.targets[0].Password == "":
		return errors.New("--user needs --auth")
	}
	return s.options.Check()
}

func fields(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// withPort completes a bare host by Redis's port.
func withPort(addr string) string {
	if strings.Contains(addr, "/") {
		return addr
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return net.JoinHostPort(strings.Trim(addr, "[]"), "6379")
	}
	return addr
}

func help(fs *flag.FlagSet, out io.Writer) {
	fmt.Fprint(out, usageHead)
	fs.VisitAll(func(f *flag.Flag) {
		if f.Usage == "" { // a short form; named with its long one
			return
		}
		kind, text := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" {
			text += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(out, "  %-22s %s\n", strings.TrimRight("--"+f.Name+" "+kind, " "), text)
	})
	fmt.Fprint(out, "\nGroups:")
	for _, g := range load.Groups() {
		fmt.Fprint(out, " ", g.Name)
	}
	fmt.Fprintln(out)
}
