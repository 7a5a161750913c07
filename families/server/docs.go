package server

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// commandDocs replies with a map of names and documentation. Names that no
// command has are left out.
func commandDocs(c *core.Ctx) error {
	reg := c.Engine().Registry()
	if len(c.Args) == 2 {
		replyDocs(c.Reply, reg.Commands())
		return nil
	}
	var found []*core.Command
	for _, name := range c.Args[2:] {
		if cmd := reg.Lookup(string(name)); cmd != nil {
			found = append(found, cmd)
		}
	}
	replyDocs(c.Reply, found)
	return nil
}

func replyDocs(w *protocol.Writer, cmds []*core.Command) {
	w.Map(len(cmds))
	for _, cmd := range cmds {
		w.BulkString(cmd.FullName())
		replyDoc(w, cmd)
	}
}

// docMap writes the pairs of a map whose absent fields are left out.
type docMap struct {
	w *protocol.Writer
	m protocol.Deferred
	n int
}

func newDocMap(w *protocol.Writer) docMap { return docMap{w: w, m: w.DeferMap()} }

// key announces a field whose value the caller writes.
func (d *docMap) key(name string) {
	d.w.BulkString(name)
	d.n++
}

func (d *docMap) text(name, value string) {
	if value != "" {
		d.key(name)
		d.w.BulkString(value)
	}
}

func (d *docMap) statuses(name string, values []string) {
	if len(values) != 0 {
		d.key(name)
		statusSet(d.w, values)
	}
}

func (d *docMap) close() { d.w.SetDeferred(d.m, d.n) }

func replyDoc(w *protocol.Writer, cmd *core.Command) {
	d := newDocMap(w)
	d.text("summary", cmd.Summary)
	d.text("since", cmd.Since)
	d.text("group", cmd.Group)
	d.text("complexity", cmd.Complexity)
	var flags []string
	if cmd.Deprecated != "" {
		flags = append(flags, "deprecated")
	}
	d.statuses("doc_flags", append(flags, cmd.DocFlags...))
	d.text("deprecated_since", cmd.Deprecated)
	d.text("replaced_by", cmd.ReplacedBy)
	if len(cmd.History) != 0 {
		d.key("history")
		w.Set(len(cmd.History))
		for _, h := range cmd.History {
			w.Array(2)
			w.BulkString(h[0])
			w.BulkString(h[1])
		}
	}
	if args := cmd.Arguments(); len(args) != 0 {
		d.key("arguments")
		replyArguments(w, args)
	}
	if subs := cmd.Subcommands(); len(subs) != 0 {
		d.key("subcommands")
		replyDocs(w, subs)
	}
	d.close()
}

func replyArguments(w *protocol.Writer, args []core.Arg) {
	w.Array(len(args))
	for i := range args {
		a := &args[i]
		d := newDocMap(w)
		d.text("name", a.Name)
		d.text("type", a.Type)
		if a.KeySpec >= 0 {
			d.key("key_spec_index")
			w.Int(int64(a.KeySpec))
		}
		if a.HasToken() {
			d.key("token")
			w.BulkString(a.Token)
		}
		d.text("since", a.Since)
		d.text("deprecated_since", a.Deprecated)
		d.statuses("flags", a.FlagNames())
		if len(a.Args) != 0 {
			d.key("arguments")
			replyArguments(w, a.Args)
		}
		d.close()
	}
}
