package keyspace

import (
	"hash/maphash"
	"unsafe"
)

// Dict maps byte strings to byte strings in pointer-free blocks, for large hashes, sets and the dictionaries of sorted sets: the keyspace's table without
// TTL, epoch and access bits. It is guarded by whatever guards its owner: readers may share, and write nothing. An element's Ref stays valid until the element is
// deleted or gets a value of another length.
//
// Block: flags, key length (in the flags if less than 16), value length (none if the value is empty or of 8 bytes), key, value.
type Dict struct {
	index
}

// NewDict returns an empty Dict.
func NewDict(h *PageHeap, seed maphash.Seed) *Dict {
	d := &Dict{}
	d.init(h, seed, 0, 0, &dictLayout)
	return d
}

func (d *Dict) hash(key []byte) uint64 { return maphash.Bytes(d.seed, key) }

// Len returns the number of elements.
func (d *Dict) Len() int { return d.count }

// Find returns the element of a key. Allocates nothing.
func (d *Dict) Find(key []byte) (Ref, bool) {
	ref, _ := d.find(d.hash(key), key)
	return ref, ref != 0
}

// Get returns the value of a key, aliasing the block.
func (d *Dict) Get(key []byte) (value []byte, ok bool) {
	ref, p := d.find(d.hash(key), key)
	if ref == 0 {
		return nil, false
	}
	return d.valueOf(p), true
}

// Key returns the key of an element, aliasing its block.
func (d *Dict) Key(r Ref) []byte { return d.keyOf(d.ptr(r)) }

// Value returns the value of an element, aliasing its block; its bytes may be changed.
func (d *Dict) Value(r Ref) []byte { return d.valueOf(d.ptr(r)) }

// Set stores a value under a key and tells whether the key is new. key and value are copied. A value of the same length is overwritten in place.
func (d *Dict) Set(key, value []byte) (r Ref, created bool) {
	hash := d.hash(key)
	if ref, p := d.find(hash, key); ref != 0 {
		return d.setValue(hash, ref, p, value), false
	}
	ref, p := d.newBlock(key, value)
	d.insert(hash, ref)
	_ = p
	return ref, true
}

// SetValue replaces the value of an element and returns its Ref, which is another one if the length changed. value may alias the old one.
func (d *Dict) SetValue(r Ref, value []byte) Ref {
	p := d.ptr(r)
	if old := d.valueOf(p); len(old) == len(value) {
		copy(old, value)
		return r
	}
	return d.setValue(d.hashOf(p), r, p, value)
}

func (d *Dict) setValue(hash uint64, r Ref, p unsafe.Pointer, value []byte) Ref {
	if old := d.valueOf(p); len(old) == len(value) {
		copy(old, value)
		return r
	}
	ref, _ := d.newBlock(d.keyOf(p), value)
	d.moved(hash, r, ref)
	d.release(r)
	return ref
}

func (d *Dict) newBlock(key, value []byte) (Ref, unsafe.Pointer) {
	f := keyWidthFlag(len(key))
	if len(key) < 16 {
		f = keyNibble | uint8(len(key))<<4
	}
	switch n := len(value); {
	case n == 0:
	case n == 8:
		f |= valFixed
	case n <= maxByteLen:
		f |= val1
	default:
		f |= val4
	}
	off := int(dictLayout[f])
	ref, p := d.alloc(off + len(key) + len(value))
	*u8(p, 0) = f
	putKeyLen(p, 0, f, len(key))
	putValLen(p, 0, f, len(value))
	copy(bytesAt(p, off, len(key)), key)
	copy(bytesAt(p, off+len(key), len(value)), value)
	return ref, p
}

// Delete removes a key and tells whether it was there.
func (d *Dict) Delete(key []byte) bool {
	hash := d.hash(key)
	ref, _ := d.find(hash, key)
	if ref == 0 {
		return false
	}
	d.remove(hash, ref)
	d.release(ref)
	return true
}

// Scan visits about count elements from a cursor on, with the guarantee of Keyspace.Scan, and returns the cursor to go on from, 0 at the end.
func (d *Dict) Scan(cursor uint64, count int, fn func(key, value []byte)) (next uint64) {
	count = max(count, 1)
	next, _, _, done := d.walk(cursor<<cursorShift, count, 10*count, func(_ Ref, p unsafe.Pointer) {
		fn(d.keyOf(p), d.valueOf(p))
	})
	if done {
		return 0
	}
	return next >> cursorShift
}

// Random returns an element, all equally likely, 0 if there is none. Expected constant time. rnd returns 64 random bits.
func (d *Dict) Random(rnd func() uint64) Ref {
	ref, _ := d.random(rnd)
	return ref
}

// Each visits all elements, in no order that means anything, until fn returns false. fn must change nothing but values in place.
func (d *Dict) Each(fn func(r Ref, key, value []byte) bool) {
	for i := range d.leaves {
		lf := &d.leaves[i]
		for g := range int(lf.groups) {
			group := unsafe.Add(lf.p, g*groupBytes)
			for s := range groupSlots {
				if r := *refAt(group, s); r != 0 {
					if p := d.ptr(r); !fn(r, d.keyOf(p), d.valueOf(p)) {
						return
					}
				}
			}
		}
	}
}

// MemoryUsage returns the bytes that the Dict takes.
func (d *Dict) MemoryUsage() int64 {
	return int64(unsafe.Sizeof(Dict{})) + d.used + d.indexMeta()
}

// Free gives all memory back to the page heap. The Dict is unusable afterwards. Needs no lock if nobody else can reach the Dict.
func (d *Dict) Free() {
	d.freeAll()
	d.dir, d.leaves, d.count = nil, nil, 0
}
