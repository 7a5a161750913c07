package persistence

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/rdb"
)

// writeCommands writes a snapshot as commands: a base for aof-use-rdb-preamble no. The snapshot goes
// through its RDB form, so that only one party works under the keyspace's locks.
func (j *appendOnly) writeCommands(ctx context.Context, w io.Writer, o snapshotOptions, p *snapshotProgress) error {
	r, pipe := io.Pipe()
	result := make(chan error, 1)
	go func() {
		c := commandWriter{w: bufio.NewWriterSize(w, 256<<10), eng: j.eng, db: -1}
		if j.opt.stamps.Load() {
			_, _ = c.w.Write(timestampLine(j.eng.Now().Unix())) // bufio keeps the error
		}
		err := c.translate(bufio.NewReaderSize(r, 256<<10))
		if err == nil {
			err = c.w.Flush()
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, r) // until the snapshot has closed its end
		}
		_ = r.CloseWithError(err)
		result <- err
	}()
	err := j.s.takeSnapshot(ctx, pipe, o, p)
	_ = pipe.CloseWithError(err)
	if translated := <-result; err == nil {
		err = translated
	}
	return err
}

// commandWriter writes the keys of an RDB stream as the commands that make them.
type commandWriter struct {
	w   *bufio.Writer
	eng *core.Engine
	db  int
	buf []byte
}

func (c *commandWriter) translate(in io.Reader) error {
	types := map[rdb.Type]*core.TypeInfo{}
	for _, t := range c.eng.Registry().Types() {
		for _, n := range t.RDBTypes {
			types[n] = t
		}
	}
	d := rdb.NewDecoder(in, rdb.DecoderOptions{SkipChecksum: true})
	var rec rdb.Record
	for {
		if err := d.Next(&rec); err != nil {
			return err
		}
		switch rec.Op {
		case rdb.OpEOF:
			return nil
		case rdb.OpKey:
			t := types[rec.Type]
			if t == nil || t.Rewrite == nil {
				return fmt.Errorf("values of type %v can't be written as commands", rec.Type)
			}
			v, err := t.Load(d, rec.Type)
			if err != nil {
				return err
			}
			err = c.key(t, &rec, v)
			v.Free()
			if err != nil {
				return err
			}
		}
	}
}

func (c *commandWriter) key(t *core.TypeInfo, rec *rdb.Record, v core.Value) error {
	if rec.DB != c.db {
		c.db = rec.DB
		c.emit([]byte("SELECT"), strconv.AppendInt(nil, int64(rec.DB), 10))
	}
	t.Rewrite(rec.Key, v, c.emit)
	if rec.Meta.HasExpire {
		c.emit([]byte("PEXPIREAT"), rec.Key, strconv.AppendInt(nil, rec.Meta.ExpireMs, 10))
	}
	_, err := c.w.Write(nil) // the error that bufio keeps
	return err
}

func (c *commandWriter) emit(args ...[]byte) {
	c.buf = appendCommand(c.buf[:0], args)
	_, _ = c.w.Write(c.buf)
	if cap(c.buf) > 1<<20 {
		c.buf = nil
	}
}

// appendCommand appends a request to b.
func appendCommand(b []byte, args [][]byte) []byte {
	b = append(strconv.AppendInt(append(b, '*'), int64(len(args)), 10), "\r\n"...)
	for _, a := range args {
		b = append(strconv.AppendInt(append(b, '$'), int64(len(a)), 10), "\r\n"...)
		b = append(append(b, a...), "\r\n"...)
	}
	return b
}
