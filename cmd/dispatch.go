package redustcmd

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/redust/redust/core/options"
)

// Invocation is how the program was called.
type Invocation struct {
	Program string   // its name
	Args    []string // after the name
	Environ []string
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer

	title *processTitle // nil: the command line stays as it is
}

// Subcommand is a tool in the same binary, called by its name as the first argument, such as check-rdb.
type Subcommand struct {
	Name    string
	Summary string
	Run     func(inv Invocation) (exitCode int) // Args are those after the subcommand's name
}

const usage = `Usage: %[1]s [/path/to/redis.conf] [--option value ...] [-]
       %[1]s --version | --help | --check-config [/path/to/redis.conf] [--option value ...]

A data server that Redis's clients, configuration and files work with (Redis %[2]s).

Options are those of redis.conf, with its units and quoting. Sources, later ones win: the defaults, the
configuration file (redis.conf, YAML or TOML), standard input if there is a -, the environment, the command line.

  %[1]s                                      port 6379, data in the working directory
  %[1]s --port 6380 --appendonly yes --dir /data
  %[1]s --save 900 1 --save 60 10000 --maxmemory 2gb --maxmemory-policy allkeys-lru
  %[1]s /etc/redis/redis.conf --loglevel verbose
  echo 'maxmemory 100mb' | %[1]s - --port 6380
  REDUST_PORT=6380 REDUST_REQUIREPASS=secret %[1]s

Stop it with Ctrl-C, SIGTERM or redis-cli shutdown. CONFIG GET * lists all options of a running server.
`

// Dispatch runs what isn't the server: --version, --help, --check-config and subcommands. done is false if the server is to be started.
func Dispatch(inv Invocation, table *options.Table, tools ...Subcommand) (exitCode int, done bool) {
	if len(inv.Args) == 0 {
		return 0, false
	}
	switch first := inv.Args[0]; first {
	case "-v", "--version":
		_, _ = fmt.Fprintln(inv.Stdout, ThisBuild())
		return 0, true
	case "-h", "--help":
		_, _ = fmt.Fprintf(inv.Stdout, usage, inv.Program, RedisVersion)
		for _, t := range tools {
			_, _ = fmt.Fprintf(inv.Stdout, "\n  %s %-12s %s", inv.Program, t.Name, t.Summary)
		}
		if len(tools) > 0 {
			_, _ = fmt.Fprintln(inv.Stdout)
		}
		return 0, true
	case "--check-config":
		return checkConfig(inv, table), true
	default:
		for _, t := range tools {
			if t.Name == first {
				inv.Args = inv.Args[1:]
				return t.Run(inv), true
			}
		}
		return 0, false
	}
}

// checkConfig reads the configuration, reports what a start would, and starts nothing.
func checkConfig(inv Invocation, table *options.Table) (exitCode int) {
	config, err := Configure(table, Inputs{Args: inv.Args[1:], Environ: inv.Environ, Stdin: inv.Stdin})
	if err != nil {
		return fail(inv, err)
	}
	for _, w := range config.Warnings {
		if !w.Quiet {
			_, _ = fmt.Fprintln(inv.Stdout, w)
		}
	}
	_, _ = fmt.Fprintln(inv.Stdout, "the configuration is good")
	return 0
}

// fail reports why the program can't start: one line.
func fail(inv Invocation, err error) (exitCode int) {
	_, _ = fmt.Fprintf(inv.Stderr, "%s: %s\n", inv.Program, printableLine(err.Error()))
	return 1
}

// printableLine is text on one line, without what a terminal would obey: names and values of options may hold any bytes.
func printableLine(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, text)
}

// String is the line that tells a person so.
func (w Warning) String() string {
	return fmt.Sprintf("option '%s' (%s) has no effect: %s", w.Option, w.Source, w.Why)
}
