package sets

import (
	"slices"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
)

func (s *sets) storeCommands() []core.Command {
	from := core.KeyRange(2, -1, 1, core.ReadOnly|core.AccessData)
	return []core.Command{{
		Name: "SINTERSTORE", Arity: -3, Flags: core.Write | core.DenyOOM,
		Keys:  core.KeyAt(1, core.ReadWrite|core.Update).And(from),
		Group: "set", Since: "1.0.0",
		Complexity: "O(N*M), N = members of the smallest set, M = number of sets.",
		Summary:    "Stores the members that all sets have in a key.",
		Syntax:     "destination@0 key@1...",
		ACL:        core.CatSet, Run: s.sinterstore,
		Weight: func(c *core.Ctx) int { return weighInter(c, c.Keys()[1:]) },
	}, {
		Name: "SUNIONSTORE", Arity: -3, Flags: core.Write | core.DenyOOM,
		Keys:  core.KeyAt(1, core.Overwrite|core.Update).And(from),
		Group: "set", Since: "1.0.0", Complexity: "O(N), N = members of all sets.",
		Summary: "Stores the members that any of the sets has in a key.",
		Syntax:  "destination@0 key@1...",
		ACL:     core.CatSet, Run: s.sunionstore,
		Weight: func(c *core.Ctx) int { return weighSum(c, c.Keys()[1:]) },
	}, {
		Name: "SDIFFSTORE", Arity: -3, Flags: core.Write | core.DenyOOM,
		Keys:  core.KeyAt(1, core.Overwrite|core.Update).And(from),
		Group: "set", Since: "1.0.0", Complexity: "O(N), N = members of all sets.",
		Summary: "Stores the members of the first set that no other set has in a key.",
		Syntax:  "destination@0 key@1...",
		ACL:     core.CatSet, Run: s.sdiffstore,
		Weight: func(c *core.Ctx) int { return weighSum(c, c.Keys()[1:]) },
	}}
}

// result is an empty set for the result of a STORE form, in the scratch buffer. Each member must be put in once only.
func (s *sets) result(c *core.Ctx) set {
	return set{limits: s.limits(), ks: s.ks, spare: c.Scratch(), distinct: true}
}

// store replaces the destination by the result and replies with its size. An empty result deletes it.
func store(c *core.Ctx, r *set, event string) {
	dst, n := c.Key(0), r.len()
	if n == 0 {
		if c.Remove(dst) {
			c.Changed(core.EventGeneric, "del", dst)
		}
	} else {
		r.settle()
		c.Store(dst, r.stored(), false)
		c.Changed(core.EventSet, event, dst)
	}
	if r.b != nil {
		c.SetScratch(r.b)
	}
	c.Reply.Int(int64(n))
}

// adder adds members that come each once.
func (r *set) adder() func(m []byte) bool {
	return func(m []byte) bool {
		r.addNew(m)
		return true
	}
}

func (s *sets) sinterstore(c *core.Ctx) error {
	vs, err := source(c, nil, c.Keys()[1:])
	if err != nil {
		return err
	}
	r := s.result(c)
	slices.SortStableFunc(vs, bySize)
	s.intersect(vs, r.adder())
	store(c, &r, "sinterstore")
	return nil
}

func (s *sets) sunionstore(c *core.Ctx) error {
	vs, err := source(c, nil, c.Keys()[1:])
	if err != nil {
		return err
	}
	r := s.result(c)
	if n := slices.MaxFunc(vs, bySize).n; len(vs)-1 > directProbes && n > r.intset && n > r.listpack {
		// The result is a table in any case, and knows by itself what it has already.
		r.enc, r.dict, r.distinct = keyspace.EncHashtable, s.ks.NewDict(), false
		for _, v := range vs {
			v.walk(r.adder())
		}
	} else {
		s.union(vs, r.adder())
	}
	store(c, &r, "sunionstore")
	return nil
}

func (s *sets) sdiffstore(c *core.Ctx) error {
	vs, err := source(c, nil, c.Keys()[1:])
	if err != nil {
		return err
	}
	r := s.result(c)
	s.difference(vs, r.adder())
	store(c, &r, "sdiffstore")
	return nil
}
