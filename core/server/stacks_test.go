package server_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/redust/redust/core/server"
)

// freedAtLeast waits until n idle connections have left their stacks behind.
func freedAtLeast(t *testing.T, s *server.Server, n int64) {
	t.Helper()
	const stack = 4 << 10
	for end := time.Now().Add(20 * time.Second); s.StackFreed() < n*stack; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d bytes set free, expected %d", s.StackFreed(), n*stack)
		}
	}
}

// Ten thousand idle connections held 20 MB of stack that only their first requests had needed (issue 2). What such a
// connection is in the middle of must survive the change of goroutine.
func TestIdleConnectionsGiveUpTheirStacks(t *testing.T) {
	t.Parallel()
	addr, _, s := startedServer(t)
	plain, half, subscriber, blocked, multi, gone := dial(t, addr), dial(t, addr), dial(t, addr), dial(t, addr), dial(t, addr), dial(t, addr)
	for _, c := range []*testConn{plain, half, subscriber, blocked, multi, gone} {
		c.do("PING")
	}
	io.WriteString(half.nc, "*2\r\n$4\r\nECHO\r\n$5\r\nhe")
	subscriber.do("SUBSCRIBE", "news")
	blocked.send("BLPOP", "list", "0")
	multi.do("MULTI")
	multi.do("INCR", "n")
	freedAtLeast(t, s, 4) // all but half, in the middle of a request, and blocked

	if r := plain.do("PING"); r.Text() != "PONG" {
		t.Error("idle:", r)
	}
	io.WriteString(half.nc, "llo\r\n")
	if r, err := half.recv(); err != nil || r.Text() != "hello" {
		t.Error("half a request:", r, err)
	}
	plain.do("PUBLISH", "news", "x")
	if r, err := subscriber.recv(); err != nil || len(r.Elems) != 3 || r.Elems[2].Text() != "x" {
		t.Error("subscriber:", r, err)
	}
	plain.do("RPUSH", "list", "e")
	if r, err := blocked.recv(); err != nil || len(r.Elems) != 2 || r.Elems[1].Text() != "e" {
		t.Error("blocked:", r, err)
	}
	if r := multi.do("EXEC"); len(r.Elems) != 1 || r.Elems[0].Int != 1 {
		t.Error("transaction:", r)
	}
	gone.nc.(*net.TCPConn).CloseWrite()
	gone.nc.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := gone.nc.Read(make([]byte, 1)); err != io.EOF {
		t.Error("closed by the peer:", err)
	}
	freedAtLeast(t, s, 4+4) // those that were active again
}
