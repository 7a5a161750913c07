package zsets

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

func (z *zsets) randomCommands() []core.Command {
	return []core.Command{
		{
			Name: "ZRANDMEMBER", Arity: -2,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "sorted-set",
			Since:      "6.2.0",
			Complexity: "O(M*log N), N = members of the sorted set, M = members returned",
			Summary:    "Returns members at random.",
			Syntax:     "key@0 [options(count:integer [WITHSCORES])]",
			Tips:       []string{"nondeterministic_output"},
			ACL:        core.CatSortedSet,
			Run:        z.zrandmember,
			Weight:     randomWeight,
		},
	}
}

var errRandomRange = protocol.Error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")

func parseRandom(args [][]byte) (count int64, withScores bool, err error) {
	count, ok := protocol.ParseInt(args[2])
	switch {
	case !ok:
		return 0, false, protocol.ErrNotInt
	case count == math.MinInt64:
		return 0, false, errRandomRange
	case len(args) > 4 || len(args) == 4 && !protocol.IsWord(args[3], "WITHSCORES"):
		return 0, false, protocol.ErrSyntax
	}
	withScores = len(args) == 4
	if withScores && (count < -math.MaxInt64/2 || count > math.MaxInt64/2) {
		return 0, false, protocol.ErrOutOfRange
	}
	return count, withScores, nil
}

// zrandmember picks ranks: a negative count with repeats, a positive one without. What is picked without repeats comes in
// ascending order.
func (z *zsets) zrandmember(c *core.Ctx) error {
	count, withScores := int64(1), false
	single := c.NArgs() == 2
	if !single {
		var err error
		if count, withScores, err = parseRandom(c.Args); err != nil {
			return err
		}
	}
	w, _, err := read(c, c.Key(0))
	if err != nil {
		return err
	}
	n := w.len()
	switch {
	case n == 0 && single:
		c.Reply.Null()
	case single:
		w.each(rand.IntN(n), 1, false, func(m []byte, _ float64) bool { c.Reply.Bulk(m); return true })
	case n == 0 || count == 0:
		c.Reply.Array(0)
	case count < 0:
		if err := c.Reply.CheckRepeats(-count); err != nil {
			return err
		}
		pickRepeated(c.Reply, &w, int(-count), withScores)
	case count >= int64(n):
		replyPairs(c.Reply, &w, 0, n, false, withScores)
	default:
		pickRandom(c.Reply, &w, int(count), withScores)
	}
	return nil
}

// picker writes count elements, whose header it begins with.
func picker(r *protocol.Writer, count int, withScores bool) (take func(member []byte, score float64) bool) {
	nested := withScores && r.Proto == 3
	if withScores && !nested {
		count *= 2
	}
	r.Array(count)
	return func(member []byte, score float64) bool {
		if nested {
			r.Array(2)
		}
		r.Bulk(member)
		if withScores {
			r.Double(score)
		}
		return true
	}
}

// pickRepeated writes count elements, each drawn from all, or as many as may be sent.
func pickRepeated(r *protocol.Writer, w *view, count int, withScores bool) {
	take := picker(r, count, withScores)
	for i := 0; i < count && !r.Full(); i++ {
		w.each(rand.IntN(w.len()), 1, false, take)
	}
}

// pickRandom writes count different elements.
func pickRandom(r *protocol.Writer, w *view, count int, withScores bool) {
	take := picker(r, count, withScores)
	if w.set == nil {
		w.lp.Pick(randomRanks(w.len(), count), 2, func(_, pos int) {
			var buf [24]byte
			take(lpText(w.lp, pos, buf[:]), lpScore(w.lp, w.lp.Next(pos)))
		})
		return
	}
	for _, rank := range randomRanks(w.len(), count) {
		w.each(rank, 1, false, take)
	}
}

// randomRanks returns k different ranks below n, ascending, all selections equally likely (Floyd's algorithm).
func randomRanks(n, k int) []int {
	ranks := make([]int, 0, k)
	seen := make(map[int]struct{}, k)
	for i := n - k; i < n; i++ {
		r := rand.IntN(i + 1)
		if _, dup := seen[r]; dup {
			r = i
		}
		seen[r] = struct{}{}
		ranks = append(ranks, r)
	}
	slices.Sort(ranks)
	return ranks
}

func randomWeight(c *core.Ctx) int {
	if c.NArgs() == 2 {
		return 1
	}
	count, _, err := parseRandom(c.Args)
	if err != nil {
		return 1
	}
	w := peek(c, 0)
	if w.len() == 0 {
		return 1
	}
	if count < 0 {
		return int(min(-count, math.MaxInt32))
	}
	return int(min(count, int64(w.len())))
}
