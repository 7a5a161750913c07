package zsets_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Unions on both sides of what is gathered in plain slices, by number and by bytes, against a map.
func TestUnionsOfAllSizes(t *testing.T) {
	h := newHarness(t)
	rnd := rand.New(rand.NewPCG(7, 7))
	for _, size := range []struct{ members, pad int }{{1, 0}, {100, 0}, {250, 0}, {383, 0}, {384, 0}, {385, 0}, {700, 0}, {90, 1000}, {150, 500}} {
		want := map[string]int{}
		for k := range 3 {
			args := []string{"ZADD", fmt.Sprint("s", k)}
			h.Do("DEL", args[1])
			for range size.members {
				m := fmt.Sprint("m", rnd.IntN(size.members*3/2), strings.Repeat("-", size.pad))
				if slices.Contains(args, m) {
					continue
				}
				score := rnd.IntN(20)
				args = append(args, strconv.Itoa(score), m)
				want[m] += score
			}
			h.Do(args...)
		}
		var names []string
		for m := range want {
			names = append(names, m)
		}
		slices.SortFunc(names, func(a, b string) int {
			if want[a] != want[b] {
				return want[a] - want[b]
			}
			return strings.Compare(a, b)
		})
		var flat []string
		for _, m := range names {
			flat = append(flat, m, strconv.Itoa(want[m]))
		}
		h.Do("ZUNION", "3", "s0", "s1", "s2", "WITHSCORES").Array(flat...)
		h.Do("ZUNIONSTORE", "u", "3", "s0", "s1", "s2").Int(int64(len(want)))
		h.Do("ZRANGE", "u", "0", "-1", "WITHSCORES").Array(flat...)
		h.Do("ZRANGESTORE", "copy", "u", "0", "-1").Int(int64(len(want)))
		h.Do("ZRANGE", "copy", "0", "-1", "WITHSCORES").Array(flat...)
		h.Do("ZINTERSTORE", "copy", "2", "u", "u", "AGGREGATE", "MAX").Int(int64(len(want)))
		h.Do("ZRANGE", "copy", "0", "-1", "WITHSCORES").Array(flat...)
		h.Do("ZDIFF", "2", "u", "nosuch", "WITHSCORES").Array(flat...)
		h.Do("ZDIFFSTORE", "copy", "2", "u", "u").Int(0)
	}
}
