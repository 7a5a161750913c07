package server_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/server"
	"github.com/redust/redust/families/standard"
)

// hidden are connections whose descriptor can't be had, as those of TLS.
type hidden struct{ net.Conn }

type hidingListener struct{ net.Listener }

func (l hidingListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return hidden{nc}, nil
}

// serverWith runs a server with DEBUG, and with more than the standard families, on a listener that wrap may change.
func serverWith(t testing.TB, wrap func(net.Listener) net.Listener, more ...core.Family) (addr string, s *server.Server) {
	t.Helper()
	table, err := options.Standard()
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Assign("enable-debug-command", "yes"); err != nil {
		t.Fatal(err)
	}
	eng, err := core.New(core.Config{Families: append(standard.All(), more...), Options: table})
	if err != nil {
		t.Fatal(err)
	}
	eng.Run()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = server.New(eng, hclog.NewNullLogger())
	go s.Serve(wrap(l))
	t.Cleanup(func() {
		s.Close()
		eng.Close()
	})
	return l.Addr().String(), s
}

func asItIs(l net.Listener) net.Listener { return l }

// silent expects that no reply has come.
func (c *testConn) silent() {
	c.t.Helper()
	c.nc.SetReadDeadline(time.Now().Add(time.Millisecond))
	if n, err := c.nc.Read(make([]byte, 1)); n != 0 || !os.IsTimeout(err) {
		c.t.Errorf("%d bytes, %v: it was to wait", n, err)
	}
	c.nc.SetReadDeadline(time.Time{})
}

// One loop has all connections here. Requests that sleep, even many of them, hold up nobody.
func TestRequestsThatTakeLongHoldUpNobody(t *testing.T) {
	addr, s := serverWith(t, asItIs)
	s.Processors(1)
	quick := dial(t, addr)
	quick.do("PING")
	var asleep []*testConn
	for range 5 {
		c := dial(t, addr)
		c.send("DEBUG", "SLEEP", "2")
		c.send("ECHO", "awake") // the rest of a pipeline goes on after it
		asleep = append(asleep, c)
	}
	for range 20 {
		quick.do("PING")
		time.Sleep(5 * time.Millisecond)
	}
	for _, c := range asleep {
		c.silent()
	}
	for _, c := range asleep {
		if r, err := c.recv(); err != nil || r.Text() != "OK" {
			t.Fatal(r, err)
		}
		if r, err := c.recv(); err != nil || r.Text() != "awake" {
			t.Fatal(r, err)
		}
		if r := c.do("PING"); r.Text() != "PONG" { // back with the loop
			t.Fatal(r)
		}
	}
}

// Connections that go from loop to loop, back and forth under load, lose and repeat nothing.
func TestConnectionsMoveBetweenLoops(t *testing.T) {
	addr, s := serverWith(t, asItIs)
	const clients, batches, depth = 12, 60, 20
	stop := make(chan struct{})
	var moving, working sync.WaitGroup
	moving.Go(func() {
		for n := 1; ; n = 3 - n {
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Microsecond):
				s.Processors(n)
			}
		}
	})
	for i := range clients {
		c := dial(t, addr)
		working.Go(func() {
			key := fmt.Sprint("n", i)
			for b := range batches {
				for range depth {
					c.send("INCR", key)
				}
				for k := range depth {
					if r, err := c.recv(); err != nil || r.Int != int64(b*depth+k+1) {
						t.Errorf("%s: %v, %v after %d", key, r, err, b*depth+k)
						return
					}
				}
				if b%10 == 0 { // one that waits moves, too
					c.send("BLPOP", key+"list", "0")
					other, err := net.Dial("tcp", addr)
					if err != nil {
						t.Error(err)
						return
					}
					fmt.Fprintf(other, "RPUSH %slist x\r\n", key)
					if r, err := c.recv(); err != nil || len(r.Elems) != 2 {
						t.Error(r, err)
					}
					other.Close()
				}
			}
		})
	}
	working.Wait()
	close(stop)
	moving.Wait()
}

// A reader that takes its time gets all of a reply that is much larger than what the kernel keeps for it.
func TestSlowReadersGetEverything(t *testing.T) {
	for name, wrap := range map[string]func(net.Listener) net.Listener{
		"polled": asItIs, "not polled": func(l net.Listener) net.Listener { return hidingListener{l} },
	} {
		t.Run(name, func(t *testing.T) {
			addr, _ := serverWith(t, wrap)
			c := dial(t, addr)
			const size, times = 1 << 20, 48
			c.do("SET", "k", strings.Repeat("x", size))
			for range times {
				c.send("GET", "k")
			}
			buf := make([]byte, 64<<10)
			want := times * (len("$1048576\r\n") + size + 2)
			for got := 0; got < want; {
				c.nc.SetReadDeadline(time.Now().Add(20 * time.Second))
				n, err := c.nc.Read(buf)
				if err != nil {
					t.Fatalf("%v after %d of %d bytes", err, got, want)
				}
				if got += n; got%3 == 0 {
					time.Sleep(100 * time.Microsecond)
				}
			}
			c.silent()
		})
	}
}

// Connections that can't be polled do all that others do.
func TestConnectionsThatCannotBePolled(t *testing.T) {
	addr, _ := serverWith(t, func(l net.Listener) net.Listener { return hidingListener{l} })
	a, b := dial(t, addr), dial(t, addr)
	io.WriteString(a.nc, "*2\r\n$4\r\nECHO\r\n$5\r\nhe")
	b.do("PING")
	io.WriteString(a.nc, "llo\r\n")
	if r, err := a.recv(); err != nil || r.Text() != "hello" {
		t.Error("half a request:", r, err)
	}
	a.send("BLPOP", "list", "0")
	a.send("ECHO", "after")
	a.silent()
	b.do("RPUSH", "list", "e")
	if r, err := a.recv(); err != nil || len(r.Elems) != 2 {
		t.Error("blocked:", r, err)
	}
	if r, err := a.recv(); err != nil || r.Text() != "after" {
		t.Error("pipelined after a wait:", r, err)
	}
	if r := a.do("BLPOP", "list", "0.01"); r.Text() != "" || len(r.Elems) != 0 {
		t.Error("timeout:", r)
	}
	b.do("CLIENT", "PAUSE", "60000", "WRITE")
	a.send("SET", "k", "v")
	a.silent()
	b.do("CLIENT", "UNPAUSE")
	if r, err := a.recv(); err != nil || r.Text() != "OK" {
		t.Error("paused:", r, err)
	}
	a.do("SUBSCRIBE", "news")
	b.do("PUBLISH", "news", "x")
	if r, err := a.recv(); err != nil || len(r.Elems) != 3 {
		t.Error("message:", r, err)
	}
	b.do("CLIENT", "KILL", "TYPE", "pubsub")
	a.nc.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := a.nc.Read(make([]byte, 1)); err != io.EOF {
		t.Error("killed:", err)
	}
	b.send("QUIT")
	if _, err := io.ReadAll(b.nc); err != nil {
		t.Error("QUIT:", err)
	}
}

// io-uring may be switched while clients are served.
func TestIOURingIsSwitched(t *testing.T) {
	addr, _ := startServer(t)
	admin := dial(t, addr)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		c := dial(t, addr)
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				want := strconv.Itoa(i)
				if got := c.do("ECHO", want).Text(); got != want {
					t.Errorf("%q instead of %q", got, want)
					return
				}
			}
		})
	}
	for i := range 20 {
		value := []string{"no", "yes"}[i%2]
		if got := admin.do("CONFIG", "SET", "io-uring", value).Text(); got != "OK" {
			t.Fatal(got)
		}
		time.Sleep(5 * time.Millisecond)
	}
	close(done)
	wg.Wait()
}
