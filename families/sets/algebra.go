package sets

import (
	"math"
	"slices"
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

func (s *sets) algebraCommands() []core.Command {
	tips := []string{"nondeterministic_output_order"}
	keys := core.KeyRange(1, -1, 1, core.ReadOnly|core.AccessData)
	return []core.Command{{
		Name: "SINTER", Arity: -2, Flags: core.ReadOnlyCmd, Keys: keys,
		Group: "set", Since: "1.0.0",
		Complexity: "O(N*M), N = members of the smallest set, M = number of sets.",
		Summary:    "Lists the members that all sets have.",
		Syntax:     "key@0...", Tips: tips,
		ACL: core.CatSet, Run: s.sinter,
		Weight: func(c *core.Ctx) int { return weighInter(c, c.Keys()) },
	}, {
		Name: "SINTERCARD", Arity: -3, Flags: core.ReadOnlyCmd,
		Keys:  core.KeyNum(1, core.ReadOnly|core.AccessData),
		Group: "set", Since: "7.0.0",
		Complexity: "O(N*M), N = members of the smallest set, M = number of sets.",
		Summary:    "Counts the members that all sets have.",
		Syntax:     "numkeys:integer key@0... [limit:integer=LIMIT]",
		ACL:        core.CatSet, Run: s.sintercard,
		Weight: func(c *core.Ctx) int { return weighInter(c, c.Keys()) },
	}, {
		Name: "SUNION", Arity: -2, Flags: core.ReadOnlyCmd, Keys: keys,
		Group: "set", Since: "1.0.0", Complexity: "O(N), N = members of all sets.",
		Summary: "Lists the members that any of the sets has.",
		Syntax:  "key@0...", Tips: tips,
		ACL: core.CatSet, Run: s.sunion,
		Weight: func(c *core.Ctx) int { return weighSum(c, c.Keys()) },
	}, {
		Name: "SDIFF", Arity: -2, Flags: core.ReadOnlyCmd, Keys: keys,
		Group: "set", Since: "1.0.0", Complexity: "O(N), N = members of all sets.",
		Summary: "Lists the members of the first set that no other set has.",
		Syntax:  "key@0...", Tips: tips,
		ACL: core.CatSet, Run: s.sdiff,
		Weight: func(c *core.Ctx) int { return weighSum(c, c.Keys()) },
	}}
}

func weighSum(c *core.Ctx, keys []core.Key) (n int) {
	for _, k := range keys {
		n += weigh(c, k)
	}
	return n
}

func weighInter(c *core.Ctx, keys []core.Key) int {
	least := math.MaxInt32
	for _, k := range keys {
		least = min(least, weigh(c, k))
	}
	return least * len(keys)
}

// source reads all sets in order of the keys; a missing one is an empty view. Any key of another type is an error, even
// where the result is known before.
func source(c *core.Ctx, dst []view, keys []core.Key) ([]view, error) {
	for _, k := range keys {
		v, _, err := look(c, k)
		if err != nil {
			return nil, err
		}
		dst = append(dst, v)
	}
	return dst, nil
}

func bySize(a, b view) int { return a.n - b.n }

// intersect calls yield with the members that all of vs have, until it returns false. vs is sorted by size: the members of
// the smallest are looked up in the others. Members of one Dict come in the order of a Dict, by which the others are
// read nearly in sequence, as all share one hash function.
func (s *sets) intersect(vs []view, yield func(m []byte) bool) {
	first, others := vs[0], vs[1:]
	if first.n == 0 {
		return
	}
	s.index(others, first.n)
	defer s.drop(others)
	if first.enc == keyspace.EncIntset {
		intersectInts(first, others, yield)
		return
	}
	if len(others) == 1 && first.dict != nil && others[0].dict != nil {
		other := others[0].dict
		first.walk(func(m []byte) bool {
			if _, ok := other.Find(m); ok {
				return yield(m)
			}
			return true
		})
		return
	}
	first.walk(func(m []byte) bool {
		for i := range others {
			if !others[i].has(m) {
				return true
			}
		}
		return yield(m)
	})
}

// intersectInts is intersect with the smallest set an intset: other intsets are merged with it, as both ascend.
func intersectInts(first view, others []view, yield func(m []byte) bool) {
	var text [20]byte
	is := packed.Intset(first.b)
next:
	for i := range first.n {
		v := is.Get(i)
		m := strconv.AppendInt(text[:0], v, 10)
		for j := range others {
			if !others[j].hasInt(v, m, first.n) {
				continue next
			}
		}
		if !yield(m) {
			return
		}
	}
}

// directProbes is in how many other sets a member is looked up, one by one, before a temporary table of what was seen is the
// faster way. To put a member into one costs as much as many look-ups, which find their leaf in the cache.
const directProbes = 7

// union calls yield with each member of vs once. The largest set is streamed as it is; a member of another is new when no
// set before it has it. With many sets, members beside the largest set's are remembered in a temporary Dict instead. It
// sorts vs.
func (s *sets) union(vs []view, yield func(m []byte) bool) {
	slices.SortStableFunc(vs, func(a, b view) int { return b.n - a.n })
	for len(vs) > 1 && vs[len(vs)-1].n == 0 {
		vs = vs[:len(vs)-1]
	}
	oversized := func(v view) bool { return v.enc == keyspace.EncListpack && v.n > maxIndexed }
	if len(vs)-1 > directProbes || len(vs) > 1 && slices.ContainsFunc(vs, oversized) {
		s.unionSeen(vs, yield)
		return
	}
	if len(vs) > 1 {
		s.index(vs[:len(vs)-1], vs[1].n)
		defer s.drop(vs)
	}
	for i, v := range vs {
		missing(v, vs[:i], yield)
	}
}

// missing calls yield with the members of w that none of others has, until it returns false.
func missing(w view, others []view, yield func(m []byte) bool) {
	switch {
	case w.enc == keyspace.EncIntset:
		missingInts(w, others, yield)
	case len(others) == 1 && w.dict != nil && others[0].dict != nil: // two tables: the case that matters
		other := others[0].dict
		w.walk(func(m []byte) bool {
			if _, ok := other.Find(m); ok {
				return true
			}
			return yield(m)
		})
	default:
		w.walk(func(m []byte) bool {
			for i := range others {
				if others[i].has(m) {
					return true
				}
			}
			return yield(m)
		})
	}
}

func missingInts(w view, others []view, yield func(m []byte) bool) {
	var text [20]byte
	is := packed.Intset(w.b)
	for i := range others {
		others[i].at = 0
	}
next:
	for i := range w.n {
		v := is.Get(i)
		m := strconv.AppendInt(text[:0], v, 10)
		for j := range others {
			if others[j].hasInt(v, m, w.n) {
				continue next
			}
		}
		if !yield(m) {
			return
		}
	}
}

// unionSeen is union by a temporary table. A largest set that is a Dict itself is asked and not copied.
func (s *sets) unionSeen(vs []view, yield func(m []byte) bool) {
	seen := s.ks.NewDict()
	defer seen.Free()
	var largest *keyspace.Dict
	if vs[0].dict != nil {
		largest = vs[0].dict
		vs[0].walk(yield)
		vs = vs[1:]
	}
	for _, v := range vs {
		v.walk(func(m []byte) bool {
			if largest != nil {
				if _, ok := largest.Find(m); ok {
					return true
				}
			}
			if _, created := seen.Set(m, nil); !created {
				return true
			}
			return yield(m)
		})
	}
}

// difference calls yield with the members of vs[0] that no other of vs has. It sorts the others.
func (s *sets) difference(vs []view, yield func(m []byte) bool) {
	first, others := vs[0], vs[1:]
	for i := range others {
		if others[i].n > 0 && first.same(&others[i]) {
			return
		}
	}
	others = slices.DeleteFunc(others, func(v view) bool { return v.n == 0 })
	// A member is most likely found in the largest set.
	slices.SortStableFunc(others, func(a, b view) int { return b.n - a.n })
	s.index(others, first.n)
	defer s.drop(others)
	if v, ok := s.joined(first.n, others); ok {
		defer v.dict.Free()
		s.drop(others)
		others = []view{v}
	}
	missing(first, others, yield)
}

// joined makes one temporary table of others where n look-ups in each of them would cost more than that.
func (s *sets) joined(n int, others []view) (view, bool) {
	const build, scanned, tableCost = 4, 16, 500 // a member put in costs as much as 4 look-ups, or 64 members of a listpack passed over
	probe, total := 0, 0
	for _, v := range others {
		probe++
		if v.enc == keyspace.EncListpack && v.index == nil {
			probe += v.n / scanned
		}
		total += v.n
	}
	if n*probe <= n+build*total+tableCost {
		return view{}, false
	}
	d := s.ks.NewDict()
	for _, v := range others {
		v.walk(func(m []byte) bool {
			d.Set(m, nil)
			return true
		})
	}
	return view{n: d.Len(), enc: keyspace.EncHashtable, dict: d}, true
}

// stream replies with a set whose members come one by one.
func stream(out *protocol.Writer, members func(yield func(m []byte) bool)) {
	d := out.DeferSet()
	n := 0
	buf := out.Buf
	members(func(m []byte) bool {
		buf = protocol.AppendBulk(buf, m)
		n++
		return true
	})
	out.Buf = buf
	out.SetDeferred(d, n)
}

func (s *sets) sinter(c *core.Ctx) error {
	var room [4]view
	vs, err := source(c, room[:0], c.Keys())
	if err != nil {
		return err
	}
	slices.SortStableFunc(vs, bySize)
	grow(c.Reply, vs[0])
	stream(c.Reply, func(yield func(m []byte) bool) { s.intersect(vs, yield) })
	return nil
}

func (s *sets) sunion(c *core.Ctx) error {
	var room [4]view
	vs, err := source(c, room[:0], c.Keys())
	if err != nil {
		return err
	}
	// The largest set, and, as sets that are united tend to overlap, half of the others.
	largest, all := slices.MaxFunc(vs, bySize).replySize(), 0
	for _, v := range vs {
		all += v.replySize()
	}
	reserve(c.Reply, largest+(all-largest)/2)
	stream(c.Reply, func(yield func(m []byte) bool) { s.union(vs, yield) })
	return nil
}

func (s *sets) sdiff(c *core.Ctx) error {
	var room [4]view
	vs, err := source(c, room[:0], c.Keys())
	if err != nil {
		return err
	}
	stream(c.Reply, func(yield func(m []byte) bool) { s.difference(vs, yield) })
	return nil
}

const (
	errNumKeys     = protocol.Error("ERR numkeys should be greater than 0")
	errTooManyKeys = protocol.Error("ERR Number of keys can't be greater than number of args")
	errLimit       = protocol.Error("ERR LIMIT can't be negative")
)

func (s *sets) sintercard(c *core.Ctx) error {
	numKeys, ok := protocol.ParseInt(c.Args[1])
	switch {
	case !ok || numKeys < 1:
		return errNumKeys
	case numKeys > int64(c.NArgs()-2):
		return errTooManyKeys
	}
	limit := int64(0)
	for rest := c.Args[2+numKeys:]; len(rest) > 0; rest = rest[2:] {
		if len(rest) < 2 || !protocol.IsWord(rest[0], "LIMIT") {
			return protocol.ErrSyntax
		}
		if limit, ok = protocol.ParseInt(rest[1]); !ok || limit < 0 {
			return errLimit
		}
	}
	var room [4]view
	vs, err := source(c, room[:0], c.Keys())
	if err != nil {
		return err
	}
	slices.SortStableFunc(vs, bySize)
	n := int64(0)
	s.intersect(vs, func([]byte) bool {
		n++
		return n != limit
	})
	c.Reply.Int(n)
	return nil
}
