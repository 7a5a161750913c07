package lists

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

// each calls yield with the text of up to n elements from i on, in order, until it returns false. The bytes are
// valid during the call.
func (d *deque) each(i, n int, yield func(s []byte) bool) {
	n = min(n, d.n-i)
	if n <= 0 {
		return
	}
	var buf []byte
	k, j := d.locate(i)
	for _, c := range d.live()[k:] {
		take := min(n, int(c.n)-j)
		if !c.each(j, take, &buf, yield) {
			return
		}
		if n -= take; n == 0 {
			return
		}
		j = 0
	}
}

// each visits n elements of the chunk from j on; false when yield has ended it. buf is for text.
func (c *chunk) each(j, n int, buf *[]byte, yield func(s []byte) bool) bool {
	switch c.kind {
	case kindPlain:
		return yield(c.data)
	case kindOpen:
		return eachPacked(c.listpack(), j, n, yield)
	}
	f := c.frozen()
	w := f.walk(j)
	for i := j; i < j+n; i++ {
		if f.form == formInts {
			*buf = appendInt((*buf)[:0], f.integer(i))
		} else {
			*buf = w.appendNext((*buf)[:0])
		}
		if !yield(*buf) {
			return false
		}
	}
	return true
}

// eachPacked visits n elements of lp from index j on; false when yield has ended it.
func eachPacked(lp packed.Listpack, j, n int, yield func(s []byte) bool) bool {
	var text [20]byte
	it := lp.Iter(lp.Seek(j))
	for ; n > 0 && it.Next(); n-- {
		s := it.Str
		if it.IsInt {
			s = appendInt(text[:0], it.Int)
		}
		if !yield(s) {
			return false
		}
	}
	return true
}

// writeRange writes n elements from i on as bulk strings.
func (d *deque) writeRange(w *protocol.Writer, i, n int) {
	if n <= 0 {
		return
	}
	k, j := d.locate(i)
	for _, c := range d.live()[k:] {
		take := min(n, int(c.n)-j)
		switch c.kind {
		case kindPlain:
			w.Bulk(c.data)
		case kindOpen:
			writePacked(w, c.listpack(), j, take)
		default:
			f := c.frozen()
			f.writeRange(w, j, take)
		}
		if n -= take; n == 0 {
			return
		}
		j = 0
	}
}

// writePacked writes n elements of lp from index j on as bulk strings.
func writePacked(w *protocol.Writer, lp packed.Listpack, j, n int) {
	dst := w.Buf
	for pos := lp.Seek(j); n > 0 && pos >= 0; {
		s := lp.Short(pos)
		if n > 1 && len(s) > 0 && len(s) <= runLength && len(lp.Short(pos+len(s)+2)) == len(s) {
			var k int
			if dst, k = appendRun(dst, lp, pos, len(s), n); k > 0 {
				n -= k
				pos = lp.Next(pos + (k-1)*(len(s)+2))
				continue
			}
		}
		if s != nil {
			dst = protocol.AppendBulk(dst, s)
		} else if s, v, isInt := lp.Get(pos); isInt {
			dst = protocol.AppendBulkInt(dst, v)
		} else {
			dst = protocol.AppendBulk(dst, s)
		}
		n--
		pos = lp.Next(pos)
	}
	w.Buf = dst
}

// runLength is the length of the longest strings that appendRun takes.
const runLength = 32

// appendRun appends up to n elements from pos on as bulk strings, for as long as they are strings of size bytes, more than none, and returns
// how many those were. It copies 16 or 32 bytes of each, whatever their size, so the last ones of a listpack may be left.
func appendRun(dst []byte, lp packed.Listpack, pos, size, n int) (out []byte, k int) {
	var room [8]byte
	head := len(protocol.AppendBulkHeader(room[:0], size))
	header := load64(room[:])
	step := head + size + 2
	dst = slices.Grow(dst, n*step+runLength+8)
	at, all := len(dst), dst[:cap(dst)]
	for ; k < n && pos+1+runLength <= len(lp) && len(lp.Short(pos)) == size; k++ {
		to := all[at : at+head+runLength+2]
		binary.LittleEndian.PutUint64(to, header)
		*(*[runLength / 2]byte)(to[head:]) = *(*[runLength / 2]byte)(lp[pos+1:])
		if size > runLength/2 {
			*(*[runLength / 2]byte)(to[head+runLength/2:]) = *(*[runLength / 2]byte)(lp[pos+1+runLength/2:])
		}
		to[head+size], to[head+size+1] = '\r', '\n'
		at += step
		pos += size + 2
	}
	return all[:at], k
}

// writeRange writes elements of a frozen chunk as bulk strings, decoded straight into the reply.
func (f *frozen) writeRange(w *protocol.Writer, j, n int) {
	if f.form == formInts {
		for i := j; i < j+n; i++ {
			w.BulkInt(f.integer(i))
		}
		return
	}
	if f.form == formFixed {
		f.writeFixed(w, j, n)
		return
	}
	walk := f.walk(j)
	var room [2][64]byte
	lead, leadFor := room[0][:0], -1
	tail := append(append(room[1][:0], f.end...), '\r', '\n')
	for range n {
		at, mid := walk.next()
		if mid != leadFor {
			lead, leadFor = f.appendLead(lead[:0], mid), mid
		}
		from, size := len(w.Buf), len(lead)+mid+len(tail)
		w.Buf = slices.Grow(w.Buf, size)[:from+size]
		out := w.Buf[from:]
		copy(out, lead)
		f.decode(out[len(lead):size-len(tail)], at)
		copy(out[size-len(tail):], tail)
	}
}

// appendLead appends what comes before the middle of an element of some length: the header of its bulk string and the common begin.
func (f *frozen) appendLead(b []byte, mid int) []byte {
	return append(protocol.AppendBulkHeader(b, len(f.begin)+mid+len(f.end)), f.begin...)
}

// writeFixed is writeRange of the fixed form: bulk strings of one length. The first is doubled until there are n, and then each gets its middle.
func (f *frozen) writeFixed(w *protocol.Writer, j, n int) {
	from := len(w.Buf)
	b := f.appendLead(w.Buf, f.mid)
	place := len(b) - from
	b = append(f.symbols(b, j*f.stride, f.mid), f.end...)
	b = append(b, '\r', '\n')
	size := len(b) - from
	b = slices.Grow(b, (n-1)*size)[:from+n*size]
	w.Buf = b
	out := b[from:]
	for have := size; have < len(out); have *= 2 {
		copy(out[have:], out[:have])
	}
	if f.mid == 0 {
		return
	}
	for at := j * f.stride; place < len(out); place += size {
		f.decode(out[place:place+f.mid], at)
		at += f.stride
	}
}

// removeMatches removes up to limit elements that equal s, from the tail on if back, and returns how many there were.
// O(N) compared, of which only chunks with a match are touched.
func (d *deque) removeMatches(s []byte, limit int, back bool) int {
	ws := workspaces.Get().(*workspace)
	defer workspaces.Put(ws)
	removed := 0
	k := 0
	if back {
		k = len(d.live()) - 1
	}
	for k >= 0 && k < len(d.live()) && removed < limit {
		c := d.live()[k]
		ws.hits = c.matches(s, back, limit-removed, ws.hits[:0])
		hits := ws.hits
		if left := limit - removed; len(hits) > left {
			if back {
				hits = hits[len(hits)-left:]
			} else {
				hits = hits[:left]
			}
		}
		removed += len(hits)
		if len(hits) == int(c.n) {
			d.dropChunk(k)
			if back {
				k--
			}
			continue
		}
		if len(hits) > 0 {
			c = d.thawAt(k)
			c.setListpack(deleteHits(c.listpack(), hits))
			c.n -= int32(len(hits))
			d.shift(k, -int64(len(hits)))
		}
		if back {
			k--
		} else {
			k++
		}
	}
	return removed
}

// deleteHits removes the elements at the given indexes, which ascend, and overwrites hits.
func deleteHits(lp packed.Listpack, hits []int32) packed.Listpack {
	if len(hits) == 1 {
		return lp.Delete(lp.Seek(int(hits[0])), 1) // from the nearer end
	}
	index, pos := int32(0), lp.First()
	for h, hit := range hits { // positions in the place of indexes, in one walk
		for ; index < hit; index++ {
			pos = lp.Next(pos)
		}
		hits[h] = int32(pos)
	}
	for h := len(hits) - 1; h >= 0; h-- {
		lp = lp.Delete(int(hits[h]), 1)
	}
	return lp
}

// clone returns a deque of its own with the same elements. O(bytes).
func (d *deque) clone() *deque {
	to := newDeque(d.arena)
	to.first, to.n, to.plain = d.first, d.n, d.plain
	to.chunks = make([]*chunk, 0, len(d.live())+4)
	for _, c := range d.live() {
		dup := *c
		dup.block, dup.data = 0, nil
		block, data := d.arena.Alloc(len(c.data))
		copy(data, c.data)
		to.bytes += chunkOverhead
		to.replaceBlock(&dup, block, data[:len(c.data):cap(data)])
		to.chunks = append(to.chunks, &dup)
		if dup.waits {
			to.wait = append(to.wait, &dup)
		}
	}
	return to
}

// packable returns the elements as one listpack if they are few: at most half of what limit allows, so that a list whose
// size swings around the limit stays as it is.
func (d *deque) packable(l limit) (packed.Listpack, bool) {
	live := d.live()
	if len(live) != 1 || live[0].kind != kindOpen {
		return nil, false
	}
	lp := live[0].listpack()
	return lp, l.fits(2*len(lp), 2*int(live[0].n))
}

// check returns an error if the deque is damaged. For tests.
func (d *deque) check() error {
	n, bytes := 0, int64(0)
	at := d.first
	for k, c := range d.live() {
		if c.start != at {
			return fmt.Errorf("chunk %d starts at %d, not %d", k, c.start, at)
		}
		if c.n <= 0 || c.gone {
			return fmt.Errorf("chunk %d has %d elements, gone %v", k, c.n, c.gone)
		}
		if c.kind == kindOpen && c.listpack().Len() != int(c.n) {
			return fmt.Errorf("chunk %d has %d elements, its listpack %d", k, c.n, c.listpack().Len())
		}
		if c.kind == kindOpen {
			if _, err := packed.ValidateListpack(c.listpack(), packed.Deep); err != nil {
				return fmt.Errorf("chunk %d: %w", k, err)
			}
			if k > 0 && k < len(d.live())-1 && !c.waits {
				return fmt.Errorf("chunk %d is open for good", k)
			}
		}
		if cap(c.data) != keyspace.BlockSize(cap(c.data)) {
			return fmt.Errorf("chunk %d has %d bytes, which is no block", k, cap(c.data))
		}
		bytes += int64(cap(c.data)) + chunkOverhead
		n += int(c.n)
		at += int64(c.n)
	}
	if n != d.n || bytes != d.bytes {
		return fmt.Errorf("%d elements in %d bytes, counted %d in %d", n, bytes, d.n, d.bytes)
	}
	return nil
}
