package core_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/standard"
)

// within fails the test, with everybody's stack, if fn does not return.
func within(t *testing.T, what string, fn func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); fn() }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		panic(what + " hangs")
	}
}

// EXEC holds the shard in which the other client waits.
func TestUnblockInTransaction(t *testing.T) {
	h := coretest.New(t, standard.All()...)
	w := h.Client()
	w.Start("BLPOP", "k", "0")
	within(t, "EXEC with CLIENT UNBLOCK", func() {
		h.Do("MULTI")
		h.Do("SET", "k", "v")
		h.Do("CLIENT", "UNBLOCK", strconv.FormatInt(w.C.ID(), 10))
		h.Do("EXEC").Equals("*2\r\n+OK\r\n:1\r\n")
	})
	w.Wait().Equals("*-1\r\n")
	if n := h.Engine.Clients().Blocked(); n != 0 {
		t.Errorf("%d clients are blocked", n)
	}
	h.Do("DEL", "k")
	h.Do("RPUSH", "k", "a")
	h.Do("LLEN", "k").Int(1) // nobody is in the queue any more
}

// A client that is closed while it waits leaves no trace.
func TestCloseWhileBlocked(t *testing.T) {
	h := coretest.New(t, standard.All()...)
	w := h.Client()
	w.Start("BLPOP", "k", "l", "0")
	if cancelled, _ := w.C.TryCancelBlocked(nil); !cancelled {
		t.Error("the client does not wait")
	}
	h.Engine.CloseClient(w.C)
	if n := h.Engine.Clients().Blocked(); n != 0 {
		t.Errorf("%d clients are blocked", n)
	}
	h.Do("RPUSH", "k", "a")
	h.Do("LLEN", "k").Int(1)
}

// durable stands in for the AOF with appendfsync always.
type durable struct {
	core.Persistence
	waited int
}

func (d *durable) MustWait() bool    { return true }
func (d *durable) WaitDurable(int64) { d.waited++ }
func (d *durable) WriteError() error { return nil }

// The reply of a blocked client waits for the effect of the command that was served, even if replies to what it
// sent before are still on their way when that happens.
func TestServedReplyIsDurable(t *testing.T) {
	h := coretest.New(t, standard.All()...)
	w := h.Client()
	w.Start("BLPOP", "k", "0")
	d := new(durable)
	h.Engine.SetPersistence(d)
	h.Do("RPUSH", "k", "a")
	h.Engine.AwaitDurable(w.C) // for earlier replies
	d.waited = 0
	w.Wait().Array("k", "a")
	h.Engine.AwaitDurable(w.C)
	if d.waited != 1 {
		t.Error("the reply of BLPOP is sent before its effect is on disk")
	}
}

// A command that waited is slow, or not, by the time that it worked, and once it has been served or unblocked.
func TestSlowlogOfWaits(t *testing.T) {
	h := coretest.New(t, standard.All()...)
	w := h.Client()
	h.Set("slowlog-log-slower-than", "0")
	logged := func() (n int) {
		for _, e := range h.Do("SLOWLOG", "GET", "-1").Elems {
			if strings.EqualFold(string(e.Elems[3].Elems[0].Str), "BLPOP") {
				n++
			}
		}
		return n
	}
	w.Start("BLPOP", "k", "0.01")
	w.Wait().Equals("*-1\r\n")
	if n := logged(); n != 0 {
		t.Errorf("a wait that ended by time was logged %d times", n)
	}
	monitor := h.Client()
	monitor.Do("MONITOR")
	w.Start("BLPOP", "k", "0")
	if n := logged(); n != 0 {
		t.Errorf("logged %d times when the wait began", n)
	}
	h.Do("RPUSH", "k", "a")
	w.Wait().Array("k", "a")
	if n := logged(); n != 1 {
		t.Errorf("logged %d times after it was served", n)
	}
	if n := strings.Count(monitor.Pushed(), `"BLPOP"`); n != 1 {
		t.Errorf("MONITOR shows it %d times", n)
	}
	w.Start("BLPOP", "k", "0")
	h.Do("CLIENT", "UNBLOCK", strconv.FormatInt(w.C.ID(), 10))
	w.Wait().Equals("*-1\r\n")
	if n := logged(); n != 2 {
		t.Errorf("logged %d times after CLIENT UNBLOCK", n)
	}
}
