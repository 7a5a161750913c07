package lists_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/server"
	"github.com/redust/redust/families/lists"
	"github.com/redust/redust/protocol"
)

// start runs a server with the list family alone and returns its address and its engine.
func start(t *testing.T) (string, *core.Engine) {
	table, err := options.Standard()
	if err != nil {
		t.Fatal(err)
	}
	eng, err := core.New(core.Config{Families: []core.Family{lists.New()}, Options: table})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := server.New(eng, hclog.NewNullLogger())
	go s.Serve(l)
	t.Cleanup(func() {
		s.Close()
		if err := eng.Keyspace().CheckInvariants(); err != nil {
			t.Error(err)
		}
		eng.Close()
	})
	return l.Addr().String(), eng
}

type socket struct {
	net.Conn
	r *protocol.ReplyReader
}

func dial(t *testing.T, addr string) *socket {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return &socket{c, protocol.NewReplyReader(c, protocol.ReplyLimits{})}
}

func (s *socket) send(args ...string) {
	w := protocol.Writer{}
	w.Array(len(args))
	for _, a := range args {
		w.BulkString(a)
	}
	s.Write(w.Buf)
}

// TestClientsThatGoAwayLoseNothing: clients that wait are killed all the time. What they didn't read must be in the list or with
// somebody else, but for replies that were under way.
func TestClientsThatGoAwayLoseNothing(t *testing.T) {
	addr, eng := start(t)
	const total = 1500
	stop := make(chan struct{})
	var killed sync.WaitGroup
	for range 3 {
		killed.Go(func() { // these wait for keys that get nothing while they live, and for the busy one after they are gone
			for {
				select {
				case <-stop:
					return
				default:
				}
				c := dial(t, addr)
				c.send("BLPOP", "silent", "0")
				time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
				c.Close()
			}
		})
	}
	var mu sync.Mutex
	seen := map[string]int{}
	var readers sync.WaitGroup
	for range 4 {
		c := dial(t, addr)
		readers.Go(func() {
			defer c.Close()
			for {
				c.send("BLMOVE", "busy", "done", "LEFT", "RIGHT", "1")
				r, err := c.r.Read()
				if err != nil || r.Null {
					return
				}
				mu.Lock()
				seen[string(r.Str)]++
				mu.Unlock()
			}
		})
	}
	p := dial(t, addr)
	for i := range total {
		p.send("RPUSH", []string{"busy", "silent"}[i%2], fmt.Sprint(i))
		if _, err := p.r.Read(); err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 { // what a client took with it into its grave, as its end was not known yet, is counted below
			p.send("LPOP", "silent")
			p.r.Read()
		}
	}
	readers.Wait()
	close(stop)
	killed.Wait()
	p.send("LLEN", "done")
	r, err := p.r.Read()
	if err != nil || int(r.Int) != len(seen) || len(seen) != total/2 {
		t.Errorf("%d moved, %d seen, want %d: %v", r.Int, len(seen), total/2, err)
	}
	for deadline := time.Now().Add(20 * time.Second); eng.Clients().Len() > 1; { // until their end is known: a busy server reads it late
		if time.Now().After(deadline) {
			t.Fatalf("%d clients live on", eng.Clients().Len()-1)
		}
		time.Sleep(time.Millisecond)
	}
	p.send("RPUSH", "silent", "last") // the dead must not take it
	p.r.Read()
	time.Sleep(20 * time.Millisecond)
	p.send("LLEN", "silent")
	if r, _ := p.r.Read(); r.Int != 1 {
		t.Errorf("%d elements for nobody, want 1", r.Int)
	}
	p.Close()
}

// TestBlockedConnectionsLive: a connection that was served at once, late or by its timeout goes on working.
func TestBlockedConnectionsLive(t *testing.T) {
	addr, _ := start(t)
	waiter, pusher := dial(t, addr), dial(t, addr)
	defer waiter.Close()
	defer pusher.Close()
	for i := range 2000 {
		waiter.send("BLPOP", "k", []string{"0", "0.001"}[i%2])
		if i%2 == 0 {
			pusher.send("RPUSH", "k", fmt.Sprint(i))
			pusher.r.Read()
		}
		r, err := waiter.r.Read()
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		if i%2 == 0 && (len(r.Elems) != 2 || string(r.Elems[1].Str) != fmt.Sprint(i)) {
			t.Fatalf("round %d: %v", i, r)
		}
		waiter.send("LLEN", "k")
		if r, err := waiter.r.Read(); err != nil || r.Int != 0 {
			t.Fatalf("round %d: %v %v", i, r.Int, err)
		}
	}
}
