package zsets

import (
	"math"
	"slices"
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

func (z *zsets) combineCommands() []core.Command {
	return []core.Command{
		{
			Name: "ZUNION", Arity: -3,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyNum(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "6.2.0",
			Complexity: "O(N + M*log M), N = members of all sets, M = members of the result",
			Summary:    "Returns the members that any of the sets has.",
			Syntax:     "numkeys:integer key@0... [weight:integer=WEIGHTS...] [aggregate=AGGREGATE(SUM|MIN|MAX)] [WITHSCORES]",
			ACL:        core.CatSortedSet,
			Run:        z.zunion,
			Weight:     combineWeight,
		},
		{
			Name: "ZINTER", Arity: -3,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyNum(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "6.2.0",
			Complexity: "O(N*K + M*log M), N = members of the smallest of K sets, M = members of the result",
			Summary:    "Returns the members that all sets have.",
			Syntax:     "numkeys:integer key@0... [weight:integer=WEIGHTS...] [aggregate=AGGREGATE(SUM|MIN|MAX)] [WITHSCORES]",
			ACL:        core.CatSortedSet,
			Run:        z.zinter,
			Weight:     combineWeight,
		},
		{
			Name: "ZDIFF", Arity: -3,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyNum(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "6.2.0",
			Complexity: "O(L + M*log M), L = members of all sets, M = members of the result",
			Summary:    "Returns the members of the first set that no other has.",
			Syntax:     "numkeys:integer key@0... [WITHSCORES]",
			ACL:        core.CatSortedSet,
			Run:        z.zdiff,
			Weight:     combineWeight,
		},
		{
			Name: "ZINTERCARD", Arity: -3,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyNum(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "7.0.0",
			Complexity: "O(N*K), N = members of the smallest of K sets",
			Summary:    "Counts the members that all sets have, up to a limit.",
			Syntax:     "numkeys:integer key@0... [limit:integer=LIMIT]",
			ACL:        core.CatSortedSet,
			Run:        z.zintercard,
			Weight:     combineWeight,
		},
	}
}

type aggregate uint8

const (
	aggregateSum aggregate = iota
	aggregateMin
	aggregateMax
)

// join adds another source's score to that of a member.
func (a aggregate) join(score, other float64) float64 {
	switch a {
	case aggregateSum:
		score += other
		if math.IsNaN(score) { // of inf and -inf
			return 0
		}
	case aggregateMin:
		if other < score {
			return other
		}
	case aggregateMax:
		if other > score {
			return other
		}
	}
	return score
}

// source is a sorted set or a set, whose members have score 1.
type source struct {
	view
	list    packed.Listpack // of a set
	ints    packed.Intset
	members *keyspace.Dict
	n       int
	weight  float64
}

// sourceOf makes a source of a value; false for other types.
func sourceOf(c *core.Ctx, v core.Value) (s source, ok bool) {
	s.weight = 1
	if v.Type == keyspace.ZSet {
		s.view = viewOf(v)
		s.n = s.view.len()
		return s, true
	}
	if v.Type != keyspace.Set {
		return s, false
	}
	if v.Object != nil {
		if s.members, ok = v.Object.(*keyspace.Dict); ok {
			s.n = s.members.Len()
			return s, true
		}
	}
	switch {
	case v.Object == nil && v.Enc == keyspace.EncIntset:
		s.ints = v.Packed
		s.n = s.ints.Len()
		return s, true
	case v.Object == nil && v.Enc == keyspace.EncListpack:
		s.list = v.Packed
	default: // a form that the set family keeps to itself
		s.list = packed.NewListpack(nil)
		c.Engine().Registry().Type(keyspace.Set).Each(v, func(member []byte) bool {
			s.list = s.list.Append(member)
			return true
		})
	}
	s.n = s.list.Len()
	return s, true
}

// inCache is up to how many members a large sorted set is read in its order: what comes of them then hardly needs sorting.
const inCache = 4096

// each calls yield with the members and their scores, in any order, until it returns false. member is valid during the call.
func (s *source) each(yield func(member []byte, score float64) bool) {
	var buf [24]byte
	switch {
	case s.set != nil && s.n > inCache:
		// The Dict's order is that of its memory; the tree's would jump about in it.
		s.set.dict.Each(func(_ keyspace.Ref, member, score []byte) bool { return yield(member, getScore(score)) })
	case s.ints != nil:
		for i := range s.n {
			if !yield(strconv.AppendInt(buf[:0], s.ints.Get(i), 10), 1) {
				return
			}
		}
	case s.members != nil:
		s.members.Each(func(_ keyspace.Ref, member, _ []byte) bool { return yield(member, 1) })
	case s.list != nil:
		for pos := s.list.First(); pos >= 0; pos = s.list.Next(pos) {
			if !yield(lpText(s.list, pos, buf[:]), 1) {
				return
			}
		}
	default:
		s.view.each(0, s.n, false, yield)
	}
}

// find returns a member's score.
func (s *source) find(member []byte) (float64, bool) {
	switch {
	case s.ints != nil:
		v, ok := packed.ParseInt(member)
		return 1, ok && s.ints.Has(v)
	case s.members != nil:
		_, ok := s.members.Find(member)
		return 1, ok
	case s.list != nil:
		return 1, s.list.Find(s.list.First(), member, 0) >= 0
	}
	return s.view.score(member)
}

type combineOp uint8

const (
	opUnion combineOp = iota
	opInter
	opDiff
)

// combineForm is a command's syntax: what its name fixes.
type combineForm struct {
	op          combineOp
	store, card bool
}

// combineRequest is what such a command asks for.
type combineRequest struct {
	sources    []source
	aggregate  aggregate
	withScores bool
	limit      int // of ZINTERCARD; 0: none
}

// read parses the request and looks its sources up. The types of the keys are checked before the options, as in Redis.
func (f combineForm) read(c *core.Ctx) (r combineRequest, err error) {
	at, first := 1, 0
	if f.store {
		at, first = 2, 1
	}
	n, ok := protocol.ParseInt(c.Args[at])
	switch {
	case !ok:
		return r, protocol.ErrNotInt
	case n < 1:
		return r, protocol.Errorf("ERR at least 1 input key is needed for '%s' command", c.Command().FullName())
	case n > int64(c.NArgs()-at-1):
		return r, protocol.ErrSyntax
	}
	r.sources = make([]source, n)
	for i := range r.sources {
		v, found, err := c.Value(c.Key(first+i), keyspace.None)
		if err != nil {
			return r, err
		}
		r.sources[i].weight = 1
		if found {
			if r.sources[i], ok = sourceOf(c, v); !ok {
				return r, protocol.ErrWrongType
			}
		}
	}
	return r, f.options(&r, c.Args[at+1+int(n):])
}

func (f combineForm) options(r *combineRequest, args [][]byte) error {
	weighted := f.op != opDiff && !f.card
	for len(args) > 0 {
		used := 0
		switch n := len(r.sources); {
		case weighted && len(args) > n && protocol.IsWord(args[0], "WEIGHTS"):
			for i := range r.sources {
				var ok bool
				if r.sources[i].weight, ok = protocol.ParseFloat(args[1+i]); !ok {
					return protocol.Error("ERR weight value is not a float")
				}
			}
			used = n + 1
		case weighted && len(args) > 1 && protocol.IsWord(args[0], "AGGREGATE"):
			switch {
			case protocol.IsWord(args[1], "SUM"):
				r.aggregate = aggregateSum
			case protocol.IsWord(args[1], "MIN"):
				r.aggregate = aggregateMin
			case protocol.IsWord(args[1], "MAX"):
				r.aggregate = aggregateMax
			default:
				return protocol.ErrSyntax
			}
			used = 2
		case !f.store && !f.card && protocol.IsWord(args[0], "WITHSCORES"):
			r.withScores = true
			used = 1
		case f.card && len(args) > 1 && protocol.IsWord(args[0], "LIMIT"):
			limit, ok := protocol.ParseInt(args[1])
			if !ok || limit < 0 {
				return protocol.Error("ERR LIMIT can't be negative")
			}
			r.limit = int(limit)
			used = 2
		default:
			return protocol.ErrSyntax
		}
		args = args[used:]
	}
	return nil
}

// combine computes union, intersection or difference.
func (z *zsets) combine(op combineOp, q *combineRequest) *result {
	r := z.newResult()
	if op == opDiff {
		q.diff(func(member []byte, score float64) bool { r.add(member, score); return true })
		return r
	}
	// The smallest first: it bounds an intersection, and the sums of a union then come about as in Redis.
	slices.SortStableFunc(q.sources, func(a, b source) int { return a.n - b.n })
	if op == opInter {
		q.intersect(func(member []byte, score float64) bool { r.add(member, score); return true })
		return r
	}
	if q.askable() {
		q.union(func(member []byte, score float64) bool { r.add(member, score); return true })
		return r
	}
	for i := range q.sources {
		s := &q.sources[i]
		s.each(func(member []byte, score float64) bool {
			r.join(member, weigh(score, s.weight), q.aggregate)
			return true
		})
	}
	return r
}

func (z *zsets) zunion(c *core.Ctx) error { return z.combineReply(c, combineForm{op: opUnion}) }
func (z *zsets) zinter(c *core.Ctx) error { return z.combineReply(c, combineForm{op: opInter}) }
func (z *zsets) zdiff(c *core.Ctx) error  { return z.combineReply(c, combineForm{op: opDiff}) }

func (z *zsets) combineReply(c *core.Ctx, f combineForm) error {
	q, err := f.read(c)
	if err != nil {
		return err
	}
	r := z.combine(f.op, &q)
	defer r.free()
	r.sort()
	nested := q.withScores && c.Reply.Proto == 3
	if q.withScores && !nested {
		c.Reply.Array(2 * r.len())
	} else {
		c.Reply.Array(r.len())
	}
	r.each(func(member []byte, score float64) {
		if nested {
			c.Reply.Array(2)
		}
		c.Reply.Bulk(member)
		if q.withScores {
			c.Reply.Double(score)
		}
	})
	return nil
}

func (z *zsets) zintercard(c *core.Ctx) error {
	q, err := combineForm{op: opInter, card: true}.read(c)
	if err != nil {
		return err
	}
	slices.SortStableFunc(q.sources, func(a, b source) int { return a.n - b.n })
	n := 0
	q.intersect(func([]byte, float64) bool {
		n++
		return n != q.limit
	})
	c.Reply.Int(int64(n))
	return nil
}

// combineWeight counts the members of all sources: no command of these touches more, but for the keys of an intersection
// that each member of the smallest is looked up in.
func combineWeight(c *core.Ctx) int {
	total := 0
	for _, k := range c.Keys() {
		if e, ok := c.Peek(k); ok {
			if t := c.Engine().Registry().Type(e.Type()); t != nil && t.Len != nil {
				total += t.Len(core.ValueOf(e))
			}
		}
	}
	return total
}
