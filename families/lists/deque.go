package lists

import (
	"unsafe"

	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
)

// A deque is a large list: a sequence of chunks, of which those at the ends, and a few in which something was changed lately,
// are open, and the others frozen.
//
// Every element has a virtual index: that of its predecessor plus one. A chunk knows that of its first element. An
// addition or removal at an end changes none of them but the end's own, so that an index of the list, which is the distance to
// first, finds its chunk by binary search, and nothing has to be kept up while the list is used as a queue. Elsewhere the chunks
// on the shorter side of the change are renumbered, which is little beside what it took to find the place.
//
// A deque is guarded by whatever guards its key. Readers change nothing.
type deque struct {
	arena  *keyspace.Arena
	chunks []*chunk // those in use are chunks[lo:]
	lo     int
	first  int64
	n      int
	bytes  int64    // blocks and chunk records
	wait   []*chunk // open chunks between the ends, to be frozen
	edits  int64    // changes so far of chunks between the ends
	plain  int      // length from which an element is a chunk of its own
}

func newDeque(a *keyspace.Arena) *deque { return &deque{arena: a, plain: plainBytes} }

// MemoryUsage implements keyspace.Object. O(1).
func (d *deque) MemoryUsage() int64 {
	return d.bytes + int64(unsafe.Sizeof(*d)) + int64(cap(d.chunks))*8 - int64(len(d.chunks))*8
}

// Free implements keyspace.Object. It leaves the deque as it is: the command that detached it may still ask for its size.
func (d *deque) Free() {
	for _, c := range d.live() {
		d.arena.Free(c.block)
	}
}

func (d *deque) live() []*chunk { return d.chunks[d.lo:] }

func (d *deque) head() *chunk {
	if d.n == 0 {
		return nil
	}
	return d.chunks[d.lo]
}

func (d *deque) tail() *chunk {
	if d.n == 0 {
		return nil
	}
	return d.chunks[len(d.chunks)-1]
}

// locate returns the chunk of element i, as an index of d.live(), and the element's place in it. O(log chunks).
func (d *deque) locate(i int) (k, j int) {
	live, v := d.live(), d.first+int64(i)
	lo, hi := 0, len(live)-1
	if v >= live[hi].start {
		return hi, int(v - live[hi].start)
	}
	for lo+1 < hi { // live[lo].start <= v < live[hi].start
		if mid := int(uint(lo+hi) >> 1); live[mid].start <= v {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo, int(v - live[lo].start)
}

// appendAt appends the text of element i to dst.
func (d *deque) appendAt(dst []byte, i int) []byte {
	k, j := d.locate(i)
	return d.live()[k].appendAt(dst, j)
}

// --- the order of chunks -----------------------------------------------------

// addFront puts c before all chunks, addBack behind them. c's elements are counted in.
func (d *deque) addFront(c *chunk) {
	d.roomFront()
	if old := d.head(); old != nil {
		d.later(old)
	}
	d.lo--
	d.chunks[d.lo] = c
	d.first -= int64(c.n)
	c.start = d.first
	d.n += int(c.n)
}

// roomFront makes room for one more chunk before all others.
func (d *deque) roomFront() {
	if d.lo > 0 {
		return
	}
	room := len(d.chunks)/2 + 4
	chunks := make([]*chunk, room+len(d.chunks), room+len(d.chunks)+4)
	copy(chunks[room:], d.chunks)
	d.chunks, d.lo = chunks, room
}

func (d *deque) addBack(c *chunk) {
	if len(d.chunks) == cap(d.chunks) && d.lo > len(d.chunks)/2 {
		n := copy(d.chunks, d.live())
		clear(d.chunks[n:])
		d.chunks, d.lo = d.chunks[:n], 0
	}
	if old := d.tail(); old != nil {
		d.later(old)
	}
	c.start = d.first + int64(d.n)
	d.chunks = append(d.chunks, c)
	d.n += int(c.n)
}

// insertChunk puts c at index k of d.live(), 0 < k < len, and renumbers.
func (d *deque) insertChunk(k int, c *chunk) {
	live := d.live()
	n := c.n
	c.n, c.start = 0, live[k].start
	d.chunks = append(d.chunks, nil)
	copy(d.chunks[d.lo+k+1:], d.chunks[d.lo+k:])
	d.chunks[d.lo+k] = c
	c.n = n
	d.shift(k, int64(n))
	d.later(c)
}

// dropChunk removes chunk k of d.live() with its elements.
func (d *deque) dropChunk(k int) {
	c := d.live()[k]
	n := c.n
	d.release(c)
	switch k {
	case 0:
		d.chunks[d.lo] = nil
		d.lo++
		d.first += int64(n)
		d.n -= int(n)
	case len(d.live()) - 1:
		d.chunks[len(d.chunks)-1] = nil
		d.chunks = d.chunks[:len(d.chunks)-1]
		d.n -= int(n)
	default:
		d.shift(k, -int64(n))
		copy(d.chunks[d.lo+k:], d.chunks[d.lo+k+1:])
		d.chunks[len(d.chunks)-1] = nil
		d.chunks = d.chunks[:len(d.chunks)-1]
	}
	if d.n == 0 {
		d.chunks, d.lo, d.first, d.wait = nil, 0, 0, nil
	}
}

// shift renumbers after chunk k has got delta more elements: the chunks on the side that has fewer.
func (d *deque) shift(k int, delta int64) {
	live := d.live()
	d.n += int(delta)
	if k < len(live)/2 {
		d.first -= delta
		for _, c := range live[:k+1] {
			c.start -= delta
		}
		return
	}
	for _, c := range live[k+1:] {
		c.start += delta
	}
}

// --- what is to be frozen ----------------------------------------------------

// later puts an open chunk that is about to stand between others on the list of those to be frozen.
func (d *deque) later(c *chunk) {
	c.edited = d.edits
	if c.kind == kindOpen && !c.waits {
		c.waits = true
		d.wait = append(d.wait, c)
	}
}

// settle looks at the two chunks that have been open longest and freezes them unless they were changed lately: within the last
// changes that are four times as many as there are chunks. So a list that is changed all over stays open, and costs
// what listpacks cost, in memory and in time; one that is changed here and there, or no more but at its ends, is frozen again.
func (d *deque) settle(lately bool) {
	for range min(2, len(d.wait)) {
		c := d.wait[0]
		d.wait = d.wait[1:]
		c.waits = false
		switch {
		case c.gone || c.kind != kindOpen || c == d.head() || c == d.tail():
		case lately && d.edits-c.edited < 4*int64(len(d.live())):
			c.waits = true
			d.wait = append(d.wait, c)
		default:
			d.freeze(c)
		}
	}
}

// thawAt makes chunk k of d.live() open for a change.
func (d *deque) thawAt(k int) *chunk {
	c := d.live()[k]
	d.edits++
	d.thaw(c)
	if k > 0 && k < len(d.live())-1 {
		d.later(c)
	}
	return c
}

// sealBack freezes the inner half of the tail, which has grown too large, or what of it fills a block exactly.
func (d *deque) sealBack() {
	c := d.tail()
	ws := workspaces.Get().(*workspace)
	lp := c.listpack()
	ws.take(lp, lp.First(), int(c.n)/2)
	f := d.sealed(ws, false)
	n := int(f.n)
	c.off = int32(packed.CutFront(c.data, int(c.off), int(c.end), lp.Seek(n), n))
	c.n -= f.n
	f.start = c.start
	c.start += int64(n)
	d.chunks = append(d.chunks, c)
	d.chunks[len(d.chunks)-2] = f
	workspaces.Put(ws)
	d.settle(false)
}

// sealFront is sealBack for the head.
func (d *deque) sealFront() {
	c := d.head()
	ws := workspaces.Get().(*workspace)
	lp := c.listpack()
	half := int(c.n) / 2
	ws.take(lp, lp.Seek(-half), half)
	f := d.sealed(ws, true)
	n := int(f.n)
	c.setListpack(lp.Delete(lp.Seek(-n), n))
	c.n -= f.n
	f.start = c.start + int64(c.n)
	d.roomFront()
	d.lo--
	d.chunks[d.lo], d.chunks[d.lo+1] = c, f
	workspaces.Put(ws)
	d.settle(false)
}

// sealed returns a frozen chunk of the elements of ws, without those at the outer end that would need a larger block.
func (d *deque) sealed(ws *workspace, head bool) *chunk {
	elems := ws.elems
	var p plan
	p.makePlan(elems)
	fit := p.fit(elems, keyspace.BlockFloor(p.size(elems)), head)
	switch {
	case fit < len(elems)-len(elems)/4 || fit == 0:
	case head:
		elems = elems[len(elems)-fit:]
	default:
		elems = elems[:fit]
	}
	f := &chunk{}
	d.bytes += chunkOverhead
	d.freezeAs(f, &p, elems)
	return f
}
