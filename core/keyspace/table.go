package keyspace

import (
	"sync/atomic"
	"unsafe"
)

// table is what one shard holds of one database. It is guarded by the shard's lock.
type table struct {
	index
	ks      *Keyspace
	shard   *Shard
	db      int
	keys    atomic.Int64 // count, for readers without the lock
	expires atomic.Int64 // keys with a TTL
	dueSum  atomic.Int64 // sum of their deadlines, see dueBase

	objects     []objectSlot
	freeObjects []uint32
	objectBytes int64

	wheels    [wheelGens]*wheel // by generation
	wheel     *wheel            // the current one; the others are being emptied into it
	accounted int64             // what has been added to the shard's counter
}

// objectSlot holds an object with the size by which it is accounted, so that what is added is what will be taken away.
type objectSlot struct {
	obj  Object
	size int64
}

// Deadlines are summed relative to the year 2020 and cut at a hundred years, so that the sum can not overflow.
const (
	dueBase = 1577836800000
	dueSpan = 100 * 366 * 24 * 3600 * 1000
)

func dueTerm(ms int64) int64 { return min(max(ms-dueBase, 0), dueSpan) }

func newTable(ks *Keyspace, sh *Shard, db int) *table {
	t := &table{ks: ks, shard: sh, db: db}
	t.init(ks.heap, ks.seed, shardBits, entryHdr, &entryLayout)
	t.account()
	return t
}

// memory returns the bytes that the table takes, exactly as accounted.
func (t *table) memory() int64 {
	n := t.used + t.overhead() + t.objectBytes
	return n
}

// overhead returns the bytes that are neither blocks nor objects.
func (t *table) overhead() int64 {
	n := int64(unsafe.Sizeof(table{})) + t.indexMeta() + int64(cap(t.objects))*int64(unsafe.Sizeof(objectSlot{})) + int64(cap(t.freeObjects))*4
	for _, w := range t.wheels {
		if w != nil {
			n += int64(unsafe.Sizeof(wheel{}))
		}
	}
	return n
}

// account brings the shard's counter up to date. Every change ends with it.
func (t *table) account() {
	if m := t.memory(); m != t.accounted {
		t.shard.addMemory(t.ks, m-t.accounted)
		t.accounted = m
	}
}

// attach stores an object and returns its number.
func (t *table) attach(obj Object) uint32 {
	size := obj.MemoryUsage()
	t.objectBytes += size
	if k := len(t.freeObjects); k > 0 {
		i := t.freeObjects[k-1]
		t.freeObjects = t.freeObjects[:k-1]
		t.objects[i] = objectSlot{obj, size}
		return i
	}
	t.objects = append(t.objects, objectSlot{obj, size})
	return uint32(len(t.objects) - 1)
}

// take gives up the object with this number.
func (t *table) take(i uint32) Object {
	s := t.objects[i]
	t.objectBytes -= s.size
	t.objects[i] = objectSlot{}
	if len(t.freeObjects)+1 == len(t.objects) {
		t.objects, t.freeObjects = nil, nil
	} else {
		t.freeObjects = append(t.freeObjects, i)
	}
	return s.obj
}

// detach hands the entry's object, which is being replaced, to the hook.
func (t *table) detach(e Entry) { t.ks.onDetach(t.take(e.objectSlot())) }

// ObjectResized tells that the entry's object has grown by delta bytes since it was stored or last told.
func (e Entry) ObjectResized(delta int64) {
	e.t.objects[e.objectSlot()].size += delta
	e.t.objectBytes += delta
	e.t.account()
}

// drop deletes an entry and returns its object, nil if it had none.
func (t *table) drop(hash uint64, e Entry) (obj Object) {
	f := e.flags()
	if f&flagTTL != 0 {
		t.unlinkTTL(e)
	}
	if f&flagObject != 0 {
		obj = t.take(e.objectSlot())
	}
	t.remove(hash, e.ref)
	t.release(e.ref)
	t.keys.Store(int64(t.count))
	t.account()
	return obj
}

// free gives back all that a detached table holds; nobody else uses it any more.
func (t *table) free() {
	for i, s := range t.objects {
		if s.obj != nil {
			s.obj.Free()
		}
		t.objects[i].obj = nil
	}
	t.freeAll()
	t.wheels, t.wheel = [wheelGens]*wheel{}, nil
}
