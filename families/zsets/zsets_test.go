package zsets_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/redust/redust/core/coretest"
	keysfamily "github.com/redust/redust/families/keys"
	"github.com/redust/redust/families/sets"
	"github.com/redust/redust/families/zsets"
)

func newHarness(t *testing.T) *coretest.Harness {
	t.Helper()
	return coretest.New(t, zsets.New(), sets.New(), keysfamily.New())
}

func TestReplies(t *testing.T) {
	type step struct {
		args  string
		reply string
	}
	for _, tc := range []struct {
		name  string
		steps []step
	}{
		{"add and its options", []step{
			{"ZADD z 1 a 2 b", ":2\r\n"},
			{"ZADD z CH 3 a 2 b 4 c", ":2\r\n"},
			{"ZADD z NX 9 a", ":0\r\n"},
			{"ZADD z GT CH 2 a", ":0\r\n"},
			{"ZADD z LT CH 2 a", ":1\r\n"},
			{"ZADD z XX INCR 1.5 a", "$3\r\n3.5\r\n"},
			{"ZADD z NX INCR 1 a", "$-1\r\n"},
			{"ZADD none XX 1 a", ":0\r\n"},
			{"ZADD z inf a", ":0\r\n"},
			{"ZADD z INCR -inf a", "-ERR resulting score is not a number (NaN)\r\n"},
			{"ZADD z NX XX 1 a", "-ERR XX and NX options at the same time are not compatible\r\n"},
			{"ZADD z GT LT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible\r\n"},
			{"ZADD z nan a", "-ERR value is not a valid float\r\n"},
			{"ZSCORE z a", "$3\r\ninf\r\n"},
		}},
		{"ties in byte order", []step{
			{"ZADD z 0 b 0 a 0 B 0 aa 0 10 0 9", ":6\r\n"},
			{"ZRANGE z 0 -1", "*6\r\n$2\r\n10\r\n$1\r\n9\r\n$1\r\nB\r\n$1\r\na\r\n$2\r\naa\r\n$1\r\nb\r\n"},
			{"ZRANGE z [a (b BYLEX", "*2\r\n$1\r\na\r\n$2\r\naa\r\n"},
			{"ZLEXCOUNT z - +", ":6\r\n"},
			{"ZRANK z aa WITHSCORE", "*2\r\n:4\r\n$1\r\n0\r\n"},
			{"ZREVRANK z aa", ":1\r\n"},
			{"ZRANK z no WITHSCORE", "*-1\r\n"},
		}},
		{"combinations with plain sets", []step{
			{"ZADD z 1 a 2 b 3 1", ":3\r\n"},
			{"SADD s a c", ":2\r\n"},
			{"SADD i 1 2", ":2\r\n"},
			{"ZUNION 3 z s i WITHSCORES", "*10\r\n$1\r\n2\r\n$1\r\n1\r\n$1\r\nc\r\n$1\r\n1\r\n$1\r\na\r\n$1\r\n2\r\n$1\r\nb\r\n$1\r\n2\r\n$1\r\n1\r\n$1\r\n4\r\n"},
			{"ZINTERSTORE d 2 z s WEIGHTS 2 3 AGGREGATE MAX", ":1\r\n"},
			{"ZSCORE d a", "$1\r\n3\r\n"},
			{"ZDIFF 2 z s", "*2\r\n$1\r\nb\r\n$1\r\n1\r\n"},
			{"ZINTERCARD 2 z i LIMIT 1", ":1\r\n"},
			{"ZUNIONSTORE d 1 none", ":0\r\n"},
			{"ZCARD d", ":0\r\n"},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t)
			for _, s := range tc.steps {
				h.Do(strings.Fields(s.args)...).Equals(s.reply)
			}
		})
	}
}

// TestEffects: what is propagated is what Redis puts into its AOF.
func TestEffects(t *testing.T) {
	h := newHarness(t)
	for _, tc := range []struct{ args, want string }{
		{"ZADD z 1 a 2 b 3 c 4 d 5 e 6 f", "ZADD z 1 a 2 b 3 c 4 d 5 e 6 f"},
		{"ZADD z 1 a", ""},
		{"ZADD z INCR 2 a", "ZADD z INCR 2 a"},
		{"ZINCRBY z 0 a", ""},
		{"ZPOPMIN z", "ZPOPMIN z"},
		{"ZPOPMAX z 0", ""},
		{"ZMPOP 2 none z MAX COUNT 2", "ZPOPMAX z 2"},
		{"BZPOPMIN z 0", "ZPOPMIN z"},
		{"BZMPOP 0 1 z MIN COUNT 9", "ZPOPMIN z 2"},
		{"ZUNIONSTORE d 1 z", ""},
		{"ZRANGESTORE d none 0 -1", ""},
		{"ZREMRANGEBYSCORE z -inf +inf", ""},
	} {
		h.Do(strings.Fields(tc.args)...)
		got := slices.DeleteFunc(h.Effects(), func(s string) bool { return strings.HasPrefix(s, "SELECT") })
		if strings.Join(got, "; ") != tc.want {
			t.Errorf("%s: effects %q, want %q", tc.args, got, tc.want)
		}
	}
}

func TestBlocking(t *testing.T) {
	h := newHarness(t)
	a, b := h.Client(), h.Client()
	a.Start("BZPOPMIN", "k", "j", "0")
	b.Start("BZMPOP", "0", "1", "k", "MAX", "COUNT", "5")
	h.Do("ZADD", "k", "1", "x", "2", "y", "3", "z").Int(3)
	a.Wait().Array("k", "x", "1")
	b.Wait().Equals("*2\r\n$1\r\nk\r\n*2\r\n*2\r\n$1\r\nz\r\n$1\r\n3\r\n*2\r\n$1\r\ny\r\n$1\r\n2\r\n")
	h.Do("ZCARD", "k").Int(0)
}

// BZMPOP of many members of a large set works with its key reserved; a client that waits for as many is served, too.
func TestBlockingPopOfMany(t *testing.T) {
	h := newHarness(t)
	b := h.Client()
	b.Start("BZMPOP", "0", "1", "k", "MAX", "COUNT", "20000")
	args := []string{"ZADD", "k"}
	for i := range 9000 {
		args = append(args, fmt.Sprint(i), fmt.Sprint("m", i))
	}
	h.Do(args...).Int(9000)
	b.Wait()
	h.Do("ZCARD", "k").Int(0)
	h.Do(args...).Int(9000)
	h.Do("BZMPOP", "0", "1", "k", "MIN", "COUNT", "8999")
	h.Do("ZRANGE", "k", "0", "-1").Array("m8999")
}

// TestLarge drives the large form, and the commands that work with keys reserved, beside coretest's checks of every encoder.
func TestLarge(t *testing.T) {
	h := newHarness(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	const n = 12000
	for from := 0; from < n; from += 6000 {
		args := []string{"ZADD", "z"}
		for i := from; i < from+6000; i++ {
			args = append(args, fmt.Sprint(rnd.IntN(1000)), fmt.Sprintf("m%05d", i))
		}
		h.Do(args...).Int(6000)
	}
	h.Do("ZUNIONSTORE", "u", "2", "z", "z").Int(n)
	h.Do("ZINTERSTORE", "i", "2", "z", "u", "WEIGHTS", "1", "-1").Int(n)
	h.Do("ZRANGESTORE", "r", "z", "(100", "200", "BYSCORE", "REV").Int(0)
	h.Do("ZRANGESTORE", "r", "z", "900", "(100", "BYSCORE", "REV", "LIMIT", "0", "9000").Int(int64(min(9000, count(h, "(100", "900"))))
	left := n - count(h, "0", "499")
	h.Do("ZREMRANGEBYSCORE", "z", "0", "499").Int(int64(n - left))
	h.Do("ZCARD", "z").Int(int64(left))
	h.Do("ZREMRANGEBYRANK", "u", "10", "-11").Int(n - 20)
	h.Do("ZINTERCARD", "2", "z", "u").Int(10)
	if got := len(h.Do("ZRANDMEMBER", "z", "5000").Elems); got != 5000 {
		t.Errorf("ZRANDMEMBER gave %d", got)
	}
}

func count(h *coretest.Harness, min, max string) int {
	return int(h.Do("ZCOUNT", "z", min, max).Reply.Int)
}
