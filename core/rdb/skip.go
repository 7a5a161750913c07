package rdb

import "github.com/redust/redust/core/packed"

// Skip reads the body of a value of type t and drops it. It examines as much as reading into a sink does, duplicates in
// all encodings included when sanitizing.
func (d *Decoder) Skip(t Type) error {
	start := d.Offset()
	c := checker{}
	if d.opts.Sanitize != SanitizeNo {
		c.seen = make(map[string]struct{})
	}
	switch t.Kind() {
	case KindString:
		_, err := d.ReadString()
		return err
	case KindList:
		return d.ReadList(t, c)
	case KindSet:
		return d.ReadSet(t, c)
	case KindZSet:
		return d.ReadZSet(t, c)
	case KindHash:
		return d.ReadHash(t, c)
	case KindStream:
		_, err := d.ReadStream(t)
		return err
	case KindModule:
		if t == TypeModule {
			return fail(start, "%v can't be read without its module", t)
		}
		return d.skipModule()
	}
	return fail(start, "unknown type %d", byte(t))
}

// ReadRaw reads the body of a value of type t, examines it as Skip does, and returns its bytes, which belong to the
// caller. With the type they are all that an Encoder's Raw needs to write the value again, so a value that no family
// knows is not lost.
func (d *Decoder) ReadRaw(t Type) ([]byte, error) {
	d.keeping = true
	err := d.Skip(t)
	body := d.keep
	d.keeping, d.keep = false, nil
	if err != nil {
		return nil, err
	}
	return body, nil
}

// skipModule passes the data of a module: its id, then items that each say what they are.
func (d *Decoder) skipModule() error {
	if _, err := d.ReadLength(); err != nil {
		return err
	}
	return d.skipModuleItems()
}

func (d *Decoder) skipModuleItems() error {
	for {
		start := d.Offset()
		op, err := d.ReadLength()
		if err != nil {
			return err
		}
		switch op {
		case moduleEOF:
			return nil
		case moduleSigned, moduleUnsigned:
			_, err = d.ReadLength()
		case moduleFloat:
			_, err = d.take(4)
		case moduleDouble:
			_, err = d.take(8)
		case moduleString:
			_, err = d.ReadString()
		default:
			return fail(start, "unknown item %d in the data of a module", op)
		}
		if err != nil {
			return err
		}
	}
}

// A checker is a sink for everything that keeps nothing but, if seen is there, what has come.
type checker struct{ seen map[string]struct{} }

func (c checker) once(b []byte) error {
	if c.seen == nil {
		return nil
	}
	if _, dup := c.seen[string(b)]; dup {
		return ErrDuplicate
	}
	c.seen[string(b)] = struct{}{}
	return nil
}

func (c checker) Begin(int) error                       { return nil }
func (c checker) Element([]byte) error                  { return nil }
func (c checker) Node(packed.Listpack) error            { return nil }
func (c checker) PlainNode([]byte) error                { return nil }
func (c checker) Member(b []byte) error                 { return c.once(b) }
func (c checker) Intset(packed.Intset) error            { return nil }
func (c checker) Listpack(packed.Listpack) error        { return nil }
func (c checker) Pair(field, _ []byte) error            { return c.once(field) }
func (c checker) Scored(member []byte, _ float64) error { return c.once(member) }
