package load

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/tidwall/resp"
)

// requests reads a batch back as lines of arguments.
func requests(t *testing.T, b []byte) []string {
	t.Helper()
	var out []string
	rd := resp.NewReader(bufio.NewReader(bytes.NewReader(b)))
	for {
		v, n, err := rd.ReadValue()
		if n == 0 {
			return out
		}
		if err != nil {
			t.Fatalf("batch %q: %v", b, err)
		}
		var args []string
		for _, a := range v.Array() {
			args = append(args, a.String())
		}
		out = append(out, strings.Join(args, " "))
	}
}

func TestRingFormatsCommands(t *testing.T) {
	g := Group{Name: "x", Vars: []Var{{Name: 'k', Digits: 12}, {Name: 's', Digits: 2, Bound: 1}}, Commands: cmds("SET key:{k} {v}", "ZADD z 1{s} m:{k}:{s} {x")}
	r, err := newRing(&g, &Options{Pipeline: 2, Keyspace: 1, ValueSize: 3}, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"SET key:000000000000 xxx", "ZADD z 100 m:000000000000:00 {x"}
	if got := requests(t, r.batch(2, 0)); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRingKeepsOneNumberThroughACycle(t *testing.T) {
	// Whatever the depth, the commands of a cycle name one key, and cycles differ.
	for _, pipeline := range []int{1, 2, 3, 4, 7, 16} {
		t.Run(fmt.Sprint(pipeline), func(t *testing.T) {
			g := Group{Vars: keyVar, Commands: cmds("SET {k}", "EXISTS {k}", "DEL {k}")}
			r, err := newRing(&g, &Options{Pipeline: pipeline, Keyspace: 1 << 30}, 7)
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for range 12 * 3 {
				all = append(all, requests(t, r.batch(pipeline, 0))...)
			}
			seen := make(map[string]bool)
			for i := 0; i+2 < len(all); i += 3 {
				key := strings.TrimPrefix(all[i], "SET ")
				if all[i+1] != "EXISTS "+key || all[i+2] != "DEL "+key {
					t.Fatalf("cycle at %d: %q", i, all[i:i+3])
				}
				if seen[key] {
					t.Fatalf("key %s came twice", key)
				}
				seen[key] = true
			}
		})
	}
}

func TestRingStaysInBounds(t *testing.T) {
	g := Group{Vars: []Var{{Name: 'k', Digits: 4}, {Name: 'b', Digits: 2, Bound: 3}}, Commands: cmds("GET {k}{b}")}
	r, err := newRing(&g, &Options{Pipeline: 10, Keyspace: 5}, 3)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for range 200 {
		for _, req := range requests(t, r.batch(10, 0)) {
			seen[req] = true
		}
	}
	if len(seen) != 15 {
		t.Errorf("%d different requests of 5*3: %v", len(seen), seen)
	}
	for req := range seen {
		if req < "GET 000000" || req > "GET 000402" {
			t.Errorf("out of bounds: %s", req)
		}
	}
}

func TestRingCounts(t *testing.T) {
	g := Group{Vars: keyVar, Commands: cmds("SET {k}")}
	r, err := newRing(&g, &Options{Pipeline: 3, Keyspace: 1, Sequential: true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, first := range []int64{0, 3, 300, 999_999_999_998} {
		got := requests(t, r.batch(2, first))
		want := []string{fmt.Sprintf("SET %012d", first), fmt.Sprintf("SET %012d", first+1)}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("from %d: got %q, want %q", first, got, want)
		}
	}
	g.Commands = cmds("SET {k}", "GET {k}")
	if _, err := newRing(&g, &Options{Pipeline: 3, Keyspace: 1, Sequential: true}, 0); err == nil {
		t.Error("a cycle of two commands was taken for counting")
	}
}

func TestRingRefusesUnknownVariable(t *testing.T) {
	g := Group{Name: "bad", Commands: cmds("GET {q}")}
	if _, err := newRing(&g, &Options{Pipeline: 1, Keyspace: 1}, 0); err == nil {
		t.Error("no error")
	}
}

func TestBatchAllocatesNothing(t *testing.T) {
	g := Groups()[1]
	r, err := newRing(&g, &Options{Pipeline: 16, Keyspace: 100, ValueSize: 64}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { r.batch(16, 0) }); n != 0 {
		t.Errorf("%v allocations a batch", n)
	}
}

func TestEveryGroupFormats(t *testing.T) {
	for _, g := range Groups() {
		if _, err := newRing(&g, &Options{Pipeline: 5, Keyspace: 10, ValueSize: 8}, 0); err != nil {
			t.Error(err)
		}
	}
	if _, err := SelectGroups([]string{"ping", "nonsense"}); err == nil || !strings.Contains(err.Error(), "set_union") {
		t.Errorf("an unknown group's error doesn't say what there is: %v", err)
	}
}
