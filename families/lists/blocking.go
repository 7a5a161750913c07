package lists

import (
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

func (l *lists) blockingCommands() []core.Command {
	return []core.Command{
		{
			Name: "BLPOP", Arity: -3,
			Flags:      core.Write | core.NoScript | core.Blocking,
			Keys:       core.KeyRange(1, -2, 1, core.ReadWrite|core.AccessData|core.Delete),
			Group:      "list",
			Since:      "2.0.0",
			Complexity: "O(K), K = keys",
			Summary:    "Removes and returns the first element of the first list that has any; waits until one does.",
			Syntax:     "key@0... timeout:double",
			History: [][2]string{
				{"6.0.0", "The timeout may have a fraction."},
			},
			ACL: core.CatList,
			Run: l.blockingPop(true),
		},
		{
			Name: "BRPOP", Arity: -3,
			Flags:      core.Write | core.NoScript | core.Blocking,
			Keys:       core.KeyRange(1, -2, 1, core.ReadWrite|core.AccessData|core.Delete),
			Group:      "list",
			Since:      "2.0.0",
			Complexity: "O(K), K = keys",
			Summary:    "Removes and returns the last element of the first list that has any; waits until one does.",
			Syntax:     "key@0... timeout:double",
			History: [][2]string{
				{"6.0.0", "The timeout may have a fraction."},
			},
			ACL: core.CatList,
			Run: l.blockingPop(false),
		},
		{
			Name: "BLMOVE", Arity: 6,
			Flags: core.Write | core.DenyOOM | core.NoScript | core.Blocking,
			Keys: core.KeyAt(1, core.ReadWrite|core.AccessData|core.Delete).And(
				core.KeyAt(2, core.ReadWrite|core.Insert),
			),
			Group:      "list",
			Since:      "6.2.0",
			Complexity: "O(1)",
			Summary:    "Moves an element between two lists and returns it; waits for one if there is none.",
			Syntax:     "source@0 destination@1 wherefrom(LEFT|RIGHT) whereto(LEFT|RIGHT) timeout:double",
			ACL:        core.CatList,
			Run:        l.blmove,
		},
		{
			Name: "BRPOPLPUSH", Arity: 4,
			Flags: core.Write | core.DenyOOM | core.NoScript | core.Blocking,
			Keys: core.KeyAt(1, core.ReadWrite|core.AccessData|core.Delete).And(
				core.KeyAt(2, core.ReadWrite|core.Insert),
			),
			Group:      "list",
			Since:      "2.2.0",
			Complexity: "O(1)",
			Summary:    "Moves the last element of a list to the front of another and returns it; waits for one if there is none.",
			Syntax:     "source@0 destination@1 timeout:double",
			History: [][2]string{
				{"6.0.0", "The timeout may have a fraction."},
			},
			Deprecated: "6.2.0",
			ReplacedBy: "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
			ACL:        core.CatList,
			Run:        l.brpoplpush,
		},
		{
			Name: "BLMPOP", Arity: -5,
			Flags:      core.Write | core.Blocking,
			Keys:       core.KeyNum(2, core.ReadWrite|core.AccessData|core.Delete),
			Group:      "list",
			Since:      "7.0.0",
			Complexity: "O(K+N), K = keys, N = elements returned",
			Summary:    "Removes and returns elements of the first list that has any; waits until one does.",
			Syntax:     "timeout:double numkeys:integer key@0... where(LEFT|RIGHT) [count:integer=COUNT]",
			ACL:        core.CatList,
			Run:        l.blmpop,
			Weight:     mpopWeight,
		},
	}
}

// waitingKeys are the keys to look at: all of the command, or the one that has become ready while the client waited.
func waitingKeys(c *core.Ctx) []core.Key {
	if k, ok := c.ReadyKey(); ok {
		return []core.Key{k}
	}
	return c.Keys()
}

// blockingPop is BLPOP and BRPOP.
func (l *lists) blockingPop(front bool) func(*core.Ctx) error {
	return func(c *core.Ctx) error {
		timeout, err := protocol.ParseTimeout(c.Args[c.NArgs()-1])
		if err != nil {
			return err
		}
		for _, k := range waitingKeys(c) {
			e, ok, err := find(c, k, true)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			s, empty := l.pop(c, k, e, front, c.Scratch())
			c.Reply.Array(2)
			c.Reply.Bulk(k.Name)
			c.Reply.Bulk(s)
			c.SetScratch(s)
			popped(c, k, front, 1, empty)
			c.Propagate(popWord(front), k.Name)
			return nil
		}
		return c.Block(core.Block{Timeout: timeout, Type: keyspace.List})
	}
}

func (l *lists) blmpop(c *core.Ctx) error {
	m, err := parseMany(c.Args[2:])
	if err != nil {
		return err
	}
	timeout, err := protocol.ParseTimeout(c.Args[1])
	if err != nil {
		return err
	}
	if done, err := l.popFirst(c, waitingKeys(c), m); done || err != nil {
		return err
	}
	return c.Block(core.Block{Timeout: timeout, Type: keyspace.List})
}

var lmoveWord, rpoplpushWord = []byte("LMOVE"), []byte("RPOPLPUSH")

func (l *lists) blmove(c *core.Ctx) error {
	m, err := parseEnds(c)
	if err != nil {
		return err
	}
	timeout, err := protocol.ParseTimeout(c.Args[5])
	if err != nil {
		return err
	}
	return l.moveOrBlock(c, m, timeout, lmoveWord, c.Args[1], c.Args[2], c.Args[3], c.Args[4])
}

func (l *lists) brpoplpush(c *core.Ctx) error {
	timeout, err := protocol.ParseTimeout(c.Args[3])
	if err != nil {
		return err
	}
	return l.moveOrBlock(c, ends{toFront: true}, timeout, rpoplpushWord, c.Args[1], c.Args[2])
}

// moveOrBlock moves an element, which is propagated as effect, or waits for one.
func (l *lists) moveOrBlock(c *core.Ctx, m ends, timeout time.Duration, effect ...[]byte) error {
	moved, err := l.move(c, m)
	switch {
	case err != nil:
		return err
	case moved:
		c.Propagate(effect...)
		return nil
	case !c.MayBlock(): // where it may not wait the reply is another than when time is up
		c.Reply.Null()
		return nil
	}
	return c.Block(core.Block{Timeout: timeout, Type: keyspace.List, Keys: c.Keys()[:1]})
}
