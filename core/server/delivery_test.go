package server_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redust/redust/core"
)

// What Redis guarantees of an element that a client waits for, and these tests of Redust: it is taken at most once, and by none
// whose connection the server has ended (CLIENT KILL, even earlier in the same transaction), whose time was up or whose wait
// CLIENT UNBLOCK has ended. A client that has gone without the server's knowledge still gets its turn: the element
// is taken for it and the reply can't be sent. So what BLPOP and its like have taken for a connection that broke meanwhile
// may be lost, one element a request; BLMOVE leaves it in its destination.

// waits lists the blocking commands, each on the key that puts fills.
var waits = []struct{ wait, put, count []string }{
	{[]string{"BLPOP", "k", "0"}, []string{"RPUSH", "k", "e"}, []string{"LLEN", "k"}},
	{[]string{"BRPOP", "other", "k", "0"}, []string{"LPUSH", "k", "e"}, []string{"LLEN", "k"}},
	{[]string{"BLMOVE", "k", "to", "LEFT", "RIGHT", "0"}, []string{"RPUSH", "k", "e"}, []string{"LLEN", "k"}},
	{[]string{"BRPOPLPUSH", "k", "to", "0"}, []string{"RPUSH", "k", "e"}, []string{"LLEN", "k"}},
	{[]string{"BLMPOP", "0", "2", "other", "k", "LEFT", "COUNT", "3"}, []string{"RPUSH", "k", "e"}, []string{"LLEN", "k"}},
	{[]string{"BZPOPMIN", "k", "0"}, []string{"ZADD", "k", "1", "e"}, []string{"ZCARD", "k"}},
	{[]string{"BZPOPMAX", "k", "0"}, []string{"ZADD", "k", "1", "e"}, []string{"ZCARD", "k"}},
	{[]string{"BZMPOP", "0", "1", "k", "MIN"}, []string{"ZADD", "k", "1", "e"}, []string{"ZCARD", "k"}},
}

// waiting returns a client that has begun to wait, and its id.
func waiting(t *testing.T, addr string, eng *core.Engine, wait []string) (c *testConn, id string) {
	t.Helper()
	c = dial(t, addr)
	id = c.do("CLIENT", "ID").Text()
	before := eng.Clients().Blocked()
	c.send(wait...)
	blocked(t, eng, before+1)
	return c, id
}

// blocked waits until n clients wait.
func blocked(t *testing.T, eng *core.Engine, n int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); eng.Clients().Blocked() != n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d clients wait, not %d", eng.Clients().Blocked(), n)
		}
	}
}

// Nothing is taken for a client whose wait was ended by another's command before the element came, be it in one transaction.
func TestEndedWaitTakesNothing(t *testing.T) {
	addr, eng := startServer(t)
	admin := dial(t, addr)
	for _, w := range waits {
		for _, end := range [][]string{{"CLIENT", "KILL", "ID"}, {"CLIENT", "UNBLOCK"}} {
			for _, how := range []string{"before", "transaction", "after in transaction"} {
				t.Run(fmt.Sprint(w.wait[0], " ", end[1], " ", how), func(t *testing.T) {
					admin.do("FLUSHALL")
					blocked(t, eng, 0)
					_, id := waiting(t, addr, eng, w.wait)
					end := append(end, id)
					switch how {
					case "before":
						if n := admin.do(end...).Int; n != 1 {
							t.Errorf("%q: %d", end, n)
						}
						admin.do(w.put...)
					case "transaction":
						admin.do("MULTI")
						admin.do(end...)
						admin.do(w.put...)
						admin.do("EXEC")
					default: // waiting clients are served when the transaction has ended
						admin.do("MULTI")
						admin.do(w.put...)
						admin.do(end...)
						admin.do("EXEC")
					}
					if n := admin.do(w.count...).Int; n != 1 {
						t.Errorf("%d elements are left", n)
					}
				})
			}
		}
	}
}

// The element goes to the next client in line when the first has been killed, or has gone and the server has seen it.
func TestNextInLineInsteadOfKilled(t *testing.T) {
	addr, eng := startServer(t)
	admin := dial(t, addr)
	for _, w := range waits {
		for _, how := range []string{"killed", "gone"} {
			t.Run(w.wait[0]+" "+how, func(t *testing.T) {
				admin.do("FLUSHALL")
				first, id := waiting(t, addr, eng, w.wait)
				next, _ := waiting(t, addr, eng, w.wait)
				if how == "killed" {
					admin.do("CLIENT", "KILL", "ID", id)
				} else {
					first.nc.Close()
					admin.only(eng, 2)
				}
				admin.do(w.put...)
				if r, err := next.recv(); err != nil || r.Null {
					t.Errorf("the next in line got %+v, %v", r, err)
				}
				next.nc.Close()
				admin.only(eng, 1)
			})
		}
	}
}

// popper is a client that takes elements and counts those that it may have taken when its connection broke.
type popper struct {
	historyClient
	queue string // its commands' keys begin with this
	got   []string
	lost  int // elements at most
}

// pop runs one blocking command with a very short time-out; it returns what it took.
func (p *popper) pop() (got []string, most int, err error) {
	wait := strconv.FormatFloat(float64(1+p.rnd.IntN(40))/10000, 'f', -1, 64)
	key := p.queue
	var args []string
	most = 1
	switch {
	case key == "zset" && p.rnd.IntN(2) == 0:
		args = []string{"BZMPOP", wait, "1", key, "MIN", "COUNT", "2"}
		most = 2
	case key == "zset":
		args = []string{[]string{"BZPOPMIN", "BZPOPMAX"}[p.rnd.IntN(2)], key, wait}
	case key == "moved":
		args = []string{"BLMOVE", key, "to", "LEFT", "RIGHT", wait}
		most = 0
	case p.rnd.IntN(2) == 0:
		args = []string{"BLMPOP", wait, "2", "list2", "list", "LEFT", "COUNT", "3"}
		most = 3
	default:
		args = []string{"BLPOP", key, "list2", wait}
	}
	p.conn.send(args...)
	r, err := p.conn.recv()
	switch {
	case err != nil || r.Null || r.Err() != nil:
	case args[0] == "BLMOVE":
		got = []string{r.Text()}
	case args[0] == "BZMPOP":
		for _, e := range r.Elems[1].Elems {
			got = append(got, e.Elems[0].Text())
		}
	case args[0] == "BLMPOP":
		for _, e := range r.Elems[1].Elems {
			got = append(got, e.Text())
		}
	default:
		got = []string{r.Elems[1].Text()}
	}
	return got, most, err
}

func (p *popper) popUntil(over *atomic.Bool) {
	for !over.Load() {
		got, most, err := p.pop()
		p.got = append(p.got, got...)
		if err != nil {
			p.lost += most
			p.dial()
		}
	}
}

// put adds unique elements one by one, several at once or in transactions.
func put(c *testConn, rnd *rand.Rand, id, n int) (all []string) {
	for i := range n {
		one, two := fmt.Sprintf("%d.%da", id, i), fmt.Sprintf("%d.%db", id, i)
		all = append(all, one, two)
		switch key := []string{"list", "list2", "moved", "zset"}[rnd.IntN(4)]; {
		case key == "zset":
			c.do("ZADD", key, strconv.Itoa(rnd.IntN(9)), one, "5", two)
		case rnd.IntN(3) == 0:
			c.do("MULTI")
			c.do("RPUSH", key, one)
			c.do("LPUSH", key, two)
			c.do("EXEC")
		default:
			c.do("LPUSH", key, one, two)
		}
		if rnd.IntN(4) == 0 {
			time.Sleep(time.Duration(rnd.IntN(2000)) * time.Microsecond)
		}
	}
	return all
}

// TestElementsArriveOnce has clients wait for elements with times that are up just when the elements come, and kills some
// of them all the time. Each element is delivered once or left, but for those that a broken connection can have swallowed.
func TestElementsArriveOnce(t *testing.T) {
	addr, _ := startServer(t)
	admin := dial(t, addr)
	for round := range historyRounds(6) {
		admin.do("FLUSHALL")
		h := &history{t: t, addr: addr, seed: uint64(time.Now().UnixNano()), begin: time.Now()}
		var over atomic.Bool
		var takers, killer, putters sync.WaitGroup
		var clients [8]popper
		for i := range clients {
			p := &clients[i]
			p.historyClient = historyClient{h: h, id: i, rnd: rand.New(rand.NewPCG(h.seed, uint64(i)))}
			p.queue = []string{"list", "moved", "zset"}[i%3]
			p.dial()
			takers.Go(func() { p.popUntil(&over) })
		}
		killer.Go(func() {
			rnd := rand.New(rand.NewPCG(h.seed, 99))
			c := dial(t, addr)
			for !over.Load() {
				p := &clients[rnd.IntN(len(clients))]
				killSomehow(c, rnd, &p.clientID, &p.socket)
				time.Sleep(time.Duration(rnd.IntN(1500)) * time.Microsecond)
			}
		})
		var all [3][]string
		for i := range all {
			c := dial(t, addr)
			putters.Go(func() { all[i] = put(c, rand.New(rand.NewPCG(h.seed, uint64(50+i))), i, 100) })
		}
		putters.Wait()
		over.Store(true)
		takers.Wait()
		killer.Wait()
		if !checkDelivery(t, admin, clients[:], append(append(all[0], all[1]...), all[2]...)) {
			t.Fatalf("round %d, seed %d", round, h.seed)
		}
		closeAll(clients[:])
	}
}

func closeAll(clients []popper) {
	for i := range clients {
		nc := *clients[i].socket.Load()
		nc.(*net.TCPConn).Close()
	}
}

func checkDelivery(t *testing.T, admin *testConn, clients []popper, all []string) bool {
	seen, moved := map[string]int{}, map[string]int{}
	lost := 0
	for i := range clients {
		lost += clients[i].lost
		for _, e := range clients[i].got {
			if clients[i].queue == "moved" {
				moved[e]++
			} else {
				seen[e]++
			}
		}
	}
	for _, q := range [][]string{{"LRANGE", "list", "0", "-1"}, {"LRANGE", "list2", "0", "-1"}, {"LRANGE", "moved", "0", "-1"}, {"LRANGE", "to", "0", "-1"}, {"ZRANGE", "zset", "0", "-1"}} {
		for _, e := range admin.do(q...).Elems {
			if q[1] == "moved" && moved[e.Text()] != 0 {
				t.Errorf("%s was moved and is there still", e.Text())
			}
			seen[e.Text()]++
		}
	}
	missing := 0
	for _, e := range all {
		switch n := seen[e]; {
		case n == 0 && moved[e] != 0:
			t.Errorf("%s was moved and is not there", e)
		case n == 0:
			missing++
		case n > 1, moved[e] > 1:
			t.Errorf("%s was delivered %d times", e, max(n, moved[e]))
		}
	}
	if missing > lost {
		t.Errorf("%d elements are missing, of which %d can have gone with a connection", missing, lost)
	}
	t.Logf("%d elements, %d gone with a connection, %d at most", len(all), missing, lost)
	return !t.Failed()
}
