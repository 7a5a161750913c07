package hashes

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

// hash is a hash being built or changed. While it is packed, p is memory of its own (owned), or the value as it was
// found: an entry's, which may be changed where it is as long as it doesn't grow (inPlace), or not to be touched.
type hash struct {
	limits
	ks      *keyspace.Keyspace
	p       pairs // nil: no field yet
	owned   bool
	inPlace bool
	spare   []byte // memory for an own p, may be nil
	dict    *keyspace.Dict
	moved   bool // p is longer or shorter than, or elsewhere than, the value found
}

func (h *hash) view() view { return view{n: h.len(), p: h.p, dict: h.dict} }

// len is the number of fields.
func (h *hash) len() int {
	switch {
	case h.dict != nil:
		return h.dict.Len()
	case h.p != nil:
		return h.p.len()
	}
	return 0
}

// own makes lp memory that may be changed and has room to grow.
func (h *hash) own() {
	if h.owned {
		return
	}
	h.owned, h.moved = true, true
	if h.p == nil {
		h.p = newPairs(h.spare)
		return
	}
	h.p = append(h.spare[:0], h.p...)
}

// set gives a field a value and reports whether the field is new. O(1) in a hashtable, else O(N).
func (h *hash) set(field, value []byte) (created bool) {
	if h.dict == nil && !h.fits(field, value) {
		h.toHashtable()
	}
	if h.dict != nil {
		_, created = h.dict.Set(field, value)
		return created
	}
	pos := -1
	if h.p != nil {
		pos = h.p.find(field)
	}
	if pos >= 0 {
		h.replace(h.p.after(pos), value)
	} else {
		h.own()
		h.p = h.p.add(field, value)
	}
	if h.p.len() > h.entries {
		h.toHashtable()
	}
	return pos < 0
}

// replace puts value in the place of the element at pos: where it stands if the new one is as long.
func (h *hash) replace(pos int, value []byte) {
	end := h.p.after(pos)
	if !h.inPlace || elementSize(value) != end-pos {
		h.own()
	}
	h.p = h.p.put(pos, end, value)
}

// fits reports whether the pair may be in a packed hash.
func (h *hash) fits(field, value []byte) bool {
	return len(field) <= h.value && len(value) <= h.value && len(h.p)+len(field)+len(value) < packed.MaxListpackBytes
}

func (h *hash) toHashtable() {
	d := h.ks.NewDict()
	h.view().each(func(f, v []byte) bool {
		d.Set(f, v)
		return true
	})
	h.dict, h.p = d, nil
}

// remove takes a field out and reports whether it was in. A packed hash is changed in place: see shrinkable.
func (h *hash) remove(field []byte) bool {
	if h.dict != nil {
		return h.dict.Delete(field)
	}
	pos := h.p.find(field)
	if pos < 0 {
		return false
	}
	h.p, h.moved = h.p.remove(pos), true
	return true
}

// stored is the hash on its way into the keyspace.
func (h *hash) stored() core.Stored {
	if h.dict != nil {
		return core.Stored{Type: keyspace.Hash, Enc: keyspace.EncHashtable, Object: h.dict}
	}
	return core.Stored{Type: keyspace.Hash, Enc: encPairs, Packed: h.p}
}

// maxEntryStyle bounds the arguments with which a command may still change the entry itself. It is below the weight at
// which core reserves keys instead of locking shards.
const maxEntryStyle = 1024

// edit is the hash at a key while a command changes it: open, then set or remove, then save.
type edit struct {
	hash
	c       *core.Ctx
	k       core.Key
	entry   keyspace.Entry
	byEntry bool
	exists  bool
}

// open looks the hash up for writing, in entry style for commands with up to maxEntryStyle arguments.
func (e *edit) open(h *hashes, c *core.Ctx, k core.Key) error {
	e.c, e.k, e.byEntry = c, k, c.NArgs() <= maxEntryStyle
	e.limits, e.ks, e.spare = h.limits(), h.ks, c.Scratch()
	if e.byEntry {
		if e.entry, e.exists = c.FindWrite(k); !e.exists {
			return nil
		}
		if e.entry.Type() != keyspace.Hash {
			return protocol.ErrWrongType
		}
		e.inPlace = true
		if e.entry.IsObject() {
			e.dict = e.entry.Object().(*keyspace.Dict)
		} else {
			e.p = pairs(e.entry.Bytes())
		}
		return nil
	}
	v, ok, err := c.ValueWrite(k, keyspace.Hash)
	if !ok || err != nil {
		return err
	}
	w := viewOf(v)
	e.p, e.dict, e.exists = w.p, w.dict, true
	return nil
}

// shrinkable makes p memory in which fields may be removed: the entry's own in entry style.
func (e *edit) shrinkable() {
	if !e.inPlace && e.dict == nil {
		e.own()
	}
}

// save puts the changed hash back, or removes the key when no field is left, and reports whether it did that.
func (e *edit) save() (gone bool) {
	if e.len() == 0 {
		return e.c.Remove(e.k)
	}
	switch {
	case !e.byEntry:
		e.c.Update(e.k, e.stored())
	case !e.exists:
		e.c.Create(e.k, e.stored(), core.NoDeadline)
	case e.dict != nil:
		e.entry.SetObject(keyspace.EncHashtable, e.dict)
	case e.moved:
		e.entry.SetBytes(encPairs, e.p)
	}
	if e.owned && e.p != nil {
		e.c.SetScratch(e.p)
	}
	return false
}
