package keysfamily

import (
	"bytes"
	"math"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

const (
	noteSortPatterns = "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort"
	noteSortStore    = "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array"
)

var sortCommands = []core.Command{
	{
		Name: "SORT", Arity: -2,
		Flags: core.Write | core.DenyOOM | core.AllKeys,
		Keys: core.KeyAt(1, core.ReadOnly|core.AccessData).And(
			noted(core.KeyUnknown(core.ReadOnly|core.AccessData), noteSortPatterns),
			noted(core.KeyUnknown(core.Overwrite|core.Update), noteSortStore),
		),
		FindKeys:   sortKeys,
		Group:      "generic",
		Since:      "1.0.0",
		Complexity: "O(N*log(N)), N = elements; O(M) with BY and a constant, M = elements returned",
		Summary:    "Sorts the elements of a list, set or sorted set and returns or stores them, or what patterns make of them.",
		Syntax:     "key@0 [pattern:pattern@1=BY] [offset_count=LIMIT(offset:integer count:integer)] [pattern:pattern@1=GET...=] [order(ASC|DESC)] [sorting=ALPHA] [destination@2=STORE]",
		ACL:        core.CatSet | core.CatSortedSet | core.CatList | core.CatDangerous,
		Run:        sortCommand,
		Weight:     sortWeight,
	},
	{
		Name: "SORT_RO", Arity: -2,
		Flags: core.ReadOnlyCmd | core.AllKeys,
		Keys: core.KeyAt(1, core.ReadOnly|core.AccessData).And(
			noted(core.KeyUnknown(core.ReadOnly|core.AccessData), noteSortPatterns),
		),
		Group:      "generic",
		Since:      "7.0.0",
		Complexity: "O(N*log(N)), N = elements; O(M) with BY and a constant, M = elements returned",
		Summary:    "Sorts the elements of a list, set or sorted set and returns them, or what patterns make of them.",
		Syntax:     "key@0 [pattern:pattern@1=BY] [offset_count=LIMIT(offset:integer count:integer)] [pattern:pattern@1=GET...=] [order(ASC|DESC)] [sorting=ALPHA]",
		ACL:        core.CatSet | core.CatSortedSet | core.CatList | core.CatDangerous,
		Run:        sortCommand,
		Weight:     sortWeight,
	},
}

// noted adds what COMMAND INFO says beside the key spec.
func noted(k core.KeySpecs, note string) core.KeySpecs {
	k[0].Notes = note
	return k
}

const (
	errSortScores = protocol.Error("ERR One or more scores can't be converted into double")
	errSortByACL  = protocol.Error("ERR BY option of SORT denied due to insufficient ACL permissions")
	errSortGetACL = protocol.Error("ERR GET option of SORT denied due to insufficient ACL permissions")
	errSortNoList = protocol.Error("ERR this server has no lists to store into")
)

// sortKeys finds the key to sort and the destination: the last STORE that is not an option's argument.
func sortKeys(args [][]byte) ([]core.KeyRef, error) {
	refs := []core.KeyRef{{Pos: 1, Access: core.ReadOnly | core.AccessData}}
	for i := 2; i < len(args); i++ {
		switch {
		case protocol.IsWord(args[i], "LIMIT"):
			i += 2
		case protocol.IsWord(args[i], "GET"), protocol.IsWord(args[i], "BY"):
			i++
		case protocol.IsWord(args[i], "STORE") && i+1 < len(args):
			i++
			refs = append(refs[:1], core.KeyRef{Pos: i, Access: core.Overwrite | core.Update})
		}
	}
	return refs, nil
}

type sortOptions struct {
	by     *pattern // nil without BY, or where BY is a constant
	nosort bool     // BY a constant
	get    []pattern
	start  int64 // LIMIT
	count  int64 // negative: no limit
	desc   bool
	alpha  bool
	store  bool
}

// looksUp reports whether other keys are read.
func (o *sortOptions) looksUp() bool {
	if o.by != nil {
		return true
	}
	for i := range o.get {
		if o.get[i].star {
			return true
		}
	}
	return false
}

// parseSort reads the options. mayLookUp tells whether the client may read any key.
func parseSort(c *core.Ctx, mayLookUp bool) (o sortOptions, err error) {
	o.count = -1
	args, readOnly := c.Args, c.Command().Flags&core.ReadOnlyCmd != 0
	for i := 2; i < len(args); i++ {
		left := len(args) - i - 1
		switch a := args[i]; {
		case protocol.IsWord(a, "ASC"):
			o.desc = false
		case protocol.IsWord(a, "DESC"):
			o.desc = true
		case protocol.IsWord(a, "ALPHA"):
			o.alpha = true
		case protocol.IsWord(a, "LIMIT") && left >= 2:
			var ok1, ok2 bool
			o.start, ok1 = protocol.ParseInt(args[i+1])
			o.count, ok2 = protocol.ParseInt(args[i+2])
			if !ok1 || !ok2 {
				return o, protocol.ErrNotInt
			}
			i += 2
		case !readOnly && protocol.IsWord(a, "STORE") && left >= 1:
			o.store = true
			i++
		case protocol.IsWord(a, "BY") && left >= 1:
			i++
			if bytes.IndexByte(args[i], '*') < 0 {
				o.nosort, o.by = true, nil
			} else if !mayLookUp {
				return o, errSortByACL
			} else {
				p := parsePattern(args[i])
				o.by = &p
			}
		case protocol.IsWord(a, "GET") && left >= 1:
			if !mayLookUp {
				return o, errSortGetACL
			}
			i++
			o.get = append(o.get, parsePattern(args[i]))
		default:
			return o, protocol.ErrSyntax
		}
	}
	return o, nil
}

// mayReadAll reports whether the client's user may read every key, which patterns need.
func mayReadAll(c *core.Ctx) bool {
	u, ok := c.Client().User().(interface{ ReadsAllKeys() bool })
	return !ok || u.ReadsAllKeys()
}

// sortWeight counts the elements. Patterns look at other keys, which needs the shards unlocked, however few there are.
func sortWeight(c *core.Ctx) int {
	o, err := parseSort(c, true)
	if err != nil {
		return 0
	}
	if o.looksUp() {
		return math.MaxInt32
	}
	return valueWeight(c, c.Key(0))
}

func sortCommand(c *core.Ctx) error {
	o, err := parseSort(c, mayReadAll(c))
	if err != nil {
		return err
	}
	v, found, err := c.Value(c.Key(0), keyspace.None)
	if err != nil {
		return err
	}
	var t *core.TypeInfo
	if found {
		if t = c.Engine().Registry().Type(v.Type); t == nil || t.Each == nil {
			return protocol.ErrWrongType
		}
	}
	if o.nosort && v.Type == keyspace.Set && (o.store || c.Client().Has(core.FlagFake)) {
		// A set has no order of its own; what replicas and scripts see must not depend on that of a table.
		o.nosort, o.alpha, o.by = false, true, nil
	}
	s := newSorter(c, &o)
	defer s.free()
	if found {
		s.load(t, v)
	}
	if !o.nosort && !s.sort() {
		return errSortScores
	}
	if o.store {
		return s.store()
	}
	s.reply()
	return nil
}

// window gives the bounds that LIMIT cuts out of n elements.
func (o *sortOptions) window(n int) (from, to int) {
	size := int64(n)
	start := min(max(o.start, 0), size)
	end := size
	if count := min(max(o.count, -1), size); count >= 0 {
		end = min(start+count, size)
	}
	return int(start), int(end)
}

// reply sends the elements of the window, or what GET finds for each.
func (s *sorter) reply() {
	from, to := s.o.window(len(s.order))
	w := s.c.Reply
	w.Array((to - from) * max(len(s.o.get), 1))
	look := lookup{c: s.c}
	var room digits
	for _, i := range s.order[from:to] {
		if len(s.o.get) == 0 {
			if e := s.element(i); e.IsInt {
				w.BulkInt(e.Int)
			} else {
				w.Bulk(e.Text)
			}
		}
		for g := range s.o.get {
			if val, ok := look.value(&s.o.get[g], s.bytes(i, &room)); ok {
				w.Bulk(val)
			} else {
				w.Null()
			}
		}
	}
}

// store makes the result the list at the destination; without result there will be no key. The reply is its length.
func (s *sorter) store() error {
	c := s.c
	from, to := s.o.window(len(s.order))
	to0 := c.Key(1)
	n := (to - from) * max(len(s.o.get), 1)
	c.Reply.Int(int64(n))
	if n == 0 {
		if c.Remove(to0) {
			c.Changed(core.EventGeneric, "del", to0)
			if s.o.looksUp() {
				propagateDel(c, to0)
			}
		}
		return nil
	}
	list := c.Engine().Registry().Type(keyspace.List)
	if list == nil || list.FromElements == nil {
		return errSortNoList
	}
	element := func(i int) core.Element { return s.element(s.order[from+i]) }
	if len(s.o.get) > 0 {
		element = s.collect(s.order[from:to])
	}
	v := list.FromElements(n, element)
	if s.o.looksUp() && !c.InTransaction() && c.Propagates() {
		s.propagateResult(list, v, to0)
	}
	c.Store(to0, v, false)
	c.Changed(core.EventList, "sortstore", to0)
	c.Dirty(n - 1)
	return nil
}

// collect looks up what GET asks for of all elements and returns the access to it; absent values are empty.
func (s *sorter) collect(order []int32) func(i int) core.Element {
	look := lookup{c: s.c}
	var room digits
	var all []byte
	ends := make([]int, 1, len(order)*len(s.o.get)+1)
	for _, i := range order {
		for g := range s.o.get {
			val, _ := look.value(&s.o.get[g], s.bytes(i, &room))
			all = append(all, val...)
			ends = append(ends, len(all))
		}
	}
	return func(i int) core.Element { return core.Element{Text: all[ends[i]:ends[i+1]]} }
}

// propagateResult sends the list itself. Other keys than the sorted one may have changed since they were looked up, so
// that sorting again at this place of the log could give something else.
func (s *sorter) propagateResult(t *core.TypeInfo, v core.Value, k core.Key) {
	propagateDel(s.c, k)
	t.Rewrite(k.Name, v, func(args ...[]byte) {
		own := make([][]byte, len(args))
		for i, a := range args {
			own[i] = bytes.Clone(a)
		}
		s.c.Propagate(own...)
	})
}
