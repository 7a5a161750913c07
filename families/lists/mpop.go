package lists

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

func (l *lists) manyCommands() []core.Command {
	return []core.Command{
		{
			Name: "LMPOP", Arity: -4,
			Flags:      core.Write,
			Keys:       core.KeyNum(1, core.ReadWrite|core.AccessData|core.Delete),
			Group:      "list",
			Since:      "7.0.0",
			Complexity: "O(K+N), K = keys, N = elements returned",
			Summary:    "Removes and returns elements of the first list that has any.",
			Syntax:     "numkeys:integer key@0... where(LEFT|RIGHT) [count:integer=COUNT]",
			ACL:        core.CatList,
			Run:        l.lmpop,
			Weight:     mpopWeight,
		},
	}
}

const (
	errNumkeys = protocol.Error("ERR numkeys should be greater than 0")
	errCount   = protocol.Error("ERR count should be greater than 0")
)

// manyPop is what LMPOP and BLMPOP are asked for.
type manyPop struct {
	front bool
	count int64
}

// parseMany reads the arguments from the number of keys on.
func parseMany(args [][]byte) (m manyPop, err error) {
	keys, ok := protocol.ParseInt(args[0])
	if !ok || keys < 1 {
		return m, errNumkeys
	}
	if keys >= int64(len(args)-1) {
		return m, protocol.ErrSyntax
	}
	args = args[keys+1:]
	if m.front, err = parseEnd(args[0]); err != nil {
		return m, err
	}
	m.count = 1
	if len(args) == 1 {
		return m, nil
	}
	if len(args) == 2 || !protocol.IsWord(args[1], "COUNT") {
		return m, protocol.ErrSyntax
	}
	if m.count, ok = protocol.ParseInt(args[2]); !ok || m.count < 1 {
		return m, errCount
	}
	if len(args) > 3 {
		return m, protocol.ErrSyntax
	}
	return m, nil
}

// mpopWeight is the weight of LMPOP and BLMPOP: the count, if there is a list that has as many.
func mpopWeight(c *core.Ctx) int {
	args := c.Args[1:]
	if c.Command().Flags&core.Blocking != 0 {
		args = args[1:]
	}
	m, err := parseMany(args)
	if err != nil {
		return 0
	}
	for _, k := range c.Keys() {
		if n := weight(c, k, m.count); n > 0 {
			return n
		}
	}
	return 0
}

func (l *lists) lmpop(c *core.Ctx) error {
	m, err := parseMany(c.Args[1:])
	if err != nil {
		return err
	}
	done, err := l.popFirst(c, c.Keys(), m)
	if err == nil && !done {
		c.Reply.NullArray()
	}
	return err
}

// popFirst pops from the first of the keys that has a list; false if none has.
func (l *lists) popFirst(c *core.Ctx, keys []core.Key, m manyPop) (bool, error) {
	for _, k := range keys {
		val, ok, err := c.ValueWrite(k, keyspace.List)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		c.Reply.Array(2)
		c.Reply.Bulk(k.Name)
		n := l.popMany(c, k, viewOf(val), m.count, m.front)
		c.Propagate(popWord(m.front), k.Name, appendInt(nil, int64(n)))
		return true, nil
	}
	return false, nil
}

// popWord is the name of the command that propagates a pop.
func popWord(front bool) []byte {
	if front {
		return lpopWord
	}
	return rpopWord
}

var lpopWord, rpopWord = []byte("LPOP"), []byte("RPOP")
