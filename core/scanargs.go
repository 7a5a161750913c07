package core

import (
	"math"

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
