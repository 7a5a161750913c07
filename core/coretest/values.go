package coretest

import (
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/rdb"
)

// each visits every entry of every database with all shards held.
func (h *Harness) each(fn func(db int, ent keyspace.Entry, t *core.TypeInfo)) {
	h.Engine.WithAllShards(func() {
		ks := h.Engine.Keyspace()
		for db := range ks.Databases() {
			ks.Scan(db, 0, 1<<30, true, func(ent keyspace.Entry) {
				fn(db, ent, h.Engine.Registry().Type(ent.Type()))
			})
		}
	})
}

// rewritten turns every value into the commands that rebuild it.
func (h *Harness) rewritten() [][]string {
	var out [][]string
	h.each(func(db int, ent keyspace.Entry, t *core.TypeInfo) {
		out = append(out, []string{"SELECT", itoa(int64(db))})
		t.Rewrite(ent.Key(), core.ValueOf(ent), func(args ...[]byte) {
			line := make([]string, len(args))
			for i, a := range args {
				line[i] = string(a)
			}
			out = append(out, line)
		})
	})
	return h.withTTLs(out)
}

// withTTLs adds the deadlines. Without a deadline no PEXPIREAT is needed, so a family is
// tested alone; one that sets deadlines has to be loaded with the family that has the command.
func (h *Harness) withTTLs(lines [][]string) [][]string {
	h.each(func(db int, ent keyspace.Entry, _ *core.TypeInfo) {
		if at, ok := ent.ExpireAt(); ok {
			lines = append(lines, []string{"SELECT", itoa(int64(db))}, []string{"PEXPIREAT", string(ent.Key()), itoa(at)})
		}
	})
	return lines
}

// compareSaved saves and loads every value in RDB form and compares its digest.
func (h *Harness) compareSaved(string) {
	h.t.Helper()
	h.each(func(_ int, ent keyspace.Entry, t *core.TypeInfo) {
		v := core.ValueOf(ent)
		enc := rdb.NewEncoder(nil, rdb.EncoderOptions{Compress: true})
		if err := t.Save(enc, v); err != nil {
			h.t.Errorf("save %q: %v", ent.Key(), err)
			return
		}
		kind := t.RDBType(v)
		got, err := t.Load(rdb.NewBytesDecoder(enc.Bytes(), rdb.DecoderOptions{Sanitize: rdb.SanitizeYes}), kind)
		if err != nil {
			h.t.Errorf("load %q (RDB type %d): %v", ent.Key(), kind, err)
			return
		}
		var a, b core.Digest
		a.AddValue(t, v, false)
		b.AddValue(t, got, false)
		if a.Sum() != b.Sum() {
			h.t.Errorf("saved and loaded value of %q differs (RDB type %d)", ent.Key(), kind)
		}
		if got.Object != nil {
			got.Object.Free()
		}
	})
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
