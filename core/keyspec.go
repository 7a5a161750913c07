package core

import (
	"bytes"

	"github.com/redust/redust/protocol"
)

// KeySpec finds keys among a command's arguments: where the search begins and
// which arguments from there are keys. It mirrors Redis 7's key specs.
type KeySpec struct {
	Access Access
	Notes  string
	// Begin: the argument at Index, or the one after the first Keyword found
	// from StartFrom on (negative: from the end backwards).
	Index     int
	Keyword   string
	StartFrom int
	// Find: a Range, a KeyNum, or Unknown.
	Find Find
	// Range: LastKey is relative to the first (negative: from the end of all arguments),
	// Step apart; Limit as in Redis (0, 1 or N: only the first 1/N of the rest).
	LastKey, Step, Limit int
	// KeyNum: the count stands KeyNumIdx after the begin, the first key FirstKey after it.
	KeyNumIdx, FirstKey int
}

// Find is the way a key spec finds keys from its begin.
type Find uint8

const (
	FindRange Find = iota
	FindKeyNum
	FindUnknown
)

// KeySpecs is an ordered list of key specs.
type KeySpecs []KeySpec

// And appends other specs.
func (k KeySpecs) And(more ...KeySpecs) KeySpecs {
	for _, m := range more {
		k = append(k, m...)
	}
	return k
}

// KeyAt is one key at argument pos.
func KeyAt(pos int, a Access) KeySpecs {
	return KeySpecs{{Access: a, Index: pos, Step: 1}}
}

// KeyRange is every step-th argument from first to last (negative: counted
// from the end, -1 is the last argument).
func KeyRange(first, last, step int, a Access) KeySpecs {
	if last > 0 {
		last -= first
	}
	return KeySpecs{{Access: a, Index: first, LastKey: last, Step: step}}
}

// KeyNum is a count at argument pos followed by that many keys.
func KeyNum(pos int, a Access) KeySpecs {
	return KeySpecs{{Access: a, Index: pos, Find: FindKeyNum, FirstKey: 1, Step: 1}}
}

// KeyWord is the key after the given word, searched from startFrom.
func KeyWord(word string, startFrom int, a Access) KeySpecs {
	return KeySpecs{{Access: a, Keyword: word, StartFrom: startFrom, Step: 1}}
}

// KeyUnknown is a spec that clients cannot evaluate (SORT's BY and GET patterns).
func KeyUnknown(a Access) KeySpecs {
	return KeySpecs{{Access: a, Index: 0, Find: FindUnknown}}
}

// KeyRef is the position of a key among the arguments and its access.
type KeyRef struct {
	Pos    int
	Access Access
}

func (s *KeySpec) begin(args [][]byte) int {
	if s.Keyword == "" {
		return s.Index
	}
	start, step := s.StartFrom, 1
	if start < 0 {
		start, step = len(args)+start, -1
	}
	for i := start; i > 0 && i < len(args); i += step {
		if len(args[i]) == len(s.Keyword) && bytes.EqualFold(args[i], []byte(s.Keyword)) {
			return i + 1
		}
	}
	return 0
}

// appendRefs adds the keys of args that s finds; it reports false when the
// arguments are not of the form the spec needs (a bad key count).
func (s *KeySpec) appendRefs(refs []KeyRef, args [][]byte) ([]KeyRef, bool) {
	first := s.begin(args)
	if first == 0 || first >= len(args) {
		return refs, s.Find == FindUnknown || s.Keyword != "" || first == 0
	}
	last, step := 0, s.Step
	switch s.Find {
	case FindUnknown:
		return refs, true
	case FindRange:
		last = first + s.LastKey
		if s.LastKey < 0 {
			last = len(args) + s.LastKey
			if s.Limit > 1 {
				last = first + (len(args)-first)/s.Limit + s.LastKey
			}
		}
	case FindKeyNum:
		at := first + s.KeyNumIdx
		if at >= len(args) {
			return refs, false
		}
		n, ok := protocol.ParseInt(args[at])
		if !ok || n < 1 || n > int64(len(args)) {
			return refs, false
		}
		first += s.FirstKey
		last = first + (int(n)-1)*step
	}
	if last >= len(args) {
		return refs, false
	}
	for i := first; i <= last; i += step {
		refs = append(refs, KeyRef{i, s.Access})
	}
	return refs, true
}

// AppendKeys adds the key positions of args to refs. ok is false when the
// arguments do not fit the specs: the handler will answer with its own syntax error.
func (c *Command) AppendKeys(refs []KeyRef, args [][]byte) (out []KeyRef, ok bool) {
	if c.FindKeys != nil {
		found, err := c.FindKeys(args)
		return append(refs, found...), err == nil
	}
	ok = true
	for i := range c.Keys {
		if c.Keys[i].Access&NotKey != 0 {
			continue
		}
		var fits bool
		if refs, fits = c.Keys[i].appendRefs(refs, args); !fits {
			ok = false
		}
	}
	return refs, ok
}
