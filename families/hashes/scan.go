package hashes

import (
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

func scanCommands() []core.Command {
	return []core.Command{{
		Name: "HSCAN", Arity: -3,
		Flags: core.ReadOnlyCmd,
		Keys:  core.KeyAt(1, core.ReadOnly|core.AccessData),
		Group: "hash", Since: "2.8.0",
		Complexity: "O(1) for a call, O(N) for a whole iteration, N = fields of the hash.",
		Summary:    "Walks over the fields and values of a hash in steps.",
		Syntax:     "key@0 cursor:integer [pattern:pattern=MATCH] [count:integer=COUNT]",
		Tips:       []string{"nondeterministic_output"},
		ACL:        core.CatHash, Run: hscan, Weight: weighScan,
	}}
}

// scanOptions are what follows the cursor.
type scanOptions struct {
	count int
	match protocol.Glob
	all   bool // no pattern
}

func parseScan(args [][]byte) (scanOptions, error) {
	o := scanOptions{count: 10, all: true}
	for ; len(args) > 0; args = args[2:] {
		switch {
		case len(args) >= 2 && isWord(args[0], "COUNT"):
			n, ok := protocol.ParseInt(args[1])
			if !ok {
				return o, protocol.ErrNotInt
			}
			if n < 1 {
				return o, protocol.ErrSyntax
			}
			o.count = int(min(n, 1<<31))
		case len(args) >= 2 && isWord(args[0], "MATCH"):
			o.match = protocol.CompileGlob(args[1])
			o.all = o.match.Any()
		default:
			return o, protocol.ErrSyntax
		}
	}
	return o, nil
}

// isWord compares an argument with an upper-case word, without regard to case.
func isWord(arg []byte, word string) bool {
	if len(arg) != len(word) {
		return false
	}
	for i, ch := range arg {
		if 'a' <= ch && ch <= 'z' {
			ch -= 'a' - 'A'
		}
		if ch != word[i] {
			return false
		}
	}
	return true
}

func weighScan(c *core.Ctx) int {
	o, err := parseScan(c.Args[3:])
	if err != nil {
		return 1
	}
	return min(o.count, weigh(c, c.Key(0)))
}

// hscan checks in Redis's order: the cursor, then the key, and only then the options.
func hscan(c *core.Ctx) error {
	cursor, err := core.ParseCursor(c.Args[2])
	if err != nil {
		return err
	}
	w, err := look(c, c.Key(0))
	if err != nil {
		return err
	}
	var o scanOptions
	if w.n > 0 {
		if o, err = parseScan(c.Args[3:]); err != nil {
			return err
		}
	}
	// The cursor comes first in the reply and is known last: pairs gather in the scratch buffer.
	out := protocol.Writer{Buf: c.Scratch()}
	n := 0
	take := func(f, v []byte) bool {
		if o.all || o.match.Match(f) {
			out.Bulk(f)
			out.Bulk(v)
			n += 2
		}
		return true
	}
	next := uint64(0)
	if w.dict != nil {
		next = w.dict.Scan(cursor, o.count, func(f, v []byte) { take(f, v) })
	} else {
		w.each(take) // packed: all at once, whatever cursor and count
	}
	c.Reply.Array(2)
	var text [20]byte
	c.Reply.Bulk(strconv.AppendUint(text[:0], next, 10))
	c.Reply.Array(n)
	c.Reply.Raw(out.Buf)
	c.SetScratch(out.Buf)
	return nil
}
