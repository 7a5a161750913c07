package lists

import (
	"slices"
	"unsafe"

	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
)

const (
	// chunkBytes is the size in bytes of the listpack that a full chunk is, or was before it was frozen.
	chunkBytes = 8 << 10
	// maxOpenBytes is the size at which an open chunk gives a part away: twice a chunk, so that a queue that
	// swings around a boundary does not freeze and thaw the same elements again and again.
	maxOpenBytes = 2 * chunkBytes
	// plainBytes is the length from which an element is a chunk of its own.
	plainBytes = 4 << 10
	// emptyListpack is the size of a listpack without elements.
	emptyListpack = 7
	chunkOverhead = int64(unsafe.Sizeof(chunk{})) + 8 // with the pointer to it
)

type chunkKind uint8

const (
	kindOpen   chunkKind = iota // a listpack at data[off:end]
	kindFrozen                  // see type frozen
	kindPlain                   // one element: data
)

// A chunk is a run of consecutive elements of a deque. data is a block of the arena, whole unless the chunk is plain.
type chunk struct {
	start    int64 // virtual index of the first element; see deque
	edited   int64 // deque.edits at the last change
	n        int32
	off, end int32
	kind     chunkKind
	waits    bool // on the deque's list of chunks to be frozen
	gone     bool // no longer part of the deque
	block    keyspace.Handle
	data     []byte
}

func (c *chunk) listpack() packed.Listpack { return packed.Listpack(c.data[c.off:c.end:len(c.data)]) }

// setListpack takes note of lp after an edit in place.
func (c *chunk) setListpack(lp packed.Listpack) { c.end = c.off + int32(len(lp)) }

func (c *chunk) openBytes() int { return int(c.end - c.off) }

func (c *chunk) frozen() frozen { return openFrozen(c.data, int(c.n)) }

// matches appends to dst the places within the chunk of elements that equal s, ascending. It may leave out all but the first most
// of them, or the last if back; 0 is no limit.
func (c *chunk) matches(s []byte, back bool, most int, dst []int32) []int32 {
	switch c.kind {
	case kindPlain:
		if string(c.data) == string(s) {
			dst = append(dst, 0)
		}
		return dst
	case kindFrozen:
		f := c.frozen()
		return f.matches(s, dst)
	}
	return matchListpack(c.listpack(), int(c.n), s, back, most, dst)
}

// matchListpack appends to dst the indexes of those of the n elements of lp that equal s, ascending; see matches for the limit.
func matchListpack(lp packed.Listpack, n int, s []byte, back bool, most int, dst []int32) []int32 {
	if back && most > 0 {
		from := len(dst)
		for pos := lp.Last(); pos >= 0 && len(dst)-from < most; pos = lp.Prev(pos) {
			if n--; lp.Equal(pos, s) {
				dst = append(dst, int32(n))
			}
		}
		slices.Reverse(dst[from:])
		return dst
	}
	index, from := int32(0), lp.First()
	for first := len(dst); from >= 0 && (most == 0 || len(dst)-first < most); {
		pos := lp.Find(from, s, 0)
		if pos < 0 {
			break
		}
		for ; from != pos; index++ {
			from = lp.Next(from)
		}
		dst = append(dst, index)
		index++
		from = lp.Next(pos)
	}
	return dst
}

// appendAt appends the text of element j to dst.
func (c *chunk) appendAt(dst []byte, j int) []byte {
	switch c.kind {
	case kindPlain:
		return append(dst, c.data...)
	case kindFrozen:
		f := c.frozen()
		if f.form == formInts {
			return appendInt(dst, f.integer(j))
		}
		w := f.walk(j)
		return w.appendNext(dst)
	}
	lp := c.listpack()
	return lp.AppendValue(dst, lp.Seek(j))
}

// ensure gives an open chunk room for size more bytes, at its front or at its back.
func (d *deque) ensure(c *chunk, size int, front bool) {
	free := len(c.data) - c.openBytes()
	if front && int(c.off) >= size || !front && len(c.data)-int(c.end) >= size {
		return
	}
	raw := c.openBytes()
	if free < size+len(c.data)/4 {
		block, data := d.arena.Alloc(max(raw+size+raw/2, 64))
		to := gap(len(data)-raw, size, front)
		copy(data[to:], c.data[c.off:c.end])
		d.replaceBlock(c, block, data)
		c.off, c.end = int32(to), int32(to+raw)
		return
	}
	to := gap(free, size, front)
	copy(c.data[to:], c.data[c.off:c.end])
	c.off, c.end = int32(to), int32(to+raw)
}

// gap divides free bytes: three quarters, and size at least, go to the side where room is wanted. It returns the part
// at the front.
func gap(free, size int, front bool) int {
	wanted := max(size, free-free/4)
	if front {
		return wanted
	}
	return free - wanted
}

// replaceBlock gives c another block and frees the one it had.
func (d *deque) replaceBlock(c *chunk, block keyspace.Handle, data []byte) {
	d.bytes += int64(cap(data) - cap(c.data))
	if c.block != 0 {
		d.arena.Free(c.block)
	}
	c.block, c.data = block, data
}

// release frees the block of a chunk that leaves the deque.
func (d *deque) release(c *chunk) {
	d.bytes -= int64(cap(c.data)) + chunkOverhead
	d.arena.Free(c.block)
	c.block, c.data, c.gone = 0, nil, true
}

// newOpen returns an empty open chunk with room for size bytes of elements.
func (d *deque) newOpen(size int) *chunk {
	c := &chunk{}
	d.bytes += chunkOverhead
	block, data := d.arena.Alloc(max(size+emptyListpack, 256))
	d.replaceBlock(c, block, data)
	c.off = int32(gap(len(data)-emptyListpack, 0, true) / 2)
	packed.NewListpack(c.data[c.off:c.off])
	c.end = c.off + emptyListpack
	return c
}

// openWith returns an open chunk that holds a copy of lp.
func (d *deque) openWith(lp packed.Listpack) *chunk {
	c := &chunk{}
	d.bytes += chunkOverhead
	d.fill(c, lp)
	return c
}

// fill makes c an open chunk with a copy of lp and a little room at both ends.
func (d *deque) fill(c *chunk, lp packed.Listpack) {
	block, data := d.arena.Alloc(len(lp) + len(lp)/8)
	off := (len(data) - len(lp)) / 2
	copy(data[off:], lp)
	d.replaceBlock(c, block, data)
	c.kind, c.off, c.end, c.n = kindOpen, int32(off), int32(off+len(lp)), int32(lp.Len())
}

// newPlain returns a chunk of one large element.
func (d *deque) newPlain(s []byte) *chunk {
	c := &chunk{kind: kindPlain, n: 1}
	d.bytes += chunkOverhead
	block, data := d.arena.Alloc(len(s))
	copy(data, s)
	d.replaceBlock(c, block, data[:len(s)])
	return c
}

// thaw makes a frozen chunk an open one.
func (d *deque) thaw(c *chunk) {
	if c.kind != kindFrozen {
		return
	}
	ws := workspaces.Get().(*workspace)
	lp := c.frozen().thawInto(ws.buf, ws)
	ws.buf = lp[:0]
	d.fill(c, lp)
	workspaces.Put(ws)
}

// freeze makes an open chunk a frozen one.
func (d *deque) freeze(c *chunk) {
	ws := workspaces.Get().(*workspace)
	lp := c.listpack()
	ws.take(lp, lp.First(), int(c.n))
	var p plan
	p.makePlan(ws.elems)
	d.freezeAs(c, &p, ws.elems)
	workspaces.Put(ws)
}

// freezeAs gives c the frozen form of elems, which may be part of its present block.
func (d *deque) freezeAs(c *chunk, p *plan, elems [][]byte) {
	block, data := d.arena.Alloc(p.size(elems))
	p.write(data, elems)
	d.replaceBlock(c, block, data)
	c.kind, c.n, c.off, c.end = kindFrozen, int32(len(elems)), 0, 0
}
