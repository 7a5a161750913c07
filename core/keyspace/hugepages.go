package keyspace

// Collapse moves up to so many regions in which no page is free onto huge pages, which saves a GET of a large keyspace a fifth of its time: most of that is
// waiting for the page tables. Asking for them in advance would make a small server large, and mapping one stalls whoever needs the memory.
// For a background goroutine, and not while a data set is loaded: what it copies then is missing there. It returns how many regions it has moved. While
// the system moves one, each thread that touches it or a page for the first time waits: 0.3 ms, or 10 ms and more on a virtual machine whose host
// has to find the memory.
func (h *PageHeap) Collapse(regions int) (moved int) {
	h.scav.Lock()
	defer h.scav.Unlock()
	for looked := 0; moved < regions && looked < 64; looked++ {
		h.mu.Lock()
		if h.small || len(h.regions) == 0 {
			h.mu.Unlock()
			return moved
		}
		h.hugeAt = (h.hugeAt + 1) % len(h.regions)
		r := h.regions[h.hugeAt]
		if r == nil || r.own || r.free > 0 || r.huge {
			h.mu.Unlock()
			continue
		}
		r.huge = true
		h.mu.Unlock()
		moved++
		if !hugePages(r.mem) {
			h.mu.Lock()
			h.small = true
			h.mu.Unlock()
		}
	}
	return moved
}
