package keyspace

import "unsafe"

// Ref names a block of one table or Dict: page ID << 9 | offset in the page in units of 8 bytes. 0 is none.
type Ref = uint32

const (
	refPageShift = 9
	unit         = 8 // bytes that offsets count in

	// reservedPages page IDs are never given out, so that refs below headCodes can stand for the list heads of timing wheels.
	reservedPages = 8
	headCodes     = reservedPages << refPageShift

	maxSmall     = 8 << 10 // larger blocks are page runs of their own
	maxSpanPages = 16

	// shortSpans bytes of a class are held in spans that are as short as can be; then in longer ones, of which less is lost.
	shortSpans = 64 << 10

	// A class gets a span of its own when so many bytes of its blocks have been put into blocks of a coarse class. A small database thus
	// does not hold a page for each size of value in each shard.
	coarseBytes = 3 << 10
)

// Classes: 8-byte steps to 256 bytes, then eight steps to each doubling, then the leaf sizes, which have spans apart from entries.
const (
	numSmallClasses = 32 + 5*8
	numClasses      = numSmallClasses + numLeafClasses
	classLarge      = numClasses // page runs
)

type classInfo struct {
	size       uint32 // bytes
	shortPages uint8  // pages of the first spans
	pages      uint8  // pages of later ones, chosen so that at most 1/64 is lost
}

var (
	classes   = makeClasses()
	classOf   = makeClassOf()  // by (size+7)/8
	coarseOf  = makeCoarseOf() // class of the next of 64, 128, 256, then 384, 512, 640, 768, 1024, 1536 ... bytes
	spanBytes = int64(unsafe.Sizeof(span{}))
)

func makeClasses() (cs [numClasses]classInfo) {
	i := 0
	for size := 8; size <= 256; size += 8 {
		cs[i].size = uint32(size)
		i++
	}
	for base := 256; base < maxSmall; base *= 2 {
		for k := 1; k <= 8; k++ {
			cs[i].size = uint32(base + base/8*k)
			i++
		}
	}
	for _, g := range leafGroups {
		cs[i].size = uint32(g) * groupBytes
		i++
	}
	for i := range cs {
		cs[i].shortPages = uint8(spanPages(int(cs[i].size), 1, 8))
		cs[i].pages = uint8(spanPages(int(cs[i].size), 4, 64))
	}
	return cs
}

// spanPages returns the least number of pages from least on of which at most one part in waste is lost at the end.
func spanPages(size, least, waste int) int {
	best, bestLoss := 0, 1.0
	for n := least; n <= maxSpanPages; n++ {
		total := n << pageShift
		if total < size {
			continue
		}
		loss := float64(total%size) / float64(total)
		if loss*float64(waste) <= 1 {
			return n
		}
		if loss < bestLoss {
			best, bestLoss = n, loss
		}
	}
	return best
}

func makeClassOf() (of [maxSmall/unit + 1]uint8) {
	c := 0
	for i := range of {
		if i*unit > int(classes[c].size) {
			c++
		}
		of[i] = uint8(c)
	}
	return of
}

func makeCoarseOf() (of [numSmallClasses]uint8) {
	for c := range of {
		size := uint32(64)
		for size < classes[c].size {
			switch {
			case size < 256: // a half page in each shard would cost more than a finer step saves
				size *= 2
			case size == 512, size == 640: // a page holds six or five of these, so that a finer step costs no pages
				size += 128
			case size&(size-1) == 0:
				size += size / 2
			default:
				size += size / 3
			}
		}
		of[c] = classOf[size/unit]
	}
	return of
}

// A span is a run of consecutive page IDs with contiguous addresses: blocks of one class, or one large block, or a range of
// page IDs that is not in use (spanFree).
type span struct {
	page       uint32 // first page ID
	n          uint32 // pages
	region     int32
	next, prev uint32 // in the class's list of spans with a free block, or in a list of free ranges
	free       uint16 // offset+1, in units, of the first free block
	carved     uint16 // blocks taken from the never used part
	used       uint16 // blocks in use
	limit      uint16 // blocks that fit
	class      uint8
	state      uint8
}

const (
	spanUnused = iota // the record is on the list of unused ones
	spanFree          // a range of free page IDs
	spanSmall
	spanLarge
)

type classState struct {
	partial uint32 // list of spans with a free block
	spans   int32  // below 0: there is none, and so many bytes went to the coarse class
	free    uint32 // free blocks in them
	total   uint32 // blocks in them, free or not
}

const idBins = maxSpanPages + 2 // free ranges of exactly 1..16 page IDs, then all longer ones

// blocks is the allocator of one table or Dict, guarded by whatever guards its owner.
type blocks struct {
	pages    []unsafe.Pointer // address by page ID; first, see index
	heap     *PageHeap
	pageSpan []uint32 // span by page ID; of a free range only the first and the last
	spans    []span   // 0 is none
	unused   uint32   // list of unused span records
	idFree   [idBins]uint32
	class    [numClasses]classState
	kept     uint32 // span that was left empty last
	used     int64  // bytes of blocks handed out
	held     int64  // bytes of pages held
}

func (b *blocks) init(h *PageHeap) {
	b.heap = h
	b.pages = make([]unsafe.Pointer, reservedPages, 2*reservedPages)
	b.pageSpan = make([]uint32, reservedPages, 2*reservedPages)
	b.spans = make([]span, 1, 8)
}

func (b *blocks) ptr(r Ref) unsafe.Pointer {
	return unsafe.Add(b.pages[r>>refPageShift], uintptr(r&(1<<refPageShift-1))*unit)
}

// alloc returns a block of at least size bytes, content arbitrary.
func (b *blocks) alloc(size int) (Ref, unsafe.Pointer) {
	if size <= maxSmall {
		c := int(classOf[(size+unit-1)/unit])
		if cs := &b.class[c]; cs.spans <= 0 && cs.spans > -coarseBytes {
			cs.spans -= int32(classes[c].size)
			c = int(coarseOf[c])
		}
		return b.allocClass(c)
	}
	n := (size + pageSize - 1) >> pageShift
	s := b.newSpan(n, classLarge)
	sp := &b.spans[s]
	sp.state = spanLarge
	b.used += int64(n) << pageShift
	return sp.page << refPageShift, b.pages[sp.page]
}

func (b *blocks) allocClass(c int) (Ref, unsafe.Pointer) {
	cs := &b.class[c]
	s := cs.partial
	if s == 0 {
		s = b.newSmallSpan(c)
	}
	sp := &b.spans[s]
	size := classes[c].size
	ref := sp.page << refPageShift
	var p unsafe.Pointer
	if sp.free != 0 {
		ref += uint32(sp.free - 1)
		p = b.ptr(ref)
		sp.free = *(*uint16)(p)
	} else {
		ref += uint32(sp.carved) * (size / unit)
		p = b.ptr(ref)
		sp.carved++
	}
	sp.used++
	cs.free--
	if sp.used == sp.limit {
		b.unlink(s, &cs.partial)
	}
	b.used += int64(size)
	return ref, p
}

// release takes a block back.
func (b *blocks) release(r Ref) {
	s := b.pageSpan[r>>refPageShift]
	sp := &b.spans[s]
	if sp.state == spanLarge {
		b.used -= int64(sp.n) << pageShift
		b.freeSpan(s)
		return
	}
	cs := &b.class[sp.class]
	b.used -= int64(classes[sp.class].size)
	*(*uint16)(b.ptr(r)) = sp.free
	sp.free = uint16(r-sp.page<<refPageShift) + 1
	if sp.used == sp.limit {
		b.link(s, &cs.partial)
	}
	sp.used--
	cs.free++
	if sp.used > 0 {
		return
	}
	sp.free, sp.carved = 0, 0
	if cs.free > uint32(sp.limit) {
		b.dropSpan(s)
		return
	}
	// One empty span stays if its class has no other free block: a key set and deleted in turn then costs no page.
	if k := b.kept; k != 0 && k != s && b.spans[k].used == 0 {
		b.dropSpan(k)
	}
	b.kept = s
}

// dropSpan gives an empty span back to the page heap.
func (b *blocks) dropSpan(s uint32) {
	if b.kept == s {
		b.kept = 0
	}
	sp := &b.spans[s]
	cs := &b.class[sp.class]
	b.unlink(s, &cs.partial)
	cs.free -= uint32(sp.limit)
	cs.total -= uint32(sp.limit)
	cs.spans--
	b.freeSpan(s)
}

// dropEmpty gives back the empty span that release kept.
func (b *blocks) dropEmpty() {
	if s := b.kept; s != 0 && b.spans[s].used == 0 {
		b.dropSpan(s)
	}
}

// sizeOf returns the capacity of a block in bytes.
func (b *blocks) sizeOf(r Ref) int {
	sp := &b.spans[b.pageSpan[r>>refPageShift]]
	if sp.state == spanLarge {
		return int(sp.n) << pageShift
	}
	return int(classes[sp.class].size)
}

// blockSize returns the least capacity that alloc(size) gives.
func blockSize(size int) int {
	if size <= maxSmall {
		return int(classes[classOf[(size+unit-1)/unit]].size)
	}
	return (size + pageSize - 1) &^ (pageSize - 1)
}

// freeAll gives every page back. The allocator is unusable afterwards.
func (b *blocks) freeAll() {
	for s := range b.spans {
		if sp := &b.spans[s]; sp.state >= spanSmall {
			b.heap.free(b.pages[sp.page], int(sp.n), sp.region)
		}
	}
	*b = blocks{heap: b.heap}
}

// meta returns the bytes of the allocator's own books.
func (b *blocks) meta() int64 {
	return int64(cap(b.pages))*int64(unsafe.Sizeof(uintptr(0))) + int64(cap(b.pageSpan))*4 + int64(cap(b.spans))*spanBytes
}

func (b *blocks) newSmallSpan(c int) uint32 {
	cs := &b.class[c]
	n := int(classes[c].pages)
	if cs.total*classes[c].size < shortSpans {
		n = int(classes[c].shortPages)
	}
	s := b.newSpan(n, c)
	sp := &b.spans[s]
	sp.state = spanSmall
	sp.limit = uint16(n << pageShift / int(classes[c].size))
	cs.spans = max(cs.spans, 0) + 1
	cs.free += uint32(sp.limit)
	cs.total += uint32(sp.limit)
	b.link(s, &cs.partial)
	return s
}

func (b *blocks) newSpan(n, c int) uint32 {
	s := b.takeIDs(uint32(n))
	p, region := b.heap.alloc(n)
	sp := &b.spans[s]
	sp.region, sp.class = region, uint8(c)
	sp.free, sp.carved, sp.used, sp.limit = 0, 0, 0, 0
	for i := range sp.n {
		b.pages[sp.page+i] = unsafe.Add(p, uintptr(i)<<pageShift)
		b.pageSpan[sp.page+i] = s
	}
	b.held += int64(n) << pageShift
	return s
}

func (b *blocks) freeSpan(s uint32) {
	sp := &b.spans[s]
	b.heap.free(b.pages[sp.page], int(sp.n), sp.region)
	b.held -= int64(sp.n) << pageShift
	clear(b.pages[sp.page : sp.page+sp.n])
	b.giveIDs(s)
}

func (b *blocks) newRecord() uint32 {
	if s := b.unused; s != 0 {
		b.unused = b.spans[s].next
		return s
	}
	b.spans = extend(b.spans, 1)
	return uint32(len(b.spans) - 1)
}

// extend appends n zero elements. It grows a slice by half and not to twice its size, as append would: a small database has
// hundreds of these books.
func extend[T any](s []T, n int) []T {
	from := len(s)
	if from+n > cap(s) {
		s = append(make([]T, 0, max(from+n, cap(s)+cap(s)/2)), s...)
	}
	s = s[:from+n]
	clear(s[from:])
	return s
}

func (b *blocks) dropRecord(s uint32) {
	b.spans[s] = span{next: b.unused}
	b.unused = s
}

func idBin(n uint32) uint32 { return min(n, idBins-1) }

// takeIDs returns a span record with n consecutive page IDs, from a free range if one fits, else from the end.
func (b *blocks) takeIDs(n uint32) uint32 {
	for bin := idBin(n); bin < idBins; bin++ {
		tries := 32
		for s := b.idFree[bin]; s != 0 && tries > 0; s, tries = b.spans[s].next, tries-1 {
			have := b.spans[s].n
			if have < n {
				continue
			}
			b.unlink(s, &b.idFree[bin])
			if have > n {
				rest := b.newRecord()
				b.spans[rest] = span{page: b.spans[s].page + n, n: have - n}
				b.putFree(rest)
				b.spans[s].n = n
			}
			return s
		}
	}
	s := b.newRecord()
	start := len(b.pages)
	if start+int(n) > 1<<(32-refPageShift) {
		panic("keyspace: a table outgrew its 32 GiB of addresses")
	}
	b.pages = extend(b.pages, int(n))
	b.pageSpan = extend(b.pageSpan, int(n))
	b.spans[s] = span{page: uint32(start), n: n}
	return s
}

// giveIDs makes the page IDs of span s free, joined with free neighbours.
func (b *blocks) giveIDs(s uint32) {
	page, n := b.spans[s].page, b.spans[s].n
	if left := b.pageSpan[page-1]; page > reservedPages && b.spans[left].state == spanFree {
		page, n = b.spans[left].page, n+b.spans[left].n
		b.unlink(left, &b.idFree[idBin(b.spans[left].n)])
		b.dropRecord(left)
	}
	if end := page + n; int(end) < len(b.pages) {
		if right := b.pageSpan[end]; b.spans[right].state == spanFree {
			n += b.spans[right].n
			b.unlink(right, &b.idFree[idBin(b.spans[right].n)])
			b.dropRecord(right)
		}
	}
	if int(page+n) == len(b.pages) {
		b.pages, b.pageSpan = b.pages[:page], b.pageSpan[:page]
		b.dropRecord(s)
		return
	}
	b.spans[s] = span{page: page, n: n}
	b.putFree(s)
}

func (b *blocks) putFree(s uint32) {
	sp := &b.spans[s]
	sp.state = spanFree
	b.pageSpan[sp.page], b.pageSpan[sp.page+sp.n-1] = s, s
	b.link(s, &b.idFree[idBin(sp.n)])
}

func (b *blocks) link(s uint32, head *uint32) {
	sp := &b.spans[s]
	sp.prev, sp.next = 0, *head
	if sp.next != 0 {
		b.spans[sp.next].prev = s
	}
	*head = s
}

func (b *blocks) unlink(s uint32, head *uint32) {
	sp := &b.spans[s]
	if sp.prev != 0 {
		b.spans[sp.prev].next = sp.next
	} else {
		*head = sp.next
	}
	if sp.next != 0 {
		b.spans[sp.next].prev = sp.prev
	}
	sp.next, sp.prev = 0, 0
}
