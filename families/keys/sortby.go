package keysfamily

import (
	"bytes"
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
)

// pattern is an argument of SORT's BY and GET: "#", the element itself; or a key's name with the element in place of its
// first star, "weight_*", a string; or such a name and a field of the hash there, "obj_*->name".
type pattern struct {
	self           bool
	star           bool // else it finds nothing
	prefix, suffix []byte
	field          []byte // nil for a string
}

// parsePattern keeps parts of b.
func parsePattern(b []byte) (p pattern) {
	if string(b) == "#" {
		return pattern{self: true}
	}
	var rest []byte
	p.prefix, rest, p.star = bytes.Cut(b, []byte("*"))
	p.suffix = rest
	if at := bytes.Index(rest, []byte("->")); at >= 0 && at+2 < len(rest) {
		p.suffix, p.field = rest[:at], rest[at+2:]
	}
	return p
}

// lookup finds the values of patterns. Its buffers are used again for each.
type lookup struct {
	c    *core.Ctx
	name []byte
	val  []byte
	at   *pattern
	ok   bool
	take func(keyspace.Entry)
}

// value is what the pattern stands for with elem in it, valid until the next call; false where there is no such key or
// field, or another type.
func (l *lookup) value(p *pattern, elem []byte) ([]byte, bool) {
	if p.self {
		return elem, true
	}
	if !p.star {
		return nil, false
	}
	if l.take == nil {
		l.take = l.copyValue
	}
	l.name = append(append(append(l.name[:0], p.prefix...), elem...), p.suffix...)
	l.at, l.ok = p, false
	l.c.LookOther(l.c.OtherKey(l.name), l.take)
	if !l.ok {
		return nil, false
	}
	return l.val, true
}

// copyValue takes what the pattern asks for out of the entry. The shard is locked.
func (l *lookup) copyValue(e keyspace.Entry) {
	v := core.ValueOf(e)
	switch {
	case l.at.field != nil:
		if t := l.c.Engine().Registry().Type(v.Type); t != nil && t.Field != nil {
			l.val, l.ok = t.Field(l.val[:0], v, l.at.field)
		}
	case v.Type != keyspace.String:
	case v.Enc == keyspace.EncInt:
		l.val, l.ok = strconv.AppendInt(l.val[:0], v.Int, 10), true
	default:
		l.val, l.ok = append(l.val[:0], v.Packed...), true
	}
}
