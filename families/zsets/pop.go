package zsets

import (
	"math"
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

func (z *zsets) popCommands() []core.Command {
	return []core.Command{
		{
			Name: "ZPOPMIN", Arity: -2,
			Flags:      core.Write | core.Fast,
			Keys:       core.KeyAt(1, core.ReadWrite|core.AccessData|core.Delete),
			Group:      "sorted-set",
			Since:      "5.0.0",
			Complexity: "O(log N + M), N = members of the sorted set, M = members popped",
			Summary:    "Pops the members with the lowest scores.",
			Syntax:     "key@0 [count:integer]",
			ACL:        core.CatSortedSet,
			Run:        z.zpopmin,
			Weight:     popWeight,
		},
		{
			Name: "ZPOPMAX", Arity: -2,
			Flags:      core.Write | core.Fast,
			Keys:       core.KeyAt(1, core.ReadWrite|core.AccessData|core.Delete),
			Group:      "sorted-set",
			Since:      "5.0.0",
			Complexity: "O(log N + M), N = members of the sorted set, M = members popped",
			Summary:    "Pops the members with the highest scores.",
			Syntax:     "key@0 [count:integer]",
			ACL:        core.CatSortedSet,
			Run:        z.zpopmax,
			Weight:     popWeight,
		},
		{
			Name: "ZMPOP", Arity: -4,
			Flags:      core.Write,
			Keys:       core.KeyNum(1, core.ReadWrite|core.AccessData|core.Delete),
			Group:      "sorted-set",
			Since:      "7.0.0",
			Complexity: "O(K + M*log N), K = keys, N = members of the one popped from, M = members popped",
			Summary:    "Pops members with their scores from the first sorted set that has any.",
			Syntax:     "numkeys:integer key@0... where(MIN|MAX) [count:integer=COUNT]",
			ACL:        core.CatSortedSet,
			Run:        z.zmpop,
			Weight:     mpopWeight,
		},
	}
}

var (
	errNumKeys  = protocol.Error("ERR numkeys should be greater than 0")
	errPopCount = protocol.Error("ERR count should be greater than 0")
)

func (z *zsets) zpopmin(c *core.Ctx) error { return z.popOne(c, false) }
func (z *zsets) zpopmax(c *core.Ctx) error { return z.popOne(c, true) }

func popEvent(max bool) string {
	if max {
		return "zpopmax"
	}
	return "zpopmin"
}

// popOne is ZPOPMIN and ZPOPMAX.
func (z *zsets) popOne(c *core.Ctx, highest bool) error {
	if c.NArgs() > 3 {
		return protocol.ErrSyntax
	}
	want, counted := int64(1), c.NArgs() == 3
	if counted {
		var ok bool
		if want, ok = protocol.ParseInt(c.Args[2]); !ok || want < 0 {
			return protocol.ErrNotPositive
		}
	}
	var e editor
	if err := e.open(z, c, c.Key(0)); err != nil {
		return err
	}
	n := int(min(want, int64(e.len())))
	nested := counted && c.Reply.Proto == 3
	if nested {
		c.Reply.Array(n)
	} else {
		c.Reply.Array(2 * n)
	}
	if n > 0 {
		e.pop(n, highest, nested)
	}
	return nil
}

// pop removes n members, of which there are as many, from one end and writes them; nested as pairs.
func (e *editor) pop(n int, highest, nested bool) {
	r, size := e.c.Reply, e.len()
	from := 0
	if highest {
		from = size - 1
	}
	e.each(from, n, highest, func(member []byte, score float64) bool {
		if nested {
			r.Array(2)
		}
		r.Bulk(member)
		r.Double(score)
		return true
	})
	if highest {
		from = size - n
	}
	all := e.removeRange(from, n)
	e.changed(popEvent(highest), n)
	e.commit(all)
}

func popWeight(c *core.Ctx) int {
	if c.NArgs() != 3 {
		return 1
	}
	n, _ := protocol.ParseInt(c.Args[2])
	w := peek(c, 0)
	return 2 * int(min(max(n, 0), int64(w.len())))
}

// popRequest is what ZMPOP and BZMPOP ask for.
type popRequest struct {
	keys    int
	highest bool
	count   int64
}

// parseMPop reads numkeys at args[at], keys, MIN or MAX, and COUNT.
func parseMPop(args [][]byte, at int) (p popRequest, err error) {
	numKeys, ok := protocol.ParseInt(args[at])
	if !ok || numKeys < 1 {
		return p, errNumKeys
	}
	if numKeys > int64(len(args)) || at+int(numKeys)+1 >= len(args) {
		return p, protocol.ErrSyntax
	}
	p.keys, p.count = int(numKeys), -1
	i := at + p.keys + 1
	switch {
	case protocol.IsWord(args[i], "MIN"):
	case protocol.IsWord(args[i], "MAX"):
		p.highest = true
	default:
		return p, protocol.ErrSyntax
	}
	for i++; i < len(args); i += 2 {
		if p.count >= 0 || !protocol.IsWord(args[i], "COUNT") || i+1 == len(args) {
			return p, protocol.ErrSyntax
		}
		if p.count, ok = protocol.ParseInt(args[i+1]); !ok || p.count < 1 {
			return p, errPopCount
		}
	}
	if p.count < 0 {
		p.count = 1
	}
	return p, nil
}

func (z *zsets) zmpop(c *core.Ctx) error {
	p, err := parseMPop(c.Args, 1)
	if err != nil {
		return err
	}
	if found, err := z.popFirst(c, c.Keys(), p); found || err != nil {
		return err
	}
	c.Reply.NullArray()
	return nil
}

// popFirst pops from the first of the keys that exists, and replies as ZMPOP. It propagates as ZPOPMIN or ZPOPMAX of that key.
func (z *zsets) popFirst(c *core.Ctx, keys []core.Key, p popRequest) (found bool, err error) {
	for _, k := range keys {
		var e editor
		if err := e.open(z, c, k); err != nil {
			return false, err
		}
		if !e.had {
			continue
		}
		n := int(min(p.count, int64(e.len())))
		c.Reply.Array(2)
		c.Reply.Bulk(k.Name)
		c.Reply.Array(n)
		e.pop(n, p.highest, true)
		c.Propagate(popWords[p.highest], k.Name, strconv.AppendInt(nil, int64(n), 10))
		return true, nil
	}
	return false, nil
}

var popWords = map[bool][]byte{false: []byte("ZPOPMIN"), true: []byte("ZPOPMAX")}

// mpopWeight is the weight of ZMPOP and BZMPOP: the count, if there is a set that has as many.
func mpopWeight(c *core.Ctx) int {
	first := 1
	if c.Command().Flags&core.Blocking != 0 {
		first = 2
	}
	p, err := parseMPop(c.Args, first)
	if err != nil || p.count == 1 {
		return 1
	}
	for i := range c.Keys() {
		if w := peek(c, i); w.len() > 0 {
			return 2 * int(min(p.count, int64(w.len()), math.MaxInt32))
		}
	}
	return 1
}
