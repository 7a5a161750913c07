package core

import "github.com/redust/redust/core/keyspace"

// NoDeadline is the deadline of a key without TTL, where one is a parameter.
const NoDeadline = -1 << 63

// EncGrown is the encoding of a string that was changed in place (APPEND, SETRANGE,
// SETBIT): as EncRaw, but OBJECT ENCODING says raw however short it is.
const EncGrown = keyspace.EncStream + 1

// EncOwnInt is the encoding of a string that is the text of a small integer which Redis
// would not share with other keys (COPY): as EncRaw, but OBJECT ENCODING says int.
const EncOwnInt = keyspace.EncStream + 2

// Create stores v under a key that FindWrite has just reported absent, with a deadline in
// milliseconds since the epoch or NoDeadline. Entry style: only while the shard is locked.
func (c *Ctx) Create(k Key, v Stored, deadlineMs int64) keyspace.Entry {
	c.noteNew(k, false)
	ks := c.eng.ks
	var e keyspace.Entry
	switch {
	case v.Object != nil:
		e = ks.PutObject(k.DB, k.hash, k.Name, v.Type, v.Enc, v.Object)
	case v.Enc == keyspace.EncInt:
		e = ks.PutInt(k.DB, k.hash, k.Name, v.Int)
	case deadlineMs != NoDeadline:
		e = ks.PutExpire(k.DB, k.hash, k.Name, v.Type, v.Enc, v.Packed, deadlineMs)
		c.freshAccess(e)
		return e
	default:
		e = ks.Put(k.DB, k.hash, k.Name, v.Type, v.Enc, v.Packed)
	}
	if deadlineMs != NoDeadline {
		e.SetExpireAt(deadlineMs)
	}
	c.freshAccess(e)
	return e
}

// Taken is a value out of the keyspace with what belongs to it, on its way to another key.
type Taken struct {
	Value    Stored // owned by the holder
	Deadline int64  // milliseconds since the epoch, or NoDeadline
	Access   uint32 // LRU or LFU data; 0 stands for used just now
}

// Take removes the key and gives its value to the caller, who places it under another
// key: RENAME and MOVE. O(1) for objects, packed bytes are copied.
func (c *Ctx) Take(k Key) (t Taken, ok bool) {
	defer c.enter(k).leave()
	e, ok := c.peek(k)
	if !ok {
		return Taken{Deadline: NoDeadline}, false
	}
	c.eng.snapshotBefore(k.DB, e)
	t = Taken{Value: ValueOf(e), Deadline: NoDeadline, Access: e.Access()}
	if at, has := e.ExpireAt(); has {
		t.Deadline = at
	}
	if t.Value.Packed != nil {
		t.Value.Packed = append(c.Scratch(), t.Value.Packed...)
		c.SetScratch(t.Value.Packed)
	}
	c.eng.ks.DeleteEntry(e)
	return t, true
}

// Place stores t under k, a new key even if one was there before: what it held is freed in the
// background. After Take it must come before anything else uses Scratch.
func (c *Ctx) Place(k Key, t Taken) {
	defer c.enter(k).leave()
	if e, ok := c.eng.ks.Find(k.DB, k.hash, k.Name); ok {
		c.eng.snapshotBefore(k.DB, e)
		c.detach(c.eng.ks.DeleteEntry(e))
	}
	if e := c.Create(k, t.Value, t.Deadline); t.Access != 0 {
		e.SetAccess(t.Access)
	}
}

// Propagates reports whether anybody reads the effect log: without, a handler need not
// build the arguments of Propagate.
func (c *Ctx) Propagates() bool { return c.eng.log.Active() }
