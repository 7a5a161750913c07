package keyspace

import (
	"unsafe"
)

// shape is what a block must hold.
type shape struct {
	keyLen int
	valLen int
	width  uint8 // valNone with an object's number, valFixed, or 0xff for bytes: as wide as the block demands
	ttl    bool
}

const (
	widthBytes  = 0xff
	widthObject = valNone
)

// plan returns the flags and the bytes that a shape needs.
func (s shape) plan() (flags uint8, need int) {
	kw := keyWidthFlag(s.keyLen)
	flags = kw
	need = entryHdr + 1 + int(keyWidth(kw)) + s.keyLen
	if s.ttl {
		flags |= flagTTL
		need += ttlBytes
	}
	switch s.width {
	case widthObject:
		return flags | flagObject, need + 4
	case valFixed:
		return flags | valFixed, need + 8
	}
	need += s.valLen
	// A block of at most 256 bytes can not hold a longer value: one byte of length does for all that will ever be stored in it.
	if need+1 <= maxByteLen+1 {
		return flags | val1, need + 1
	}
	return flags | val4, need + 4
}

// fits tells whether a value stays in a block of have bytes: it must fit, and use more than half of it (a block of a coarse class need not hold more), of
// a page run more than three quarters.
func fits(need, have int) bool {
	if have <= maxSmall {
		return need <= have && (need > have/2 || have <= 64)
	}
	return need <= have && need > have-have/4
}

// put inserts or replaces a value; val is copied. ttl: deadline in ms, or noTTL, or keepTTL.
func (t *table) put(hash uint64, key []byte, typ Type, enc Encoding, width uint8, val []byte, num uint64, ttl int64) Entry {
	ref, p := t.find(hash, key)
	if ref == 0 {
		return t.add(hash, key, typ, enc, width, val, num, ttl)
	}
	e := Entry{t: t, p: p, ref: ref}
	if e.flags()&flagObject != 0 {
		t.detach(e)
	}
	if ttl == noTTL && e.flags()&flagTTL != 0 {
		t.unlinkTTL(e)
	}
	e.reshape(width, val, len(val), num, ttl != noTTL && (ttl != keepTTL || e.flags()&flagTTL != 0), ttl)
	*u8(e.p, offType) = uint8(typ)<<4 | uint8(enc)
	e.SetEpoch(t.ks.epoch)
	t.account()
	return e
}

const (
	noTTL   = -1 << 63
	keepTTL = -1<<63 + 1
)

// add inserts a key that is known to be absent.
func (t *table) add(hash uint64, key []byte, typ Type, enc Encoding, width uint8, val []byte, num uint64, ttl int64) Entry {
	hasTTL := ttl != noTTL && ttl != keepTTL
	f, need := shape{len(key), len(val), width, hasTTL}.plan()
	ref, p := t.alloc(need)
	accessWord(p).Store(uint32(t.ks.epoch) << 24)
	*u8(p, offType) = uint8(typ)<<4 | uint8(enc)
	*u8(p, entryHdr) = f
	putKeyLen(p, entryHdr, f, len(key))
	off := int(entryLayout[f])
	copy(bytesAt(p, off, len(key)), key)
	off += len(key)
	switch width {
	case widthObject:
		put32(p, off, uint32(num))
	case valFixed:
		put64(p, off, num)
	default:
		putValLen(p, entryHdr, f, len(val))
		copy(bytesAt(p, off, len(val)), val)
	}
	t.insert(hash, ref)
	t.keys.Store(int64(t.count))
	e := Entry{t: t, p: p, ref: ref}
	if hasTTL {
		t.linkTTL(e, ttl)
	}
	t.account()
	return e
}

// reshape gives the entry a value of n bytes: a copy of val, then zeros; or num. val may alias the entry's own value. If the entry is to have a TTL
// and has one, deadline and links are kept (ttl keepTTL) or the deadline is replaced; if it has a TTL and is to have none, it has been unlinked.
// The block may move.
func (e *Entry) reshape(width uint8, val []byte, n int, num uint64, hasTTL bool, ttl int64) {
	t, p := e.t, e.p
	old := e.flags()
	key := t.keyOf(p)
	have := t.sizeOf(e.ref)
	f, need := shape{len(key), n, width, hasTTL}.plan()
	hadTTL := old&flagTTL != 0
	if f&maskValWidth == val1 && have > maxByteLen+1 {
		f, need = f&^maskValWidth|val4, need+3 // if the block stays, the length must suit it
	}
	if f == old && fits(need, have) {
		e.fill(f, val, n, num)
	} else if fits(need, have) && !overlaps(val, p, have) {
		// Same block, other offsets: the key and, where it stays, the TTL's words move.
		var words [ttlBytes]byte
		if hadTTL {
			copy(words[:], bytesAt(p, e.ttlOffset(), ttlBytes))
		}
		*u8(p, entryHdr) = f
		copy(bytesAt(p, int(entryLayout[f]), len(key)), key)
		putKeyLen(p, entryHdr, f, len(key))
		if hadTTL && hasTTL {
			copy(bytesAt(p, e.ttlOffset(), ttlBytes), words[:])
		}
		e.fill(f, val, n, num)
	} else {
		if have > maxByteLen+1 {
			f, need = shape{len(key), n, width, hasTTL}.plan()
		}
		e.move(f, need, key, val, n, num, hadTTL && hasTTL)
	}
	if hasTTL && ttl != keepTTL {
		if hadTTL {
			t.relinkTTL(*e, ttl)
		} else {
			t.linkTTL(*e, ttl)
		}
	}
}

// move puts the entry into a new block.
func (e *Entry) move(f uint8, need int, key, val []byte, n int, num uint64, keepWords bool) {
	t := e.t
	ref, p := t.alloc(need)
	accessWord(p).Store(accessWord(e.p).Load())
	*u8(p, offType) = *u8(e.p, offType)
	*u8(p, entryHdr) = f
	putKeyLen(p, entryHdr, f, len(key))
	copy(bytesAt(p, int(entryLayout[f]), len(key)), key)
	to := Entry{t: t, p: p, ref: ref}
	if keepWords {
		copy(bytesAt(p, to.ttlOffset(), ttlBytes), bytesAt(e.p, e.ttlOffset(), ttlBytes))
		t.movedTTL(to)
	}
	to.fill(f, val, n, num)
	t.moved(t.hashOf(p), e.ref, ref)
	t.release(e.ref)
	*e = to
}

// fill writes the value behind the key.
func (e Entry) fill(f uint8, val []byte, n int, num uint64) {
	off := e.valueOffset()
	switch f & maskValWidth {
	case valNone:
		put32(e.p, off, uint32(num))
	case valFixed:
		put64(e.p, off, num)
	default:
		putValLen(e.p, entryHdr, f, n)
		to := bytesAt(e.p, off, n)
		clear(to[copy(to, val):])
	}
}

// overlaps tells whether b lies in the block at p.
func overlaps(b []byte, p unsafe.Pointer, size int) bool {
	q := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return len(b) > 0 && q >= uintptr(p) && q < uintptr(p)+uintptr(size)
}

// SetBytes replaces the value and its encoding and keeps key, type and TTL. value is copied and may alias Bytes. An object that was there goes to
// the OnDetach hook. The block is overwritten in place if the value fits it well.
func (e *Entry) SetBytes(enc Encoding, value []byte) {
	if f := e.flags(); f&maskValWidth == val1 || f&maskValWidth == val4 {
		if old := e.t.valueOf(e.p); len(old) == len(value) { // all else stays as it is
			copy(old, value)
			*u8(e.p, offType) = *u8(e.p, offType)&0xf0 | uint8(enc)
			return
		}
	}
	e.replace(enc, widthBytes, value, len(value), 0)
}

// SetInt makes the value an EncInt and keeps key, type and TTL.
func (e *Entry) SetInt(v int64) {
	if e.flags()&maskValWidth == valFixed {
		put64(e.p, e.valueOffset(), uint64(v))
		*u8(e.p, offType) = *u8(e.p, offType)&0xf0 | uint8(EncInt)
		return
	}
	e.replace(EncInt, valFixed, nil, 0, uint64(v))
}

// SetObject makes the value an object and keeps key, type and TTL. If obj is the entry's object already, its accounted size is brought up to date.
func (e *Entry) SetObject(enc Encoding, obj Object) {
	if e.IsObject() {
		s := &e.t.objects[e.objectSlot()]
		if old := s.obj; old != obj {
			s.obj = obj
			e.t.ks.onDetach(old)
		}
		e.ObjectResized(obj.MemoryUsage() - s.size)
		*u8(e.p, offType) = *u8(e.p, offType)&0xf0 | uint8(enc)
		e.t.account()
		return
	}
	e.replace(enc, widthObject, nil, 0, uint64(e.t.attach(obj)))
}

func (e *Entry) replace(enc Encoding, width uint8, val []byte, n int, num uint64) {
	if e.flags()&flagObject != 0 {
		e.t.detach(*e)
	}
	e.reshape(width, val, n, num, e.flags()&flagTTL != 0, keepTTL)
	*u8(e.p, offType) = *u8(e.p, offType)&0xf0 | uint8(enc)
	e.t.account()
}

// Resize makes the value n bytes long, keeping what it has and adding zeros, and returns it; encoding, type and TTL stay. The value must be bytes.
// Repeated growth is amortised: by the steps of the block sizes up to 8 KiB, by an eighth in advance beyond.
func (e *Entry) Resize(n int) []byte {
	f := e.flags()
	off := e.valueOffset()
	old := valLen(e.p, entryHdr, f)
	have := e.t.sizeOf(e.ref)
	if w := f & maskValWidth; off+n <= have && (w == val4 || w == val1) && (n >= old || fits(off+n, have)) {
		putValLen(e.p, entryHdr, f, n)
		if n > old {
			clear(bytesAt(e.p, off+old, n-old))
		}
		return bytesAt(e.p, off, n)
	}
	room := n
	if n > old && n > maxSmall {
		room += n / 8
	}
	val := bytesAt(e.p, off, min(old, n))
	nf, need := shape{len(e.t.keyOf(e.p)), room, widthBytes, f&flagTTL != 0}.plan()
	e.move(nf, need, e.t.keyOf(e.p), val, n, 0, f&flagTTL != 0)
	e.t.account()
	return e.Bytes()
}

// SetExpireAt sets the deadline, in milliseconds since the Unix epoch. One in the past is due at once. The block may move.
func (e *Entry) SetExpireAt(ms int64) {
	if e.flags()&flagTTL != 0 {
		e.t.relinkTTL(*e, ms)
		return
	}
	e.retime(true, ms)
}

// Persist removes the TTL and reports whether there was one. The block may move.
func (e *Entry) Persist() bool {
	if e.flags()&flagTTL == 0 {
		return false
	}
	e.t.unlinkTTL(*e)
	e.retime(false, keepTTL)
	return true
}

// retime adds or drops the words of a TTL.
func (e *Entry) retime(hasTTL bool, ms int64) {
	f := e.flags()
	switch {
	case f&flagObject != 0:
		e.reshape(widthObject, nil, 0, uint64(e.objectSlot()), hasTTL, ms)
	case f&maskValWidth == valFixed:
		e.reshape(valFixed, nil, 0, get64(e.p, e.valueOffset()), hasTTL, ms)
	default:
		val := e.Bytes()
		nf, need := shape{len(e.Key()), len(val), widthBytes, hasTTL}.plan()
		have := e.t.sizeOf(e.ref)
		if nf&maskValWidth == f&maskValWidth && fits(need, have) {
			// Key and value are one run that shifts by the words' size.
			from, n := int(entryLayout[f]), len(e.Key())+len(val)
			copy(bytesAt(e.p, int(entryLayout[nf]), n), bytesAt(e.p, from, n))
			*u8(e.p, entryHdr) = nf
		} else {
			e.move(nf, need, e.Key(), val, len(val), 0, false)
		}
		if hasTTL {
			e.t.linkTTL(*e, ms)
		}
	}
	e.t.account()
}
