package server_test

import (
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
