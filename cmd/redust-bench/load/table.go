package load

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Table is text in columns. The first Left columns are aligned left, the others, which hold figures, right.
type Table struct {
	Head []string
	Rows [][]string
	Left int
}

// Add appends a row; missing cells are empty.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// WriteText writes the table for a terminal: columns apart by two blanks, a rule under the head, no blanks at line ends.
func (t *Table) WriteText(w io.Writer) error {
	width := t.widths()
	total := 2 * (len(width) - 1)
	for _, n := range width {
		total += n
	}
	var b strings.Builder
	t.line(&b, t.Head, width)
	b.WriteString(strings.Repeat("-", total) + "\n")
	for _, row := range t.Rows {
		t.line(&b, row, width)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteMarkdown writes the table as Markdown, columns padded so that the source is readable too.
func (t *Table) WriteMarkdown(w io.Writer) error {
	width := t.widths()
	var b strings.Builder
	row := func(cells []string) {
		for i, n := range width {
			b.WriteString("| " + t.pad(cells, i, n) + " ")
		}
		b.WriteString("|\n")
	}
	row(t.Head)
	for i, n := range width {
		if i < t.Left {
			b.WriteString("|" + strings.Repeat("-", n+2))
		} else {
			b.WriteString("|" + strings.Repeat("-", n+1) + ":")
		}
	}
	b.WriteString("|\n")
	for _, r := range t.Rows {
		row(r)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) widths() []int {
	width := make([]int, len(t.Head))
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	return width
}

func (t *Table) line(b *strings.Builder, row []string, width []int) {
	var line strings.Builder
	for i, n := range width {
		if i > 0 {
			line.WriteString("  ")
		}
		line.WriteString(t.pad(row, i, n))
	}
	b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}

func (t *Table) pad(row []string, column, width int) string {
	cell := ""
	if column < len(row) {
		cell = row[column]
	}
	fill := strings.Repeat(" ", width-utf8.RuneCountInString(cell))
	if column < t.Left {
		return cell + fill
	}
	return fill + cell
}

// Count writes n with a comma between groups of three digits.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Millis writes d in milliseconds with three digits after the point.
func Millis(d time.Duration) string { return fmt.Sprintf("%.3f", float64(d)/1e6) }

// Micros writes d in microseconds with two digits after the point, and `-` for 0, which stands for unknown.
func Micros(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(d)/1e3)
}

// RatioText writes a ratio with two digits after the point, and `-` for 0, which stands for none.
func RatioText(r float64) string {
	if r == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", r)
}

// ComparisonTable lays measured groups out, a line for each server and, for two servers, one with the first's figures
// divided by the second's. names label the servers in the order of the targets.
func ComparisonTable(list []Comparison, names []string) *Table {
	t := &Table{
		Head: []string{"group", "server", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "CPU µs/req", "errors"},
		Left: 2,
	}
	for i := range list {
		c := &list[i]
		if c.Skipped != "" {
			t.Add(c.Group.Name, "skipped: "+c.Skipped)
			continue
		}
		label := c.Group.Name
		for j := range c.Servers {
			s := &c.Servers[j]
			t.Add(label, names[j], Count(int64(s.Rate+0.5)), Millis(s.P50), Millis(s.P99), Millis(s.P999), Millis(s.Max), Micros(s.CPU), Count(int64(s.Errors)))
			label = ""
		}
		if len(c.Servers) == 2 {
			row := []string{"", "ratio"}
			for _, figure := range Figures {
				row = append(row, RatioText(c.Ratio(figure)))
			}
			t.Add(row...)
		}
	}
	return t
}

// Figures are a summary's figures in the order of a [ComparisonTable]'s columns.
var Figures = []func(*Summary) float64{
	func(s *Summary) float64 { return s.Rate },
	func(s *Summary) float64 { return float64(s.P50) },
	func(s *Summary) float64 { return float64(s.P99) },
	func(s *Summary) float64 { return float64(s.P999) },
	func(s *Summary) float64 { return float64(s.Max) },
	func(s *Summary) float64 { return float64(s.CPU) },
}
