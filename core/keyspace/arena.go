package keyspace

import (
	"sync"
	"unsafe"
)

// Arena hands out pointer-free blocks of any size from a page heap, for objects that many keys have and that are made of
// few large pieces each (the chunks of lists): they share the spans of a size class instead of each having its own.
// Safe for use by several goroutines; the lock is held for well under a microsecond.
type Arena struct {
	mu    sync.Mutex
	heap  *PageHeap
	parts []*blocks // the last one serves; another follows when its 32 GiB of addresses come to an end
}

// Handle names a block of an Arena. 0 is none.
type Handle uint64

// arenaPartPages is the number of page IDs at which a part is left for a new one.
const arenaPartPages = 1<<(32-refPageShift) - 1<<18

// NewArena returns an empty arena. It takes nothing from the heap until the first block is asked for.
func NewArena(h *PageHeap) *Arena { return &Arena{heap: h} }

// Alloc returns a block of BlockSize(size) bytes, content arbitrary. It lives until Free, whatever the collector does.
func (a *Arena) Alloc(size int) (Handle, []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := len(a.parts)
	if k == 0 || len(a.parts[k-1].pages) >= arenaPartPages {
		b := new(blocks)
		b.init(a.heap)
		a.parts = append(a.parts, b)
		k++
	}
	ref, p := a.parts[k-1].alloc(max(size, unit))
	return Handle(k)<<32 | Handle(ref), unsafe.Slice((*byte)(p), BlockSize(size))
}

// Free takes a block back. Its bytes must not be used any more.
func (a *Arena) Free(h Handle) {
	a.mu.Lock()
	a.parts[h>>32-1].release(Ref(h))
	a.mu.Unlock()
}

// Used returns the bytes of all blocks that are handed out.
func (a *Arena) Used() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	var n int64
	for _, b := range a.parts {
		n += b.used
	}
	return n
}

// BlockSize returns the capacity of the block that Alloc(size) gives.
func BlockSize(size int) int { return blockSize(max(size, unit)) }

// BlockFloor returns the largest capacity of a block that is not above size, which is at least 8: what a piece must be cut
// to so that it fills its block.
func BlockFloor(size int) int {
	if size >= maxSmall+pageSize {
		return size &^ (pageSize - 1)
	}
	if size >= maxSmall {
		return maxSmall
	}
	c := classOf[(size+unit-1)/unit]
	if int(classes[c].size) > size {
		c--
	}
	return int(classes[c].size)
}
