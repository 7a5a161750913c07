package load

import (
	"strings"
	"testing"
	"time"
)

func TestTableAligns(t *testing.T) {
	table := Table{Head: []string{"group", "server", "µs"}, Left: 2}
	table.Add("set", "a", "1.25")
	table.Add("", "long name", "100.00")
	table.Add("get", "skipped")
	var text, md strings.Builder
	if err := table.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if err := table.WriteMarkdown(&md); err != nil {
		t.Fatal(err)
	}
	wantText := "" +
		"group  server         µs\n" +
		"------------------------\n" +
		"set    a            1.25\n" +
		"       long name  100.00\n" +
		"get    skipped\n"
	wantMD := "" +
		"| group | server    |     µs |\n" +
		"|-------|-----------|-------:|\n" +
		"| set   | a         |   1.25 |\n" +
		"|       | long name | 100.00 |\n" +
		"| get   | skipped   |        |\n"
	if text.String() != wantText {
		t.Errorf("text:\n%s\nwant:\n%s", text.String(), wantText)
	}
	if md.String() != wantMD {
		t.Errorf("markdown:\n%s\nwant:\n%s", md.String(), wantMD)
	}
}

func TestNumbersRead(t *testing.T) {
	tests := []struct{ got, want string }{
		{Count(0), "0"},
		{Count(999), "999"},
		{Count(1000), "1,000"},
		{Count(-1234567), "-1,234,567"},
		{Millis(1234567 * time.Nanosecond), "1.235"},
		{Micros(7890 * time.Nanosecond), "7.89"},
		{Micros(0), "-"},
		{RatioText(1.304), "1.30"},
		{RatioText(0), "-"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestComparisonTable(t *testing.T) {
	list := []Comparison{
		{Group: Group{Name: "get"}, Servers: []Summary{
			{Rate: 2000, P50: time.Millisecond, P99: 2 * time.Millisecond, P999: 3 * time.Millisecond, Max: 4 * time.Millisecond, CPU: 6 * time.Microsecond},
			{Rate: 1000, P50: 2 * time.Millisecond, P99: 2 * time.Millisecond, P999: 6 * time.Millisecond, Max: 4 * time.Millisecond, CPU: 8 * time.Microsecond, Errors: 3},
		}},
		{Group: Group{Name: "zset_ops"}, Skipped: "b has no ZADD"},
	}
	table := ComparisonTable(list, []string{"a", "b"})
	want := [][]string{
		{"get", "a", "2,000", "1.000", "2.000", "3.000", "4.000", "6.00", "0"},
		{"", "b", "1,000", "2.000", "2.000", "6.000", "4.000", "8.00", "3"},
		{"", "ratio", "2.00", "0.50", "1.00", "0.50", "1.00", "0.75"},
		{"zset_ops", "skipped: b has no ZADD"},
	}
	if len(table.Rows) != len(want) {
		t.Fatalf("%d rows, want %d", len(table.Rows), len(want))
	}
	for i, row := range table.Rows {
		if strings.Join(row, "|") != strings.Join(want[i], "|") {
			t.Errorf("row %d: %q, want %q", i, row, want[i])
		}
	}
}

func TestSummarise(t *testing.T) {
	rounds := make([]Result, 3)
	for i, seconds := range []float64{1, 4, 2} {
		r := &rounds[i]
		r.Requests, r.Elapsed = 100, time.Duration(seconds*1e9)
		r.CPU, r.CPUSource = time.Duration(i+1)*100*time.Microsecond, "INFO cpu"
		r.Latency.Record(time.Duration(i+1), 100)
	}
	s := summarise("a", rounds)
	if s.Rate != 50 || s.Requests != 300 || s.Rounds != 3 || s.CPU != 2*time.Microsecond || s.P50 != 2 || s.Max != 3 {
		t.Errorf("%+v", s)
	}
	if m := Median([]float64{4, 1, 3, 2}); m != 2.5 {
		t.Errorf("median of an even number: %v", m)
	}
}
