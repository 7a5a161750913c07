package server_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/server"
	"github.com/redust/redust/families/standard"
)

// A client that quits and doesn't read what it was answered is still the server's: Close closes its socket.
func TestCloseReachesPendingOutput(t *testing.T) {
	table, err := options.Standard()
	if err != nil {
		t.Fatal(err)
	}
	eng, err := core.New(core.Config{Families: standard.All(), Options: table})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := server.New(eng, hclog.NewNullLogger())
	go s.Serve(l)
	c := dial(t, l.Addr().String())
	c.do("SET", "k", strings.Repeat("x", 1<<20))
	for range 64 {
		c.send("GET", "k")
	}
	c.send("QUIT")
	for end := time.Now().Add(5 * time.Second); eng.Clients().Len() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("QUIT is not executed while output is pending")
		}
	}
	s.Close()
	got := 0
	c.nc.SetReadDeadline(time.Now().Add(5 * time.Second))
	for buf := make([]byte, 1<<20); ; {
		n, err := c.nc.Read(buf)
		if got += n; err != nil {
			if e, ok := err.(net.Error); ok && e.Timeout() {
				t.Error("the socket is open")
			}
			break
		}
	}
	if got > 48<<20 {
		t.Errorf("%d bytes came after Close", got)
	}
}
