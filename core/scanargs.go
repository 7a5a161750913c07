package core

import (
	"math"
	"strconv"

	"github.com/redust/redust/protocol"
)

// ScanOptions are what follows the cursor of HSCAN, SSCAN and ZSCAN.
type ScanOptions struct {
	Count int // elements to visit in one call, about; at least 1
	match protocol.Glob
	all   bool // no MATCH, or one that takes everything
}

// ParseScanOptions reads MATCH pattern and COUNT n, in Redis's words when they are wrong.
func ParseScanOptions(args [][]byte) (ScanOptions, error) {
	o := ScanOptions{Count: 10, all: true}
	for ; len(args) > 0; args = args[2:] {
		switch {
		case len(args) > 1 && protocol.IsWord(args[0], "COUNT"):
			n, ok := protocol.ParseInt(args[1])
			if !ok {
				return o, protocol.ErrNotInt
			}
			if n < 1 {
				return o, protocol.ErrSyntax
			}
			o.Count = int(min(n, math.MaxInt32))
		case len(args) > 1 && protocol.IsWord(args[0], "MATCH"):
			o.match = protocol.CompileGlob(args[1])
			o.all = o.match.Any()
		default:
			return o, protocol.ErrSyntax
		}
	}
	return o, nil
}

// Takes reports whether an element is to be returned.
func (o *ScanOptions) Takes(element []byte) bool { return o.all || o.match.Match(element) }

// ReplyScan answers HSCAN, SSCAN and ZSCAN: cursor, then key, and only then the options are checked, as in Redis. look finds the value and
// reports whether there is one; walk gives what one call returns of it, from the cursor on: it writes elements that o.Takes to out, and
// returns the next cursor and how many bulk strings it wrote.
func (c *Ctx) ReplyScan(look func() (bool, error), walk func(cursor uint64, o *ScanOptions, out *protocol.Writer) (next uint64, n int)) error {
	cursor, err := ParseCursor(c.Args[2])
	if err != nil {
		return err
	}
	found, err := look()
	if err != nil {
		return err
	}
	var next uint64
	n := 0
	out := protocol.Writer{Buf: c.Scratch()} // the cursor comes first in the reply and is known last
	if found {
		o, err := ParseScanOptions(c.Args[3:])
		if err != nil {
			return err
		}
		next, n = walk(cursor, &o, &out)
	}
	c.Reply.Array(2)
	var text [20]byte
	c.Reply.Bulk(strconv.AppendUint(text[:0], next, 10))
	c.Reply.Array(n)
	c.Reply.Raw(out.Buf)
	c.SetScratch(out.Buf)
	return nil
}

// ScanWeight is the Weight of HSCAN, SSCAN and ZSCAN for a value of n elements.
func (c *Ctx) ScanWeight(n int) int {
	o, err := ParseScanOptions(c.Args[3:])
	if err != nil {
		return 1
	}
	return min(o.Count, n)
}
