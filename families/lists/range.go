package lists

import (
	"math"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

func (l *lists) rangeCommands() []core.Command {
	return []core.Command{
		{
			Name: "LLEN", Arity: 2,
			Flags:      core.ReadOnlyCmd | core.Fast,
			Keys:       core.KeyAt(1, core.ReadOnly),
			Group:      "list",
			Since:      "1.0.0",
			Complexity: "O(1)",
			Summary:    "Returns how many elements a list has.",
			Syntax:     "key@0",
			ACL:        core.CatList,
			Run:        llen,
		},
		{
			Name: "LINDEX", Arity: 3,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "list",
			Since:      "1.0.0",
			Complexity: "O(log N), N = elements of the list",
			Summary:    "Returns the element at an index.",
			Syntax:     "key@0 index:integer",
			ACL:        core.CatList,
			Run:        lindex,
		},
		{
			Name: "LRANGE", Arity: 4,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "list",
			Since:      "1.0.0",
			Complexity: "O(log M + N), M = elements of the list, N = elements returned",
			Summary:    "Returns a range of elements.",
			Syntax:     "key@0 start:integer stop:integer",
			ACL:        core.CatList,
			Run:        lrange,
			Weight:     rangeWeight,
		},
		{
			Name: "LPOS", Arity: -3,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "list",
			Since:      "6.0.6",
			Complexity: "O(N), N = elements searched",
			Summary:    "Returns where in a list an element is found.",
			Syntax:     "key@0 element [rank:integer=RANK] [num-matches:integer=COUNT] [len:integer=MAXLEN]",
			ACL:        core.CatList,
			Run:        lpos,
			Weight:     lposWeight,
		},
	}
}

func llen(c *core.Ctx) error {
	e, ok, err := find(c, c.Key(0), false)
	if err != nil {
		return err
	}
	n := 0
	if ok {
		n = viewEntry(e).n
	}
	c.Reply.Int(int64(n))
	return nil
}

func lindex(c *core.Ctx) error {
	e, ok, err := find(c, c.Key(0), false)
	if err != nil {
		return err
	}
	if !ok {
		c.Reply.Null()
		return nil
	}
	index, ok := protocol.ParseInt(c.Args[2])
	if !ok {
		return protocol.ErrNotInt
	}
	v := viewEntry(e)
	i, ok := v.index(index)
	if !ok {
		c.Reply.Null()
		return nil
	}
	s := v.appendAt(c.Scratch(), i)
	c.Reply.Bulk(s)
	c.SetScratch(s)
	return nil
}

// span reads the two arguments from pos on as a range.
func span(c *core.Ctx) (start, stop int64, err error) {
	start, ok := protocol.ParseInt(c.Args[2])
	stop, ok2 := protocol.ParseInt(c.Args[3])
	if !ok || !ok2 {
		return 0, 0, protocol.ErrNotInt
	}
	return start, stop, nil
}

func rangeWeight(c *core.Ctx) int {
	e, ok := c.Peek(c.Key(0))
	start, stop, err := span(c)
	if !ok || err != nil || e.Type() != keyspace.List {
		return 0
	}
	_, n := viewEntry(e).span(start, stop)
	return n
}

func lrange(c *core.Ctx) error {
	start, stop, err := span(c)
	if err != nil {
		return err
	}
	val, ok, err := c.Value(c.Key(0), keyspace.List)
	if err != nil {
		return err
	}
	if !ok {
		c.Reply.Array(0)
		return nil
	}
	v := viewOf(val)
	from, n := v.span(start, stop)
	c.Reply.Array(n)
	v.writeRange(c.Reply, from, n)
	return nil
}

// position is what LPOS is asked for.
type position struct {
	rank   int64 // the first match wanted; negative from the end
	count  int64 // matches wanted, 0 for all, if many
	many   bool
	maxlen int64 // elements looked at, 0 for all
}

func parsePosition(args [][]byte) (p position, err error) {
	p.rank = 1
	for i := 0; i < len(args); i += 2 {
		rank, count, maxlen := protocol.IsWord(args[i], "RANK"), protocol.IsWord(args[i], "COUNT"), protocol.IsWord(args[i], "MAXLEN")
		if !rank && !count && !maxlen || i+1 == len(args) {
			return p, protocol.ErrSyntax
		}
		n, ok := protocol.ParseInt(args[i+1])
		switch {
		case rank && !ok:
			return p, protocol.ErrNotInt
		case rank && n == 0:
			return p, errRankZero
		case rank:
			p.rank = n
		case count && (!ok || n < 0):
			return p, errCountNegative
		case count:
			p.count, p.many = n, true
		case !ok || n < 0:
			return p, errMaxlenNegative
		default:
			p.maxlen = n
		}
	}
	return p, nil
}

const (
	errRankZero = protocol.Error("ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
		"or use negative to start from the end of the list")
	errCountNegative  = protocol.Error("ERR COUNT can't be negative")
	errMaxlenNegative = protocol.Error("ERR MAXLEN can't be negative")
)

func lposWeight(c *core.Ctx) int {
	p, err := parsePosition(c.Args[3:])
	if err != nil {
		return 0
	}
	if p.maxlen == 0 {
		p.maxlen = math.MaxInt64
	}
	return weight(c, c.Key(0), p.maxlen)
}

func lpos(c *core.Ctx) error {
	p, err := parsePosition(c.Args[3:])
	if err != nil {
		return err
	}
	val, ok, err := c.Value(c.Key(0), keyspace.List)
	switch {
	case err != nil:
		return err
	case !ok && p.many:
		c.Reply.Array(0)
		return nil
	case !ok:
		c.Reply.Null()
		return nil
	}
	v := viewOf(val)
	var reply protocol.Deferred
	if p.many {
		reply = c.Reply.DeferArray()
	}
	if n := p.write(c.Reply, v, c.Args[2]); p.many {
		c.Reply.SetDeferred(reply, n)
	} else if n == 0 {
		c.Reply.Null()
	}
	return nil
}

// write replies with the indexes that are asked for and returns their number.
func (p position) write(w *protocol.Writer, v view, s []byte) int {
	back, skip, limit := p.rank < 0, p.rank-1, int(min(p.maxlen, int64(v.n)))
	if back {
		skip = -(p.rank + 1)
	}
	if p.rank == math.MinInt64 { // has no opposite: Redis then skips nothing
		skip = 0
	}
	if !p.many {
		p.count = 1
	}
	n, most := 0, 0
	if p.count > 0 && skip < math.MaxInt32 && p.count < math.MaxInt32 {
		most = int(skip + p.count)
	}
	v.eachMatch(s, back, limit, most, func(i int) bool {
		distance := i
		if back {
			distance = v.n - 1 - i
		}
		if limit > 0 && distance >= limit {
			return false
		}
		if skip > 0 {
			skip--
			return true
		}
		w.Int(int64(i))
		n++
		return p.count == 0 || int64(n) < p.count
	})
	return n
}
