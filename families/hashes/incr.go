package hashes

import (
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

func (h *hashes) incrCommands() []core.Command {
	return []core.Command{{
		Name: "HINCRBY", Arity: 4,
		Flags: core.Write | core.DenyOOM | core.Fast,
		Keys:  core.KeyAt(1, core.ReadWrite|core.AccessData|core.Update),
		Group: "hash", Since: "2.0.0", Complexity: "O(1)",
		Summary: "Adds to the integer in a field of a hash, 0 when absent.",
		Syntax:  "key@0 field increment:integer",
		ACL:     core.CatHash, Run: h.hincrby,
	}, {
		Name: "HINCRBYFLOAT", Arity: 4,
		Flags: core.Write | core.DenyOOM | core.Fast,
		Keys:  core.KeyAt(1, core.ReadWrite|core.AccessData|core.Update),
		Group: "hash", Since: "2.6.0", Complexity: "O(1)",
		Summary: "Adds to the number in a field of a hash, 0 when absent.",
		Syntax:  "key@0 field increment:double",
		ACL:     core.CatHash, Run: h.hincrbyfloat,
	}}
}

const (
	errFieldNotInt   = protocol.Error("ERR hash value is not an integer")
	errFieldNotFloat = protocol.Error("ERR hash value is not a float")
	errNaNOrInf      = protocol.Error("ERR value is NaN or Infinity")
)

func (h *hashes) hincrby(c *core.Ctx) error {
	incr, ok := protocol.ParseInt(c.Args[3])
	if !ok {
		return protocol.ErrNotInt
	}
	k := c.Key(0)
	var e edit
	if err := e.open(h, c, k); err != nil {
		return err
	}
	n := int64(0)
	w := e.view()
	if old, ok := w.get(c.Args[2]); ok {
		if n = old.num; !old.isInt {
			if n, ok = protocol.ParseInt(old.str); !ok {
				return errFieldNotInt
			}
		}
	}
	sum := n + incr
	if (incr > 0) != (sum > n) && incr != 0 {
		return protocol.ErrOverflow
	}
	var text [20]byte
	e.set(c.Args[2], strconv.AppendInt(text[:0], sum, 10))
	e.save()
	c.Changed(core.EventHash, "hincrby", k)
	c.Reply.Int(sum)
	return nil
}

// hincrbyfloat propagates the result as HSET, so that replicas and the AOF need not add floats the same way.
func (h *hashes) hincrbyfloat(c *core.Ctx) error {
	incr, ok := protocol.ParseLongDouble(c.Args[3])
	switch {
	case !ok:
		return protocol.ErrNotFloat
	case incr.IsInf():
		return errNaNOrInf
	}
	k := c.Key(0)
	var e edit
	if err := e.open(h, c, k); err != nil {
		return err
	}
	sum := incr
	w := e.view()
	if old, ok := w.get(c.Args[2]); ok {
		var text [20]byte
		have, ok := protocol.ParseLongDouble(old.text(text[:0]))
		if !ok {
			return errFieldNotFloat
		}
		if sum = have.Add(incr); sum.IsInf() {
			return protocol.ErrIncrNaN
		}
	}
	var buf [64]byte
	text := sum.AppendText(buf[:0])
	e.set(c.Args[2], text)
	e.save()
	c.Changed(core.EventHash, "hincrbyfloat", k)
	if c.Propagates() {
		c.Propagate([]byte("HSET"), c.Args[1], c.Args[2], append([]byte(nil), text...))
	}
	c.Reply.Bulk(text)
	return nil
}
