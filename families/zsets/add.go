package zsets

import (
	"math"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

var (
	errScoreNaN  = protocol.Error("ERR resulting score is not a number (NaN)")
	errNXandXX   = protocol.Error("ERR XX and NX options at the same time are not compatible")
	errGTandNX   = protocol.Error("ERR GT, LT, and/or NX options at the same time are not compatible")
	errIncrPairs = protocol.Error("ERR INCR option supports a single increment-element pair")
)

func (z *zsets) addCommands() []core.Command {
	return []core.Command{
		{
			Name: "ZADD", Arity: -4,
			Flags:      core.Write | core.DenyOOM | core.Fast,
			Keys:       core.KeyAt(1, core.ReadWrite|core.Update),
			Group:      "sorted-set",
			Since:      "1.2.0",
			Complexity: "O(log N) for each member, N = members of the sorted set",
			Summary:    "Adds members with their scores, or changes the scores of those that are there. Creates the key.",
			Syntax:     "key@0 [condition<3.0.2>(NX|XX)] [comparison<6.2.0>(GT|LT)] [change=CH<3.0.2>] [increment=INCR<3.0.2>] score_member(score:double member)...",
			History: [][2]string{
				{"2.4.0", "Several members in one call."},
				{"3.0.2", "Came with options XX, NX, CH and INCR."},
				{"6.2.0", "Came with options GT and LT."},
			},
			ACL:    core.CatSortedSet,
			Run:    z.zadd,
			Weight: func(c *core.Ctx) int { return c.NArgs() / 2 },
		},
		{
			Name: "ZINCRBY", Arity: 4,
			Flags:      core.Write | core.DenyOOM | core.Fast,
			Keys:       core.KeyAt(1, core.ReadWrite|core.AccessData|core.Update),
			Group:      "sorted-set",
			Since:      "1.2.0",
			Complexity: "O(log N), N = members of the sorted set",
			Summary:    "Adds to the score of a member, which starts at 0.",
			Syntax:     "key@0 increment:integer member",
			ACL:        core.CatSortedSet,
			Run:        z.zincrby,
		},
	}
}

type addOptions struct{ nx, xx, gt, lt, ch, incr bool }

func zaddOptions(c *core.Ctx) (o addOptions, at int, err error) {
	for at = 2; at < c.NArgs(); at++ {
		switch arg := c.Args[at]; {
		case protocol.IsWord(arg, "NX"):
			o.nx = true
		case protocol.IsWord(arg, "XX"):
			o.xx = true
		case protocol.IsWord(arg, "GT"):
			o.gt = true
		case protocol.IsWord(arg, "LT"):
			o.lt = true
		case protocol.IsWord(arg, "CH"):
			o.ch = true
		case protocol.IsWord(arg, "INCR"):
			o.incr = true
		default:
			return o, at, o.check(c.NArgs() - at)
		}
	}
	return o, at, protocol.ErrSyntax
}

func (o addOptions) check(rest int) error {
	switch {
	case rest == 0 || rest%2 != 0:
		return protocol.ErrSyntax
	case o.nx && o.xx:
		return errNXandXX
	case o.gt && o.nx || o.lt && o.nx || o.gt && o.lt:
		return errGTandNX
	case o.incr && rest > 2:
		return errIncrPairs
	}
	return nil
}

func (z *zsets) zadd(c *core.Ctx) error {
	o, at, err := zaddOptions(c)
	if err != nil {
		return err
	}
	return z.add(c, o, at)
}

// zincrby looks for ZADD's options, as Redis does: they leave no pair behind, so the word is a syntax error, not a bad float.
func (z *zsets) zincrby(c *core.Ctx) error {
	o, at, err := zaddOptions(c)
	if err != nil {
		return err
	}
	o.incr = true
	return z.add(c, o, at)
}

// outcome is what came of one member.
type outcome uint8

const (
	skipped outcome = iota // an option forbade it
	same
	updated
	added
)

// add is ZADD and ZINCRBY: pairs of score and member from args[at] on.
func (z *zsets) add(c *core.Ctx, o addOptions, at int) error {
	var few [8]float64
	scores := few[:0]
	for i := at; i < c.NArgs(); i += 2 {
		f, ok := protocol.ParseFloat(c.Args[i])
		if !ok {
			return protocol.ErrNotFloat
		}
		scores = append(scores, f)
	}
	var e editor
	if err := e.open(z, c, c.Key(0)); err != nil {
		return err
	}
	nAdded, nUpdated, last := 0, 0, skipped
	score := 0.0
	if e.had || !o.xx {
		if !e.had {
			e.create(len(c.Args[at+1]))
		}
		for i, s := range scores {
			score = s
			var err error
			if last, err = e.addOne(o, c.Args[at+2*i+1], &score); err != nil {
				return err // INCR, which has one pair: nothing has changed
			}
			switch last {
			case added:
				nAdded++
			case updated:
				nUpdated++
			}
		}
	}
	if n := nAdded + nUpdated; n > 0 {
		e.commit(false)
		event := "zadd"
		if o.incr {
			event = "zincr"
		}
		e.changed(event, n)
	}
	switch {
	case o.incr && last == skipped:
		c.Reply.Null()
	case o.incr:
		c.Reply.Double(score)
	case o.ch:
		c.Reply.Int(int64(nAdded + nUpdated))
	default:
		c.Reply.Int(int64(nAdded))
	}
	return nil
}

// addOne adds or updates a member; score is the one given, and then the one that it has.
func (e *editor) addOne(o addOptions, member []byte, score *float64) (outcome, error) {
	p, old, found := e.lookup(member)
	if !found {
		if o.xx {
			return skipped, nil
		}
		e.add(member, *score)
		return added, nil
	}
	if o.nx {
		return skipped, nil
	}
	fresh := *score
	if o.incr {
		if fresh += old; math.IsNaN(fresh) {
			return skipped, errScoreNaN
		}
	}
	if o.lt && fresh >= old || o.gt && fresh <= old {
		return skipped, nil
	}
	*score = fresh
	if fresh == old {
		return same, nil
	}
	e.rescore(p, member, old, fresh)
	return updated, nil
}
