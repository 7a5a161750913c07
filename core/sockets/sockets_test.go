package sockets

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
		p, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, fd := range p {
			if err := syscall.SetNonblock(fd, true); err != nil {
				t.Fatal(err)
			}
		}
		t.Cleanup(func() { syscall.Close(p[0]); syscall.Close(p[1]) })
		out = append(out, p)
	}
	return out
}

// eachWay runs f with transfers that are done together, where the kernel lets them, and one after the other.
func eachWay(t *testing.T, f func(t *testing.T, m *Multi)) {
	t.Run("together", func(t *testing.T) {
		var m Multi
		if err := m.Open(); err != nil {
			t.Skip("no io_uring: ", err)
		}
		defer m.Close()
		f(t, &m)
		if !m.Together() {
			t.Error("the ring was given up")
		}
	})
	t.Run("singly", func(t *testing.T) { f(t, nil) })
}

func TestTransfersAreWhatTheCallsAre(t *testing.T) {
	eachWay(t, func(t *testing.T, m *Multi) {
		rnd := rand.New(rand.NewPCG(1, 2))
		socks := pairs(t, 150) // several rings full
		for round := range 20 {
			want := make([][]byte, len(socks))
			var out, in []Transfer
			for i, p := range socks {
				if rnd.IntN(3) > 0 {
					want[i] = bytes.Repeat([]byte{byte(i + round)}, 1+rnd.IntN(300))
					out = append(out, Transfer{FD: p[0], B: want[i]})
				}
				in = append(in, Transfer{FD: p[1], B: make([]byte, 400)})
			}
			m.Send(out)
			for _, o := range out {
				if o.N != len(o.B) {
					t.Fatalf("sent %d of %d bytes", o.N, len(o.B))
				}
			}
			m.Receive(in)
			for i := range in {
				if n, err := in[i].Result(); want[i] == nil {
					if n != -1 || err != syscall.EAGAIN {
						t.Fatalf("an empty socket gave %d, %v", n, err)
					}
				} else if err != nil || !bytes.Equal(in[i].B[:n], want[i]) {
					t.Fatalf("socket %d gave %d bytes, %v, want %d", i, n, err, len(want[i]))
				}
			}
		}
	})
}

func TestTransfersToFullAndDeadSockets(t *testing.T) {
	eachWay(t, func(t *testing.T, m *Multi) {
		socks := pairs(t, 4)
		large := make([]byte, 8<<20)
		syscall.Close(socks[1][1])
		out := []Transfer{{FD: socks[0][0], B: large}, {FD: socks[1][0], B: large}, {FD: socks[2][0], B: []byte("x")}, {FD: -1, B: []byte("x")}}
		m.Send(out)
		if n := out[0].N; n <= 0 || n >= len(large) {
			t.Errorf("a full socket took %d", n)
		}
		for i, want := range []syscall.Errno{1: syscall.EPIPE, 3: syscall.EBADF} {
			if _, err := out[i].Result(); want != 0 && err != want {
				t.Errorf("%d: %v, want %v", i, err, want)
			}
		}
		if out[2].N != 1 {
			t.Errorf("the socket after them took %d", out[2].N)
		}
		syscall.Close(socks[3][1])
		in := []Transfer{{FD: socks[2][1], B: make([]byte, 9)}, {FD: socks[3][0], B: make([]byte, 9)}, {FD: socks[2][1], B: make([]byte, 9)}}
		m.Receive(in)
		if got := fmt.Sprint(in[0].N, in[1].N, in[2].N); got != fmt.Sprint(1, 0, -int(syscall.EAGAIN)) {
			t.Error("received", got)
		}
	})
}

// It may be used by one thread after the other.
func TestTransfersOfManyThreads(t *testing.T) {
	eachWay(t, func(t *testing.T, m *Multi) {
		socks := pairs(t, 8)
		for range 20 {
			done := make(chan struct{})
			go func() {
				defer close(done)
				runtime.LockOSThread() // the thread ends with the goroutine
				var out []Transfer
				for _, p := range socks {
					out = append(out, Transfer{FD: p[0], B: []byte("ab")})
				}
				m.Send(out)
				for _, o := range out {
					if o.N != 2 {
						t.Error("sent", o.N)
					}
				}
			}()
			<-done
		}
	})
}
