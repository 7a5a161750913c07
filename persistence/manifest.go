package persistence

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/redust/redust/protocol"
)

// aofFile is one file of an append-only log, as a line of the manifest names it.
type aofFile struct {
	name string
	seq  int64
	kind byte // fileBase, fileIncr or fileHistory
}

const (
	fileBase    = 'b'
	fileIncr    = 'i'
	fileHistory = 'h'
)

// manifest lists the files that make up the append-only log: at most one base, and the
// incr files that follow it, oldest first. History files belong to nothing any more and await
// their removal. The text is Redis 7's.
type manifest struct {
	base    *aofFile
	incrs   []aofFile
	history []aofFile
	baseSeq int64 // last sequence number used for a base, and for an incr file
	incrSeq int64
}

// maxManifestLine is Redis's limit of a line, its end included.
const maxManifestLine = 1024

// parseManifest reads the text of a manifest.
func parseManifest(text []byte) (*manifest, error) {
	m := &manifest{}
	if len(text) == 0 {
		return nil, errors.New("Found an empty AOF manifest") //nolint:staticcheck // Redis's words, as those below
	}
	for n := 1; len(text) > 0; n++ {
		line, rest, found := bytes.Cut(text, []byte("\n"))
		text = rest
		if !found || len(line) >= maxManifestLine {
			return nil, fmt.Errorf("The AOF manifest file contains too long line: line %d is longer than %d bytes or not ended", n, maxManifestLine-2)
		}
		if len(line) > 0 && line[0] == '#' {
			continue
		}
		f, err := parseManifestLine(bytes.Trim(line, " \t\r"))
		if err == nil {
			err = m.add(f)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of the manifest: %w", n, err)
		}
	}
	return m, nil
}

func parseManifestLine(line []byte) (f aofFile, err error) {
	words, ok := protocol.SplitArgs(line)
	if !ok || len(words) < 6 || len(words)%2 != 0 {
		return f, fmt.Errorf("Invalid AOF manifest file format: pairs of a word and a value expected, got %q", line)
	}
	for i := 0; i < len(words); i += 2 {
		value := string(words[i+1])
		switch strings.ToLower(string(words[i])) {
		case "file":
			if f.name = value; value == "" || path.Base(value) != value {
				return f, fmt.Errorf("File can't be a path, just a filename: got %q", value)
			}
		case "seq":
			if f.seq, err = strconv.ParseInt(value, 10, 64); err != nil || f.seq < 1 {
				return f, fmt.Errorf("Invalid AOF manifest file format: a sequence number expected, got %q", value)
			}
		case "type":
			if len(value) != 1 || !strings.Contains("bih", value) {
				return f, fmt.Errorf("Unknown AOF file type: b, i or h expected, got %q", value)
			}
			f.kind = value[0]
		}
	}
	if f.name == "" || f.seq == 0 || f.kind == 0 {
		return f, fmt.Errorf("Invalid AOF manifest file format: file, seq and type are needed, got %q", line)
	}
	return f, nil
}

// add takes a file into the manifest, in order.
func (m *manifest) add(f aofFile) error {
	switch f.kind {
	case fileBase:
		if m.base != nil {
			return errors.New("Found duplicate base file information")
		}
		m.base, m.baseSeq = &f, f.seq
	case fileIncr:
		if len(m.incrs) > 0 && f.seq <= m.incrSeq {
			return fmt.Errorf("Found a non-monotonic sequence number: %d", f.seq)
		}
		m.incrs = append(m.incrs, f)
		m.incrSeq = f.seq
	case fileHistory:
		m.history = append(m.history, f)
	}
	return nil
}

// text is the manifest as it is written to disk.
func (m *manifest) text() []byte {
	var b bytes.Buffer
	line := func(f aofFile) {
		name := []byte(f.name)
		if slices.ContainsFunc(name, needsQuotes) {
			name = protocol.AppendQuoted(nil, name)
		}
		fmt.Fprintf(&b, "file %s seq %d type %c\n", name, f.seq, f.kind)
	}
	if m.base != nil {
		line(*m.base)
	}
	for _, f := range m.history {
		line(f)
	}
	for _, f := range m.incrs {
		line(f)
	}
	return b.Bytes()
}

// needsQuotes reports whether a name with the byte must be quoted in a manifest. Bytes above ASCII need not be: in quotes each would take
// four bytes of a line's few.
func needsQuotes(c byte) bool {
	return c <= ' ' || c == 0x7f || c == '"' || c == '\'' || c == '\\'
}

func (m *manifest) clone() *manifest {
	c := *m
	if m.base != nil {
		base := *m.base
		c.base = &base
	}
	c.incrs = append([]aofFile(nil), m.incrs...)
	c.history = append([]aofFile(nil), m.history...)
	return &c
}

// newBase names the next base file and makes it the base: the old one becomes history.
func (m *manifest) newBase(prefix string, rdb bool) aofFile {
	if m.base != nil {
		old := *m.base
		old.kind = fileHistory
		m.history = slices.Insert(m.history, 0, old)
	}
	m.baseSeq++
	suffix := "base.aof"
	if rdb {
		suffix = "base.rdb"
	}
	f := aofFile{name: fmt.Sprintf("%s.%d.%s", prefix, m.baseSeq, suffix), seq: m.baseSeq, kind: fileBase}
	m.base = &f
	return f
}

// newIncr names the next incr file and adds it.
func (m *manifest) newIncr(prefix string) aofFile {
	m.incrSeq++
	f := aofFile{name: fmt.Sprintf("%s.%d.incr.aof", prefix, m.incrSeq), seq: m.incrSeq, kind: fileIncr}
	m.incrs = append(m.incrs, f)
	return f
}

// retire makes all incr files before the given sequence number history: a new base holds
// what they say. As in Redis they come before older history.
func (m *manifest) retire(before int64) {
	var kept, retired []aofFile
	for _, f := range m.incrs {
		if f.seq < before {
			f.kind = fileHistory
			retired = append(retired, f)
		} else {
			kept = append(kept, f)
		}
	}
	m.incrs, m.history = kept, append(retired, m.history...)
}

// current are the files in the order in which they are loaded.
func (m *manifest) current() []aofFile {
	var out []aofFile
	if m.base != nil {
		out = append(out, *m.base)
	}
	return append(out, m.incrs...)
}
