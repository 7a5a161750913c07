package server_test

import (
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// closesSoon expects that the server closes the connection after at least one reply.
func (c *testConn) closesSoon() {
	c.t.Helper()
	c.nc.SetReadDeadline(time.Now().Add(time.Second))
	b, err := io.ReadAll(c.nc)
	if err != nil || len(b) == 0 {
		c.t.Errorf("%q, then %v", b, err)
	}
}

// What ends a wait must not lose the news that the peer has closed its side, which came during the wait.
func TestHalfCloseWhileWaiting(t *testing.T) {
	for _, tc := range []struct {
		name         string
		before, last []string // of another client
		request      []string
	}{
		{"paused", []string{"CLIENT", "PAUSE", "60000", "WRITE"}, []string{"CLIENT", "UNPAUSE"}, []string{"SET", "a", "b"}},
		{"blocked", []string{"DEL", "k"}, []string{"RPUSH", "k", "x"}, []string{"BLPOP", "k", "0"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			addr, _ := startServer(t)
			other, c := dial(t, addr), dial(t, addr)
			other.do(tc.before...)
			c.send(tc.request...)
			time.Sleep(50 * time.Millisecond)
			c.send("PING")
			c.nc.(*net.TCPConn).CloseWrite()
			time.Sleep(50 * time.Millisecond)
			if tc.name == "blocked" { // Redis lets go of a client that closes its side
				c.nc.SetReadDeadline(time.Now().Add(time.Second))
				if _, err := c.nc.Read(make([]byte, 1)); err != io.EOF {
					t.Error(err)
				}
				return
			}
			other.do(tc.last...)
			c.closesSoon()
		})
	}
}

// A request and the end of the stream that arrive together are one event of the poller: after the short read of the
// request no other comes.
func TestHalfCloseWithTheRequest(t *testing.T) {
	addr, _ := startServer(t)
	c := dial(t, addr)
	c.do("PING") // the connection waits for input now
	time.Sleep(20 * time.Millisecond)
	c.sendLast("PING\r\n")
	c.closesSoon()
}

// Who makes a connection for one request gets the end of the stream with the reply, not when cron looks, half a second later.
func TestHalfCloseWithTheFirstRequest(t *testing.T) {
	addr, _ := startServer(t)
	soonest := time.Hour
	for range 5 { // on a busy machine one of them must be quick
		c := dial(t, addr)
		time.Sleep(20 * time.Millisecond) // the connection waits for input now
		start := time.Now()
		c.sendLast("PING\r\n")
		c.closesSoon()
		soonest = min(soonest, time.Since(start))
	}
	if soonest > 400*time.Millisecond {
		t.Errorf("closed after %v", soonest)
	}
}

// A client that goes just when it begins to wait is not waited with forever.
func TestCloseAtTheBeginOfAWait(t *testing.T) {
	addr, eng := startServer(t)
	var clients, others sync.WaitGroup
	var over atomic.Bool
	for range 4 { // work that comes between
		c := dial(t, addr)
		others.Go(func() {
			for !over.Load() {
				c.do("PING")
			}
			c.nc.Close()
		})
	}
	for range 3 {
		clients.Go(func() {
			for range 1000 {
				nc, err := net.Dial("tcp", addr)
				if err != nil {
					t.Error(err)
					return
				}
				nc.Write([]byte("BLPOP k 0\r\n"))
				time.Sleep(time.Duration(rand.IntN(500)) * time.Microsecond)
				nc.Close()
			}
		})
	}
	clients.Wait()
	over.Store(true)
	others.Wait()
	for deadline := time.Now().Add(20 * time.Second); eng.Clients().Len() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d clients are still there, %d of them wait", eng.Clients().Len(), eng.Clients().Blocked())
		}
	}
}

// sendLast sends text and the end of the stream so that the server's poller reports them as one event.
func (c *testConn) sendLast(text string) {
	c.t.Helper()
	raw, err := c.nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		c.t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // nobody polls while this goroutine runs
	time.Sleep(time.Millisecond)
	raw.Control(func(fd uintptr) {
		if _, err := syscall.Write(int(fd), []byte(text)); err != nil {
			c.t.Error(err)
		}
		if err := syscall.Shutdown(int(fd), syscall.SHUT_WR); err != nil {
			c.t.Error(err)
		}
	})
}
