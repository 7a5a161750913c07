package persistence

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/redust/redust/core/rdb"
)

const checkAOFUsage = `Usage: %s [--fix] [--truncate-to-timestamp SECONDS] DIR|FILE

Examines an append-only directory, a manifest or a single append-only file. Nothing is changed unless told so:
  --fix                             puts back what a power failure has taken, if the redo log has it, and cuts the
                                    last file after its last whole command or transaction
  --truncate-to-timestamp SECONDS   cuts the last file before what was written after that Unix time
                                    (needs files written with aof-timestamp-enabled)
`

// CheckAOF is the tool check-aof: it examines the files that args name, reports to out in plain words, and mends them
// if asked to. The result is the exit code: 0 when everything is in order, or is now; 1 otherwise.
func CheckAOF(args []string, out, errOut io.Writer) int {
	const program = "redust check-aof"
	flags := flag.NewFlagSet(program, flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.Usage = func() { _, _ = fmt.Fprintf(errOut, checkAOFUsage, program) }
	fix := flags.Bool("fix", false, "")
	until := flags.Int64("truncate-to-timestamp", 0, "")
	var names []string
	for rest := args; ; { // options may stand after the name
		if err := flags.Parse(rest); err != nil {
			return 1
		}
		if rest = flags.Args(); len(rest) == 0 {
			break
		}
		names = append(names, rest[0])
		rest = rest[1:]
	}
	if len(names) != 1 || *until < 0 || *fix && *until > 0 {
		flags.Usage()
		return 1
	}
	c := aofCheck{fs: OS{}, out: bufio.NewWriter(out), fix: *fix, until: *until}
	ok := c.run(names[0])
	_ = c.out.Flush() // nobody can be told
	if ok {
		return 0
	}
	return 1
}

// aofCheck is one run of the tool.
type aofCheck struct {
	fs    FS
	out   *bufio.Writer
	fix   bool
	until int64
}

func (c *aofCheck) say(format string, args ...any) { _, _ = fmt.Fprintf(c.out, format+"\n", args...) }

// run examines whatever name is.
func (c *aofCheck) run(name string) bool {
	info, err := c.fs.Stat(name)
	if err != nil {
		c.say("%s can't be examined: %v", name, err)
		return false
	}
	if info.IsDir() {
		found, err := c.findManifest(name)
		if err != nil {
			c.say("%v", err)
			return false
		}
		name = found
	}
	if strings.HasSuffix(name, manifestSuffix) {
		return c.directory(name)
	}
	c.say("Single append-only file")
	return c.files([]string{name})
}

// findManifest looks for the manifest of a directory.
func (c *aofCheck) findManifest(dir string) (string, error) {
	entries, err := c.fs.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var found []string
	for _, e := range entries {
		if n := e.Name(); strings.HasSuffix(n, manifestSuffix) && !strings.HasPrefix(n, tempPrefix) {
			found = append(found, filepath.Join(dir, n))
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("%s has no manifest: is it an append-only directory?", dir)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%s has several manifests: name one of %s", dir, strings.Join(found, ", "))
}

// directory examines the files that a manifest names.
func (c *aofCheck) directory(name string) bool {
	text, err := readWhole(c.fs, name)
	if err != nil {
		c.say("%v", err)
		return false
	}
	m, err := parseManifest(text)
	if err != nil {
		c.say("%s: %v", name, err)
		return false
	}
	c.say("Manifest %s: %d base, %d incr, %d history files", name, len(m.current())-len(m.incrs), len(m.incrs), len(m.history))
	var names []string
	for _, f := range m.current() {
		names = append(names, filepath.Join(filepath.Dir(name), f.name))
	}
	if len(names) == 0 {
		c.say("the manifest names no file that would be loaded")
		return false
	}
	whole, err := c.redo(name, m)
	if err != nil {
		c.say("the redo log: %v", err)
	}
	return c.files(names) && whole
}

// redo tells what the redo log has that the incr files have lost in a power failure, and puts it back if asked to.
func (c *aofCheck) redo(manifestName string, m *manifest) (whole bool, err error) {
	frames, err := readRedo(c.fs, strings.TrimSuffix(manifestName, manifestSuffix)+redoSuffix)
	if notThere(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	flag := os.O_RDONLY
	if c.fix {
		flag = os.O_RDWR
	}
	whole = true
	err = redoFiles(c.fs, filepath.Dir(manifestName), flag, m, frames, func(file string, f File, p *redoPlan) error {
		switch {
		case p.refused != "":
			c.say("the redo log is not of %s as it is now, and is not used: %s", file, p.refused)
		case p.needed() && c.fix:
			c.say("%s had not everything on disk when the system ended: %s", file, p.text())
			return p.apply(f)
		case p.needed():
			whole = false
			c.say("%s had not everything on disk when the system ended: with --fix, or at a start of the server, %s", file, p.text())
		}
		return nil
	})
	return whole && err == nil, err
}

// files examines files in the order in which they are loaded. Only the last one may be cut; empty ones behind it don't count.
func (c *aofCheck) files(names []string) bool {
	good, end := true, 0
	for i, name := range names {
		if info, err := c.fs.Stat(name); err != nil || info.Size() > 0 {
			end = i
		}
	}
	for i, name := range names {
		r, err := c.examine(name)
		if err != nil {
			c.say("%s: %v", name, err)
			return false
		}
		c.report(name, r)
		last := i >= end
		switch {
		case r.fault == nil && r.later < 0:
		case !last:
			c.say("  only the last file may be cut: a backup of this one is needed")
			good = false
		case r.later == 0: // as redis-check-aof: a time before all that was written is a slip more often than a wish
			c.say("  there is nothing before the wanted time: the file is left as it is")
			good = false
		case r.later > 0:
			good = c.cut(name, r, r.later) && good
		case c.fix && r.fault != nil:
			good = c.cut(name, r, r.fault.valid) && good
		default:
			c.say("  --fix cuts the file there, what follows is lost: make a backup first")
			good = false
		}
	}
	if good {
		c.say("All files are in order.")
	}
	return good
}

// aofReport is what is known of a file.
type aofReport struct {
	size     int64
	preamble int64 // bytes of the snapshot in front
	keys     int64 // in it
	commands int64
	multis   int64
	names    map[string]int64 // how often each command occurs
	first    int64            // earliest and latest timestamp, 0 without
	last     int64
	later    int64 // offset of the first annotation after the wanted time, -1: none
	fault    *aofFault
}

// examine reads a file to its end or to what is wrong with it.
func (c *aofCheck) examine(name string) (*aofReport, error) {
	f, err := c.fs.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r := &aofReport{size: info.Size(), names: map[string]int64{}, later: -1}
	magic := make([]byte, len(rdbMagic))
	n, _ := io.ReadFull(f, magic) // what is wrong with reading shows again
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var rest []byte
	if string(magic[:n]) == rdbMagic {
		if rest, err = r.snapshot(f, name); err != nil {
			r.fault = &aofFault{file: name, offset: r.preamble, size: r.size, reason: err.Error()}
			return r, nil
		}
	}
	return r, r.scan(newAOFScanner(f, name, r.preamble, r.size, rest), c.until)
}

// snapshot walks the RDB part in front.
func (r *aofReport) snapshot(f io.Reader, _ string) (rest []byte, err error) {
	d := rdb.NewDecoder(f, rdb.DecoderOptions{Size: r.size})
	var rec rdb.Record
	for {
		err := d.Next(&rec)
		if err == nil && rec.Op == rdb.OpKey {
			r.keys++
			err = d.Skip(rec.Type)
		}
		r.preamble = d.Offset()
		if err != nil {
			return nil, fmt.Errorf("the snapshot in front: %w (redust check-rdb shows more)", err)
		}
		if rec.Op == rdb.OpEOF {
			return append([]byte(nil), d.Buffered()...), nil
		}
	}
}

// scan reads the commands.
func (r *aofReport) scan(sc *aofScanner, until int64) error {
	var b aofBatch
	multiAt := int64(-1)
	for {
		err := sc.next(&b)
		for _, cmd := range b.cmds {
			if cmd.n == 0 {
				if r.stamp(cmd, until) {
					return nil
				}
				continue
			}
			if fault := r.command(b.argsOf(cmd), cmd, &multiAt, sc); fault != nil {
				r.fault = fault
				return nil
			}
		}
		var fault *aofFault
		switch {
		case err == nil:
		case err == io.EOF && multiAt < 0:
			return nil
		case err == io.EOF:
			r.fault = &aofFault{
				file: sc.name, offset: sc.size, size: sc.size, valid: multiAt, truncated: true,
				reason: fmt.Sprintf("the file ends within the transaction that begins at offset %d", multiAt),
			}
			return nil
		case errors.As(err, &fault):
			if multiAt >= 0 {
				fault.valid = multiAt
			}
			r.fault = fault
			return nil
		default:
			return err
		}
	}
}

// stamp notes a timestamp; true when it is later than wanted: nothing more is looked at.
func (r *aofReport) stamp(cmd aofCommand, until int64) bool {
	if cmd.stamp < 0 {
		return false
	}
	if until > 0 && cmd.stamp > until {
		r.later = cmd.off
		return true
	}
	if r.first == 0 {
		r.first = cmd.stamp
	}
	r.last = cmd.stamp
	return false
}

// command counts one command and follows transactions.
func (r *aofReport) command(args [][]byte, cmd aofCommand, multiAt *int64, sc *aofScanner) *aofFault {
	bad := func(reason string) *aofFault {
		f := &aofFault{file: sc.name, offset: cmd.off, size: sc.size, valid: cmd.off, reason: reason}
		if *multiAt >= 0 {
			f.valid = *multiAt
		}
		return f
	}
	switch {
	case word(args[0], "MULTI"):
		if *multiAt >= 0 {
			return bad("MULTI inside MULTI")
		}
		*multiAt = cmd.off
		r.multis++
	case word(args[0], "EXEC"):
		if *multiAt < 0 {
			return bad("EXEC without MULTI")
		}
		*multiAt = -1
	default:
		r.commands++
		if len(args[0]) <= 64 && (len(r.names) < 512 || r.names[strings.ToUpper(string(args[0]))] > 0) {
			r.names[strings.ToUpper(string(args[0]))]++
		}
	}
	return nil
}

// report describes a file.
func (c *aofCheck) report(name string, r *aofReport) {
	c.say("%s: %d bytes", name, r.size)
	if r.preamble > 0 && (r.fault == nil || r.fault.offset > r.preamble) {
		c.say("  snapshot of %d keys, %d bytes", r.keys, r.preamble)
	}
	if r.commands > 0 {
		c.say("  %d commands, %d transactions: %s", r.commands, r.multis, mostFrequent(r.names, 8))
	}
	if r.first > 0 {
		c.say("  written between %d and %d (Unix time)", r.first, r.last)
	}
	switch {
	case r.later >= 0:
		c.say("  what is later than the wanted time begins at offset %d", r.later)
	case r.fault != nil:
		c.say("  DAMAGED at offset %d (0x%x): %s", r.fault.offset, r.fault.offset, r.fault.reason)
		c.say("  whole up to offset %d: %d bytes follow", r.fault.valid, r.size-r.fault.valid)
	default:
		c.say("  in order")
	}
}

// mostFrequent lists the commonest commands.
func mostFrequent(names map[string]int64, n int) string {
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	sort.Slice(list, func(i, j int) bool {
		if names[list[i]] != names[list[j]] {
			return names[list[i]] > names[list[j]]
		}
		return list[i] < list[j]
	})
	var out []string
	for _, name := range list[:min(n, len(list))] {
		out = append(out, strconv.Quote(name)[1:len(strconv.Quote(name))-1]+" "+strconv.FormatInt(names[name], 10))
	}
	if len(list) > n {
		out = append(out, "...")
	}
	return strings.Join(out, ", ")
}

// cut shortens the last file.
func (c *aofCheck) cut(name string, r *aofReport, size int64) bool {
	if size < r.preamble {
		c.say("  the damage is in the snapshot: the file can't be mended by cutting")
		return false
	}
	f, err := c.fs.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		if err = f.Truncate(size); err == nil {
			err = f.Sync()
		}
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		c.say("  cutting it failed: %v", err)
		return false
	}
	c.say("  cut from %d to %d bytes", r.size, size)
	return true
}
