package hashes

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

// hash is a hash being built or changed. While it is a listpack, lp is memory of its own (owned), or the value as it was
// found: an entry's, which may be changed where it is as long as it doesn't grow (inPlace), or not to be touched.
type hash struct {
	limits
	ks      *keyspace.Keyspace
	lp      packed.Listpack // nil: no field yet
	owned   bool
	inPlace bool
	spare   []byte // memory for an own lp, may be nil
	dict    *keyspace.Dict
	moved   bool // lp is longer or shorter than, or elsewhere than, the value found
}

func (h *hash) view() view {
	if h.dict != nil {
		return view{n: h.dict.Len(), dict: h.dict}
	}
	if h.lp == nil {
		return view{}
	}
	return view{n: h.lp.Len() / 2, lp: h.lp}
}

// own makes lp memory that may be changed and has room to grow.
func (h *hash) own() {
	if h.owned {
		return
	}
	h.owned, h.moved = true, true
	if h.lp == nil {
		h.lp = packed.NewListpack(h.spare)
		return
	}
	h.lp = append(h.spare[:0], h.lp...)
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
	if h.lp != nil {
		pos = h.lp.Find(h.lp.First(), field, 1)
	}
	if pos >= 0 {
		h.replace(h.lp.Next(pos), value)
	} else {
		h.own()
		h.lp = h.lp.AppendPair(field, value)
	}
	if h.lp.Len()/2 > h.entries {
		h.toHashtable()
	}
	return pos < 0
}

// replace puts value in the place of the element at pos, without copying the listpack if the new one is as long.
func (h *hash) replace(pos int, value []byte) {
	end := h.lp.Next(pos)
	if end < 0 {
		end = h.lp.End()
	}
	if !h.inPlace || packed.ListpackEntrySize(value) != end-pos {
		h.own()
	}
	h.lp = h.lp.Replace(pos, value)
}

// fits reports whether the pair may be in a listpack.
func (h *hash) fits(field, value []byte) bool {
	return len(field) <= h.value && len(value) <= h.value && len(h.lp)+len(field)+len(value) < packed.MaxListpackBytes
}

func (h *hash) toHashtable() {
	d := h.ks.NewDict()
	h.view().each(func(f, v []byte) bool {
		d.Set(f, v)
		return true
	})
	h.dict, h.lp = d, nil
}

// remove takes a field out and reports whether it was in. A listpack is changed in place: see shrinkable.
func (h *hash) remove(field []byte) bool {
	if h.dict != nil {
		return h.dict.Delete(field)
	}
	pos := h.lp.Find(h.lp.First(), field, 1)
	if pos < 0 {
		return false
	}
	h.lp, h.moved = h.lp.Delete(pos, 2), true
	return true
}

// stored is the hash on its way into the keyspace.
func (h *hash) stored() core.Stored {
	if h.dict != nil {
		return core.Stored{Type: keyspace.Hash, Enc: keyspace.EncHashtable, Object: h.dict}
	}
	return core.Stored{Type: keyspace.Hash, Enc: keyspace.EncListpack, Packed: h.lp}
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
		w := viewOfEntry(e.entry)
		e.lp, e.dict, e.inPlace = w.lp, w.dict, true
		return nil
	}
	v, ok, err := c.ValueWrite(k, keyspace.Hash)
	if !ok || err != nil {
		return err
	}
	w := viewOf(v)
	e.lp, e.dict, e.exists = w.lp, w.dict, true
	return nil
}

// shrinkable makes lp memory in which fields may be removed: the entry's own in entry style.
func (e *edit) shrinkable() {
	if !e.inPlace && e.dict == nil {
		e.own()
	}
}

// save puts the changed hash back, or removes the key when no field is left, and reports whether it did that.
func (e *edit) save() (gone bool) {
	if e.view().n == 0 {
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
		e.entry.SetBytes(keyspace.EncListpack, e.lp)
	}
	if e.owned && e.lp != nil {
		e.c.SetScratch(e.lp)
	}
	return false
}
