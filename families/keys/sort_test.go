package keysfamily_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// The replies were asked of Redis 7.0.15.
func TestSort(t *testing.T) {
	h := start(t)
	for _, cmd := range []string{
		"PLAIN list l 3 1 2 10", "PLAIN zset z c b a", "PLAIN list words bb a ccc b", "MSET w_1 9 w_2 8 w_3 7 w_bb x w_a y w_ccc x",
		"PLAIN hash o_1 f 5 g one", "PLAIN hash o_2 f 4", "SET s v", "PLAIN list bad 1 x", "PLAIN set odd c a b",
	} {
		h.Do(strings.Fields(cmd)...).OK()
	}
	for _, tc := range []struct{ cmd, want string }{
		{"SORT l", "1 2 3 10"},
		{"SORT l DESC", "10 3 2 1"},
		{"SORT l ALPHA", "1 10 2 3"},
		{"SORT l LIMIT 1 2", "2 3"},
		{"SORT l LIMIT -5 2", "1 2"},
		{"SORT l LIMIT 2 -1", "3 10"},
		{"SORT l LIMIT 4 1", ""},
		{"SORT l LIMIT 0 0", ""},
		{"SORT l BY nosort", "3 1 2 10"},
		{"SORT l BY nosort DESC", "10 2 1 3"},
		{"SORT l BY nosort LIMIT 1 2", "1 2"},
		{"SORT l BY nosort DESC LIMIT 1 2", "2 1"},
		{"SORT z BY nosort DESC LIMIT 0 2", "a b"},
		{"SORT l BY w_*", "10 3 2 1"},
		{"SORT l BY o_*->f", "10 3 2 1"},
		{"SORT l BY w_* GET # GET w_* GET o_*->g GET nostar", "10 nil nil nil 3 7 nil nil 2 8 nil nil 1 9 one nil"},
		{"SORT words ALPHA", "a b bb ccc"},
		{"SORT words BY w_* ALPHA", "b bb ccc a"},
		{"SORT words BY w_* ALPHA DESC", "a bb ccc b"},
		{"SORT words", "-ERR One or more scores can't be converted into double"},
		{"SORT bad BY nosort", "1 x"},
		{"SORT s", "-WRONGTYPE Operation against a key holding the wrong kind of value"},
		{"SORT none", ""},
		{"SORT l LIMIT 1", "-ERR syntax error"},
		{"SORT l LIMIT a b", "-ERR value is not an integer or out of range"},
		{"SORT_RO l STORE x", "-ERR syntax error"},
		{"SORT_RO l DESC", "10 3 2 1"},
	} {
		if got := shown(h.Do(strings.Fields(tc.cmd)...).Raw); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.cmd, got, tc.want)
		}
	}
	h.Do("SORT", "l", "STORE", "d").Int(4)
	h.Do("SORT", "l", "STORE", "l").Int(4)
	h.Do("SORT", "l", "GET", "w_*", "GET", "#", "STORE", "e").Int(8)
	h.Do("SORT", "odd", "BY", "nosort", "STORE", "o").Int(3)
	for key, want := range map[string]string{"d": "1 2 3 10", "l": "1 2 3 10", "e": "9 1 8 2 7 3  10", "o": "a b c"} {
		if got := shown(h.Do("ELEMENTS", key).Raw); got != want {
			t.Errorf("%s holds %q, want %q", key, got, want)
		}
	}
	h.Do("SORT", "none", "STORE", "d").Int(0)
	h.Do("EXISTS", "d").Int(0)
}

// shown turns an array of strings into words, and leaves errors without their line end.
func shown(raw string) string {
	if strings.HasPrefix(raw, "-") {
		return strings.TrimSpace(raw)
	}
	var words []string
	parts := strings.Split(raw, "\r\n")[1:]
	for i := 0; i < len(parts)-1; i++ {
		if parts[i] == "$-1" {
			words = append(words, "nil")
			continue
		}
		i++
		words = append(words, parts[i])
	}
	return strings.Join(words, " ")
}

func BenchmarkSort(b *testing.B) {
	h := start(b).WithoutReplay()
	rnd := rand.New(rand.NewPCG(1, 1))
	args := []string{"PLAIN", "list", "l"}
	weights := []string{"MSET"}
	for range 100_000 {
		n := strconv.Itoa(rnd.IntN(1_000_000))
		args = append(args, n)
		weights = append(weights, "w_"+n, strconv.Itoa(rnd.IntN(1000)))
	}
	h.Do(args...)
	h.Do(weights...)
	for _, how := range []string{"", "ALPHA", "DESC LIMIT 0 10", "BY w_* LIMIT 0 10"} {
		b.Run(fmt.Sprintf("%q", how), func(b *testing.B) {
			cmd := append([]string{"SORT", "l"}, strings.Fields(how)...)
			c := h.Client()
			raw := make([][]byte, len(cmd))
			for i := range cmd {
				raw[i] = []byte(cmd[i])
			}
			for b.Loop() {
				c.C.W.Reset()
				h.Engine.Handle(c.C, raw)
			}
		})
	}
}
