package keysfamily

import (
	"bytes"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/rdb"
	"github.com/redust/redust/protocol"
)

var copyCommands = []core.Command{{
	Name: "COPY", Arity: -3,
	Flags: core.Write | core.DenyOOM,
	Keys: core.KeyAt(1, core.ReadOnly|core.AccessData).And(
		core.KeyAt(2, core.Overwrite|core.Update),
	),
	Elsewhere:  copyTarget,
	Group:      "generic",
	Since:      "6.2.0",
	Complexity: "O(N), N = elements of the value",
	Summary:    "Stores a copy of a key's value, with its time to live, under another name or in another database.",
	Syntax:     "source@0 destination@1 [destination-db:integer=DB] [REPLACE]",
	ACL:        core.CatKeyspace,
	Run:        copyCommand,
	Weight:     func(c *core.Ctx) int { return valueWeight(c, c.Key(0)) },
}}

// elementBytes is how many packed bytes are as much work to copy or save as one element.
const elementBytes = 64

// valueWeight estimates the work of going through the whole value at k, in elements.
func valueWeight(c *core.Ctx, k core.Key) int {
	e, ok := c.Peek(k)
	if !ok {
		return 0
	}
	if t := c.Engine().Registry().Type(e.Type()); e.IsObject() && t != nil && t.Len != nil {
		return t.Len(core.ValueOf(e))
	}
	return e.Len() / elementBytes
}

type copyOptions struct {
	db      int
	replace bool
}

func parseCopy(c *core.Ctx, args [][]byte) (o copyOptions, err error) {
	o.db = c.DB()
	for i := 3; i < len(args); i++ {
		switch {
		case protocol.IsWord(args[i], "REPLACE"):
			o.replace = true
		case protocol.IsWord(args[i], "DB") && i+1 < len(args):
			i++
			if o.db, err = database(c, args[i]); err != nil {
				return o, err
			}
		default:
			return o, protocol.ErrSyntax
		}
	}
	return o, nil
}

// copyTarget adds the destination when it is in another database. It stays the last key.
func copyTarget(c *core.Ctx, args [][]byte, keys []core.Key) []core.Key {
	if o, err := parseCopy(c, args); err == nil && o.db != keys[1].DB {
		keys = append(keys, keys[1].In(o.db))
	}
	return keys
}

func copyCommand(c *core.Ctx) error {
	o, err := parseCopy(c, c.Args)
	if err != nil {
		return err
	}
	keys := c.Keys()
	from, to := keys[0], keys[len(keys)-1]
	if from.DB == to.DB && bytes.Equal(from.Name, to.Name) {
		return protocol.ErrSameObject
	}
	v, ok, err := c.Value(from, keyspace.None)
	if err != nil {
		return err
	}
	if !ok || !o.replace && c.Exists(to) {
		c.Reply.Int(0)
		return nil
	}
	deadline, volatile := c.ExpireAt(from)
	if !volatile {
		deadline = core.NoDeadline
	}
	dup, err := duplicate(c, v)
	if err != nil {
		return err
	}
	c.Place(to, core.Taken{Value: dup, Deadline: deadline})
	c.Changed(core.EventGeneric, "copy_to", to)
	c.Reply.Int(1)
	return nil
}

// duplicate makes a value of its own that equals v.
func duplicate(c *core.Ctx, v core.Value) (core.Stored, error) {
	t := c.Engine().Registry().Type(v.Type)
	switch {
	case t != nil && t.Copy != nil:
		v = t.Copy(v)
	case v.Object != nil:
		e := rdb.NewEncoder(nil, rdb.EncoderOptions{})
		err := t.Save(e, v)
		if err == nil {
			v, err = t.Load(rdb.NewBytesDecoder(e.Bytes(), rdb.DecoderOptions{}), t.RDBType(v))
		}
		if err != nil {
			return core.Stored{}, protocol.Errorf("ERR the value can't be copied: %v", err)
		}
	}
	if v.Object == nil {
		// The keyspace copies the bytes, but may move the ones they alias before it does.
		v.Packed = append(c.Scratch(), v.Packed...)
		c.SetScratch(v.Packed)
	}
	return v, nil
}
