package server_test

import (
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redust/redust/core"
)

// lingering is a family whose command LINGER leaves its loop and waits.
type lingering struct{ arrived, release chan struct{} }

func (lingering) Name() string { return "lingering" }

func (f lingering) Register(r *core.Registry) {
	r.Add([]core.Command{{
		Name: "LINGER", Arity: 1, Group: "generic", Since: "1.0.0", Complexity: "O(1)", Summary: "Waits.",
		Run: func(c *core.Ctx) error {
			c.Yield()
			f.arrived <- struct{}{}
			<-f.release
			c.Reply.Int(1)
			return nil
		},
	}})
}

func threads(t *testing.T) int {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(tasks)
}

// The goroutine in charge of a loop is bound to its thread. One that has left the loop must not be, or each request that waits would
// keep a thread.
func TestRequestsThatWaitKeepNoThread(t *testing.T) {
	const clients = 200
	f := lingering{make(chan struct{}, clients), make(chan struct{})}
	addr, s := serverWith(t, asItIs, f)
	release := sync.OnceFunc(func() { close(f.release) })
	t.Cleanup(release) // before the server closes, which waits for them
	s.Processors(1)
	quick := dial(t, addr)
	quick.do("PING")
	before := threads(t)
	var waiting []*testConn
	for range clients {
		c := dial(t, addr)
		c.send("LINGER")
		select {
		case <-f.arrived:
		case <-time.After(10 * time.Second):
			t.Fatal("a request that waits has kept its loop")
		}
		quick.do("PING")
		waiting = append(waiting, c)
	}
	if n := threads(t) - before; n > clients/4 {
		t.Errorf("%d requests that wait keep %d threads", clients, n)
	}
	release()
	for _, c := range waiting {
		if r, err := c.recv(); err != nil || r.Int != 1 {
			t.Fatal(r, err)
		}
		if r := c.do("PING"); r.Text() != "PONG" {
			t.Fatal(r)
		}
	}
}

// Whoever takes a loop over from a request goes on with what was received together with it.
func TestARequestLeavesTheLoopWithWhatCameWithIt(t *testing.T) {
	const clients = 90 // more than are received at once
	f := lingering{make(chan struct{}, clients), make(chan struct{})}
	addr, s := serverWith(t, asItIs, f)
	release := sync.OnceFunc(func() { close(f.release) })
	t.Cleanup(release)
	s.Processors(1)
	var all []*testConn
	for range clients {
		c := dial(t, addr)
		c.do("PING")
		all = append(all, c)
	}
	for i, c := range all { // they come faster than they are served, so that many are served together
		if i%3 == 0 {
			c.send("LINGER")
		} else {
			c.send("ECHO", strconv.Itoa(i))
		}
	}
	for i, c := range all {
		if i%3 == 0 {
			continue
		}
		if r, err := c.recv(); err != nil || r.Text() != strconv.Itoa(i) {
			t.Fatal(i, r, err)
		}
	}
	release()
	for i := 0; i < clients; i += 3 {
		if r, err := all[i].recv(); err != nil || r.Int != 1 {
			t.Fatal(i, r, err)
		}
	}
}
