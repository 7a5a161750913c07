package strfamily

import (
	"math"
	"math/bits"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

func (f *family) lcsCommands() []core.Command {
	return []core.Command{{
		Name: "LCS", Arity: -3,
		Flags:      core.ReadOnlyCmd,
		Keys:       core.KeyRange(1, 2, 1, core.ReadOnly|core.AccessData),
		Group:      "string",
		Since:      "7.0.0",
		Complexity: "O(N*M/64), N and M = lengths of the strings",
		Summary:    "Finds the longest sequence of bytes that two strings have in common, in order but not in one piece.",
		Syntax:     "key1@0 key2@0 [LEN] [IDX] [len:integer=MINMATCHLEN] [WITHMATCHLEN]",
		ACL:        core.CatString,
		Run:        f.lcs,
		Weight:     lcsWeight,
	}}
}

const (
	errLCSType   = protocol.Error("ERR The specified keys must contain string values")
	errLCSBoth   = protocol.Error("ERR If you want both the length and indexes, please just use IDX.")
	errLCSLength = protocol.Error("ERR String too long for LCS")
	errLCSMemory = protocol.Error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
)

// lcsWeight counts cells of the table in units that take as long as touching an element, and bytes to copy.
func lcsWeight(c *core.Ctx) int {
	var size [2]int
	for i := range size {
		if e, ok := c.Peek(c.Key(i)); ok {
			size[i] = e.Len()
		}
	}
	return int(min(float64(size[0])*float64(size[1])/4096+float64(size[0]+size[1])/1024, math.MaxInt32))
}

type lcsOptions struct {
	length, indexes, matchLen bool
	minMatch                  int64
}

func (f *family) lcs(c *core.Ctx) error {
	var s [2][]byte
	for i := range s {
		v, ok, err := c.Value(c.Key(i), keyspace.String)
		if err != nil {
			return errLCSType
		}
		if ok {
			s[i] = text(v)
		}
	}
	o, err := parseLCS(c.Args)
	if err != nil {
		return err
	}
	a, b := s[0], s[1]
	if len(a) >= math.MaxUint32-1 || len(b) >= math.MaxUint32-1 {
		return errLCSLength
	}
	// Redis would fill a table of 4 bytes a cell and refuses what exceeds the limit. We need a 32nd of that.
	if cells := uint64(len(a)+1) * uint64(len(b)+1); cells > uint64(f.maxBulk.Load())/4 {
		return errLCSMemory
	}
	m := newMatcher(a, b, !o.length)
	switch {
	case o.length:
		c.Reply.Int(int64(m.length))
	case o.indexes:
		m.replyIndexes(c.Reply, o)
	default:
		out := make([]byte, m.length)
		at := len(out)
		m.walk(func(i, _ int) {
			at--
			out[at] = a[i]
		})
		c.Reply.Bulk(out)
	}
	return nil
}

func parseLCS(args [][]byte) (o lcsOptions, err error) {
	for i := 3; i < len(args); i++ {
		switch {
		case protocol.IsWord(args[i], "IDX"):
			o.indexes = true
		case protocol.IsWord(args[i], "LEN"):
			o.length = true
		case protocol.IsWord(args[i], "WITHMATCHLEN"):
			o.matchLen = true
		case protocol.IsWord(args[i], "MINMATCHLEN") && i+1 < len(args):
			i++
			n, ok := protocol.ParseInt(args[i])
			if !ok {
				return o, protocol.ErrNotInt
			}
			o.minMatch = max(n, 0)
		default:
			return o, protocol.ErrSyntax
		}
	}
	if o.indexes && o.length {
		return o, errLCSBoth
	}
	return o, nil
}

// matcher holds the table of longest common subsequences of all prefixes of a and b, a bit a cell. L(i,j), the length
// for a[:i] and b[:j], grows by 0 or 1 from j-1 to j: bit j-1 of row i is 0 where it grows. Rows are computed
// 64 cells at a time (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004).
type matcher struct {
	a, b   []byte
	words  int      // of a row
	rows   []uint64 // len(a)+1 rows if they are kept, else one
	length int
}

// newMatcher computes the table: O(len(a) * len(b) / 64). Rows are kept for walk if keep is set.
func newMatcher(a, b []byte, keep bool) *matcher {
	m := &matcher{a: a, b: b, words: (len(b) + 63) / 64}
	if m.words == 0 || len(a) == 0 {
		return m
	}
	masks := m.masks()
	if keep {
		m.rows = make([]uint64, (len(a)+1)*m.words)
	} else {
		m.rows = make([]uint64, m.words)
	}
	row := m.rows[:m.words]
	for i := range row {
		row[i] = ^uint64(0)
	}
	for i, ch := range a {
		next := row
		if keep {
			next = m.rows[(i+1)*m.words:][:m.words]
		}
		nextRow(next, row, masks[ch])
		row = next
	}
	for i, w := range row {
		if i == m.words-1 && len(b)%64 != 0 {
			w |= ^uint64(0) << (len(b) % 64)
		}
		m.length += bits.OnesCount64(^w)
	}
	return m
}

// masks has for each byte that occurs in a the bits of b that equal it.
func (m *matcher) masks() *[256][]uint64 {
	var masks [256][]uint64
	for _, ch := range m.a {
		if masks[ch] == nil {
			masks[ch] = make([]uint64, m.words)
		}
	}
	for j, ch := range m.b {
		if masks[ch] != nil {
			masks[ch][j/64] |= 1 << (j % 64)
		}
	}
	return &masks
}

// nextRow computes row i of the table from row i-1; dst may be row.
func nextRow(dst, row, mask []uint64) {
	carry := uint64(0)
	mask, dst = mask[:len(row)], dst[:len(row)]
	for w, v := range row {
		var sum uint64
		sum, carry = bits.Add64(v, v&mask[w], carry)
		dst[w] = sum | v&^mask[w]
	}
}

// grows reports whether L(i,j) is L(i,j-1)+1.
func (m *matcher) grows(i, j int) bool {
	return m.rows[i*m.words+(j-1)/64]>>((j-1)%64)&1 == 0
}

// walk calls match for each pair of equal bytes a[i], b[j] of the subsequence that Redis picks, last first: from the
// end it goes back in a while that keeps the length and going back in b would not, else in b.
func (m *matcher) walk(match func(i, j int)) {
	for i, j := len(m.a), len(m.b); i > 0 && j > 0; {
		switch {
		case m.a[i-1] == m.b[j-1]:
			i--
			j--
			match(i, j)
		case m.grows(i, j): // L(i-1,j) > L(i,j-1)
			i--
		default:
			j--
		}
	}
}

// replyIndexes replies with the runs of matching bytes, last first, and the length.
func (m *matcher) replyIndexes(w *protocol.Writer, o lcsOptions) {
	w.Map(2)
	w.BulkString("matches")
	list, runs := w.DeferArray(), 0
	ai, bi, n := 0, 0, 0 // the run that is open: positions and length
	closeRun := func() {
		if n > 0 && int64(n) >= o.minMatch {
			replyRun(w, ai, bi, n, o.matchLen)
			runs++
		}
	}
	m.walk(func(i, j int) {
		if n > 0 && i == ai-1 && j == bi-1 {
			ai, bi, n = i, j, n+1
			return
		}
		closeRun()
		ai, bi, n = i, j, 1
	})
	closeRun()
	w.SetDeferred(list, runs)
	w.BulkString("len")
	w.Int(int64(m.length))
}

func replyRun(w *protocol.Writer, a, b, n int, withLen bool) {
	if withLen {
		w.Array(3)
	} else {
		w.Array(2)
	}
	for _, start := range []int{a, b} {
		w.Array(2)
		w.Int(int64(start))
		w.Int(int64(start + n - 1))
	}
	if withLen {
		w.Int(int64(n))
	}
}
