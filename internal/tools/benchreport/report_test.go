package main

import (
	"bufio"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

func TestChoose(t *testing.T) {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	got, err := choose("memory,set_get", names)
	if err != nil || len(got) != 2 || got[0].name != "set_get" || got[1].name != "memory" {
		t.Errorf("%v, %v: want set_get and memory in the order of the report", got, err)
	}
	if got, err := choose("", names); err != nil || len(got) != len(parts) {
		t.Errorf("no list chose %d parts, %v", len(got), err)
	}
	if _, err := choose("nonsense", names); err == nil || !strings.Contains(err.Error(), "flushall") {
		t.Errorf("an unknown part's error doesn't say what there is: %v", err)
	}
}

func TestRender(t *testing.T) {
	host := &load.Table{Head: []string{"", ""}, Left: 2}
	host.Add("Redis", "7.0.15")
	table := sideBySide(
		[]figure{megabytes("size", 5_000_000), millis("lag", 20*time.Millisecond), count("keys", 1000)},
		[]figure{megabytes("size", 10_000_000), late("lag", 30*time.Second), count("keys", 3)},
	)
	memory := section{text: "Text.", notes: []string{"Before.", "Not measured completely: reason."}, tables: []*load.Table{table}}
	broken := section{text: "Nothing.", tables: []*load.Table{nil}}
	got := render(host, map[string]string{"FLUSHALL": broken.markdown(), "Memory": memory.markdown(), "Gone": "A section of a part that is no more."})
	for _, want := range []string{
		"# Benchmarks\n", "| Redis | 7.0.15 |\n", "\n## Memory\n\nText.\n\nBefore.\n\n|",
		"| size |   5.0 MB |       10.0 MB |   0.50 |\n",
		"| lag  | 20.00 ms | more than 30s |      - |\n",
		"| keys |    1,000 |             3 | 333.33 |\n",
		"\nNot measured completely: reason.\n\n## FLUSHALL\n\nNothing.\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "Gone") {
		t.Error("a section without a part stayed")
	}
	if again := render(host, parseSections(got)); again != got {
		t.Errorf("a written report read and written again is\n%s\nnot\n%s", again, got)
	}
}

func TestPartNames(t *testing.T) {
	names, titles := map[string]bool{}, map[string]bool{}
	for _, p := range parts {
		if names[p.name] || titles[p.title] || p.limit <= 0 || p.run == nil {
			t.Errorf("part %s: its name or title is another's, or its limit or function is missing", p.name)
		}
		names[p.name], titles[p.title] = true, true
	}
}

func TestRoundsOfFigures(t *testing.T) {
	rounds := [][]figure{
		{count("n", 3), millis("t", 10)}, {count("n", 1), millis("t", 30)}, {count("n", 2), millis("t", 20)},
	}
	if m := middle(rounds); m[0].value != 2 || m[1].value != 20 {
		t.Errorf("middle: %v", m)
	}
	if m := middle(rounds[:2]); m[0].value != 1 {
		t.Errorf("middle of two: %v, want the lower one", m)
	}
	if w := worst(rounds); w[0].value != 3 || w[1].value != 30 {
		t.Errorf("worst: %v", w)
	}
	if m := middle(nil); m != nil {
		t.Errorf("middle of none: %v", m)
	}
}

func TestRatiosOfRounds(t *testing.T) {
	all := samples{
		{{count("", 100), percent("", 1)}, {count("", 60), percent("", 1)}, {count("", 10), percent("", 1)}},
		{{count("", 50), percent("", 1)}, {count("", 40), percent("", 1)}, {count("", 30), percent("", 1)}},
	}
	if r := medianRatio(all[0], all[1], 0); r != 1.5 { // 2, 1.5 and 0.33
		t.Error(r)
	}
	if r := medianRatio(all[0][:2], all[1][:2], 0); r != 1.75 {
		t.Error("of two rounds:", r)
	}
	if r := medianRatio(all[0], all[1], 1); r != 0 {
		t.Error("of shares:", r)
	}
	table := wideTable("test", "rate", "share")
	addRounds(table, "set", &all)
	var got strings.Builder
	if err := table.WriteMarkdown(&got); err != nil || !strings.Contains(got.String(), "|           60 |    40 |  1.50 |       100.0 % | 100.0 % |     - |") {
		t.Error(err, got.String())
	}
}

func TestWideTable(t *testing.T) {
	w := wideTable("test", "rate", "share")
	addWide(w, "set", []figure{count("", 1500), percent("", 0.5)}, []figure{count("", 1000), percent("", 0.25)})
	var got strings.Builder
	if err := w.WriteMarkdown(&got); err != nil {
		t.Fatal(err)
	}
	const want = "" +
		"| test | rate: Redust | Redis | ratio | share: Redust |  Redis | ratio |\n" +
		"|------|-------------:|------:|------:|--------------:|-------:|------:|\n" +
		"| set  |        1,500 | 1,000 |  1.50 |        50.0 % | 25.0 % |     - |\n"
	if got.String() != want {
		t.Errorf("%s\nwant\n%s", got.String(), want)
	}
}

func TestParseBenchCSV(t *testing.T) {
	out := []byte(`"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
"LPUSH (needed to benchmark LRANGE)","10309.28","3.305","0.056","2.871","7.143","13.335","13.527"
"LRANGE_100 (first 100 elements)","3717.47","9.821","0.600","8.559","16.255","27.5","27.631"
`)
	if rate, p99, err := parseBenchCSV(out); err != nil || rate != 3717.47 || p99 != 27500*time.Microsecond {
		t.Errorf("%v %v %v", rate, p99, err)
	}
	for _, bad := range []string{"", "\"test\",\"rps\"\n", "\"test\",\"rps\"\n\"SET\",\"many\"\n"} {
		if _, _, err := parseBenchCSV([]byte(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestDelivery(t *testing.T) {
	if delivery != 98 {
		t.Errorf("a message takes %d bytes", delivery)
	}
}

func TestListen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const bytes = 5000
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		rd := bufio.NewReader(nc)
		for _, reply := range []string{"+OK\r\n", "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n"} {
			if _, err := rd.ReadString('\n'); err != nil {
				return
			}
			_, _ = nc.Write([]byte(reply))
		}
		_, _ = nc.Write(make([]byte, bytes))
		nc.Close()
	}()
	nc, err := listen(l.Addr().String(), []string{"HELLO 3", "SUBSCRIBE news"})
	if err != nil {
		t.Fatal(err)
	}
	var got atomic.Int64
	if err := drain([]net.Conn{nc}, &got); err == nil || got.Load() > bytes {
		t.Errorf("%d bytes, %v: want at most %d and an error when the server hangs up", got.Load(), err, bytes)
	}
}

func TestLagFigure(t *testing.T) {
	var h load.Histogram
	h.Record(10*time.Millisecond, 600)
	h.Record(40*time.Millisecond, 300)
	waited := 30 * time.Second
	for _, tt := range []struct {
		q    float64
		want time.Duration // 0: never
	}{{0.5, 10 * time.Millisecond}, {0.9, 40 * time.Millisecond}, {0.99, 0}} {
		f := lagFigure("lag", &h, tt.q, waited)
		if tt.want == 0 {
			if f.text != "more than 30s" {
				t.Errorf("%v of the keys: %q, though they never went", tt.q, f.text)
			}
			continue
		}
		if got := time.Duration(f.value); got < tt.want || got > tt.want+tt.want/100 {
			t.Errorf("%v of the keys: %v, want %v", tt.q, got, tt.want)
		}
	}
}

func TestLastLine(t *testing.T) {
	if got := lastLine([]byte("one\ntwo\n\n")); got != "two" {
		t.Errorf("%q", got)
	}
	if got := lastLine(nil); got != "" {
		t.Errorf("%q", got)
	}
}

func TestParseSweep(t *testing.T) {
	l, err := parseSweep("# a comment\n\nsetup 2 SADD s m:{i}\nSADD s m:{r}\n")
	if err != nil || len(l.setup) != 2 || l.setup[1][2] != "m:001" || len(l.commands) != 1 || l.commands[0][2] != "m:{r}" {
		t.Errorf("%v, %v", l, err)
	}
	for _, bad := range []string{"setup", "setup x PING", "setup 1001 PING", "setup 1"} {
		if _, err := parseSweep(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	text, err := os.ReadFile("sweep.txt")
	if err != nil {
		t.Fatal(err)
	}
	if l, err := parseSweep(string(text)); err != nil || len(l.commands) < 50 {
		t.Errorf("sweep.txt: %d commands, %v", len(l.commands), err)
	}
}
