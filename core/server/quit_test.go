package server_test

import (
	"net"
	"testing"
	"time"
)

// Who has the reply to QUIT finds nothing of the client left.
func TestGoneWhenQuitIsAnswered(t *testing.T) {
	addr, eng := startServer(t)
	other := dial(t, addr)
	for range 500 {
		c := dial(t, addr)
		c.do("SUBSCRIBE", "news")
		if r := c.do("QUIT"); string(r.Str) != "OK" {
			t.Fatalf("QUIT: %+v", r)
		}
		if r := other.do("PUBLISH", "news", "x"); r.Int != 0 {
			t.Fatalf("PUBLISH to who has quit: %+v", r)
		}
		if n := eng.Clients().Len(); n != 1 {
			t.Fatalf("%d clients instead of one", n)
		}
		c.nc.Close()
	}
}

// Who connects before the server is ready waits.
func TestStartWhen(t *testing.T) {
	_, _, s := startedServer(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	s.StartWhen(ready, l)
	c := dial(t, l.Addr().String())
	c.nc.Write([]byte("PING\r\n"))
	_ = c.nc.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := c.nc.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Fatal("answered too early")
	}
	close(ready)
	_ = c.nc.SetReadDeadline(time.Now().Add(time.Minute))
	if n, err := c.nc.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
}
