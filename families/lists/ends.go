package lists

import (
	"strconv"

	"github.com/redust/redust/core/packed"
)

func appendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

// entryBytes is an upper bound of what s takes in a listpack.
func entryBytes(s []byte) int { return len(s) + 12 }

// pushBack adds s behind the last element. O(1) amortised, O(chunk) when a part is frozen. s must not be part of d.
func (d *deque) pushBack(s []byte) {
	if len(s) >= d.plain {
		d.addBack(d.newPlain(s))
		return
	}
	c := d.tail()
	if c == nil || c.kind != kindOpen {
		c = d.newOpen(entryBytes(s))
		d.addBack(c)
	}
	d.ensure(c, entryBytes(s), false)
	c.setListpack(c.listpack().Append(s))
	c.n++
	d.n++
	if c.openBytes() > maxOpenBytes {
		d.sealBack()
	}
}

// pushFront is pushBack before the first element.
func (d *deque) pushFront(s []byte) {
	if len(s) >= d.plain {
		d.addFront(d.newPlain(s))
		return
	}
	c := d.head()
	if c == nil || c.kind != kindOpen {
		c = d.newOpen(entryBytes(s))
		d.addFront(c)
	}
	d.ensure(c, entryBytes(s), true)
	off, _ := packed.PrependAt(c.data, int(c.off), int(c.end), s)
	c.off = int32(off)
	c.n++
	d.n++
	d.first--
	c.start--
	if c.openBytes() > maxOpenBytes {
		d.sealFront()
	}
}

// popBack removes the last element and appends its text to dst. The deque is not empty. O(1) amortised.
func (d *deque) popBack(dst []byte) []byte {
	c := d.tail()
	if c.n == 1 {
		dst = c.appendAt(dst, 0)
		d.dropChunk(len(d.live()) - 1)
		return dst
	}
	d.thaw(c)
	lp := c.listpack()
	pos := lp.Last()
	dst = lp.AppendValue(dst, pos)
	c.setListpack(lp.Delete(pos, 1))
	c.n--
	d.n--
	return dst
}

// popFront is popBack for the first element.
func (d *deque) popFront(dst []byte) []byte {
	c := d.head()
	if c.n == 1 {
		dst = c.appendAt(dst, 0)
		d.dropChunk(0)
		return dst
	}
	d.thaw(c)
	lp := c.listpack()
	pos := lp.First()
	dst = lp.AppendValue(dst, pos)
	c.off = int32(packed.CutFront(c.data, int(c.off), int(c.end), lp.Next(pos), 1))
	c.n--
	d.n--
	d.first++
	c.start++
	return dst
}
