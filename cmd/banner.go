package redustcmd

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/mattn/go-isatty"

	"github.com/redust/redust/core/options"
)

// banner is what a person on a terminal reads first: what the server listens on, where it keeps data, how to stop it. Port and PID are
// written as redis-server's logo has them, since programs read them there.
func banner(c *Config, build Build, listeners []net.Listener) string {
	t := c.Table
	port := t.Int("port").Load()
	file := c.File
	if file == "" {
		file = "none, using the defaults"
	}
	stop := "Ctrl-C, or: redis-cli"
	if port != 6379 && port != 0 {
		stop += fmt.Sprintf(" -p %d", port)
	} else if port == 0 {
		stop += " -s " + t.String("unixsocket").Load()
	}
	var b strings.Builder
	line := func(name, text string) { fmt.Fprintf(&b, "   %13s  %s\n", name, text) }
	fmt.Fprintf(&b, "\n   Redust %s (%s/%d) %d bit, compatible with Redis %s\n\n", Version, build.SHA, build.Dirty, strconv.IntSize, RedisVersion)
	fmt.Fprintf(&b, "   %13s: %d\n", "Port", port)
	fmt.Fprintf(&b, "   %13s: %d\n\n", "PID", os.Getpid())
	line("Listening on", addresses(listeners))
	line("Data in", t.String("dir").Load())
	line("Kept by", durability(t))
	line("Configuration", file)
	line("Stop with", stop+" shutdown")
	b.WriteByte('\n')
	return b.String()
}

func addresses(listeners []net.Listener) string {
	names := make([]string, 0, len(listeners))
	for _, l := range listeners {
		names = append(names, l.Addr().String())
	}
	return strings.Join(names, ", ")
}

// durability says what becomes of the data when the server stops.
func durability(t *options.Table) string {
	var ways []string
	if t.Bool("appendonly").Load() {
		ways = append(ways, fmt.Sprintf("append-only files in %s (fsync: %s)", t.String("appenddirname").Load(), t.String("appendfsync").Load()))
	}
	if points := options.ParseSavePoints(t.String("save").Load()); len(points) > 0 {
		conditions := make([]string, 0, len(points))
		for _, p := range points {
			conditions = append(conditions, fmt.Sprintf("%ds after %d", p.Seconds, p.Changes))
		}
		ways = append(ways, fmt.Sprintf("snapshots in %s (%s writes)", t.String("dbfilename").Load(), strings.Join(conditions, ", ")))
	}
	if len(ways) == 0 {
		return "nothing: memory only, data is gone when the server stops"
	}
	return strings.Join(ways, " and ")
}

// isTerminal reports whether a person reads what is written there.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}
