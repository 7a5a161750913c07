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
		h.Do("ZUNION", "4", "s0", "s1", "s2", "nosuch", "WITHSCORES").Array(flat...) // too many to look each member up in all
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

// Lexicographical ranges of packed sets whose scores differ, against what Redis's walk finds: from the range's own end to the first member
// within, and on to the first one beyond; nothing if the far end's member is outside.
func TestLexRangesOfDifferentScores(t *testing.T) {
	h := newHarness(t)
	rnd := rand.New(rand.NewPCG(3, 3))
	for range 300 {
		h.Do("DEL", "k")
		members := make([]string, 1+rnd.IntN(8))
		for i := range members {
			members[i] = string(rune('a'+rnd.IntN(5))) + strconv.Itoa(i)
			h.Do("ZADD", "k", strconv.Itoa(i), members[i])
		}
		low, high := string(rune('a'+rnd.IntN(5))), string(rune('a'+rnd.IntN(6)))
		for _, reverse := range []bool{false, true} {
			list, command := slices.Clone(members), []string{"ZRANGEBYLEX", "k", "[" + low, "(" + high}
			if reverse {
				slices.Reverse(list)
				command = []string{"ZREVRANGEBYLEX", "k", "(" + high, "[" + low}
			}
			offset, count := rnd.IntN(3), rnd.IntN(4)-1
			want := walkLex(list, members, low, high, reverse, offset, count)
			h.Do(append(command, "LIMIT", strconv.Itoa(offset), strconv.Itoa(count))...).Array(want...)
			if !reverse {
				all := walkLex(list, members, low, high, false, 0, -1)
				h.Do("ZLEXCOUNT", "k", "["+low, "("+high).Int(int64(len(all)))
			}
		}
	}
}

func walkLex(list, ascending []string, low, high string, reverse bool, offset, count int) (out []string) {
	enter, stay := func(m string) bool { return m >= low }, func(m string) bool { return m < high }
	if !enter(ascending[len(ascending)-1]) || !stay(ascending[0]) {
		return nil
	}
	if reverse {
		enter, stay = stay, enter
	}
	at := slices.IndexFunc(list, enter)
	if at < 0 || !stay(list[at]) {
		return nil
	}
	for _, m := range list[min(at+offset, len(list)):] {
		if !stay(m) || count >= 0 && len(out) == count {
			break
		}
		out = append(out, m)
	}
	return out
}
