package lists

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/keys"
)

func newHarness(t testing.TB) *coretest.Harness {
	h := coretest.New(t, New(), keysfamily.New())
	h.Set("notify-keyspace-events", "KEA")
	return h
}

func TestPushAndPop(t *testing.T) {
	h := newHarness(t)
	h.Do("RPUSH", "k", "a", "b").Int(2)
	h.Do("LPUSH", "k", "1", "2").Int(4)
	h.Do("LRANGE", "k", "0", "-1").Array("2", "1", "a", "b")
	h.Do("LPUSHX", "none", "x").Int(0)
	h.Do("RPUSHX", "k", "c", "d").Int(6)
	h.Do("LPOP", "k").Bulk("2")
	h.Do("RPOP", "k", "2").Array("d", "c")
	h.Do("LPOP", "k", "0").Array()
	h.Do("LPOP", "none").Nil()
	h.Do("LPOP", "none", "2").Equals("*-1\r\n")
	h.Do("LPOP", "k", "-1").Error("ERR value is out of range, must be positive")
	h.Do("LPOP", "k", "1", "1").Error("ERR wrong number of arguments for 'lpop' command")
	h.Do("LPOP", "k", "9").Array("1", "a", "b")
	h.Do("LLEN", "k").Int(0)
}

func TestEdits(t *testing.T) {
	h := newHarness(t)
	h.Do("RPUSH", "k", "a", "b", "a", "c", "a").Int(5)
	h.Do("LREM", "k", "-2", "a").Int(2)
	h.Do("LRANGE", "k", "0", "-1").Array("a", "b", "c")
	h.Do("LINSERT", "k", "before", "b", "x").Int(4)
	h.Do("LINSERT", "k", "AFTER", "c", "y").Int(5)
	h.Do("LINSERT", "k", "AFTER", "nope", "y").Int(-1)
	h.Do("LINSERT", "k", "BESIDE", "c", "y").Error("ERR syntax error")
	h.Do("LSET", "k", "-1", "7").OK()
	h.Do("LSET", "k", "5", "7").Error("ERR index out of range")
	h.Do("LSET", "none", "abc", "7").Error("ERR no such key")
	h.Do("LRANGE", "k", "0", "-1").Array("a", "x", "b", "c", "7")
	h.Effects()
	h.Do("LTRIM", "k", "0", "-1").OK()
	if got := h.Effects(); len(got) != 0 {
		t.Errorf("a trim of nothing is propagated: %q", got)
	}
	h.Do("LTRIM", "k", "1", "-2").OK()
	h.Do("LRANGE", "k", "0", "-1").Array("x", "b", "c")
	h.Do("LTRIM", "k", "5", "9").OK()
	h.Do("LLEN", "k").Int(0)
}

func TestPositions(t *testing.T) {
	h := newHarness(t)
	h.Do("RPUSH", "k", "a", "b", "c", "1", "2", "3", "c", "c").Int(8)
	h.Do("LPOS", "k", "c").Int(2)
	h.Do("LPOS", "k", "c", "RANK", "2").Int(6)
	h.Do("LPOS", "k", "c", "RANK", "-1").Int(7)
	h.Do("LPOS", "k", "c", "COUNT", "0").Equals("*3\r\n:2\r\n:6\r\n:7\r\n")
	h.Do("LPOS", "k", "c", "RANK", "-1", "COUNT", "2", "MAXLEN", "2").Equals("*2\r\n:7\r\n:6\r\n")
	h.Do("LPOS", "k", "c", "RANK", "-9223372036854775808").Int(7)
	h.Do("LPOS", "k", "c", "RANK", "-9223372036854775807").Nil()
	h.Do("LPOS", "k", "c", "MAXLEN", "2").Nil()
	h.Do("LPOS", "k", "c", "MAXLEN", "2", "COUNT", "1").Array()
	h.Do("LPOS", "k", "c", "RANK", "0").Error(string(errRankZero))
}

func TestMoves(t *testing.T) {
	h := newHarness(t)
	h.Do("RPUSH", "a", "1", "2", "3").Int(3)
	h.Do("LMOVE", "a", "b", "LEFT", "RIGHT").Bulk("1")
	h.Do("RPOPLPUSH", "a", "b").Bulk("3")
	h.Do("LRANGE", "b", "0", "-1").Array("3", "1")
	h.Do("LMOVE", "b", "b", "LEFT", "RIGHT").Bulk("3")
	h.Do("LRANGE", "b", "0", "-1").Array("1", "3")
	h.Do("LMOVE", "a", "b", "UP", "RIGHT").Error("ERR syntax error")
	h.Do("LMOVE", "a", "b", "RIGHT", "RIGHT").Bulk("2")
	h.Do("LMOVE", "a", "b", "RIGHT", "RIGHT").Nil()
	h.Effects()
	h.Do("LMPOP", "2", "a", "b", "LEFT", "COUNT", "2").Equals("*2\r\n$1\r\nb\r\n*2\r\n$1\r\n1\r\n$1\r\n3\r\n")
	if got := h.Effects(); len(got) != 1 || got[0] != "LPOP b 2" {
		t.Errorf("effects %q", got)
	}
	h.WithoutReplay()
}

// TestLargeLists drives every command over the boundary between the two forms.
func TestLargeLists(t *testing.T) {
	for _, size := range []string{"-2", "-1", "-5", "4", "0"} {
		t.Run(size, func(t *testing.T) {
			h := newHarness(t)
			h.Set("list-max-listpack-size", size)
			for i := range 3000 {
				h.Do("RPUSH", "k", fmt.Sprintf("element:%d", i)).Int(int64(i + 1))
			}
			h.Do("LPUSH", "k", strings.Repeat("big", 5000)).Int(3001)
			h.Do("LINDEX", "k", "1500").Bulk("element:1499")
			h.Do("LINSERT", "k", "BEFORE", "element:2000", "new").Int(3002)
			h.Do("LPOS", "k", "new").Int(2001)
			h.Do("LSET", "k", "2001", "element:again").OK()
			h.Do("LREM", "k", "0", "element:again").Int(1)
			h.Do("LRANGE", "k", "2000", "2002").Array("element:1999", "element:2000", "element:2001")
			h.Do("LTRIM", "k", "1", "2500").OK()
			h.Do("LMOVE", "k", "k", "RIGHT", "LEFT").Bulk("element:2499")
			h.Do("LMOVE", "k", "k2", "LEFT", "LEFT").Bulk("element:2499")
			for i := range 2490 {
				h.Do("LPOP", "k").Bulk(fmt.Sprintf("element:%d", i))
			}
			h.Do("LLEN", "k").Int(9)
			h.Do("RPOP", "k", "100")
			h.Do("LLEN", "k").Int(0)
			for range 40 {
				h.Do("RPUSH", "mixed", "1", strings.Repeat("x", 700), "", "-5") // values of all kinds, saved at the end
			}
		})
	}
}
