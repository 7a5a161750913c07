package zsets

import "github.com/redust/redust/core"

func (z *zsets) combineStoreCommands() []core.Command {
	return []core.Command{
		{
			Name: "ZUNIONSTORE", Arity: -4,
			Flags: core.Write | core.DenyOOM,
			Keys: core.KeyAt(1, core.Overwrite|core.Update).And(
				core.KeyNum(2, core.ReadOnly|core.AccessData),
			),
			Group:      "sorted-set",
			Since:      "2.0.0",
			Complexity: "O(N + M*log M), N = members of all sets, M = members of the result",
			Summary:    "Stores the members that any of the sets has.",
			Syntax:     "destination@0 numkeys:integer key@1... [weight:integer=WEIGHTS...] [aggregate=AGGREGATE(SUM|MIN|MAX)]",
			ACL:        core.CatSortedSet,
			Run:        z.zunionstore,
			Weight:     combineWeight,
		},
		{
			Name: "ZINTERSTORE", Arity: -4,
			Flags: core.Write | core.DenyOOM,
			Keys: core.KeyAt(1, core.Overwrite|core.Update).And(
				core.KeyNum(2, core.ReadOnly|core.AccessData),
			),
			Group:      "sorted-set",
			Since:      "2.0.0",
			Complexity: "O(N*K + M*log M), N = members of the smallest of K sets, M = members of the result",
			Summary:    "Stores the members that all sets have.",
			Syntax:     "destination@0 numkeys:integer key@1... [weight:integer=WEIGHTS...] [aggregate=AGGREGATE(SUM|MIN|MAX)]",
			ACL:        core.CatSortedSet,
			Run:        z.zinterstore,
			Weight:     combineWeight,
		},
		{
			Name: "ZDIFFSTORE", Arity: -4,
			Flags: core.Write | core.DenyOOM,
			Keys: core.KeyAt(1, core.Overwrite|core.Update).And(
				core.KeyNum(2, core.ReadOnly|core.AccessData),
			),
			Group:      "sorted-set",
			Since:      "6.2.0",
			Complexity: "O(L + M*log M), L = members of all sets, M = members of the result",
			Summary:    "Stores the members of the first set that no other has.",
			Syntax:     "destination@0 numkeys:integer key@1...",
			ACL:        core.CatSortedSet,
			Run:        z.zdiffstore,
			Weight:     combineWeight,
		},
	}
}

func (z *zsets) zunionstore(c *core.Ctx) error {
	return z.combineStore(c, combineForm{op: opUnion, store: true}, "zunionstore")
}

func (z *zsets) zinterstore(c *core.Ctx) error {
	return z.combineStore(c, combineForm{op: opInter, store: true}, "zinterstore")
}

func (z *zsets) zdiffstore(c *core.Ctx) error {
	return z.combineStore(c, combineForm{op: opDiff, store: true}, "zdiffstore")
}

func (z *zsets) combineStore(c *core.Ctx, f combineForm, event string) error {
	q, err := f.read(c)
	if err != nil {
		return err
	}
	r := z.combine(f.op, &q)
	defer r.free()
	return z.storeResult(c, event, r)
}
