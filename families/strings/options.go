package strfamily

import (
	"math"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// option is a word that SET or GETEX knows.
type option uint16

const (
	optNX option = 1 << iota
	optXX
	optGet
	optKeepTTL
	optPersist
	optEX
	optPX
	optEXAT
	optPXAT

	optRelative = optEX | optPX
	optSeconds  = optEX | optEXAT
	optTTL      = optEX | optPX | optEXAT | optPXAT
)

// setOptions are the parsed options of SET and GETEX.
type setOptions struct {
	given option
	ttl   []byte // argument of EX and its like, not yet read
}

func (o setOptions) has(any option) bool { return o.given&any != 0 }

// words lists the options with what each excludes. The same word may come twice: the last argument counts, as in Redis.
var words = [...]struct {
	word    string
	opt     option
	exclude option
	in      option // 0: SET and GETEX; else a bit of inSet, inGetex
}{
	{"NX", optNX, optXX, inSet},
	{"XX", optXX, optNX, inSet},
	{"GET", optGet, 0, inSet},
	{"KEEPTTL", optKeepTTL, optPersist | optTTL, inSet},
	{"PERSIST", optPersist, optKeepTTL | optTTL, inGetex},
	{"EX", optEX, optKeepTTL | optPersist | optTTL&^optEX, 0},
	{"PX", optPX, optKeepTTL | optPersist | optTTL&^optPX, 0},
	{"EXAT", optEXAT, optKeepTTL | optPersist | optTTL&^optEXAT, 0},
	{"PXAT", optPXAT, optKeepTTL | optPersist | optTTL&^optPXAT, 0},
}

const (
	inSet option = 1 << iota
	inGetex
)

// parseOptions reads the words of a command (inSet or inGetex) from argument from on.
func parseOptions(args [][]byte, from int, command option) (o setOptions, err error) {
next:
	for i := from; i < len(args); i++ {
		for _, w := range &words {
			if !protocol.IsWord(args[i], w.word) || w.in != 0 && w.in != command {
				continue
			}
			if o.has(w.exclude) {
				return o, protocol.ErrSyntax
			}
			o.given |= w.opt
			if w.opt&optTTL != 0 {
				if i++; i == len(args) {
					return o, protocol.ErrSyntax
				}
				o.ttl = args[i]
			}
			continue next
		}
		return o, protocol.ErrSyntax
	}
	return o, nil
}

// deadline turns the argument of EX and its like into milliseconds since the epoch: core.NoDeadline without one. Zero,
// negative and overflowing times are refused.
func (o setOptions) deadline(c *core.Ctx) (int64, error) {
	if !o.has(optTTL) {
		return core.NoDeadline, nil
	}
	ms, ok := protocol.ParseInt(o.ttl)
	if !ok {
		return 0, protocol.ErrNotInt
	}
	if ms <= 0 || o.has(optSeconds) && ms > math.MaxInt64/1000 {
		return 0, protocol.InvalidExpire(c.Command().FullName())
	}
	if o.has(optSeconds) {
		ms *= 1000
	}
	if o.has(optRelative) {
		if ms > math.MaxInt64-c.Now() {
			return 0, protocol.InvalidExpire(c.Command().FullName())
		}
		ms += c.Now()
	}
	return ms, nil
}
