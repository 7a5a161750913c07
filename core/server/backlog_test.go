package server

import (
	"bytes"
	"math/rand/v2"
	"net"
	"syscall"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
)

// TestOutputIsWhatWasPut has random pieces, lent and given, put on the list while it is written in random portions.
func TestOutputIsWhatWasPut(t *testing.T) {
	eng := new(core.Engine) // it only counts
	r := rand.New(rand.NewPCG(1, 2))
	var want, got []byte
	var given, copies [][]byte // others have them, too
	c := &conn{}
	c.out.eng = eng
	o := &c.out
	lent := make([]byte, 0, 70<<10)
	buf := make([]byte, 0, gatherBytes)
	for range 2000 {
		for range r.IntN(20) {
			n := r.IntN(300)
			if r.IntN(100) == 0 {
				n = r.IntN(cap(lent))
			}
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			want = append(want, b...)
			if r.IntN(4) == 0 {
				o.add(b)
				given, copies = append(given, b), append(copies, bytes.Clone(b))
				continue
			}
			lent = append(lent[:0], b...)
			o.copy(lent)
			clear(lent) // its owner goes on with it
		}
		for k := r.IntN(40); k > 0 && o.backlog != nil; k-- {
			b := c.gather(buf)
			n := r.IntN(len(b) + 1)
			if r.IntN(2) == 0 {
				n = len(b)
			}
			if r.IntN(3) == 0 { // between the write and its account
				o.copy([]byte("meanwhile"))
				want = append(want, "meanwhile"...)
			}
			got = append(got, b[:n]...)
			o.consume(n)
		}
		if len(got) > len(want) || !bytes.Equal(got, want[:len(got)]) {
			t.Fatal("something else is written than what was put")
		}
		if left := len(want) - len(got); o.backlog == nil && left != 0 || o.backlog != nil && o.bytes != left {
			t.Fatalf("%d bytes are left, the list says otherwise", left)
		}
		want, got = want[len(got):], got[:0]
	}
	for i := range given {
		if !bytes.Equal(given[i], copies[i]) {
			t.Fatal("a piece that others share has been written to")
		}
	}
}

// TestClaimedRepliesComeFirst has others push while the replies of a connection are being sent by its loop, of which the socket takes a part.
func TestClaimedRepliesComeFirst(t *testing.T) {
	for _, taken := range []int{0, 1, 6, 7, -int(syscall.EAGAIN)} {
		for _, pushes := range []int{0, 1, 3} {
			c := unconnected(t)
			want := "replies"
			c.client.W.Buf = append(c.client.W.Buf[:0], want...)
			var out transfers
			c.claim(&out)
			if len(out.list) != 1 || string(out.list[0].B) != want {
				t.Fatal("the replies are not claimed")
			}
			for range pushes {
				if c.enqueue([]byte(", push"), false) {
					t.Fatal("a pusher has got charge of the list meanwhile")
				}
				want += ", push"
			}
			c.sent = taken
			c.finish()
			want = want[max(0, taken):]
			if c.err != nil || len(c.client.W.Buf) != 0 {
				t.Fatal(c.err, c.client.W.Buf)
			}
			if got := c.pendingBytes(); got != want {
				t.Errorf("%d taken, %d pushes: %q is left, want %q", taken, pushes, got, want)
			}
			if inCharge := c.out.writing; inCharge != (want != "") {
				t.Errorf("%d taken, %d pushes: in charge %v", taken, pushes, inCharge)
			}
		}
	}
}

// pendingBytes is what is on the list; nobody writes it.
func (c *conn) pendingBytes() string {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if c.out.backlog == nil {
		return ""
	}
	return string(bytes.Join(c.out.list[c.out.head:], nil)[c.out.sent:])
}

// unconnected is a connection whose peer never reads.
func unconnected(t *testing.T) *conn {
	t.Helper()
	table, err := options.Standard()
	if err != nil {
		t.Fatal(err)
	}
	eng, err := core.New(core.Config{Options: table})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { eng.Close() })
	s := &Server{eng: eng, log: hclog.NewNullLogger(), conns: map[*conn]struct{}{}, clientMemory: table.Int("maxmemory-clients"), maxMemory: table.Int("maxmemory")}
	s.outLimits.Store(new([options.ClassCount]options.BufferLimit))
	return s.unconnected(t)
}

// unconnected is another one.
func (s *Server) unconnected(t *testing.T) *conn {
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	c := &conn{srv: s, nc: near, fd: -1}
	c.out.eng = s.eng
	c.client = s.eng.NewClient(c)
	c.acquire()
	s.conns[c] = struct{}{}
	return c
}
