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
	text   string
	notes  []string
	tables []*load.Table
}

func (s *section) add(list []load.Comparison) {
	s.tables = append(s.tables, load.ComparisonTable(list, []string{redustName, redisName}))
}

// host is where a run takes place and what it compares.
type host struct {
	table         *load.Table
	redust, redis string // versions
}

// stamp tells when a section was measured and what.
func (h *host) stamp(at time.Time) string {
	return fmt.Sprintf("Measured %s UTC, Redust %s, Redis %s.", at.UTC().Format("2006-01-02 15:04"), h.redust, h.redis)
}

// describe starts both servers once to learn their versions, and says where this runs.
func (b *bench) describe(ctx context.Context) (*host, error) {
	pair, stop, err := b.pair(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	h := &host{redust: pair[0].version(), redis: pair[1].version(), table: &load.Table{Head: []string{"", ""}, Left: 2}}
	h.table.Add("Processor", fmt.Sprintf("%s, %d cores for servers and generator together", cpuModel(), runtime.NumCPU()))
	h.table.Add("System", kernel())
	h.table.Add("Go", strings.TrimPrefix(runtime.Version(), "go"))
	return h, nil
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

Redust beside redis-server on one machine, both without persistence except where a section is about it. Written by ` + "`make bench`" + `,
which needs redis-server and redis-benchmark in the path and about an hour; nothing here is edited by hand. To repeat a part, and
keep the other sections as they are:

    make build
    go run ./internal/tools/benchreport -only set_get,memory -out docs/benchmarks.md

or to look at one's own mix of commands: ` + "`go run ./cmd/redust-bench --help`" + `.

` + "`make sweep`" + ` lists the CPU of a request beside Redis's for each command of a list (` + "`internal/tools/benchreport/sweep.txt`" + `, or ` + "`SWEEP=file`" + `),
in some five minutes, and at the end those above 1.2: to find what costs too much, not for this report.

A closed loop measures: a client sends its next batch when the last one is answered, and the latency of a request is that of its batch.
The generator runs on one thread, unless a section says otherwise, and takes its share of the cores. CPU is the server's user and system time as INFO reports it.
Where a section has rounds the servers take turns and figures are medians; elsewhere one comes after the other. The ratio is Redust's figure
divided by Redis's; in redis-benchmark's tests, of PUBLISH, EXEC and the append only file it is the median of the rounds' ratios, as neighbours see the
same machine.

`

// render writes the whole report as Markdown: the sections, by title, in the order of the parts.
func render(host *load.Table, sections map[string]string) string {
	var w strings.Builder
	w.WriteString(reportHead)
	_ = host.WriteMarkdown(&w) // a Builder's writes don't fail
	for _, p := range parts {
		if text, ok := sections[p.title]; ok {
			fmt.Fprintf(&w, "\n## %s\n\n%s\n", p.title, text)
		}
	}
	return w.String()
}

// parseSections returns the sections of a written report by title, without the blank lines around them.
func parseSections(report string) map[string]string {
	sections := make(map[string]string)
	for _, text := range strings.Split("\n"+report, "\n## ")[1:] {
		title, body, _ := strings.Cut(text, "\n")
		sections[title] = strings.TrimSpace(body)
	}
	return sections
}

// markdown is what stands below the section's title.
func (s *section) markdown() string {
	var w strings.Builder
	w.WriteString(s.text + "\n")
	for i := range max(len(s.notes), len(s.tables)) {
		if i < len(s.notes) && s.notes[i] != "" {
			fmt.Fprintf(&w, "\n%s\n", s.notes[i])
		}
		if i < len(s.tables) && s.tables[i] != nil {
			w.WriteByte('\n')
			_ = s.tables[i].WriteMarkdown(&w)
		}
	}
	return strings.TrimSpace(w.String())
}
