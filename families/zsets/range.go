package zsets

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

func (z *zsets) rangeCommands() []core.Command {
	return []core.Command{
		{
			Name: "ZRANGE", Arity: -4,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "1.2.0",
			Complexity: "O(log N + M), N = members of the sorted set, M = members returned",
			Summary:    "Returns a range of members, by rank, score or lexicographical order.",
			Syntax:     "key@0 start stop [sortby<6.2.0>(BYSCORE|BYLEX)] [REV<6.2.0>] [offset_count=LIMIT<6.2.0>(offset:integer count:integer)] [WITHSCORES]",
			History: [][2]string{
				{"6.2.0", "Came with options BYSCORE, BYLEX, REV and LIMIT."},
			},
			ACL:    core.CatSortedSet,
			Run:    z.zrange,
			Weight: formZRANGE.weigh,
		},
		{
			Name: "ZRANGESTORE", Arity: -5,
			Flags: core.Write | core.DenyOOM,
			Keys: core.KeyAt(1, core.Overwrite|core.Update).And(
				core.KeyAt(2, core.ReadOnly|core.AccessData),
			),
			Group:      "sorted-set",
			Since:      "6.2.0",
			Complexity: "O(log N + M), N = members of the source, M = members stored",
			Summary:    "Stores a range of members of one sorted set under another key.",
			Syntax:     "dst@0 src@1 min max [sortby(BYSCORE|BYLEX)] [REV] [offset_count=LIMIT(offset:integer count:integer)]",
			ACL:        core.CatSortedSet,
			Run:        z.zrangestore,
			Weight:     formZRANGESTORE.weigh,
		},
	}
}

var (
	errLimitByRank       = protocol.Error("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
	errScoresByLex       = protocol.Error("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
	noLimit        int64 = -1
)

type rangeBy uint8

const (
	byRank rangeBy = iota
	byScore
	byLex
)

// rangeSpec is a range of members as a command asked for it. Bounds are always from low to high.
type rangeSpec struct {
	by            rangeBy
	reverse       bool
	withScores    bool
	start, stop   int64 // byRank
	min, max      bound // byScore, byLex
	open          [2]lexOpen
	offset, limit int64 // limit below 0: none
}

// lexOpen says that a bound of byLex is - or +.
type lexOpen uint8

const (
	lexMember lexOpen = iota
	lexMinus
	lexPlus
)

// parseScores reads the bounds of a range of scores.
func (s *rangeSpec) parseScores(min, max []byte) error {
	lo, loEx, ok1 := protocol.ParseScoreBound(min)
	hi, hiEx, ok2 := protocol.ParseScoreBound(max)
	if !ok1 || !ok2 {
		return protocol.ErrMinMaxFloat
	}
	s.min = bound{kind: boundScore, score: lo, after: loEx}
	s.max = bound{kind: boundScore, score: hi, after: !hiEx}
	return nil
}

// parseLex reads the bounds of a lexicographical range: -, +, [member or (member.
func (s *rangeSpec) parseLex(min, max []byte) error {
	for i, b := range [2][]byte{min, max} {
		to := &s.min
		if i == 1 {
			to = &s.max
		}
		to.kind = boundLex
		switch {
		case len(b) == 1 && b[0] == '-':
			s.open[i] = lexMinus
		case len(b) == 1 && b[0] == '+':
			s.open[i] = lexPlus
		case len(b) > 0 && (b[0] == '[' || b[0] == '('):
			to.member = b[1:]
			to.after = (i == 0) == (b[0] == '(')
		default:
			return protocol.ErrMinMaxString
		}
	}
	return nil
}

func (s *rangeSpec) parseRanks(start, stop []byte) error {
	var ok1, ok2 bool
	s.start, ok1 = protocol.ParseInt(start)
	s.stop, ok2 = protocol.ParseInt(stop)
	if !ok1 || !ok2 {
		return protocol.ErrNotInt
	}
	return nil
}

// span resolves the range: the rank of the first member in the range's direction, and how many there are.
func (s *rangeSpec) span(w *view) (from, count int) {
	n := w.len()
	if s.by == byRank {
		start, count := rankSpan(s.start, s.stop, n)
		if s.reverse {
			start = n - 1 - start
		}
		return start, count
	}
	if s.by == byLex && w.set == nil {
		from, count = s.packedLex(w, n)
	} else {
		lo, hi := s.bounds(w, n)
		if count = hi - lo; s.offset < 0 || s.offset >= int64(count) {
			return 0, 0
		}
		count -= int(s.offset)
		if from = lo + int(s.offset); s.reverse {
			from = hi - 1 - int(s.offset)
		}
	}
	if s.limit >= 0 {
		count = int(min(s.limit, int64(count)))
	}
	return from, count
}

// bounds returns the ranks lo to hi-1 that are between the bounds.
func (s *rangeSpec) bounds(w *view, n int) (lo, hi int) {
	if n == 0 {
		return 0, 0
	}
	if s.by == byScore {
		return w.below(&s.min), w.below(&s.max)
	}
	if s.open[0] == lexPlus || s.open[1] == lexMinus {
		return 0, 0
	}
	hi = n
	if s.open[0] == lexMember {
		lo = w.below(&s.min)
	}
	if s.open[1] == lexMember {
		hi = w.below(&s.max)
	}
	return lo, hi
}

// packedLex resolves a lexicographical range of a listpack, the offset included, as Redis walks one, so that the answer is the
// same where scores differ, which makes no sense but is no error: from the end of the range's direction to the first member
// within, over as many as the offset says, and on to the first one beyond.
func (s *rangeSpec) packedLex(w *view, n int) (from, count int) {
	if n == 0 || s.offset < 0 || s.open[0] == lexPlus || s.open[1] == lexMinus {
		return 0, 0
	}
	lp := w.lp
	first, last := lp.First(), lp.Prev(lp.Last())
	if !s.notBelow(lp, last) || !s.notAbove(lp, first) {
		return 0, 0
	}
	pos, enter, stay, step := first, s.notBelow, s.notAbove, packed.Listpack.Next
	if s.reverse {
		pos, enter, stay, step = last, s.notAbove, s.notBelow, packed.Listpack.Prev
	}
	at := 0
	for ; !enter(lp, pos); at++ { // ends at the other end's member at the latest, which is within
		pos = step(lp, step(lp, pos))
	}
	if !stay(lp, pos) || s.offset >= int64(n-at) {
		return 0, 0
	}
	for range s.offset {
		pos = step(lp, step(lp, pos))
		at++
	}
	for at+count < n && stay(lp, pos) {
		pos = step(lp, step(lp, pos))
		count++
	}
	if s.reverse {
		at = n - 1 - at
	}
	return at, count
}

// notBelow and notAbove compare the member at pos with the ends of a lexicographical range.
func (s *rangeSpec) notBelow(lp packed.Listpack, pos int) bool {
	if s.open[0] == lexMinus {
		return true
	}
	c := lp.Compare(pos, s.min.member)
	return c > 0 || c == 0 && !s.min.after
}

func (s *rangeSpec) notAbove(lp packed.Listpack, pos int) bool {
	if s.open[1] == lexPlus {
		return true
	}
	c := lp.Compare(pos, s.max.member)
	return c < 0 || c == 0 && s.max.after
}

// rankSpan resolves ranks that may count from the end.
func rankSpan(start, stop int64, n int) (from, count int) {
	size := int64(n)
	if start < 0 {
		start = max(start+size, 0)
	}
	if stop < 0 {
		stop += size
	}
	if start > stop || start >= size {
		return 0, 0
	}
	return int(start), int(min(stop, size-1) - start + 1)
}

// rangeForm is a command's syntax: what its name fixes.
type rangeForm struct {
	by      rangeBy
	auto    bool // BYSCORE, BYLEX and REV are options
	reverse bool
	store   bool
	scores  bool // WITHSCORES is an option
}

var (
	formZRANGE           = rangeForm{auto: true, scores: true}
	formZRANGESTORE      = rangeForm{auto: true, store: true}
	formZREVRANGE        = rangeForm{reverse: true, scores: true}
	formZRANGEBYSCORE    = rangeForm{by: byScore, scores: true}
	formZREVRANGEBYSCORE = rangeForm{by: byScore, reverse: true, scores: true}
	formZRANGEBYLEX      = rangeForm{by: byLex, scores: true}
	formZREVRANGEBYLEX   = rangeForm{by: byLex, reverse: true, scores: true}
)

// parse reads a request; the key is args[at].
func (f rangeForm) parse(args [][]byte, at int) (s rangeSpec, err error) {
	s = rangeSpec{by: f.by, reverse: f.reverse, limit: noLimit}
	chosen, turned := !f.auto, !f.auto
	for i := at + 3; i < len(args); i++ {
		switch arg := args[i]; {
		case f.scores && protocol.IsWord(arg, "WITHSCORES"):
			s.withScores = true
		case protocol.IsWord(arg, "LIMIT") && i+2 < len(args):
			var ok1, ok2 bool
			s.offset, ok1 = protocol.ParseInt(args[i+1])
			s.limit, ok2 = protocol.ParseInt(args[i+2])
			if !ok1 || !ok2 {
				return s, protocol.ErrNotInt
			}
			i += 2
		case !turned && protocol.IsWord(arg, "REV"):
			s.reverse, turned = true, true
		case !chosen && protocol.IsWord(arg, "BYLEX"):
			s.by, chosen = byLex, true
		case !chosen && protocol.IsWord(arg, "BYSCORE"):
			s.by, chosen = byScore, true
		default:
			return s, protocol.ErrSyntax
		}
	}
	if s.limit != noLimit && s.by == byRank {
		return s, errLimitByRank
	}
	if s.withScores && s.by == byLex {
		return s, errScoresByLex
	}
	lo, hi := args[at+1], args[at+2]
	switch {
	case s.by == byRank:
		return s, s.parseRanks(lo, hi)
	case s.reverse:
		lo, hi = hi, lo
	}
	if s.by == byScore {
		return s, s.parseScores(lo, hi)
	}
	return s, s.parseLex(lo, hi)
}

// run answers a range command that replies.
func (f rangeForm) run(c *core.Ctx) error {
	s, err := f.parse(c.Args, 1)
	if err != nil {
		return err
	}
	w, _, err := read(c, c.Key(0))
	if err != nil {
		return err
	}
	from, count := s.span(&w)
	replyPairs(c.Reply, &w, from, count, s.reverse, s.withScores)
	return nil
}

// weigh estimates what the command returns, exactly, where the sorted set is large enough for it to matter.
func (f rangeForm) weigh(c *core.Ctx) int {
	at, key := 1, 0
	if f.store {
		at, key = 2, 1
	}
	w := peek(c, key)
	if w.len() <= lightRange {
		return 1
	}
	s, err := f.parse(c.Args, at)
	if err != nil {
		return 1
	}
	if s.limit >= 0 && s.limit <= lightRange {
		return 1
	}
	_, count := s.span(&w)
	return count
}

// lightRange is a number of members that needs no closer look before it is read.
const lightRange = 2048

// replyPairs writes members, with scores if asked for: as pairs of their own in RESP3.
func replyPairs(r *protocol.Writer, w *view, from, count int, reverse, withScores bool) {
	nested := r.Proto == 3
	if withScores && !nested {
		r.Array(2 * count)
	} else {
		r.Array(count)
	}
	w.each(from, count, reverse, func(member []byte, score float64) bool {
		if withScores && nested {
			r.Array(2)
		}
		r.Bulk(member)
		if withScores {
			r.Double(score)
		}
		return true
	})
}

func (z *zsets) zrange(c *core.Ctx) error { return formZRANGE.run(c) }

func (z *zsets) zrangestore(c *core.Ctx) error {
	s, err := formZRANGESTORE.parse(c.Args, 2)
	if err != nil {
		return err
	}
	w, _, err := read(c, c.Key(1))
	if err != nil {
		return err
	}
	from, count := s.span(&w)
	r := z.newResult()
	defer r.free()
	w.each(from, count, s.reverse, func(member []byte, score float64) bool { r.add(member, score); return true })
	return z.storeResult(c, "zrangestore", r)
}

// storeResult puts a result under the command's first key, whatever was there, and replies the number of its members. An empty one
// removes the key.
func (z *zsets) storeResult(c *core.Ctx, event string, r *result) error {
	k, n := c.Key(0), r.len()
	if n == 0 {
		if c.Remove(k) {
			c.Changed(core.EventGeneric, "del", k)
		}
	} else {
		c.Store(k, r.store(), false)
		c.Changed(core.EventZSet, event, k)
	}
	c.Reply.Int(int64(n))
	return nil
}
