package server_test

import (
	"strings"
	"testing"
	"time"
)

// What requests have pushed to others goes out when the next request of the batch waits, not when it has been served.
func TestPushesGoOutBeforeAWait(t *testing.T) {
	addr, _ := startServer(t)
	subscriber, c := dial(t, addr), dial(t, addr)
	subscriber.do("SUBSCRIBE", "ch")
	c.do("PING")
	time.Sleep(20 * time.Millisecond) // the connection waits for input now
	if _, err := c.nc.Write([]byte("PUBLISH ch hello\r\nBLPOP k 0\r\n")); err != nil {
		t.Fatal(err)
	}
	subscriber.nc.SetReadDeadline(time.Now().Add(8 * time.Second))
	b := make([]byte, 100)
	if n, err := subscriber.nc.Read(b); err != nil {
		t.Errorf("%q, %v", b[:n], err)
	}
}

// Who ends another client's wait finds that it waits no more, however long that client takes to go on.
func TestServedClientsAreNotBlocked(t *testing.T) {
	addr, _ := startServer(t)
	waits, c := dial(t, addr), dial(t, addr)
	id := waits.do("CLIENT", "ID").Text()
	for i, end := range [][]string{{"LPUSH", "k", "v"}, {"CLIENT", "UNBLOCK", id}} {
		for range 100 {
			waits.send("BLPOP", "k", "0")
			for !strings.Contains(c.do("INFO", "clients").Text(), "blocked_clients:1\r\n") {
			}
			c.do(end...)
			if info := c.do("INFO", "clients").Text(); !strings.Contains(info, "blocked_clients:0\r\n") {
				t.Fatalf("after %q: %s", end, info)
			}
			if line := c.do("CLIENT", "LIST", "ID", id).Text(); !strings.Contains(line, " flags=N ") {
				t.Fatalf("after %q: %s", end, line)
			}
			if i == 0 && c.do("LLEN", "k").Int != 0 {
				t.Fatal("the element is still there")
			}
			waits.recv()
		}
	}
}
