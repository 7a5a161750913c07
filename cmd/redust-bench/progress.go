package main

import (
	"fmt"
	"io"
	"os"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// progressLine rewrites one line of a terminal while a group runs. Where there is no terminal it is silent.
type progressLine struct {
	out   io.Writer // nil when silent
	group string
	parts int // runs the group consists of
	part  int // the one that goes on, from 0
	last  float64
	shown bool
}

func newProgressLine(w io.Writer, quiet bool) *progressLine {
	f, ok := w.(*os.File)
	if quiet || !ok {
		return &progressLine{}
	}
	if st, err := f.Stat(); err != nil || st.Mode()&os.ModeCharDevice == 0 {
		return &progressLine{}
	}
	return &progressLine{out: f}
}

func (p *progressLine) begin(group string, parts int) {
	*p = progressLine{out: p.out, group: group, parts: parts}
	if p.out != nil {
		fmt.Fprintf(p.out, "\r\033[K%-18s preparing", group)
		p.shown = true
	}
}

// show is called from one goroutine at a time, in the order of the runs. A percentage that falls means that the next run has begun;
// runs too short to report merge into their successor.
func (p *progressLine) show(now load.Progress) {
	if p.out == nil {
		return
	}
	if now.Percent < p.last && p.part < p.parts-1 {
		p.part++
	}
	p.last = now.Percent
	fmt.Fprintf(p.out, "\r\033[K%-18s run %d/%d  %3.0f%%  %12s requests/s  %s", p.group, p.part+1, p.parts, now.Percent, load.Count(int64(now.Rate)), now.Addr)
	p.shown = true
}

// clear removes the line, so that what is printed next starts at the margin.
func (p *progressLine) clear() {
	if p.shown {
		fmt.Fprint(p.out, "\r\033[K")
		p.shown = false
	}
}
