package keyspace

const hugePageSize = 2 << 20

// collapse moves up to two regions in which no page is free onto huge pages, which saves a GET of a large keyspace a fifth of its time: most of that is
// waiting for the page tables. Asking for them in advance would make a small server large, and mapping one stalls whoever needs the memory.
func (h *PageHeap) collapse() {
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

// Fill tells that much memory will be asked for soon, or no longer: a data set is being loaded. Meanwhile new regions come on huge pages, which costs up to a
// region of memory and spares collapse the copy.
func (h *PageHeap) Fill(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.filling = on
}

// populate puts a new region onto huge pages while the heap is being filled.
func (h *PageHeap) populate(r *region) {
	if !h.filling || h.small {
		return
	}
	for at := 0; at < len(r.mem); at += hugePageSize {
		r.mem[at] = 0 // there must be a page to replace
	}
	r.huge = true
	h.small = !hugePages(r.mem)
}
