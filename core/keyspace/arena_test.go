package keyspace

import (
	"math/rand/v2"
	"testing"
)

func TestBlockFloor(t *testing.T) {
	for size := 8; size < 64<<10; size++ {
		floor := BlockFloor(size)
		if floor > size || BlockSize(floor) != floor {
			t.Fatalf("floor of %d is %d, whose block has %d", size, floor, BlockSize(floor))
		}
		if up := BlockSize(floor + 1); up <= size {
			t.Fatalf("floor of %d is %d, though a block of %d fits", size, floor, up)
		}
	}
}

func TestArenaBlocksAreDisjoint(t *testing.T) {
	a := NewArena(NewPageHeap())
	r := rand.New(rand.NewPCG(1, 2))
	type block struct {
		h    Handle
		data []byte
		mark byte
	}
	var held []block
	for i := range 20000 {
		if len(held) > 0 && r.IntN(2) == 0 {
			k := r.IntN(len(held))
			b := held[k]
			for _, c := range b.data {
				if c != b.mark {
					t.Fatal("a block was overwritten")
				}
			}
			a.Free(b.h)
			held[k] = held[len(held)-1]
			held = held[:len(held)-1]
			continue
		}
		size := 1 + r.IntN(1<<r.IntN(15))
		h, data := a.Alloc(size)
		if len(data) != BlockSize(size) {
			t.Fatalf("%d bytes for %d", len(data), size)
		}
		b := block{h, data, byte(i)}
		for j := range data {
			data[j] = b.mark
		}
		held = append(held, b)
	}
	for _, b := range held {
		a.Free(b.h)
	}
	if n := a.Used(); n != 0 {
		t.Errorf("%d bytes left", n)
	}
}
