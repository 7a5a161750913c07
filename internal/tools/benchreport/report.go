package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// section is one part of the report. notes[i] stands before tables[i]; notes beyond the tables end the section.
type section struct {
	title, text string
	notes       []string
	tables      []*load.Table
}

func (s *section) add(list []load.Comparison) {
	s.tables = append(s.tables, load.ComparisonTable(list, []string{"Redust", "Redis"}))
}

// figure is one measured value; text is how it reads. value 0 has no ratio.
type figure struct {
	name, text string
	value      float64
}

func megabytes(name string, bytes int64) figure {
	return figure{name, fmt.Sprintf("%.1f MB", float64(bytes)/1e6), float64(bytes)}
}

func millis(name string, d time.Duration) figure {
	return figure{name, fmt.Sprintf("%.2f ms", float64(d)/1e6), float64(d)}
}

func count(name string, n float64) figure { return figure{name, load.Count(int64(n + 0.5)), n} }

func ratio(name string, r float64) figure { return figure{name, fmt.Sprintf("%.2f", r), 0} }

// late stands for something that didn't happen while we waited.
func late(name string, waited time.Duration) figure {
	return figure{name, "more than " + waited.String(), 0}
}

// sideBySide lays the figures of Redust and Redis out, with Redust's divided by Redis's.
func sideBySide(redust, redis []figure) *load.Table {
	t := &load.Table{Head: []string{"", "Redust", "Redis", "ratio"}, Left: 1}
	for i, f := range redust {
		r := 0.0
		if redis[i].value > 0 && f.value > 0 {
			r = f.value / redis[i].value
		}
		t.Add(f.name, f.text, redis[i].text, load.RatioText(r))
	}
	return t
}

// describe starts both servers once to learn their versions, and says where this runs.
func (b *bench) describe(ctx context.Context) (*load.Table, error) {
	pair, stop, err := b.pair(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	t := &load.Table{Head: []string{"", ""}, Left: 2}
	t.Add("Date", time.Now().UTC().Format(time.DateOnly))
	t.Add("Processor", fmt.Sprintf("%s, %d cores for servers and generator together", cpuModel(), runtime.NumCPU()))
	t.Add("System", kernel())
	t.Add("Redust", pair[0].version())
	t.Add("Redis", pair[1].version())
	t.Add("Go", strings.TrimPrefix(runtime.Version(), "go"))
	return t, nil
}

func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if name, value, ok := strings.Cut(sc.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func kernel() string {
	out, err := exec.Command("uname", "-sr").Output()
	if err != nil {
		return runtime.GOOS
	}
	return strings.TrimSpace(string(out)) + " " + runtime.GOARCH
}

const reportHead = `# Benchmarks

Redust beside redis-server on one machine in one run, both without persistence. Written by ` + "`make bench`" + `, which needs
redis-server in the path and about twelve minutes; nothing here is edited by hand. To repeat a part:

    make build
    go run ./internal/tools/benchreport -only set_get,memory

or to look at one's own mix of commands: ` + "`go run ./cmd/redust-bench --help`" + `.

A closed loop measures: a client sends its next batch when the last one is answered, and the latency of a request is that of its batch.
The generator runs on one thread and takes its share of the cores. CPU is the server's user and system time as INFO reports it.

`

// render writes the whole report as Markdown.
func render(host *load.Table, sections []section) string {
	var w strings.Builder
	w.WriteString(reportHead)
	_ = host.WriteMarkdown(&w) // a Builder's writes don't fail
	for _, s := range sections {
		fmt.Fprintf(&w, "\n## %s\n\n%s\n", s.title, s.text)
		for i := range max(len(s.notes), len(s.tables)) {
			if i < len(s.notes) {
				fmt.Fprintf(&w, "\n%s\n", s.notes[i])
			}
			if i < len(s.tables) && s.tables[i] != nil {
				w.WriteByte('\n')
				_ = s.tables[i].WriteMarkdown(&w)
			}
		}
	}
	return w.String()
}
