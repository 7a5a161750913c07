package keyspace

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"
)

const (
	pageShift   = 12
	pageSize    = 1 << pageShift
	regionPages = 1024 // 4 MiB, the unit in which memory is asked from the system
	regionBytes = regionPages * pageSize
	regionWords = regionPages / 64

	// maxSharedRun is the longest run carved from a region. Longer ones are mappings of their own, so that a freed large
	// value leaves no hole.
	maxSharedRun = 256

	// scavengeChunk bounds one return of memory to the system, so that no single call takes longer than about a millisecond.
	scavengeChunk = 4 << 20

	regionBins = 12 // by floor(log2(longest free run)) + 1; bin 0 is full regions
)

// PageHeap hands out runs of contiguous 4 KiB pages outside the garbage collector's view. It is shared by all tables and
// Dicts of a Keyspace and safe for use by several goroutines; its lock is held for well under a microsecond, except while a
// region is mapped. An overwrite in place never comes here.
type PageHeap struct {
	mu      sync.Mutex
	regions []*region
	unused  []int32           // indexes of regions that are nil
	bins    [regionBins]int32 // list heads, -1 when empty
	doomed  []doomedRun       // freed own mappings that Scavenge has still to return
	idle    int               // shared regions with no page in use
	hint    int               // where Scavenge goes on looking
	scav    sync.Mutex        // one Scavenge or Collapse at a time
	hugeAt  int               // where Collapse goes on looking
	small   bool              // the system has no huge pages for us
	mapped  atomic.Int64      // bytes mapped
	inUse   atomic.Int64      // bytes of runs handed out
	clean   atomic.Int64      // bytes mapped, free and known not to be resident
	waiting atomic.Int64      // bytes in doomed
}

// region is one mapping: either regionPages pages shared by many runs, or one long run (own).
type region struct {
	mem        []byte
	base       unsafe.Pointer
	used       [regionWords]uint64 // 1: handed out, or being returned to the system
	clean      [regionWords]uint64 // 1: free and not resident
	free       int32
	longest    int32 // longest free run
	bin        int8
	own        bool
	huge       bool // on huge pages, as far as is known
	next, prev int32
	self       int32
}

type doomedRun struct {
	mem  []byte
	done int // bytes already returned
}

// NewPageHeap returns an empty heap. It maps nothing until the first run is asked for.
func NewPageHeap() *PageHeap {
	h := &PageHeap{}
	for i := range h.bins {
		h.bins[i] = -1
	}
	return h
}

// alloc returns n contiguous pages, whose content is arbitrary, and the number of their region, which free wants back.
// It panics when the system has no memory left, as Go's own allocator does.
func (h *PageHeap) alloc(n int) (unsafe.Pointer, int32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inUse.Add(int64(n) << pageShift)
	if n > maxSharedRun {
		r := h.mapRegion(n)
		r.own = true
		return r.base, r.self
	}
	r := h.pick(n)
	if r == nil {
		r = h.mapRegion(regionPages)
		r.free, r.longest, r.bin = regionPages, regionPages, -1
		for i := range r.clean {
			r.clean[i] = ^uint64(0)
		}
		h.clean.Add(regionBytes)
		h.idle++
		h.rebin(r)
	}
	if r.free == regionPages {
		h.idle--
	}
	start := findRun(&r.used, n)
	fresh := 0
	for i := start; i < start+n; i++ {
		w, b := i>>6, uint64(1)<<(i&63)
		r.used[w] |= b
		if r.clean[w]&b != 0 {
			r.clean[w] &^= b
			fresh++
		}
	}
	h.clean.Add(-int64(fresh) << pageShift)
	r.free -= int32(n)
	h.rebin(r)
	return unsafe.Add(r.base, start<<pageShift), r.self
}

// free takes back a run that alloc returned. The memory stays resident until Scavenge or a later alloc.
func (h *PageHeap) free(p unsafe.Pointer, n int, id int32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inUse.Add(-int64(n) << pageShift)
	r := h.regions[id]
	if r.own {
		h.forget(r)
		h.doomed = append(h.doomed, doomedRun{mem: r.mem})
		h.waiting.Add(int64(len(r.mem)))
		return
	}
	start := int(uintptr(p)-uintptr(r.base)) >> pageShift
	for i := start; i < start+n; i++ {
		r.used[i>>6] &^= 1 << (i & 63)
	}
	r.free += int32(n)
	if r.free == regionPages {
		h.idle++
	}
	h.rebin(r)
}

// pick returns a region with a free run of n pages, or nil. A region of the bin of n itself may have too short a run, so a
// few of those are tried, then any of the higher bins serves.
func (h *PageHeap) pick(n int) *region {
	b := bits.Len(uint(n))
	tries := 8
	for id := h.bins[b]; id >= 0 && tries > 0; tries-- {
		r := h.regions[id]
		if int(r.longest) >= n {
			return r
		}
		id = r.next
	}
	for b++; b < regionBins; b++ {
		if id := h.bins[b]; id >= 0 {
			return h.regions[id]
		}
	}
	return nil
}

// rebin puts r into the bin of its longest free run.
func (h *PageHeap) rebin(r *region) {
	r.longest = int32(longestRun(&r.used))
	b := int8(bits.Len(uint(r.longest)))
	if b == r.bin {
		return
	}
	h.unbin(r)
	r.bin = b
	r.prev, r.next = -1, h.bins[b]
	if r.next >= 0 {
		h.regions[r.next].prev = r.self
	}
	h.bins[b] = r.self
}

func (h *PageHeap) unbin(r *region) {
	if r.bin < 0 {
		return
	}
	if r.prev >= 0 {
		h.regions[r.prev].next = r.next
	} else {
		h.bins[r.bin] = r.next
	}
	if r.next >= 0 {
		h.regions[r.next].prev = r.prev
	}
	r.bin = -1
}

func (h *PageHeap) mapRegion(pages int) *region {
	mem := mapMemory(pages << pageShift)
	h.mapped.Add(int64(len(mem)))
	r := &region{mem: mem, base: unsafe.Pointer(unsafe.SliceData(mem)), bin: -1, next: -1, prev: -1}
	if k := len(h.unused); k > 0 {
		r.self = h.unused[k-1]
		h.unused = h.unused[:k-1]
		h.regions[r.self] = r
	} else {
		r.self = int32(len(h.regions))
		h.regions = append(h.regions, r)
	}
	return r
}

// forget takes r out of the heap's books; the caller unmaps its memory.
func (h *PageHeap) forget(r *region) {
	h.unbin(r)
	h.regions[r.self] = nil
	h.unused = append(h.unused, r.self)
}

// Scavenge returns up to about budget bytes of free memory to the system and reports how many it returned. A small reserve
// stays, so that a steady churn does not page the same memory in and out. Meant for a background goroutine: it
// makes system calls, but holds the heap's lock during none of them.
func (h *PageHeap) Scavenge(budget int64) (released int64) {
	h.scav.Lock()
	defer h.scav.Unlock()
	for released < budget {
		if n := h.scavengeDoomed(); n > 0 {
			released += n
			continue
		}
		if n := h.unmapIdle(); n > 0 {
			released += n
			continue
		}
		reserve := h.inUse.Load()/32 + 1<<20
		if h.mapped.Load()-h.waiting.Load()-h.inUse.Load()-h.clean.Load() <= reserve {
			return released
		}
		n := h.releaseRun()
		if n == 0 {
			return released
		}
		released += n
	}
	return released
}

// scavengeDoomed returns the next chunk of a freed own mapping.
func (h *PageHeap) scavengeDoomed() int64 {
	h.mu.Lock()
	k := len(h.doomed)
	if k == 0 {
		h.mu.Unlock()
		return 0
	}
	d := h.doomed[k-1]
	h.doomed = h.doomed[:k-1]
	h.mu.Unlock()
	n := min(len(d.mem)-d.done, scavengeChunk)
	releaseMemory(d.mem[d.done : d.done+n])
	d.done += n
	if d.done < len(d.mem) {
		h.mu.Lock()
		h.doomed = append(h.doomed, d)
		h.mu.Unlock()
		return int64(n)
	}
	unmapMemory(d.mem)
	h.waiting.Add(-int64(len(d.mem)))
	h.mapped.Add(-int64(len(d.mem)))
	return int64(n)
}

// unmapIdle unmaps one region in which nothing is in use, unless it is the only such.
func (h *PageHeap) unmapIdle() int64 {
	h.mu.Lock()
	if h.idle < 2 {
		h.mu.Unlock()
		return 0
	}
	id := h.bins[bits.Len(uint(regionPages))]
	if id < 0 {
		h.mu.Unlock()
		return 0
	}
	r := h.regions[id]
	dirty := int64(regionPages-onesIn(&r.clean)) << pageShift
	h.clean.Add(dirty - regionBytes)
	h.idle--
	h.forget(r)
	h.mu.Unlock()
	unmapMemory(r.mem)
	h.mapped.Add(-regionBytes)
	return max(dirty, 1)
}

// releaseRun finds a free resident run and returns it to the system. While it does, the run counts as used.
func (h *PageHeap) releaseRun() int64 {
	h.mu.Lock()
	for range h.regions {
		h.hint++
		if h.hint >= len(h.regions) {
			h.hint = 0
		}
		r := h.regions[h.hint]
		if r == nil || r.own || r.free == 0 {
			continue
		}
		var busy [regionWords]uint64 // not to be released: used, or clean already
		for i := range busy {
			busy[i] = r.used[i] | r.clean[i]
		}
		start, n := 0, 0
		for n == 0 {
			if start = nextZero(&busy, start); start == regionPages {
				break
			}
			n = nextOne(&busy, start) - start
		}
		if n == 0 {
			continue
		}
		h.hint-- // this region may have more
		h.mark(r, start, n, true)
		r.huge = false
		h.mu.Unlock()
		releaseMemory(r.mem[start<<pageShift : (start+n)<<pageShift])
		h.mu.Lock()
		for i := start; i < start+n; i++ {
			r.clean[i>>6] |= 1 << (i & 63)
		}
		h.clean.Add(int64(n) << pageShift)
		h.mark(r, start, n, false)
		h.mu.Unlock()
		return int64(n) << pageShift
	}
	h.mu.Unlock()
	return 0
}

// mark sets or clears the used bits of a run that is being released.
func (h *PageHeap) mark(r *region, start, n int, used bool) {
	if r.free == regionPages {
		h.idle--
	}
	for i := start; i < start+n; i++ {
		if used {
			r.used[i>>6] |= 1 << (i & 63)
		} else {
			r.used[i>>6] &^= 1 << (i & 63)
		}
	}
	if used {
		r.free -= int32(n)
	} else {
		r.free += int32(n)
	}
	if r.free == regionPages {
		h.idle++
	}
	h.rebin(r)
}

// close unmaps everything, handed out or not.
func (h *PageHeap) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.regions {
		if r != nil {
			unmapMemory(r.mem)
		}
	}
	for _, d := range h.doomed {
		unmapMemory(d.mem)
	}
	h.regions, h.unused, h.doomed, h.idle = nil, nil, nil, 0
	for i := range h.bins {
		h.bins[i] = -1
	}
	h.mapped.Store(0)
	h.inUse.Store(0)
	h.clean.Store(0)
	h.waiting.Store(0)
}

// HeapStats tells where the page heap's memory is, in bytes.
type HeapStats struct {
	Mapped   int64 // address space taken from the system
	InUse    int64 // pages handed out to tables and Dicts
	Resident int64 // estimate of what is backed by memory: Mapped less what is known to have been given back
}

// Stats returns the heap's counters. Lock-free.
func (h *PageHeap) Stats() HeapStats {
	m := h.mapped.Load()
	return HeapStats{Mapped: m, InUse: h.inUse.Load(), Resident: m - h.clean.Load()}
}

// nextZero returns the first clear bit at or after i, regionPages if there is none.
func nextZero(set *[regionWords]uint64, i int) int {
	for i < regionPages {
		if w := ^set[i>>6] >> (i & 63); w != 0 {
			return i + bits.TrailingZeros64(w)
		}
		i = i&^63 + 64
	}
	return regionPages
}

// nextOne returns the first set bit at or after i, regionPages if there is none.
func nextOne(set *[regionWords]uint64, i int) int {
	for i < regionPages {
		if w := set[i>>6] >> (i & 63); w != 0 {
			return i + bits.TrailingZeros64(w)
		}
		i = i&^63 + 64
	}
	return regionPages
}

// findRun returns the start of the first run of n clear bits, -1 if there is none.
func findRun(set *[regionWords]uint64, n int) int {
	for i := nextZero(set, 0); i < regionPages; {
		end := nextOne(set, i)
		if end-i >= n {
			return i
		}
		i = nextZero(set, end)
	}
	return -1
}

func longestRun(set *[regionWords]uint64) int {
	longest := 0
	for i := nextZero(set, 0); i < regionPages; {
		end := nextOne(set, i)
		longest = max(longest, end-i)
		i = nextZero(set, end)
	}
	return longest
}

func onesIn(set *[regionWords]uint64) int {
	n := 0
	for _, w := range set {
		n += bits.OnesCount64(w)
	}
	return n
}
