package strfamily

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

func (f *family) rangeCommands() []core.Command {
	return []core.Command{
		{
			Name: "APPEND", Arity: 3,
			Flags:      core.Write | core.DenyOOM | core.Fast,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Insert),
			Group:      "string",
			Since:      "2.0.0",
			Complexity: "O(1)",
			Summary:    "Adds bytes at the end of the string at a key, creating it when absent.",
			Syntax:     "key@0 value",
			ACL:        core.CatString,
			Run:        f.appendCommand,
		},
		{
			Name: "SETRANGE", Arity: 4,
			Flags:      core.Write | core.DenyOOM,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Update),
			Group:      "string",
			Since:      "2.2.0",
			Complexity: "O(N), N = bytes written, or as far as the string has to grow",
			Summary:    "Overwrites a part of the string at a key, filling up with zero bytes where it is too short.",
			Syntax:     "key@0 offset:integer value",
			ACL:        core.CatString,
			Run:        f.setrange,
		},
		{
			Name: "GETRANGE", Arity: 4,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "string",
			Since:      "2.4.0",
			Complexity: "O(N), N = bytes returned",
			Summary:    "Returns a part of the string at a key; negative positions count from the end.",
			Syntax:     "key@0 start:integer end:integer",
			ACL:        core.CatString,
			Run:        getrange,
		},
		{
			Name: "SUBSTR", Arity: 4,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "string",
			Since:      "1.0.0",
			Complexity: "O(N), N = bytes returned",
			Summary:    "Returns a part of the string at a key, under the old name of GETRANGE.",
			Syntax:     "key@0 start:integer end:integer",
			Deprecated: "2.0.0",
			ReplacedBy: "`GETRANGE`",
			ACL:        core.CatString,
			Run:        getrange,
		},
	}
}

func (f *family) appendCommand(c *core.Ctx) error {
	k, more := c.Key(0), c.Args[2]
	e, found := c.FindWrite(k)
	if !found {
		put(c, k, e, false, more, core.NoDeadline)
		c.Changed(core.EventString, "append", k)
		c.Reply.Int(int64(len(more)))
		return nil
	}
	if e.Type() != keyspace.String {
		return protocol.ErrWrongType
	}
	old := length(e)
	if f.tooLong(c, int64(old), len(more)) {
		return protocol.ErrStringTooLong
	}
	copy(grow(&e, old+len(more))[old:], more)
	c.Changed(core.EventString, "append", k)
	c.Reply.Int(int64(old + len(more)))
	return nil
}

// length is the length in bytes of the string's text.
func length(e keyspace.Entry) int {
	if e.Encoding() == keyspace.EncInt {
		return intLen(e.Int())
	}
	return e.Len()
}

// grow makes the string n bytes long, zeros added, and returns it for writing. A short one is marked as changed in place:
// a long one is raw anyway.
func grow(e *keyspace.Entry, n int) []byte {
	switch enc := e.Encoding(); {
	case enc == keyspace.EncInt:
		var buf [maxIntLen]byte
		e.SetBytes(core.EncGrown, entryText(*e, &buf))
	case enc != core.EncGrown && n <= maxEmbstr:
		e.SetBytes(core.EncGrown, e.Bytes())
	}
	return e.Resize(n)
}

func (f *family) setrange(c *core.Ctx) error {
	offset, ok := protocol.ParseInt(c.Args[2])
	if !ok {
		return protocol.ErrNotInt
	}
	if offset < 0 {
		return protocol.ErrOffsetRange
	}
	k, val := c.Key(0), c.Args[3]
	e, found := c.FindWrite(k)
	if found && e.Type() != keyspace.String {
		return protocol.ErrWrongType
	}
	size := 0
	if found {
		size = length(e)
	}
	if len(val) == 0 { // not even the encoding changes
		c.Reply.Int(int64(size))
		return nil
	}
	if f.tooLong(c, offset, len(val)) {
		return protocol.ErrStringTooLong
	}
	size = max(size, int(offset)+len(val))
	if !found {
		e = c.Create(k, core.Stored{Type: keyspace.String, Enc: core.EncGrown}, core.NoDeadline)
	}
	copy(grow(&e, size)[offset:], val)
	c.Changed(core.EventString, "setrange", k)
	c.Reply.Int(int64(size))
	return nil
}

func getrange(c *core.Ctx) error {
	start, ok1 := protocol.ParseInt(c.Args[2])
	end, ok2 := protocol.ParseInt(c.Args[3])
	if !ok1 || !ok2 {
		return protocol.ErrNotInt
	}
	e, ok := c.Find(c.Key(0))
	if !ok {
		c.Reply.BulkString("")
		return nil
	}
	if e.Type() != keyspace.String {
		return protocol.ErrWrongType
	}
	var buf [maxIntLen]byte
	b := entryText(e, &buf)
	from, to := span(start, end, len(b))
	c.Reply.Bulk(b[from:to])
	return nil
}

// span turns positions as GETRANGE takes them, both inclusive, negative from the end, into the bounds of a slice of n bytes.
func span(start, end int64, n int) (from, to int) {
	size := int64(n)
	if start < 0 && end < 0 && start > end {
		return 0, 0
	}
	if start < 0 {
		start = max(size+start, 0)
	}
	if end < 0 {
		end = max(size+end, 0)
	}
	end = min(end, size-1)
	if start > end {
		return 0, 0
	}
	return int(start), int(end) + 1
}
