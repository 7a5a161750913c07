package server

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
)

// pairs are connected sockets that don't wait.
func pairs(t *testing.T, n int) (out [][2]int) {
	t.Helper()
	for range n {
		p, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { syscall.Close(p[0]); syscall.Close(p[1]) })
		out = append(out, p)
	}
	return out
}

// eachWay runs f with transfers that are done together, where the kernel lets them, and one after the other.
func eachWay(t *testing.T, f func(t *testing.T, ts *transfers)) {
	t.Run("together", func(t *testing.T) {
		var m multi
		if err := m.open(); err != nil {
			t.Skip("no io_uring: ", err)
		}
		defer m.close()
		f(t, &transfers{many: &m})
		if m.ring == nil {
			t.Error("the ring was given up")
		}
	})
	t.Run("singly", func(t *testing.T) { f(t, new(transfers)) })
}

func TestTransfersAreWhatTheCallsAre(t *testing.T) {
	eachWay(t, func(t *testing.T, ts *transfers) {
		rnd := rand.New(rand.NewPCG(1, 2))
		socks := pairs(t, 150) // several rings full
		for round := range 20 {
			want := make([][]byte, len(socks))
			for i, p := range socks {
				if rnd.IntN(3) > 0 {
					want[i] = bytes.Repeat([]byte{byte(i + round)}, 1+rnd.IntN(300))
					ts.add(&conn{fd: p[0]}, want[i])
				}
			}
			ts.send()
			for _, o := range ts.list {
				if o.n != len(o.b) {
					t.Fatalf("sent %d of %d bytes", o.n, len(o.b))
				}
			}
			ts.reset()
			for _, p := range socks {
				ts.add(&conn{fd: p[1]}, make([]byte, 400))
			}
			ts.receive()
			for i, o := range ts.list {
				if n, err := o.result(); want[i] == nil {
					if n != -1 || err != syscall.EAGAIN {
						t.Fatalf("an empty socket gave %d, %v", n, err)
					}
				} else if err != nil || !bytes.Equal(o.b[:n], want[i]) {
					t.Fatalf("socket %d gave %d bytes, %v, want %d", i, n, err, len(want[i]))
				}
			}
			ts.reset()
		}
	})
}

func TestTransfersToFullAndDeadSockets(t *testing.T) {
	eachWay(t, func(t *testing.T, ts *transfers) {
		socks := pairs(t, 4)
		large := make([]byte, 8<<20)
		syscall.Close(socks[1][1])
		ts.add(&conn{fd: socks[0][0]}, large)
		ts.add(&conn{fd: socks[1][0]}, large)
		ts.add(&conn{fd: socks[2][0]}, []byte("x"))
		ts.add(&conn{fd: -1}, []byte("x"))
		ts.send()
		if n := ts.list[0].n; n <= 0 || n >= len(large) {
			t.Errorf("a full socket took %d", n)
		}
		for i, want := range []syscall.Errno{1: syscall.EPIPE, 3: syscall.EBADF} {
			if _, err := ts.list[i].result(); want != 0 && err != want {
				t.Errorf("%d: %v, want %v", i, err, want)
			}
		}
		if ts.list[2].n != 1 {
			t.Errorf("the socket after them took %d", ts.list[2].n)
		}
		ts.reset()
		syscall.Close(socks[3][1])
		ts.add(&conn{fd: socks[2][1]}, make([]byte, 9))
		ts.add(&conn{fd: socks[3][0]}, make([]byte, 9))
		ts.add(&conn{fd: socks[2][1]}, make([]byte, 9))
		ts.receive()
		if got := fmt.Sprint(ts.list[0].n, ts.list[1].n, ts.list[2].n); got != fmt.Sprint(1, 0, -int(syscall.EAGAIN)) {
			t.Error("received", got)
		}
	})
}

// The ring may be used by one thread after the other.
func TestURingOnManyThreads(t *testing.T) {
	eachWay(t, func(t *testing.T, ts *transfers) {
		socks := pairs(t, 8)
		for range 20 {
			done := make(chan struct{})
			go func() {
				defer close(done)
				runtime.LockOSThread() // the thread ends with the goroutine
				for _, p := range socks {
					ts.add(&conn{fd: p[0]}, []byte("ab"))
				}
				ts.send()
				for _, o := range ts.list {
					if o.n != 2 {
						t.Error("sent", o.n)
					}
				}
				ts.reset()
			}()
			<-done
		}
	})
}

// A ring that the kernel takes nothing from any more is given up, and the transfers are done all the same.
func TestTransfersGoOnWithoutTheRing(t *testing.T) {
	var m multi
	if err := m.open(); err != nil {
		t.Skip("no io_uring: ", err)
	}
	syscall.Close(m.ring.fd)
	m.ring.fd = -1
	ts := transfers{many: &m}
	for _, p := range pairs(t, 3) {
		ts.add(&conn{fd: p[0]}, []byte("ab"))
	}
	ts.send()
	for _, o := range ts.list {
		if o.n != 2 {
			t.Error("sent", o.n)
		}
	}
	if m.ring != nil {
		t.Error("the ring is still there")
	}
}
