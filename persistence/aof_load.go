package persistence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/rdb"
	"github.com/redust/redust/protocol"
)

// rdbMagic begins a base, or an old AOF, that has a snapshot in front.
const rdbMagic = "REDIS"

// loadFiles replays the files of the manifest, oldest first.
func (j *appendOnly) loadFiles(ctx context.Context, m *manifest) error {
	files := m.current()
	var total int64
	last := 0 // behind it are files without content
	for i, f := range files {
		info, err := j.s.fs.Stat(j.path(f.name))
		if notThere(err) {
			return fmt.Errorf("the AOF file %s of the manifest: No such file or directory", workingFile(j.path(f.name)))
		}
		if err != nil {
			return fmt.Errorf("the AOF file %s: %w", f.name, err)
		}
		if total += info.Size(); info.Size() > 0 {
			last = i
		}
	}
	j.s.progress.begin(j.dir(), total, j.s.terminal, j.log)
	defer j.s.progress.end()
	l := aofLoader{j: j, ctx: ctx, client: j.eng.NewClient(nil)}
	defer j.eng.CloseClient(l.client)
	// As for a primary's stream: whether a key is due is for the log to say, not for the clock.
	l.client.Set(core.FlagPrimary)
	for i, f := range files {
		if err := l.file(j.path(f.name), i >= last, f.kind == fileBase); err != nil {
			return err
		}
	}
	return nil
}

// aofLoader executes the commands of append-only files on a client without connection.
type aofLoader struct {
	j      *appendOnly
	ctx    context.Context
	client *core.Client
	base   int64 // bytes of the files before

	name     string
	multi    [][][]byte // commands since MULTI
	inMulti  bool
	multiAt  int64 // where MULTI stands
	commands int64
	refused  int64 // commands that answered with an error
}

// file loads one file. Only the last one may end early: files behind it that are empty don't count, as a crash may come when a rewrite has
// made its incr file and what came before is still on its way to the one before.
func (l *aofLoader) file(name string, last, base bool) error {
	j := l.j
	f, err := j.s.fs.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("opening the AOF file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("the AOF file %s: %w", name, err)
	}
	size := info.Size()
	l.name = name
	l.client.SetDB(0)
	l.inMulti, l.multi = false, nil
	err = l.content(f, size)
	l.base += size
	j.s.progress.at(l.base)
	var fault *aofFault
	if errors.As(err, &fault) {
		if err := l.judge(fault, last); err != nil {
			return err
		}
		if err := j.cut(name, fault.valid); err != nil {
			return err
		}
		err = nil
	}
	if err == nil {
		kind := "append only file"
		if base {
			kind = "base append only file"
		}
		j.log.Info("DB loaded from "+kind, "file", path.Base(name), "commands", l.commands)
	}
	l.commands = 0
	return err
}

// content loads the snapshot in front, if there is one, and the commands.
func (l *aofLoader) content(f File, size int64) error {
	var rest []byte
	off := int64(0)
	magic := make([]byte, len(rdbMagic))
	n, err := io.ReadFull(f, magic)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return fmt.Errorf("reading the AOF file %s: %w", l.name, err)
	}
	if string(magic[:n]) != rdbMagic {
		if n > 0 && strings.HasPrefix(rdbMagic, string(magic[:n])) { // cut within the first five bytes
			return l.damaged(0, size, "the file ends within its first bytes")
		}
		rest = magic[:n]
	} else {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("reading the AOF file %s: %w", l.name, err)
		}
		_, rest, err = l.j.s.loadRDB(l.ctx, f, size, loadOptions{keepExpired: true})
		if err != nil {
			if l.ctx.Err() != nil {
				return err
			}
			var at *rdb.DecodeError
			offset := int64(0)
			if errors.As(err, &at) {
				offset = at.Offset
			}
			return l.damaged(offset, size, "the snapshot in front: "+err.Error())
		}
		pos, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return fmt.Errorf("reading the AOF file %s: %w", l.name, err)
		}
		off = pos - int64(len(rest))
		rest = bytes.Clone(rest)
	}
	return l.run(newAOFScanner(f, l.name, off, size, rest))
}

func (l *aofLoader) damaged(offset, size int64, reason string) error {
	return &aofFault{file: l.name, offset: offset, size: size, reason: reason}
}

// scanned is a batch and what ended the scan after it.
type scanned struct {
	batch *aofBatch
	err   error
}

// run parses ahead in another goroutine and executes.
func (l *aofLoader) run(sc *aofScanner) error {
	ready, free := make(chan scanned, 2), make(chan *aofBatch, 3)
	quit := make(chan struct{})
	defer close(quit)
	valid := sc.off
	for range cap(free) {
		free <- new(aofBatch)
	}
	go func() {
		for {
			var b *aofBatch
			select {
			case b = <-free:
			case <-quit:
				return
			}
			err := sc.next(b)
			select {
			case ready <- scanned{b, err}:
			case <-quit:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	rest := core.Breather{Eager: true}
	for {
		rest.Breathe(core.LoadSpell)
		r := <-ready
		for _, c := range r.batch.cmds {
			if err := l.execute(r.batch.argsOf(c), c); err != nil {
				return err
			}
			valid = c.end
		}
		l.j.s.progress.at(l.base + valid)
		if err := l.ctx.Err(); err != nil {
			return err
		}
		switch {
		case r.err == io.EOF && l.inMulti:
			return &aofFault{file: l.name, offset: sc.size, size: sc.size, valid: l.multiAt, truncated: true, reason: "the file ends within a transaction"}
		case r.err == io.EOF:
			return nil
		case r.err != nil:
			var fault *aofFault
			if errors.As(r.err, &fault) && l.inMulti {
				fault.valid = l.multiAt
			}
			return r.err
		}
		free <- r.batch
	}
}

// execute replays one command. SELECT, MULTI and EXEC are the log's own words: they need no family.
func (l *aofLoader) execute(args [][]byte, c aofCommand) error {
	switch {
	case len(args) == 0: // an annotation
		return nil
	case len(args) == 2 && word(args[0], "SELECT"):
		db, ok := protocol.ParseIntString(string(args[1]))
		if n := l.j.eng.Keyspace().Databases(); !ok || db < 0 || db >= int64(n) {
			return l.fatal(c, fmt.Sprintf("SELECT %q: this server has %d databases (option databases)", args[1], n))
		}
		if !l.inMulti {
			l.client.SetDB(int(db))
			return nil
		}
	case len(args) == 1 && word(args[0], "MULTI"):
		if l.inMulti {
			return l.fatal(c, "MULTI inside MULTI")
		}
		l.inMulti, l.multiAt = true, c.off
		return nil
	case len(args) == 1 && word(args[0], "EXEC"):
		if !l.inMulti {
			return l.fatal(c, "EXEC without MULTI")
		}
		// Nobody sees the data before everything is loaded, so it is enough that all of it comes or nothing.
		l.inMulti = false
		for _, queued := range l.multi {
			if err := l.execute(queued, c); err != nil {
				return err
			}
		}
		l.multi = l.multi[:0]
		return nil
	}
	if l.inMulti {
		queued := make([][]byte, len(args))
		for i, a := range args {
			queued[i] = bytes.Clone(a)
		}
		l.multi = append(l.multi, queued)
		return nil
	}
	l.commands++
	if err := l.j.s.dawdle(l.ctx); err != nil {
		return err
	}
	if err := l.j.eng.Replay(l.client, args); err != nil {
		return l.answered(err, args, c)
	}
	return nil
}

func word(arg []byte, name string) bool {
	return len(arg) == len(name) && strings.EqualFold(string(arg), name)
}

// answered deals with a command that answered with an error. One that this server doesn't know
// ends the load; others are logged, as in Redis, since they failed the first time, too.
func (l *aofLoader) answered(err error, args [][]byte, c aofCommand) error {
	name := string(args[0])
	if l.j.eng.Registry().Lookup(name) == nil || strings.HasPrefix(err.Error(), "ERR unknown subcommand") {
		return fmt.Errorf("Unknown command '%s' reading the append only file %s at offset %d: "+ //nolint:staticcheck // Redis's words
			"this server doesn't have it, and loading without it would lose what it wrote. The file was not changed. "+
			"To go on: load the files with a server that has the command, remove there what it wrote, and run BGREWRITEAOF", clip(args[0]), l.name, c.off)
	}
	if l.refused++; l.refused <= 10 {
		l.j.log.Warn("a command of the AOF answered with an error", "command", name, "file", l.name, "offset", c.off, "error", err.Error())
	}
	return nil
}

func (l *aofLoader) fatal(c aofCommand, reason string) error {
	return fmt.Errorf("the append only file %s at offset %d: %s. The file was not changed", l.name, c.off, reason)
}

// judge decides whether a faulty file may be cut: nil means yes.
func (l *aofLoader) judge(f *aofFault, last bool) error {
	fix := fmt.Sprintf("make a backup of the AOF, then run `redust check-aof --fix %s` (or redis-check-aof --fix)", l.j.manifestIn(l.j.home()))
	switch {
	case !f.truncated:
		return fmt.Errorf("Bad file format reading the append only file %s at offset %d of %d: %s. The file was not changed. To go on: %s", //nolint:staticcheck // Redis's words
			f.file, f.offset, f.size, f.reason, fix)
	case !last:
		return fmt.Errorf("Fatal error: the truncated file is not the last file: %s ends at offset %d of %d: %s. The file was not changed. To go on: %s", //nolint:staticcheck // Redis's words
			f.file, f.offset, f.size, f.reason, fix)
	case !l.j.opt.loadTruncated.Load():
		return fmt.Errorf("Unexpected end of file reading the append only file %s at offset %d of %d: %s. The file was not changed. To go on, either %s, or set aof-load-truncated to yes", //nolint:staticcheck // Redis's words
			f.file, f.offset, f.size, f.reason, fix)
	}
	l.j.log.Warn("!!! Warning: short read while loading the AOF file " + f.file + "!!!")
	l.j.log.Warn(fmt.Sprintf("AOF %s loaded anyway because aof-load-truncated is enabled: it is cut from %d to %d bytes", f.file, f.size, f.valid))
	return nil
}

// cut shortens a file to its whole commands.
func (j *appendOnly) cut(name string, size int64) error {
	f, err := j.s.fs.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("cutting the AOF file: %w", err)
	}
	err = f.Truncate(size)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("cutting the AOF file %s to %d bytes: %w", name, size, err)
	}
	return nil
}
