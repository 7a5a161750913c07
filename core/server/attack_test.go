package server_test

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// only waits until the engine has no more than n clients.
func (c *testConn) only(eng *core.Engine, n int) {
	c.t.Helper()
	for end := time.Now().Add(10 * time.Second); eng.Clients().Len() > n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			c.t.Fatalf("%d clients", eng.Clients().Len())
		}
	}
}

// What a client has asked for without reading, and can't get any more, is not worked off.
func TestClosedConnectionStopsWorking(t *testing.T) {
	addr, eng := startServer(t)
	admin, greedy := dial(t, addr), dial(t, addr)
	admin.do("SET", "big", strings.Repeat("x", 1<<20))
	get := protocol.AppendCommandStrings(nil, "GET", "big")
	const asked = 600
	io.WriteString(greedy.nc, strings.Repeat(string(get), asked))
	greedy.nc.(*net.TCPConn).SetLinger(0) // a reset
	greedy.nc.Close()
	admin.only(eng, 1)
	calls := regexp.MustCompile(`cmdstat_get:calls=(\d+)`).FindStringSubmatch(admin.do("INFO", "commandstats").Text())
	if n, _ := strconv.Atoi(calls[1]); n > asked/2 {
		t.Errorf("%d of %d requests were served, of which a few reached the client", n, asked)
	}
}

// Large replies arrive whole, whichever way they leave the server.
func TestLargeReplies(t *testing.T) {
	addr, _ := startServer(t)
	c := dial(t, addr)
	var want []string
	for i, n := range []int{1 << 10, 255 << 10, 256 << 10, 300 << 10, 513 << 10, 5 << 20, 3} {
		v := strings.Repeat(string(rune('a'+i)), n)
		c.do("SET", fmt.Sprint("k", i), v)
		c.do("APPEND", fmt.Sprint("k", i), "end")
		want = append(want, v+"end")
	}
	for range 3 {
		for i := range want {
			c.send("GET", fmt.Sprint("k", i))
		}
		c.send("MGET", "k5", "k1", "k6", "k4", "k5")
	}
	time.Sleep(100 * time.Millisecond) // most of it waits in the server
	for range 3 {
		for i := range want {
			if r, err := c.recv(); err != nil || r.Text() != want[i] {
				t.Fatalf("k%d: %d bytes, %v", i, len(r.Str), err)
			}
		}
		r, err := c.recv()
		if err != nil || len(r.Elems) != 5 {
			t.Fatal(len(r.Elems), err)
		}
		for j, i := range []int{5, 1, 6, 4, 5} {
			if r.Elems[j].Text() != want[i] {
				t.Fatalf("element %d: %d bytes", j, len(r.Elems[j].Str))
			}
		}
	}
}
