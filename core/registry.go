package core

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redust/redust/core/keyspace"
)

// Registry gathers commands and types of all families and checks them: every
// fault is reported at once, before a port opens.
type Registry struct {
	family   string
	commands map[string]*Command // by upper-case name; containers included
	names    map[string]*Command // what clients find by the first word: commands, unless some are renamed
	ordered  []*Command          // containers and plain commands, in order
	all      []*Command          // with subcommands; index is Command.id
	types    [16]*TypeInfo
	faults   []error
}

// NewRegistry registers the families in order and returns all their faults joined.
func NewRegistry(families ...Family) (*Registry, error) {
	r := &Registry{commands: map[string]*Command{}}
	seen := map[string]bool{}
	for _, f := range families {
		r.family = f.Name()
		if seen[r.family] {
			r.fault("family is loaded twice")
			continue
		}
		seen[r.family] = true
		f.Register(r)
	}
	r.finish()
	return r, errors.Join(r.faults...)
}

func (r *Registry) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf("family %s: "+format, append([]any{r.family}, args...)...))
}

// Add declares commands. The slices are copied; containers may come before or
// after their subcommands.
func (r *Registry) Add(lists ...[]Command) {
	for _, list := range lists {
		for i := range list {
			c := list[i]
			r.add(&c)
		}
	}
}

func (r *Registry) add(c *Command) {
	if c.Name == "" || c.Name != strings.ToUpper(c.Name) {
		r.fault("command %q: the name must be upper case", c.Name)
		return
	}
	if r.commands[c.Name] != nil {
		r.fault("command %s: declared twice", c.Name)
		return
	}
	if c.Arity == 0 {
		r.fault("command %s: no arity", c.Name)
	}
	if c.Summary == "" || c.Group == "" || c.Since == "" {
		r.fault("command %s: summary, group and since are needed", c.Name)
	}
	writesKey := false
	for _, k := range c.Keys {
		writesKey = writesKey || k.Access.exclusive()
	}
	if c.Flags&Write != 0 && !writesKey && c.FindKeys == nil && c.Flags&(AllShards|AllKeys|InnerCommands) == 0 {
		r.fault("command %s: a write without a written key", c.Name)
	}
	if c.Flags&Write != 0 && c.Flags&ReadOnlyCmd != 0 {
		r.fault("command %s: both write and readonly", c.Name)
	}
	args, err := ParseSyntax(c.Syntax)
	if err != nil {
		r.fault("command %s: syntax: %v", c.Name, err)
	}
	c.args = args
	c.lower = strings.ToLower(c.Name)
	c.category = c.ACL | c.Flags.implied()
	if c.ACL&CatScripting != 0 {
		c.category &^= CatRead // as Redis derives it: EVAL_RO is readonly and not @read
	}
	c.stats = new(CommandStats)
	c.id = len(r.all)
	r.all = append(r.all, c)
	r.commands[c.Name] = c
	if !strings.Contains(c.Name, "|") {
		r.ordered = append(r.ordered, c)
	}
}

// finish links subcommands to containers and precomputes what dispatch reads.
func (r *Registry) finish() {
	r.names = r.commands
	r.family = "registry"
	for _, c := range r.all {
		if parent, sub, ok := strings.Cut(c.Name, "|"); ok {
			p := r.commands[parent]
			if p == nil {
				r.fault("command %s: no container %s", c.Name, parent)
				continue
			}
			if p.sub == nil {
				p.sub = map[string]*Command{}
			}
			p.sub[sub], c.parent = c, p
			p.subs = append(p.subs, c)
		}
	}
	for _, c := range r.all {
		if c.Run == nil && c.sub == nil {
			r.fault("command %s: no handler", c.Name)
		}
		c.prepare()
	}
}

// prepare derives the fast-path fields from the key specs.
func (c *Command) prepare() {
	c.movable = c.FindKeys != nil
	for _, k := range c.Keys {
		if k.Keyword != "" || k.Find != FindRange || k.Access&Incomplete != 0 {
			c.movable = true
		}
		c.keyWrite = c.keyWrite || k.Access.exclusive()
	}
	if c.Flags&Blocking != 0 {
		c.keyWrite = true // waiting clients queue at the shard: exclusive
	}
	if len(c.Keys) == 1 && !c.movable && c.Elsewhere == nil && c.Keys[0].LastKey == 0 && c.Keys[0].Access&NotKey == 0 && (c.Arity > c.Keys[0].Index || -c.Arity > c.Keys[0].Index) {
		c.oneKey = c.Keys[0].Index
	}
	c.keyRange = c.isKeyRange()
}

// isKeyRange tells whether findKeys can do without refs.
func (c *Command) isKeyRange() bool {
	return len(c.Keys) == 1 && !c.movable && c.Keys[0].LastKey == -1 && c.Keys[0].Limit < 2 && c.Keys[0].Access&NotKey == 0
}

// Lookup finds a command by its upper- or lower-case name, subcommands as
// "config|get". O(1).
func (r *Registry) Lookup(name string) *Command {
	first, sub, ok := strings.Cut(strings.ToUpper(name), "|")
	cmd := r.names[first]
	if cmd == nil || !ok {
		return cmd
	}
	return cmd.sub[sub]
}

// Commands are the containers and plain commands in order of registration.
func (r *Registry) Commands() []*Command { return r.ordered }

// AllCommands includes subcommands; the index is Command.ID.
func (r *Registry) AllCommands() []*Command { return r.all }

// find resolves the words of a request to a command. It allocates nothing.
// For a container without a matching subcommand, cmd is the container and
// unknownSub is true. A log's commands have their own names, whatever clients call them.
func (r *Registry) find(args [][]byte, logged bool) (cmd *Command, unknownSub bool) {
	var buf [64]byte
	name, ok := upper(buf[:0], args[0])
	if !ok {
		return nil, false
	}
	if logged {
		cmd = r.commands[string(name)]
	}
	if cmd == nil {
		cmd = r.names[string(name)]
	}
	if cmd == nil || cmd.sub == nil || len(args) < 2 {
		return cmd, false
	}
	if name, ok = upper(buf[:0], args[1]); ok {
		if s := cmd.sub[string(name)]; s != nil {
			return s, false
		}
	}
	return cmd, true
}

// upper writes the upper-case form of b into dst's 64 bytes; false when too long.
func upper(dst, b []byte) ([]byte, bool) {
	if len(b) > cap(dst) || len(b) == 0 {
		return nil, false
	}
	for _, ch := range b {
		if 'a' <= ch && ch <= 'z' {
			ch -= 'a' - 'A'
		}
		if ch == '|' {
			return nil, false
		}
		dst = append(dst, ch)
	}
	return dst, true
}

// addType is the untyped half of AddType.
func (r *Registry) addType(t *TypeInfo) {
	if t.ID == 0 || int(t.ID) >= len(r.types) {
		r.fault("type %q: no id", t.Name)
		return
	}
	if r.types[t.ID] != nil {
		r.fault("type %q: id %d is taken by %q", t.Name, t.ID, r.types[t.ID].Name)
		return
	}
	if t.Name == "" || t.Save == nil || t.Load == nil || t.Rewrite == nil {
		r.fault("type %q: must be named, saved, loaded and rewritten", t.Name)
	}
	r.types[t.ID] = t
}

// AddType declares a value type.
func (r *Registry) AddType(t TypeInfo) { r.addType(&t) }

// Type returns the declared type or nil.
func (r *Registry) Type(id keyspace.Type) *TypeInfo { return r.types[id] }

// Types lists all declared types.
func (r *Registry) Types() []*TypeInfo {
	var out []*TypeInfo
	for _, t := range r.types {
		if t != nil {
			out = append(out, t)
		}
	}
	return out
}
