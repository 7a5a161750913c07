package server

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/redust/redust/core"
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
