package keyspace

// Collapse moves up to two regions in which no page is free onto huge pages, which saves a GET of a large keyspace a fifth of its time: most of that is
// waiting for the page tables. Asking for them in advance would make a small server large, and mapping one stalls whoever needs the memory.
// For a background goroutine, and not while a data set is loaded: what it copies then is missing there.
func (h *PageHeap) Collapse() {
	h.scav.Lock()
	defer h.scav.Unlock()
	for found, looked := 0, 0; found < 2 && looked < 64; looked++ {
		h.mu.Lock()
		if h.small || len(h.regions) == 0 {
			h.mu.Unlock()
			return
		}
		h.hugeAt = (h.hugeAt + 1) % len(h.regions)
		r := h.regions[h.hugeAt]
		if r == nil || r.own || r.free > 0 || r.huge {
			h.mu.Unlock()
			continue
		}
		r.huge = true
		h.mu.Unlock()
		found++
		if !hugePages(r.mem) {
			h.mu.Lock()
			h.small = true
			h.mu.Unlock()
		}
	}
}
