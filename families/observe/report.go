package observe

import (
	"fmt"
	"strings"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// graphRows is the height of LATENCY GRAPH, graphCols how many samples it shows.
const graphRows, graphCols = 4, 80

func (f *family) latencyGraph(c *core.Ctx) error {
	name := string(c.Args[2])
	samples, longest := f.latency.get(name)
	if len(samples) == 0 {
		return protocol.Errorf("ERR No samples available for event '%s'", name)
	}
	c.Reply.Verbatim("txt", []byte(drawGraph(name, samples, longest, f.eng.Now().Unix())))
	return nil
}

// drawGraph shows a column for each of the last samples, with its age below,
// written downwards.
func drawGraph(name string, samples []sample, longest, now int64) string {
	samples = samples[max(0, len(samples)-graphCols):]
	low, high := samples[0].ms, samples[0].ms
	for _, s := range samples {
		low, high = min(low, s.ms), max(high, s.ms)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s - high %d ms, low %d ms (all time high %d ms)\n", name, high, low, longest)
	b.WriteString(strings.Repeat("-", graphCols) + "\n")
	for row := graphRows; row > 0; row-- {
		line := make([]byte, len(samples))
		for i, s := range samples {
			line[i] = graphMark(s.ms, low, high, row)
		}
		b.Write(append(line, '\n'))
	}
	b.WriteByte('\n')
	ages, height := make([]string, len(samples)), 0
	for i, s := range samples {
		ages[i] = age(now - s.unix)
		height = max(height, len(ages[i]))
	}
	for row := range height {
		for _, a := range ages {
			if row < len(a) {
				b.WriteByte(a[row])
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// graphMark is what a sample shows in a row, the lowest being 1.
func graphMark(ms, low, high int64, row int) byte {
	top := 1
	if high > low {
		top = 1 + int((ms-low)*(graphRows-1)/(high-low))
	}
	switch {
	case row == top && row == 1:
		return '_'
	case row == top:
		return 'o'
	case row < top:
		return '#'
	}
	return ' '
}

// age is a time in seconds in its largest unit.
func age(sec int64) string {
	switch {
	case sec < 60:
		return fmt.Sprintf("%ds", sec)
	case sec < 3600:
		return fmt.Sprintf("%dm", sec/60)
	case sec < 86400:
		return fmt.Sprintf("%dh", sec/3600)
	}
	return fmt.Sprintf("%dd", sec/86400)
}

func (f *family) latencyDoctor(c *core.Ctx) error {
	c.Reply.Verbatim("txt", []byte(f.diagnose()))
	return nil
}

// diagnose says what was slow, and what may help.
func (f *family) diagnose() string {
	names := f.latency.names()
	limit := f.latencyMs.Load()
	if limit == 0 && len(names) == 0 {
		return "Delays are not watched. CONFIG SET latency-monitor-threshold <milliseconds> begins to.\n"
	}
	if len(names) == 0 {
		return fmt.Sprintf("Nothing took %d ms or longer since watching began.\n", limit)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d kinds of events took longer than they should:\n\n", len(names))
	for i, name := range names {
		if samples, longest := f.latency.get(name); len(samples) > 0 {
			fmt.Fprintf(&b, "%d. %s: %s\n", i+1, name, summary(samples, longest))
		}
	}
	b.WriteString("\nWhat may help:\n\n")
	for _, advice := range f.advice(names, limit) {
		b.WriteString("- " + advice + "\n")
	}
	return b.String()
}

func summary(samples []sample, longest int64) string {
	var sum, apart int64
	for _, s := range samples {
		sum += s.ms
	}
	mean := sum / int64(len(samples))
	for _, s := range samples {
		apart += max(s.ms-mean, mean-s.ms)
	}
	span := samples[len(samples)-1].unix - samples[0].unix
	every := ""
	if len(samples) > 1 {
		every = fmt.Sprintf(", one every %.1f s", float64(span)/float64(len(samples)-1))
	}
	return fmt.Sprintf("%d samples, %d ms on average (mean deviation %d ms)%s, %d ms at worst.",
		len(samples), mean, apart/int64(len(samples)), every, longest)
}

func (f *family) advice(names []string, limit int64) (out []string) {
	commands, disk := false, false
	for _, n := range names {
		commands = commands || strings.HasSuffix(n, "command")
		disk = disk || strings.HasPrefix(n, "aof") || strings.HasPrefix(n, "rdb")
	}
	if commands {
		if slow := f.slowFrom.Load(); limit > 0 && (slow < 0 || slow > limit*1000) {
			out = append(out, fmt.Sprintf("SLOWLOG does not keep these commands yet: CONFIG SET slowlog-log-slower-than %d.", limit*1000))
		}
		out = append(out,
			"SLOWLOG GET shows which commands were slow, and with which arguments.",
			"Commands wait for others on the same keys: split a value that everybody works on.")
	}
	if disk {
		out = append(out, "The disk is slow to write: see whether something else keeps it busy, and what appendfsync asks of it.")
	}
	if len(out) == 0 {
		out = append(out, "See what else runs on this machine when it happens: swapping, other processes, a busy host.")
	}
	return out
}
