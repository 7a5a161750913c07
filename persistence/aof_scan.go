package persistence

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
)

const (
	// scanBlock is how much of a file is read, parsed and executed at a time.
	scanBlock = 512 << 10
	// maxAnnotation is Redis's limit of a line that begins with #.
	maxAnnotation = 1024
	// resyncBytes after damage are searched for whole commands.
	resyncBytes = 4 << 20
)

// aofFault is what is wrong with an append-only file.
type aofFault struct {
	file   string
	offset int64 // where it was noticed
	size   int64 // of the file
	valid  int64 // everything before is whole: commands, and transactions with their EXEC
	reason string
	// truncated: the file ends before the command, or the transaction, does. Otherwise it is damaged.
	truncated bool
}

func (f *aofFault) Error() string {
	return fmt.Sprintf("%s: offset %d of %d: %s", f.file, f.offset, f.size, f.reason)
}

// aofCommand is a command in a batch, or an annotation with a time.
type aofCommand struct {
	first, n int   // its arguments in the batch; n is 0 for an annotation
	off, end int64 // in the file
	stamp    int64 // Unix seconds, of an annotation #TS
}

// aofBatch is a run of commands. Its arguments are slices of buf.
type aofBatch struct {
	buf  []byte
	args [][]byte
	cmds []aofCommand
}

func (b *aofBatch) argsOf(c aofCommand) [][]byte { return b.args[c.first : c.first+c.n : c.first+c.n] }

// aofScanner cuts an append-only file into commands, strictly: requests in the form of an array
// of bulk strings, and lines that begin with #.
type aofScanner struct {
	r    io.Reader
	name string
	size int64
	off  int64  // in the file, of rest
	rest []byte // read and not yet parsed; it belongs to the last batch's buffer
	eof  bool
}

// newAOFScanner reads a file of the given size from off on, where r stands after rest.
func newAOFScanner(r io.Reader, name string, off, size int64, rest []byte) *aofScanner {
	return &aofScanner{r: r, name: name, size: size, off: off, rest: rest}
}

// next fills a batch. io.EOF is the end after a whole command; an *aofFault may come with
// commands before it.
func (s *aofScanner) next(b *aofBatch) error {
	b.args, b.cmds = b.args[:0], b.cmds[:0]
	need := scanBlock
	for {
		if err := s.fill(b, need); err != nil {
			return err
		}
		pos := 0
		for pos < len(s.rest) {
			n, more, fault := s.parse(b, s.rest[pos:], s.off+int64(pos))
			if fault != nil {
				return fault
			}
			if n == 0 {
				need = more
				break
			}
			pos += n
		}
		s.off += int64(pos)
		s.rest = s.rest[pos:]
		switch {
		case s.eof && len(s.rest) == 0:
			return io.EOF
		case s.eof:
			return s.short("the file ends within a command")
		case len(b.cmds) > 0:
			return nil
		}
	}
}

// fill reads until there are need bytes, or the end.
func (s *aofScanner) fill(b *aofBatch, need int) error {
	need = max(need, len(s.rest)+1)
	if cap(b.buf) < need {
		b.buf = make([]byte, max(need, min(2*len(s.rest), len(s.rest)+64<<20)))
	}
	b.buf = b.buf[:cap(b.buf)]
	have := copy(b.buf, s.rest)
	for have < len(b.buf) && !s.eof {
		n, err := s.r.Read(b.buf[have:])
		have += n
		if err == io.EOF {
			s.eof = true
		} else if err != nil {
			return &aofFault{file: s.name, offset: s.off + int64(have), size: s.size, reason: "reading the file: " + err.Error()}
		}
	}
	s.rest = b.buf[:have]
	return nil
}

// short says that the file ends too early, unless whole commands follow what seems to be its end:
// then a length is wrong, and to cut there would lose them.
func (s *aofScanner) short(reason string) *aofFault {
	if resyncs(s.rest) {
		return s.bad(s.off, "damage: a command that would reach beyond the end of the file is followed by whole commands")
	}
	return &aofFault{file: s.name, offset: s.off, size: s.size, valid: s.off, reason: reason, truncated: true}
}

func (s *aofScanner) bad(off int64, format string, a ...any) *aofFault {
	return &aofFault{file: s.name, offset: off, size: s.size, valid: s.off, reason: fmt.Sprintf(format, a...)}
}

// parse takes one command or annotation off the front of b, which is at off of the file. n is 0 when b ends
// before it does; more is then how many bytes it takes at least.
func (s *aofScanner) parse(batch *aofBatch, b []byte, off int64) (n, more int, fault *aofFault) {
	if b[0] == '#' {
		return s.annotation(batch, b, off)
	}
	f := frame{b: b, limit: s.size - off}
	first := len(batch.args)
	batch.args = f.command(batch.args)
	switch {
	case f.fault != "":
		fault = s.bad(off+int64(f.pos), "%s", f.fault)
		fault.valid = off
		return 0, 0, fault
	case f.beyond:
		s.off, s.rest = off, b
		return 0, 0, s.beyond()
	case f.short:
		batch.args = batch.args[:first]
		return 0, max(f.need, 2*len(b)), nil
	}
	batch.cmds = append(batch.cmds, aofCommand{first: first, n: len(batch.args) - first, off: off, end: off + int64(f.pos)})
	return f.pos, 0, nil
}

// beyond is short for an argument that is longer than the rest of the file, which need not be read.
func (s *aofScanner) beyond() *aofFault {
	if missing := resyncBytes - len(s.rest); missing > 0 && !s.eof {
		more, _ := io.ReadAll(io.LimitReader(s.r, int64(missing)))
		s.rest = append(s.rest[:len(s.rest):len(s.rest)], more...)
	}
	return s.short("the file ends within a command")
}

func (s *aofScanner) annotation(batch *aofBatch, b []byte, off int64) (n, more int, fault *aofFault) {
	end := bytes.IndexByte(b[:min(len(b), maxAnnotation)], '\n')
	if end < 0 && len(b) < maxAnnotation {
		return 0, maxAnnotation, nil
	}
	if end < 1 || b[end-1] != '\r' {
		fault = s.bad(off, "an annotation without an end")
		fault.valid = off
		return 0, 0, fault
	}
	c := aofCommand{first: len(batch.args), off: off, end: off + int64(end) + 1, stamp: -1}
	if text, ok := bytes.CutPrefix(b[:end-1], []byte("#TS:")); ok {
		stamp, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil || stamp < 0 {
			fault = s.bad(off, "an annotation with an invalid timestamp")
			fault.valid = off
			return 0, 0, fault
		}
		c.stamp = stamp
	}
	batch.cmds = append(batch.cmds, c)
	return end + 1, 0, nil
}

// frame parses one command.
type frame struct {
	b      []byte
	pos    int
	limit  int64 // bytes to the end of the file
	need   int   // if short: bytes that the command has at least
	short  bool  // b ends before the command does
	beyond bool  // the file does
	fault  string
}

func (f *frame) command(args [][]byte) [][]byte {
	count, ok := f.header('*')
	if !ok {
		return args
	}
	if count < 1 {
		f.fault = "a command without arguments"
		return args
	}
	for range count {
		length, ok := f.header('$')
		if !ok {
			return args
		}
		if length < 0 {
			f.fault = "a negative length"
			return args
		}
		end := int64(f.pos) + length + 2
		if length > f.limit || end > f.limit {
			f.beyond = true
			return args
		}
		if end > int64(len(f.b)) {
			f.short, f.need = true, int(end)
			return args
		}
		if f.b[end-2] != '\r' || f.b[end-1] != '\n' {
			f.pos = int(end) - 2
			f.fault = "an argument that does not end with CR LF"
			return args
		}
		args = append(args, f.b[f.pos:end-2:end-2])
		f.pos = int(end)
	}
	return args
}

// header reads a mark, a decimal number and CR LF.
func (f *frame) header(mark byte) (v int64, ok bool) {
	b := f.b[f.pos:]
	if len(b) == 0 {
		f.short = true
		return 0, false
	}
	if b[0] != mark {
		f.fault = fmt.Sprintf("expected %q, found %q", mark, b[0])
		return 0, false
	}
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c >= '0' && c <= '9' && i <= 18:
			v = v*10 + int64(c-'0')
		case c == '\r' && i > 1:
			if i+1 == len(b) {
				f.short = true
				return 0, false
			}
			if b[i+1] != '\n' {
				f.fault = "a length that does not end with CR LF"
				return 0, false
			}
			f.pos += i + 2
			return v, true
		default:
			f.fault = fmt.Sprintf("an invalid length after %q", mark)
			return 0, false
		}
	}
	f.short = true
	return 0, false
}

// resyncs reports whether whole commands follow inside b, the start of a command that does not end.
func resyncs(b []byte) bool {
	b = b[:min(len(b), resyncBytes)]
	for tries := 0; tries < 256; tries++ {
		at := bytes.Index(b[min(1, len(b)):], []byte("\r\n*"))
		if at < 0 {
			return false
		}
		b = b[at+3:]
		if wholeCommands(b, 2) {
			return true
		}
	}
	return false
}

// wholeCommands reports whether b starts with n whole commands, or with fewer that reach its end.
func wholeCommands(b []byte, n int) bool {
	for range n {
		f := frame{b: b, limit: int64(len(b))}
		f.command(nil)
		if f.fault != "" || f.short || f.beyond {
			return false
		}
		if b = b[f.pos:]; len(b) == 0 {
			return true
		}
	}
	return true
}
