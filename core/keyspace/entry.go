package keyspace

import (
	"unsafe"
)

// Type is what a value is. Families may define more, up to 15.
type Type uint8

// The types of Redis. TypeModule and above are for families from elsewhere.
const (
	None Type = iota
	String
	List
	Set
	ZSet
	Hash
	Stream
	Module
)

// Encoding is how a value is represented, in 4 bits; what a value of an encoding looks like is its family's business,
// except for EncInt, whose value is the eight bytes of Entry.Int.
type Encoding uint8

// The encodings, by Redis's names. EncRaw covers embstr too: the two differ by length alone.
const (
	EncRaw Encoding = iota
	EncInt
	EncListpack
	EncIntset
	EncHashtable
	EncSkiplist
	EncQuicklist
	EncStream
)

// Object is a value too large to be packed into its entry's block.
type Object interface {
	// MemoryUsage is the size in bytes at the moment the object is stored. Later changes are told by Entry.ObjectResized.
	MemoryUsage() int64
	// Free releases off-heap memory. It is called once, in the background, after the object was detached.
	Free()
}

// Entry is a key with its value and metadata. It stays valid until the next change of its table that is not made through this Entry,
// or until the shard is unlocked. Reading needs the shard's lock shared, everything that changes the entry needs it exclusive, except
// SetAccess, for which shared is enough. The zero Entry is no entry.
type Entry struct {
	t   *table
	p   unsafe.Pointer
	ref Ref
}

func (e Entry) flags() uint8 { return *u8(e.p, entryHdr) }

// Key returns the key, aliasing the block.
func (e Entry) Key() []byte { return e.t.keyOf(e.p) }

// Type returns the type of the value.
func (e Entry) Type() Type { return Type(*u8(e.p, offType) >> 4) }

// Encoding returns the encoding of the value.
func (e Entry) Encoding() Encoding { return Encoding(*u8(e.p, offType) & 15) }

// DB returns the number of the database.
func (e Entry) DB() int { return e.t.db }

// Bytes returns the value, aliasing the block; it may be changed in place under the exclusive lock. For EncInt it is the integer,
// little endian; for an object it is empty.
func (e Entry) Bytes() []byte { return e.t.valueOf(e.p) }

// Len returns the length of Bytes.
func (e Entry) Len() int { return valLen(e.p, entryHdr, e.flags()) }

// Int returns the value of an EncInt entry.
func (e Entry) Int() int64 { return int64(get64(e.p, e.valueOffset())) }

// IsObject tells whether the value is an Object.
func (e Entry) IsObject() bool { return e.flags()&flagObject != 0 }

// Object returns the value if it is an object, else nil.
func (e Entry) Object() Object {
	if !e.IsObject() {
		return nil
	}
	return e.t.objects[get32(e.p, e.valueOffset())].obj
}

// ExpireAt returns the deadline in milliseconds since the Unix epoch; ok is false if the key has none.
func (e Entry) ExpireAt() (ms int64, ok bool) {
	if e.flags()&flagTTL == 0 {
		return 0, false
	}
	return e.deadline(), true
}

// Access returns the 24 bits that LRU or LFU keep.
func (e Entry) Access() uint32 { return accessWord(e.p).Load() & (1<<24 - 1) }

// SetAccess stores 24 bits. A shared lock is enough; of two stores at a time, one wins.
func (e Entry) SetAccess(bits uint32) {
	w := accessWord(e.p)
	old := w.Load()
	if v := old&^(1<<24-1) | bits&(1<<24-1); v != old {
		w.Store(v)
	}
}

// Epoch returns the snapshot epoch in which the entry was last walked or put.
func (e Entry) Epoch() uint8 { return uint8(accessWord(e.p).Load() >> 24) }

// SetEpoch stores the snapshot epoch. Needs the exclusive lock.
func (e Entry) SetEpoch(epoch uint8) {
	w := accessWord(e.p)
	old := w.Load()
	if v := old&(1<<24-1) | uint32(epoch)<<24; v != old {
		w.Store(v)
	}
}

// MemoryUsage returns the bytes that the key costs: its block, its share of a leaf, and its object.
func (e Entry) MemoryUsage() int64 {
	n := int64(e.t.sizeOf(e.ref)) + slotShare
	if o := e.Object(); o != nil {
		n += o.MemoryUsage()
	}
	return n
}

// slotShare is what a key costs in its leaf at the mean load.
const slotShare = 8

func (e Entry) valueOffset() int {
	f := e.flags()
	return int(entryLayout[f]) + keyLen(e.p, entryHdr, f)
}

// The deadline and the links stand right before the key.
func (e Entry) ttlOffset() int     { return int(entryLayout[e.flags()]) - ttlBytes }
func (e Entry) deadline() int64    { return int64(get64(e.p, e.ttlOffset())) }
func (e Entry) objectSlot() uint32 { return get32(e.p, e.valueOffset()) }
