package core

import "strings"

// Help replies to HELP of a container: a heading, the lines, and HELP itself, each a
// status reply as Redis sends them. By custom a line names a subcommand with its
// arguments, and indented lines below tell what it does.
func (c *Ctx) Help(lines ...string) {
	name := strings.ToUpper(c.cmd.lower)
	if c.cmd.parent != nil {
		name = c.cmd.parent.Name
	}
	c.Reply.Array(len(lines) + 3)
	c.Reply.SimpleString(name + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, l := range lines {
		c.Reply.SimpleString(l)
	}
	c.Reply.SimpleString("HELP")
	c.Reply.SimpleString("    Prints this help.")
}

// Find resolves the words of a request to a command, as dispatch does. For a
// container without a matching subcommand cmd is the container and unknownSub is true.
func (r *Registry) Find(args [][]byte) (cmd *Command, unknownSub bool) { return r.find(args, false) }
