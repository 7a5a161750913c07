package lists

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/keys"
	"github.com/redust/redust/families/strings"
	"github.com/redust/redust/families/transactions"
)

func newBlocking(t testing.TB) *coretest.Harness {
	return coretest.New(t, New(), keysfamily.New(), strfamily.New(), transactions.New())
}

func TestWaitersAreServedInOrderOfArrival(t *testing.T) {
	h := newBlocking(t)
	var waiting []*coretest.Client
	for range 5 {
		c := h.Client()
		c.Start("BLPOP", "other", "k", "0")
		waiting = append(waiting, c)
	}
	h.Do("RPUSH", "k", "a", "b", "c")
	for i, want := range []string{"a", "b", "c"} {
		waiting[i].Wait().Array("k", want)
	}
	if !waiting[3].Waiting() || !waiting[4].Waiting() {
		t.Error("served without an element")
	}
	h.Do("LPUSH", "other", "x", "y").Int(2)
	waiting[3].Wait().Array("other", "y")
	waiting[4].Wait().Array("other", "x")
	h.Do("EXISTS", "k", "other").Int(0)
}

func TestEffectsOfWaitingCommands(t *testing.T) {
	h := newBlocking(t)
	run := func(want string, push []string, wait ...string) {
		t.Helper()
		c := h.Client()
		c.Start(wait...)
		h.Effects()
		h.Do(push...)
		c.Wait()
		if got := strings.Join(h.Effects(), "; "); got != want {
			t.Errorf("%q: effects %q, want %q", wait, got, want)
		}
	}
	run("SELECT 0; RPUSH a 1; LPOP a", []string{"RPUSH", "a", "1"}, "BLPOP", "a", "0")
	run("RPUSH a 1; RPOP a", []string{"RPUSH", "a", "1"}, "BRPOP", "a", "0")
	run("RPUSH a 1; LMOVE a b left right", []string{"RPUSH", "a", "1"}, "BLMOVE", "a", "b", "left", "right", "0")
	run("RPUSH a 1; RPOPLPUSH a b", []string{"RPUSH", "a", "1"}, "BRPOPLPUSH", "a", "b", "0")
	run("RPUSH a 1 2 3; LPOP a 2", []string{"RPUSH", "a", "1", "2", "3"}, "BLMPOP", "0", "1", "a", "LEFT", "COUNT", "2")
	h.WithoutReplay()
}

func TestChainOfMoves(t *testing.T) {
	h := newBlocking(t)
	last, second, first := h.Client(), h.Client(), h.Client()
	last.Start("BLPOP", "c", "0")
	second.Start("BLMOVE", "b", "c", "LEFT", "LEFT", "0")
	first.Start("BLMOVE", "a", "b", "LEFT", "LEFT", "0")
	h.Do("RPUSH", "a", "1").Int(1)
	first.Wait().Bulk("1")
	second.Wait().Bulk("1")
	last.Wait().Array("c", "1")
	h.Do("EXISTS", "a", "b", "c").Int(0)
}

func TestWrongTypesWhileWaiting(t *testing.T) {
	h := newBlocking(t)
	c, m := h.Client(), h.Client()
	c.Start("BLPOP", "k", "0")
	h.Do("SET", "k", "text").OK()
	if !c.Waiting() {
		t.Fatal("a string ends the wait")
	}
	h.Do("DEL", "k").Int(1)
	h.Do("RPUSH", "k", "x").Int(1)
	c.Wait().Array("k", "x")
	m.Start("BLMOVE", "src", "dst", "LEFT", "LEFT", "0")
	h.Do("SET", "dst", "text").OK()
	h.Do("RPUSH", "src", "x").Int(1)
	m.Wait().Error("WRONGTYPE Operation against a key holding the wrong kind of value")
	h.Do("LLEN", "src").Int(1)
}

func TestTransactionsServeWhenDone(t *testing.T) {
	h := newBlocking(t)
	c := h.Client()
	c.Start("BLPOP", "k", "0")
	h.Do("MULTI").OK()
	h.Do("RPUSH", "k", "a").Equals("+QUEUED\r\n")
	h.Do("DEL", "k").Equals("+QUEUED\r\n")
	h.Do("EXEC").Equals("*2\r\n:1\r\n:1\r\n")
	if !c.Waiting() {
		t.Fatal("served in the middle of a transaction")
	}
	h.Do("MULTI").OK()
	h.Do("RPUSH", "k", "b").Equals("+QUEUED\r\n")
	h.Do("LPUSH", "k", "c").Equals("+QUEUED\r\n")
	h.Do("BLPOP", "none", "0").Equals("+QUEUED\r\n")
	h.Do("BLMOVE", "none", "x", "LEFT", "LEFT", "0").Equals("+QUEUED\r\n")
	h.Do("EXEC").Equals("*4\r\n:1\r\n:2\r\n*-1\r\n$-1\r\n")
	c.Wait().Array("k", "c")
}

func TestTimeouts(t *testing.T) {
	h := newBlocking(t)
	c := h.Client()
	for _, cmd := range [][]string{
		{"BLPOP", "k", "0.01"},
		{"BRPOP", "k", "0.0001"},
		{"BLMOVE", "k", "d", "LEFT", "LEFT", "0.01"},
		{"BRPOPLPUSH", "k", "d", "0.01"},
		{"BLMPOP", "0.01", "1", "k", "LEFT"},
	} {
		began := time.Now()
		c.Start(cmd...)
		c.Wait().Equals("*-1\r\n")
		if took := time.Since(began); took > time.Second {
			t.Errorf("%q: %v", cmd, took)
		}
	}
	for text, want := range map[string]string{
		"-1": "ERR timeout is negative", "abc": "ERR timeout is not a float or out of range", "1e400": "ERR timeout is negative",
		"9223372036854776": "ERR timeout is negative", "nan": "ERR timeout is not a float or out of range", "inf": "ERR timeout is negative",
		" 1": "ERR timeout is not a float or out of range", "": "ERR timeout is not a float or out of range",
	} {
		h.Do("BLPOP", "k", text).Error(want)
	}
	for _, text := range []string{"0x10", "9e15", "-0.0001", "9223372036854775"} {
		w := h.Client()
		w.Start("BLPOP", "z", text)
		w.C.CancelBlocked(nil)
	}
}

func TestExpiredListWhileWaiting(t *testing.T) {
	h := newBlocking(t)
	h.Do("RPUSH", "k", strings.Repeat("x", 100), "y").Int(2)
	h.Do("PEXPIRE", "k", "10").Int(1)
	h.Clock.Advance(time.Second) // due, and nobody has looked
	a, b := h.Client(), h.Client()
	a.Start("BLPOP", "k", "0")
	b.Start("BLPOP", "k", "0")
	h.Do("RPUSH", "k", "new").Int(1)
	a.Wait().Array("k", "new")
	if !b.Waiting() {
		t.Error("served with an expired element")
	}
	b.C.CancelBlocked(nil)
}

// TestNothingIsLostOrDoubled has many clients push, pop, wait and go away at once.
func TestNothingIsLostOrDoubled(t *testing.T) {
	h := newBlocking(t).WithoutReplay()
	const pushers, poppers, each = 4, 6, 400
	var mu sync.Mutex
	seen := map[string]int{}
	took := func(r *coretest.Reply) {
		if r.Null || len(r.Elems) != 2 {
			return
		}
		mu.Lock()
		seen[string(r.Elems[1].Str)]++
		mu.Unlock()
	}
	var pushing, popping sync.WaitGroup
	stop := make(chan struct{})
	for p := range pushers {
		c := h.Client()
		pushing.Go(func() {
			for i := range each {
				c.Do([]string{"RPUSH", "LPUSH"}[i%2], fmt.Sprintf("k%d", (p+i)%3), fmt.Sprintf("%d.%d", p, i))
			}
		})
	}
	for p := range poppers {
		c := h.Client()
		popping.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				took(c.DoOrWait([][]string{
					{"BLPOP", "k0", "k1", "k2", "0.01"}, {"BRPOP", "k2", "k0", "0.01"}, {"BLMOVE", "k1", "k2", "LEFT", "RIGHT", "0.001"},
				}[p%3]...))
			}
		})
	}
	pushing.Wait()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		mu.Lock()
		done := len(seen) == pushers*each
		mu.Unlock()
		if done {
			break
		}
	}
	close(stop)
	popping.Wait()
	if len(seen) != pushers*each {
		t.Errorf("%d of %d elements arrived", len(seen), pushers*each)
	}
	for s, n := range seen {
		if n != 1 {
			t.Errorf("%s arrived %d times", s, n)
		}
	}
}

// TestNoWakeUpIsLost: with nobody else to notice, an element must reach a client that waits without end.
func TestNoWakeUpIsLost(t *testing.T) {
	h := newBlocking(t).WithoutReplay()
	const rounds = 300
	var got []string
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 2 {
		c := h.Client()
		all.Go(func() {
			for range rounds {
				r := c.DoOrWait("BLPOP", "a", "b", "0")
				mu.Lock()
				got = append(got, string(r.Elems[1].Str))
				mu.Unlock()
			}
		})
	}
	for p, key := range []string{"a", "b"} {
		c, thief := h.Client(), h.Client()
		all.Go(func() {
			for i := range rounds {
				c.Do("RPUSH", key, fmt.Sprintf("%d.%d", p, i))
				if r := thief.Do("LPOP", key); !r.Null { // what was stolen comes again
					c.Do("RPUSH", key, string(r.Str))
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("stuck after %d of %d elements", len(got), 2*rounds)
	}
	slices.Sort(got)
	if n := len(slices.Compact(got)); n != 2*rounds {
		t.Errorf("%d different elements, want %d", n, 2*rounds)
	}
}

// TestReservedWait: BLMPOP of a large count that finds its list gone waits while its key is reserved.
func TestReservedWait(t *testing.T) {
	h := newBlocking(t)
	for range 10 {
		args := []string{"RPUSH", "k"}
		for i := range 1000 {
			args = append(args, fmt.Sprintf("element:%d", i))
		}
		h.Do(args...)
	}
	h.Do("BLMPOP", "0", "1", "k", "RIGHT", "COUNT", "9000")
	h.Do("LLEN", "k").Int(1000)
	h.Do("LPOP", "k", "1000")
	c := h.Client()
	c.Start("BLMPOP", "0", "1", "k", "LEFT", "COUNT", "9000")
	h.Do("RPUSH", "k", "x").Int(1)
	c.Wait().Equals("*2\r\n$1\r\nk\r\n*1\r\n$1\r\nx\r\n")
}
