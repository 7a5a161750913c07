package server

import (
	"bytes"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

var commandCommands = []core.Command{
	{
		Name: "COMMAND", Arity: -1,
		Flags:      core.Loading | core.Stale,
		Group:      "server",
		Since:      "2.8.13",
		Complexity: "O(N), N = all commands",
		Summary:    "Describes all commands for clients.",
		Tips:       []string{"nondeterministic_output_order"},
		ACL:        core.CatConnection,
		Run:        command,
	},
	{
		Name: "COMMAND|COUNT", Arity: 2,
		Flags:      core.Loading | core.Stale,
		Group:      "server",
		Since:      "2.8.13",
		Complexity: "O(1)",
		Summary:    "Counts the commands.",
		ACL:        core.CatConnection,
		Run:        commandCount,
	},
	{
		Name: "COMMAND|DOCS", Arity: -2,
		Flags:      core.Loading | core.Stale,
		Group:      "server",
		Since:      "7.0.0",
		Complexity: "O(N), N = commands asked for",
		Summary:    "Documents commands: summary, history, arguments.",
		Syntax:     "[command-name...]",
		Tips:       []string{"nondeterministic_output_order"},
		ACL:        core.CatConnection,
		Run:        commandDocs,
	},
	{
		Name: "COMMAND|GETKEYS", Arity: -4,
		Flags:      core.Loading | core.Stale,
		Group:      "server",
		Since:      "2.8.13",
		Complexity: "O(N), N = arguments of the command",
		Summary:    "Finds the keys among the arguments of a command.",
		ACL:        core.CatConnection,
		Run:        commandGetkeys,
	},
	{
		Name: "COMMAND|GETKEYSANDFLAGS", Arity: -4,
		Flags:      core.Loading | core.Stale,
		Group:      "server",
		Since:      "7.0.0",
		Complexity: "O(N), N = arguments of the command",
		Summary:    "Finds the keys among the arguments of a command, and tells how it accesses them.",
		ACL:        core.CatConnection,
		Run:        commandGetkeysandflags,
	},
	{
		Name: "COMMAND|HELP", Arity: 2,
		Flags:      core.Loading | core.Stale,
		Group:      "server",
		Since:      "5.0.0",
		Complexity: "O(1)",
		Summary:    "Describes the subcommands of COMMAND.",
		ACL:        core.CatConnection,
		Run:        commandHelp,
	},
	{
		Name: "COMMAND|INFO", Arity: -2,
		Flags:      core.Loading | core.Stale,
		Group:      "server",
		Since:      "2.8.13",
		Complexity: "O(N), N = commands asked for",
		Summary:    "Describes commands, or all of them, for clients.",
		Syntax:     "[command-name...]",
		History:    [][2]string{{"7.0.0", "Without names it describes every command."}},
		Tips:       []string{"nondeterministic_output_order"},
		ACL:        core.CatConnection,
		Run:        commandInfo,
	},
	{
		Name: "COMMAND|LIST", Arity: -2,
		Flags:      core.Loading | core.Stale,
		Group:      "server",
		Since:      "7.0.0",
		Complexity: "O(N), N = all commands",
		Summary:    "Lists the names of commands, all or those that a filter takes.",
		Syntax:     "[filterby=FILTERBY(module-name:string=MODULE|category:string=ACLCAT|pattern:pattern=PATTERN)]",
		Tips:       []string{"nondeterministic_output_order"},
		ACL:        core.CatConnection,
		Run:        commandList,
	},
}

func command(c *core.Ctx) error {
	replyAllInfo(c)
	return nil
}

func commandInfo(c *core.Ctx) error {
	if len(c.Args) == 2 {
		replyAllInfo(c)
		return nil
	}
	c.Reply.Array(len(c.Args) - 2)
	for _, name := range c.Args[2:] {
		if cmd := c.Engine().Registry().Lookup(string(name)); cmd != nil {
			replyInfo(c.Reply, cmd)
		} else {
			c.Reply.Null()
		}
	}
	return nil
}

func replyAllInfo(c *core.Ctx) {
	all := c.Engine().Registry().Commands()
	c.Reply.Array(len(all))
	for _, cmd := range all {
		replyInfo(c.Reply, cmd)
	}
}

// infoFields is the length of a command's entry.
const infoFields = 10

func replyInfo(w *protocol.Writer, cmd *core.Command) {
	w.Array(infoFields)
	w.BulkString(cmd.FullName())
	w.Int(int64(cmd.Arity))
	flags := cmd.Flags.Names()
	if cmd.MovableKeys() {
		flags = append(flags, "movablekeys")
	}
	statusSet(w, flags)
	first, last, step := legacyRange(cmd)
	w.Int(int64(first))
	w.Int(int64(last))
	w.Int(int64(step))
	statusSet(w, cmd.Categories().Names())
	w.Set(len(cmd.Tips))
	for _, t := range cmd.Tips {
		w.BulkString(t)
	}
	w.Set(len(cmd.Keys))
	for i := range cmd.Keys {
		replyKeySpec(w, &cmd.Keys[i])
	}
	subs := cmd.Subcommands()
	if len(subs) == 0 {
		w.Set(0)
		return
	}
	w.Array(len(subs))
	for _, sub := range subs {
		replyInfo(w, sub)
	}
}

func statusSet(w *protocol.Writer, names []string) {
	w.Set(len(names))
	for _, n := range names {
		w.SimpleString(n)
	}
}

// legacyRange is the first key, the last and the step as clients knew them before key
// specs. Several specs of neighbouring keys are one range; specs that no range
// describes are left out.
func legacyRange(cmd *core.Command) (first, last, step int) {
	if len(cmd.Keys) == 1 {
		if k := &cmd.Keys[0]; isRange(k) {
			return k.Index, absoluteLast(k), k.Step
		}
		return 0, 0, 0
	}
	for i := range cmd.Keys {
		k := &cmd.Keys[i]
		if !isRange(k) {
			continue
		}
		if k.Step != 1 || last != 0 && last != k.Index-1 {
			return 0, 0, 0
		}
		if first == 0 || k.Index < first {
			first = k.Index
		}
		if l := absoluteLast(k); l < 0 || last >= 0 && l > last {
			last = l // "until the end" reaches further than any number
		}
		step = 1
	}
	return first, last, step
}

func isRange(k *core.KeySpec) bool { return k.Keyword == "" && k.Find == core.FindRange && k.Index > 0 }

// absoluteLast counts from the command's name, or from the end when negative.
func absoluteLast(k *core.KeySpec) int {
	if k.LastKey < 0 {
		return k.LastKey
	}
	return k.Index + k.LastKey
}

func replyKeySpec(w *protocol.Writer, k *core.KeySpec) {
	if k.Notes != "" {
		w.Map(4)
		w.BulkString("notes")
		w.BulkString(k.Notes)
	} else {
		w.Map(3)
	}
	w.BulkString("flags")
	statusSet(w, k.Access.Names())
	w.BulkString("begin_search")
	switch {
	case k.Find == core.FindUnknown && k.Keyword == "":
		specPart(w, "unknown")
	case k.Keyword != "":
		specPart(w, "keyword", "keyword", k.Keyword, "startfrom", k.StartFrom)
	default:
		specPart(w, "index", "index", k.Index)
	}
	w.BulkString("find_keys")
	switch k.Find {
	case core.FindUnknown:
		specPart(w, "unknown")
	case core.FindKeyNum:
		specPart(w, "keynum", "keynumidx", k.KeyNumIdx, "firstkey", k.FirstKey, "keystep", k.Step)
	default:
		specPart(w, "range", "lastkey", k.LastKey, "keystep", k.Step, "limit", k.Limit)
	}
}

// specPart prints one half of a key spec; pairs are names and values.
func specPart(w *protocol.Writer, kind string, pairs ...any) {
	w.Map(2)
	w.BulkString("type")
	w.BulkString(kind)
	w.BulkString("spec")
	w.Map(len(pairs) / 2)
	for _, p := range pairs {
		switch p := p.(type) {
		case string:
			w.BulkString(p)
		case int:
			w.Int(int64(p))
		}
	}
}

func commandCount(c *core.Ctx) error {
	c.Reply.Int(int64(len(c.Engine().Registry().Commands())))
	return nil
}

func commandList(c *core.Ctx) error {
	keep := func(*core.Command) bool { return true }
	switch args := c.Args[2:]; {
	case len(args) == 0:
	case len(args) == 3 && protocol.IsWord(args[0], "FILTERBY"):
		var ok bool
		if keep, ok = listFilter(args[1], args[2]); !ok {
			return protocol.ErrSyntax
		}
	default:
		return protocol.ErrSyntax
	}
	names, n := c.Reply.DeferArray(), 0
	for _, cmd := range c.Engine().Registry().AllCommands() {
		if keep(cmd) {
			c.Reply.BulkString(cmd.FullName())
			n++
		}
	}
	c.Reply.SetDeferred(names, n)
	return nil
}

func listFilter(by, value []byte) (keep func(*core.Command) bool, ok bool) {
	switch {
	case protocol.IsWord(by, "MODULE"):
		return func(*core.Command) bool { return false }, true // there are no modules
	case protocol.IsWord(by, "ACLCAT"):
		want := core.Category(0)
		for i, n := range core.CategoryNames {
			if bytes.EqualFold(value, []byte(n)) {
				want = 1 << i
			}
		}
		return func(cmd *core.Command) bool { return cmd.Categories()&want != 0 }, true
	case protocol.IsWord(by, "PATTERN"):
		glob := protocol.CompileGlobFold(value)
		return func(cmd *core.Command) bool { return glob.Match([]byte(cmd.FullName())) }, true
	}
	return nil, false
}

// takesKeys reports whether any key spec finds keys: some find channels.
func takesKeys(cmd *core.Command) bool {
	for i := range cmd.Keys {
		if cmd.Keys[i].Access&core.NotKey == 0 {
			return true
		}
	}
	return cmd.FindKeys != nil
}

// keysOf finds the command in COMMAND GETKEYS' arguments and its keys.
func keysOf(c *core.Ctx) (cmd *core.Command, args [][]byte, refs []core.KeyRef, err error) {
	args = c.Args[2:]
	cmd, unknownSub := c.Engine().Registry().Find(args)
	switch {
	case cmd == nil || unknownSub:
		return nil, nil, nil, protocol.Error("ERR Invalid command specified")
	case !takesKeys(cmd):
		return nil, nil, nil, protocol.Error("ERR The command has no key arguments")
	case !cmd.ArityOK(len(args)):
		return nil, nil, nil, protocol.Error("ERR Invalid number of arguments specified for command")
	}
	refs, ok := cmd.AppendKeys(nil, args)
	if len(refs) == 0 && cmd.Flags&core.NoMandatoryKeys != 0 {
		return cmd, args, nil, nil
	}
	if !ok || len(refs) == 0 {
		return nil, nil, nil, protocol.Error("ERR Invalid arguments specified for command")
	}
	return cmd, args, refs, nil
}

func commandGetkeys(c *core.Ctx) error {
	_, args, refs, err := keysOf(c)
	if err != nil {
		return err
	}
	c.Reply.Array(len(refs))
	for _, r := range refs {
		c.Reply.Bulk(args[r.Pos])
	}
	return nil
}

func commandGetkeysandflags(c *core.Ctx) error {
	cmd, args, refs, err := keysOf(c)
	if err != nil {
		return err
	}
	c.Reply.Array(len(refs))
	for _, r := range refs {
		access := r.Access
		if access&core.VariableFlags != 0 && cmd.KeyAccess != nil {
			access = cmd.KeyAccess(args)
		}
		c.Reply.Array(2)
		c.Reply.Bulk(args[r.Pos])
		statusSet(c.Reply, access.Names())
	}
	return nil
}

func commandHelp(c *core.Ctx) error {
	c.Help(
		"(no subcommand)",
		"    Describes every command.",
		"COUNT",
		"    The number of commands.",
		"DOCS [<command-name> ...]",
		"    Documentation of the commands, or of every command.",
		"GETKEYS <full-command>",
		"    The keys of a command with its arguments.",
		"GETKEYSANDFLAGS <full-command>",
		"    The keys of a command with its arguments, and how it accesses each.",
		"INFO [<command-name> ...]",
		"    Arity, flags and key positions of the commands, or of every command.",
		"LIST [FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]",
		"    The names of all commands, or of those that the filter takes.",
	)
	return nil
}
