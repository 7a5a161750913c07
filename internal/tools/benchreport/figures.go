package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// figure is one measured value; text is how it reads.
type figure struct {
	name, text string
	value      float64
	bare       bool // makes no ratio
}

func megabytes(name string, bytes int64) figure {
	return figure{name: name, text: fmt.Sprintf("%.1f MB", float64(bytes)/1e6), value: float64(bytes)}
}

func millis(name string, d time.Duration) figure {
	return figure{name: name, text: fmt.Sprintf("%.2f ms", float64(d)/1e6), value: float64(d)}
}

func micros(name string, d time.Duration) figure {
	return figure{name: name, text: load.Micros(d) + " µs", value: float64(d)}
}

func seconds(name string, d time.Duration) figure {
	return figure{name: name, text: fmt.Sprintf("%.2f s", d.Seconds()), value: float64(d)}
}

func count(name string, n float64) figure {
	return figure{name: name, text: load.Count(int64(n + 0.5)), value: n}
}

func ratio(name string, r float64) figure {
	return figure{name: name, text: fmt.Sprintf("%.2f", r), value: r, bare: true}
}

func percent(name string, share float64) figure {
	return figure{name: name, text: fmt.Sprintf("%.1f %%", share*100), value: share, bare: true}
}

// late stands for something that didn't happen while we waited.
func late(name string, waited time.Duration) figure {
	return figure{name: name, text: "more than " + waited.String(), value: float64(waited), bare: true}
}

// ratioText divides Redust's figure by Redis's.
func ratioText(redust, redis figure) string {
	if redust.bare || redis.bare || redis.value <= 0 || redust.value <= 0 {
		return load.RatioText(0)
	}
	return load.RatioText(redust.value / redis.value)
}

// sideBySide lays the figures of Redust and Redis out, a row a figure.
func sideBySide(redust, redis []figure) *load.Table {
	t := &load.Table{Head: []string{"", "Redust", "Redis", "ratio"}, Left: 1}
	for i := range min(len(redust), len(redis)) {
		t.Add(redust[i].name, redust[i].text, redis[i].text, ratioText(redust[i], redis[i]))
	}
	return t
}

// wideTable begins a table with a row for each of many measurements, and three columns for each figure of one.
func wideTable(first string, figures ...string) *load.Table {
	t := &load.Table{Head: []string{first}, Left: 1}
	for _, f := range figures {
		t.Head = append(t.Head, f+": Redust", "Redis", "ratio")
	}
	return t
}

// addWide adds a row of figures to a wide table.
func addWide(t *load.Table, name string, redust, redis []figure) {
	row := []string{name}
	for i := range min(len(redust), len(redis)) {
		row = append(row, redust[i].text, redis[i].text, ratioText(redust[i], redis[i]))
	}
	t.Add(row...)
}

// addRounds adds a row of the rounds' medians to a wide table. The ratios are the medians of the rounds' own: what a busy machine does to one
// server, it mostly does to the one measured beside it, too.
func addRounds(t *load.Table, name string, all *samples) {
	row := []string{name}
	redust, redis := middle(all[0]), middle(all[1])
	for i := range min(len(redust), len(redis)) {
		row = append(row, redust[i].text, redis[i].text, load.RatioText(medianRatio(all[0], all[1], i)))
	}
	t.Add(row...)
}

// medianRatio is the median of what the rounds of one server, in one figure, are of those of another; 0 where figures make no ratio.
func medianRatio(of, to [][]figure, column int) float64 {
	var all []float64
	for i := range min(len(of), len(to)) {
		a, b := of[i][column], to[i][column]
		if a.bare || b.bare || a.value <= 0 || b.value <= 0 {
			return 0
		}
		all = append(all, a.value/b.value)
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// middle takes the median round of each figure, the lower one of two in the middle.
func middle(rounds [][]figure) []figure { return pick(rounds, func(n int) int { return (n - 1) / 2 }) }

// worst takes the largest of each figure.
func worst(rounds [][]figure) []figure { return pick(rounds, func(n int) int { return n - 1 }) }

// pick sorts the rounds of each figure by value and takes the one at the place that at returns for their number.
func pick(rounds [][]figure, at func(n int) int) []figure {
	if len(rounds) == 0 {
		return nil
	}
	out := make([]figure, len(rounds[0]))
	for i := range out {
		var column []figure
		for _, r := range rounds {
			column = append(column, r[i])
		}
		slices.SortFunc(column, func(a, b figure) int { return cmp.Compare(a.value, b.value) })
		out[i] = column[at(len(column))]
	}
	return out
}
