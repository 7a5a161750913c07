package lists

import (
	"github.com/redust/redust/core/packed"
)

// set replaces element i by s. O(log chunks + chunk).
func (d *deque) set(i int, s []byte) {
	k, j := d.locate(i)
	c := d.live()[k]
	if c.kind == kindFrozen && len(s) < d.plain {
		f := c.frozen()
		if f.replace(j, s) {
			return
		}
	}
	if c.kind == kindPlain || len(s) >= d.plain {
		d.insert(i, s)
		d.remove(i+1, 1)
		return
	}
	c = d.thawAt(k)
	d.ensure(c, entryBytes(s), false)
	lp := c.listpack()
	c.setListpack(lp.Replace(lp.Seek(j), s))
	d.relieve(k)
	d.settle(true)
}

// insert adds s before element i, or behind the last one if i is the length. O(log chunks + chunk), and renumbering.
func (d *deque) insert(i int, s []byte) {
	switch i {
	case 0:
		d.pushFront(s)
		return
	case d.n:
		d.pushBack(s)
		return
	}
	k, j := d.locate(i)
	if len(s) >= d.plain {
		if j > 0 {
			d.split(k, j)
			k++
		}
		d.insertChunk(k, d.newPlain(s))
		return
	}
	if j == 0 && d.live()[k].kind != kindOpen && d.live()[k-1].kind == kindOpen { // the open neighbour takes it
		k--
		j = int(d.live()[k].n)
	}
	if d.live()[k].kind == kindPlain { // j is 0: a chunk between two
		d.insertChunk(k, d.newOpen(entryBytes(s)))
	}
	c := d.thawAt(k)
	d.ensure(c, entryBytes(s), false)
	lp := c.listpack()
	pos := lp.End()
	if j < int(c.n) {
		pos = lp.Seek(j)
	}
	c.setListpack(lp.Insert(pos, s, packed.Before))
	c.n++
	d.shift(k, 1)
	d.relieve(k)
	d.settle(true)
}

// relieve splits open chunk k if it has grown too large.
func (d *deque) relieve(k int) {
	if c := d.live()[k]; c.openBytes() > maxOpenBytes && c.n > 1 {
		d.split(k, int(c.n)/2)
	}
}

// split makes chunk k end before its element j; what follows becomes a chunk of its own.
func (d *deque) split(k, j int) {
	c := d.thawAt(k)
	lp := c.listpack()
	pos := lp.Seek(j)
	rest := d.openWith(packed.NewListpack(nil).AppendRange(lp, pos, int(c.n)-j))
	c.setListpack(lp.Delete(pos, int(c.n)-j))
	moved := rest.n
	c.n -= moved
	rest.start = c.start + int64(c.n)
	// The elements stay where they are: nothing is renumbered.
	d.chunks = append(d.chunks, nil)
	copy(d.chunks[d.lo+k+2:], d.chunks[d.lo+k+1:])
	d.chunks[d.lo+k+1] = rest
	last := len(d.live()) - 1
	if k > 0 {
		d.later(c)
	}
	if k+1 < last {
		d.later(rest)
	}
}

// remove removes n elements from i on. O(log chunks + chunks removed + chunk), and renumbering.
func (d *deque) remove(i, n int) {
	for n > 0 {
		k, j := d.locate(i)
		c := d.live()[k]
		take := min(n, int(c.n)-j)
		n -= take
		if take == int(c.n) {
			if n == 0 || k == 0 || k == len(d.live())-1 {
				d.dropChunk(k)
				continue
			}
			n -= d.dropWhole(k, n+take) - take
			continue
		}
		c = d.thawAt(k)
		lp := c.listpack()
		if j == 0 {
			c.off = int32(packed.CutFront(c.data, int(c.off), int(c.end), lp.Seek(take), take))
		} else {
			c.setListpack(lp.Delete(lp.Seek(j), take))
		}
		c.n -= int32(take)
		d.shift(k, -int64(take))
		d.merge(k)
		d.settle(true)
	}
}

// dropWhole removes chunks from k on, k being neither the first nor the last, that lie within the next n elements. It returns
// how many elements they had. One renumbering serves them all.
func (d *deque) dropWhole(k, n int) int {
	live := d.live()
	gone, to := 0, k
	for ; to < len(live)-1 && gone+int(live[to].n) <= n; to++ {
		gone += int(live[to].n)
		d.release(live[to])
	}
	for _, c := range live[to:] {
		c.start -= int64(gone)
	}
	d.n -= gone
	rest := copy(live[k:], live[to:])
	clear(live[k+rest:])
	d.chunks = d.chunks[:d.lo+k+rest]
	return gone
}

// merge joins chunk k, from which elements were removed, with the one behind it, or the one before, if both are small.
func (d *deque) merge(k int) {
	live := d.live()
	c := live[k]
	if c.kind != kindOpen || c.openBytes() > chunkBytes/4 || len(live) < 3 {
		return
	}
	a, b := k, k+1
	if b == len(live) || live[b].kind == kindPlain {
		a, b = k-1, k
	}
	if a < 0 || live[a].kind == kindPlain || live[a].n+live[b].n > int32(chunkBytes/8) {
		return
	}
	into, from := d.thawAt(a), d.thawAt(b)
	if into.openBytes()+from.openBytes() > chunkBytes {
		return
	}
	d.ensure(into, from.openBytes(), false)
	into.setListpack(into.listpack().AppendAll(from.listpack()))
	into.n += from.n
	from.n = 0
	d.dropChunk(b) // its elements count as moved already
}
