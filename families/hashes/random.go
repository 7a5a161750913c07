package hashes

import (
	"math"
	"math/rand/v2"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

func randomCommands() []core.Command {
	return []core.Command{{
		Name: "HRANDFIELD", Arity: -2,
		Flags: core.ReadOnlyCmd,
		Keys:  core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group: "hash", Since: "6.2.0", Complexity: "O(1), with a count O(N), N = its absolute value.",
		Summary: "Returns random fields of a hash, on request with their values.",
		Syntax:  "key@0 [options(count:integer [WITHVALUES])]",
		Tips:    []string{"nondeterministic_output"},
		ACL:     core.CatHash, Run: hrandfield, Weight: weighCount,
	}}
}

const errCountRange = protocol.Error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")

// weighCount is the number of fields that HRANDFIELD touches.
func weighCount(c *core.Ctx) int {
	if c.NArgs() < 3 {
		return 1
	}
	n, _ := protocol.ParseInt(c.Args[2])
	if n < 0 {
		return int(-max(n, -math.MaxInt64))
	}
	return int(min(n, int64(weigh(c, c.Key(0)))))
}

func hrandfield(c *core.Ctx) error {
	if c.NArgs() == 2 {
		w, err := look(c, c.Key(0))
		if err != nil {
			return err
		}
		if w.n == 0 {
			c.Reply.Null()
			return nil
		}
		r := picker{out: c.Reply, parts: fields}
		r.repeated(w, 1)
		return nil
	}
	count, p, err := parseCount(c.Args[2:])
	if err != nil {
		return err
	}
	w, err := look(c, c.Key(0))
	if err != nil {
		return err
	}
	r := picker{out: c.Reply, parts: p, nested: p == both && c.Client().Proto() == 3}
	switch {
	case count == 0 || w.n == 0:
		c.Reply.Array(0)
	case count < 0:
		if err := c.Reply.CheckRepeats(-count); err != nil {
			return err
		}
		r.header(int(-count))
		r.repeated(w, int(-count))
	default:
		n := int(min(count, int64(w.n)))
		r.header(n)
		r.distinct(w, n)
	}
	return nil
}

// parseCount reads "count [WITHVALUES]". With values, counts are limited to half the range, as the reply has twice as many
// elements.
func parseCount(args [][]byte) (count int64, p parts, err error) {
	count, ok := protocol.ParseInt(args[0])
	switch {
	case !ok:
		return 0, 0, protocol.ErrNotInt
	case count < -math.MaxInt64:
		return 0, 0, errCountRange
	case len(args) == 1:
		return count, fields, nil
	case len(args) > 2 || !protocol.IsWord(args[1], "WITHVALUES"):
		return 0, 0, protocol.ErrSyntax
	case count < -math.MaxInt64/2 || count > math.MaxInt64/2:
		return 0, 0, protocol.ErrOutOfRange
	}
	return count, both, nil
}

// picker writes random fields into a reply.
type picker struct {
	out    *protocol.Writer
	parts  parts
	nested bool // pairs as arrays of two (RESP3)
}

func (r *picker) header(n int) {
	if r.parts == both && !r.nested {
		n *= 2
	}
	r.out.Array(n)
}

func (r *picker) pair(f, v []byte) {
	if r.nested {
		r.out.Array(2)
	}
	r.out.Bulk(f)
	if r.parts == both {
		r.out.Bulk(v)
	}
}

// repeated writes count fields, each drawn from all, or as many as may be sent.
func (r *picker) repeated(w view, count int) {
	if w.dict != nil {
		for i := 0; i < count && !r.out.Full(); i++ {
			ref := w.dict.Random(rand.Uint64)
			r.pair(w.dict.Key(ref), w.dict.Value(ref))
		}
		return
	}
	// The positions of all fields, so that a draw is O(1).
	var room [64]int32
	starts := room[:0]
	for pos := firstPair; pos < len(w.p); pos = w.p.nextPair(pos) {
		starts = append(starts, int32(pos))
	}
	var texts [2][20]byte
	for i := 0; i < count && !r.out.Full(); i++ {
		pos := int(starts[rand.IntN(w.n)])
		r.pair(w.p.get(pos).text(texts[0][:0]), w.p.get(w.p.after(pos)).text(texts[1][:0]))
	}
}

// distinct writes count different fields, all choices equally likely. It draws until it has them when they are few, and
// else walks the hash once, taking each field with the probability that is left for it (Knuth, The Art
// of Computer Programming 3.4.2, algorithm S).
func (r *picker) distinct(w view, count int) {
	if w.dict != nil && count <= w.n/4 {
		taken := make(map[keyspace.Ref]struct{}, count)
		for len(taken) < count {
			ref := w.dict.Random(rand.Uint64)
			if _, dup := taken[ref]; !dup {
				taken[ref] = struct{}{}
				r.pair(w.dict.Key(ref), w.dict.Value(ref))
			}
		}
		return
	}
	left, need := uint64(w.n), uint64(count)
	w.each(func(f, v []byte) bool {
		if need == left || rand.Uint64N(left) < need {
			r.pair(f, v)
			need--
		}
		left--
		return need > 0
	})
}
