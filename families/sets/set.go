package sets

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

// set is a set being built or changed. While its encoding is packed, b is either memory of its own (owned) or the value as
// it was found, which is copied before it grows.
type set struct {
	limits
	ks    *keyspace.Keyspace
	enc   keyspace.Encoding // EncRaw: no member yet
	b     []byte
	owned bool
	spare []byte // memory for an own b, may be nil
	dict  *keyspace.Dict

	// The members of a result are known to differ. In a hashtable they are gathered first, and the table is laid out by settle.
	distinct bool
	gathered []keyspace.Ref
}

// len is the number of members.
func (s *set) len() int {
	switch s.enc {
	case keyspace.EncHashtable:
		return s.dict.Len() + len(s.gathered)
	case keyspace.EncIntset:
		return packed.Intset(s.b).Len()
	case keyspace.EncListpack:
		return packed.Listpack(s.b).Len()
	}
	return 0
}

func (s *set) view() view {
	return view{n: s.len(), enc: s.enc, b: s.b, dict: s.dict}
}

// own makes b memory that may be changed and has room to grow.
func (s *set) own() {
	if !s.owned {
		s.b = append(s.spare[:0], s.b...)
		s.owned = true
	}
}

// add puts m in and reports whether it is new. O(1) in a hashtable, else O(N).
func (s *set) add(m []byte) bool {
	switch s.enc {
	case keyspace.EncHashtable:
		_, created := s.dict.Set(m, nil)
		return created
	case keyspace.EncIntset:
		if v, ok := packed.ParseInt(m); ok && packed.Intset(s.b).Has(v) {
			return false
		}
	case keyspace.EncListpack:
		lp := packed.Listpack(s.b)
		if lp.Find(lp.First(), m, 0) >= 0 {
			return false
		}
	}
	s.addNew(m)
	return true
}

// addNew is add of a member that is known to be absent. In a hashtable it need not be, unless all members are distinct.
func (s *set) addNew(m []byte) {
	switch s.enc {
	case keyspace.EncRaw:
		s.begin(m)
		s.addNew(m)
		return
	case keyspace.EncIntset:
		if v, ok := packed.ParseInt(m); ok {
			s.own()
			s.b, _ = packed.Intset(s.b).Add(v)
			if s.len() > s.intset {
				s.toHashtable()
			}
			return
		}
		if s.fitsListpack(m) && s.view().maxLen() <= s.value {
			s.toListpack()
		} else {
			s.toHashtable()
		}
	case keyspace.EncListpack:
		if !s.fitsListpack(m) {
			s.toHashtable()
		}
	}
	if s.enc == keyspace.EncListpack {
		s.own()
		s.b = packed.Listpack(s.b).Append(m)
		return
	}
	s.put(m)
}

// put is addNew in a hashtable.
func (s *set) put(m []byte) {
	if s.distinct {
		s.gathered = append(s.gathered, s.dict.Put(m, nil))
		return
	}
	s.dict.Set(m, nil)
}

// settle makes a table of the members that were gathered.
func (s *set) settle() {
	if s.distinct && s.dict != nil {
		s.dict.Build(len(s.gathered), func(i int) keyspace.Ref { return s.gathered[i] })
		s.gathered = nil
	}
}

// begin chooses the encoding by the first member.
func (s *set) begin(m []byte) {
	if _, ok := packed.ParseInt(m); ok {
		s.enc, s.owned, s.b = keyspace.EncIntset, true, packed.NewIntset(s.spare)
		return
	}
	if s.listpack > 0 && len(m) <= s.value {
		s.enc, s.owned, s.b = keyspace.EncListpack, true, packed.NewListpack(s.spare)
		return
	}
	s.enc, s.dict = keyspace.EncHashtable, s.ks.NewDict()
}

// fitsListpack reports whether one member more, m, leaves the set small enough for a listpack.
func (s *set) fitsListpack(m []byte) bool {
	return s.len() < s.listpack && len(m) <= s.value && len(s.b)+len(m) < packed.MaxListpackBytes
}

func (s *set) toListpack() {
	lp := packed.NewListpack(make([]byte, 0, 2*len(s.b)+64))
	is := packed.Intset(s.b)
	for i := range is.Len() {
		lp = lp.AppendInt(is.Get(i))
	}
	s.enc, s.b, s.owned = keyspace.EncListpack, lp, true
}

func (s *set) toHashtable() {
	old := s.view()
	s.dict = s.ks.NewDict()
	old.each(func(m []byte) bool {
		s.put(m)
		return true
	})
	s.enc, s.b = keyspace.EncHashtable, nil
}

// remove takes m out and reports whether it was in. b is changed in place: the caller has seen to it that it may be.
func (s *set) remove(m []byte) (removed bool) {
	switch s.enc {
	case keyspace.EncHashtable:
		return s.dict.Delete(m)
	case keyspace.EncIntset:
		if v, ok := packed.ParseInt(m); ok {
			s.b, removed = packed.Intset(s.b).Remove(v)
		}
	case keyspace.EncListpack:
		lp := packed.Listpack(s.b)
		if pos := lp.Find(lp.First(), m, 0); pos >= 0 {
			s.b, removed = lp.Delete(pos, 1), true
		}
	}
	return removed
}

// stored is the set on its way into the keyspace.
func (s *set) stored() core.Stored {
	v := core.Stored{Type: keyspace.Set, Enc: s.enc}
	if s.dict != nil {
		v.Object = s.dict
	} else {
		v.Packed = s.b
	}
	return v
}

// maxEntryStyle bounds the members that a command may name and still change the entry itself. It is below the weight at
// which core reserves keys instead of locking shards, and depends on the arguments alone.
const maxEntryStyle = 1024

// edit is the set at a key while a command changes it: open, then add or remove, then save.
type edit struct {
	set
	c       *core.Ctx
	k       core.Key
	entry   keyspace.Entry
	byEntry bool
	exists  bool
	found   keyspace.Encoding // encoding when opened
}

// open looks the set up for writing, in entry style for commands that name up to maxEntryStyle members.
func (e *edit) open(s *sets, c *core.Ctx, k core.Key, members int) error {
	e.c, e.k, e.byEntry = c, k, members <= maxEntryStyle
	e.limits, e.ks, e.spare = s.limits(), s.ks, c.Scratch()
	if !e.byEntry {
		v, ok, err := c.ValueWrite(k, keyspace.Set)
		if ok {
			e.take(v.Enc, v.Packed, v.Object)
		}
		return err
	}
	var ok bool
	if e.entry, ok = c.FindWrite(k); !ok {
		return nil
	}
	if e.entry.Type() != keyspace.Set {
		return protocol.ErrWrongType
	}
	e.take(e.entry.Encoding(), e.entry.Bytes(), e.entry.Object())
	return nil
}

// take makes a value that was found the set to be changed.
func (e *edit) take(enc keyspace.Encoding, b []byte, o keyspace.Object) {
	e.exists, e.enc, e.found = true, enc, enc
	if o != nil {
		e.dict = o.(*keyspace.Dict)
	} else {
		e.b = b
	}
}

// shrinkable makes b memory in which members may be removed: the entry's own in entry style.
func (e *edit) shrinkable() {
	if !e.byEntry {
		e.own()
	}
}

// save puts the changed set back, or removes the key when no member is left, and reports whether it did that.
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
	default:
		e.entry.SetBytes(e.enc, e.b)
	}
	if e.owned && e.b != nil {
		e.c.SetScratch(e.b)
	}
	return false
}
