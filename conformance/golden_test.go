package conformance_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	goldenDir      = "golden"
	goldenCommands = goldenDir + "/commands.txt" // the names Redis knows
	hashFrom       = 2048                        // exact replies above this size are kept as a hash
)

// matches compares our raw reply with this one, which may be a hash of a trace.
func (o outcome) matches(ours []byte, mode comparer) bool {
	if hash, ok := bytes.CutPrefix(o.raw, []byte("sha256:")); ok {
		return string(hash) == digest(ours)
	}
	return mode.equal(ours, o.raw)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// recorder is a live Redis whose replies are kept, to make a golden trace or to check the one that is there.
type recorder struct {
	*liveSide
	entries []traceEntry
}

type traceEntry struct {
	line int
	mode comparer
	out  outcome
}

func (r *recorder) read(client string, patience time.Duration, st *step) outcome {
	out := r.liveSide.read(client, patience, st)
	if st != nil {
		r.keep(st, out)
	}
	return out
}

func (r *recorder) keep(st *step, out outcome) {
	exact := st.mode.name == "" || st.mode.name == "exact"
	if len(out.raw) > hashFrom && exact && st.capture == "" {
		out.raw = []byte("sha256:" + digest(out.raw))
	}
	r.entries = append(r.entries, traceEntry{st.line, st.mode, out})
}

func tracePath(s *script, proto int) string {
	return filepath.Join(goldenDir, s.family, fmt.Sprintf("%s.%d.trace", s.command, proto))
}

// traceHeader ties a trace to its Redis and to the script it was made from.
func traceHeader(s *script, proto int) string {
	return fmt.Sprintf("redis %s resp%d script %s", redisVersion, proto, digest(s.source)[:16])
}

// write stores the trace: a header, then a line per reply, "<script line>
// <reply>", the reply quoted with CRLF as "~" to keep lines short.
func (r *recorder) write(s *script, proto int) error {
	var b strings.Builder
	b.WriteString(traceHeader(s, proto) + "\n")
	for _, e := range r.entries {
		b.WriteString(strconv.Itoa(e.line) + " " + squeeze(e.out.raw) + e.out.err + "\n")
	}
	path := tracePath(s, proto)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// check compares what Redis answered now with its golden trace: one that is made of ids, times or chance, or of another script, is no use to
// who has no Redis. Lines with several replies are left out, as their number may be chance.
func (r *recorder) check(s *script, proto int) error {
	t, err := readTrace(s, proto)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	then := single(t.entries)
	for line, now := range single(r.entries) {
		old, ok := then[line]
		if ok && (old.out.err != now.out.err || !old.out.matches(now.out.raw, now.mode) && !bytes.Equal(old.out.raw, now.out.raw)) {
			return fmt.Errorf("%s:%d (RESP%d): Redis itself answers otherwise than when the golden trace was made; say what does not count with a directive, or `make golden`\n  now:  %s\n  then: %s",
				s.path, line, proto, shorten(now.out.String()), shorten(old.out.String()))
		}
	}
	return nil
}

// single is the entries by line, without lines that have several.
func single(entries []traceEntry) map[int]traceEntry {
	m, n := map[int]traceEntry{}, map[int]int{}
	for _, e := range entries {
		m[e.line] = e
		n[e.line]++
	}
	maps.DeleteFunc(m, func(line int, _ traceEntry) bool { return n[line] > 1 })
	return m
}

// squeeze writes bytes on one line: CRLF is "~", "~" and what doesn't print is
// escaped as in a Go string. "<" starts a reason instead of a reply.
func squeeze(raw []byte) string {
	q := strconv.QuoteToASCII(strings.NewReplacer("\r\n", "\x00crlf", "~", "\x00tilde", "<", "\x00less").Replace(string(raw)))
	q = q[1 : len(q)-1]
	return strings.NewReplacer(`\x00crlf`, "~", `\x00tilde`, `\x7e`, `\x00less`, `\x3c`).Replace(q)
}

func unsqueeze(s string) ([]byte, error) {
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(s, "~", `\r\n`) + `"`)
	return []byte(text), err
}

// traceSide plays a golden trace in Redis's place.
type traceSide struct {
	script  *script
	entries []traceEntry
}

func readTrace(s *script, proto int) (*traceSide, error) {
	src, err := os.ReadFile(tracePath(s, proto))
	if err != nil {
		return nil, fmt.Errorf("no golden trace: %w", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(src), "\n"), "\n")
	if lines[0] != traceHeader(s, proto) {
		return nil, fmt.Errorf("the golden trace of %s is stale (%s): run `make golden`", s.path, lines[0])
	}
	t := &traceSide{script: s}
	for _, l := range lines[1:] {
		num, text, _ := strings.Cut(l, " ")
		n, err := strconv.Atoi(num)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", tracePath(s, proto), err)
		}
		e := traceEntry{line: n}
		if i := strings.IndexByte(text, '<'); i >= 0 {
			text, e.out.err = text[:i], text[i:]
		}
		if e.out.raw, err = unsqueeze(text); err != nil {
			return nil, fmt.Errorf("%s: %w", tracePath(s, proto), err)
		}
		t.entries = append(t.entries, e)
	}
	return t, nil
}

func (t *traceSide) begin(int) error           { return nil }
func (t *traceSide) send(string, []byte) error { return nil }
func (t *traceSide) drop(string)               {}
func (t *traceSide) waiting() (int, bool)      { return 0, false }
func (t *traceSide) end() error                { return nil }

func (t *traceSide) read(_ string, _ time.Duration, st *step) outcome {
	if len(t.entries) == 0 || t.entries[0].line != st.line {
		return outcome{err: "<not in the golden trace>"}
	}
	e := t.entries[0]
	t.entries = t.entries[1:]
	return e.out
}
