package packed

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// TestBuilder compares a builder with one that appends.
func TestBuilder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var memory []byte
	for _, n := range []int{0, 1, 2, 500, 65534, 65535, 70000} {
		want, b := NewListpack(nil), Build(memory)
		for i := range n {
			v := int64(r.Uint64()) >> r.IntN(64)
			s := strings.Repeat("x", []int{0, 1, 63, 64, 130}[r.IntN(5)])
			if i < 2 {
				v, s = math.MinInt64, strings.Repeat("y", 5000*(i+1))
			}
			switch r.IntN(3) {
			case 0:
				want = want.AppendInt(v)
				b.AddInt(v)
			case 1:
				text := strconv.AppendInt(nil, v, 10)
				want = want.Append(text)
				b.Add(text)
			default:
				want = want.Append([]byte(s))
				b.Add([]byte(s))
			}
			if b.Bytes() != len(want) {
				t.Fatalf("%d bytes after %d elements, want %d", b.Bytes(), i+1, len(want))
			}
		}
		got := b.Listpack()
		if !bytes.Equal(got, want) || got.Len() != n {
			t.Errorf("%d elements: not what Append makes", n)
		}
		memory = got[:0]
	}
}
