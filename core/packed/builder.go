package packed

import (
	"encoding/binary"
	"slices"
)

// A Builder makes a listpack from its first element to the last, without the header's being kept right meanwhile: for those that are made
// of many elements at once. Build makes one.
type Builder struct {
	b []byte
	n int
}

// Build returns a Builder that writes into dst's memory, from its start, while that suffices.
func Build(dst []byte) Builder {
	return Builder{b: append(dst[:0], make([]byte, listpackHeader)...)}
}

// Bytes is the size of the listpack as it is now.
func (w *Builder) Bytes() int { return len(w.b) + 1 }

// Add adds a string, as an integer if it is the text of one. s must not be part of the memory given.
func (w *Builder) Add(s []byte) {
	if v, ok := ParseInt(s); ok {
		w.AddInt(v)
		return
	}
	w.n++
	head := stringHeadSize(len(s))
	size := head + len(s)
	from := len(w.b)
	w.b = slices.Grow(w.b, size+backlenSize(size))[:from+size+backlenSize(size)]
	putString(w.b[from:], head, s)
}

// AddInt adds an integer.
func (w *Builder) AddInt(v int64) {
	w.n++
	from, size := len(w.b), intSize(v)
	w.b = slices.Grow(w.b, size+1)[:from+size+1]
	putInt(w.b[from:], size, v)
}

// Listpack returns what has been built, in the builder's memory, which must not be used any more.
func (w *Builder) Listpack() Listpack {
	lp := Listpack(append(w.b, listpackEnd))
	binary.LittleEndian.PutUint32(lp, uint32(len(lp)))
	lp.setCount(w.n)
	return lp
}
