package connection

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

var clientContainer = []core.Command{
	{
		Name: "CLIENT", Arity: -2,
		Group:      "connection",
		Since:      "2.4.0",
		Complexity: "That of the subcommand.",
		Summary:    "Groups the commands about client connections.",
	},
	{
		Name: "CLIENT|HELP", Arity: 2,
		Flags:      core.Loading | core.Stale,
		Group:      "connection",
		Since:      "5.0.0",
		Complexity: "O(1)",
		Summary:    "Describes the subcommands of CLIENT.",
		ACL:        core.CatConnection,
		Run:        clientHelp,
	},
}

// clientSelfCommands concern the connection that sends them.
var clientSelfCommands = []core.Command{
	{
		Name: "CLIENT|GETNAME", Arity: 2,
		Flags:      always,
		Group:      "connection",
		Since:      "2.6.9",
		Complexity: "O(1)",
		Summary:    "Gives the name of the connection.",
		ACL:        core.CatConnection,
		Run:        clientGetname,
	},
	{
		Name: "CLIENT|ID", Arity: 2,
		Flags:      always,
		Group:      "connection",
		Since:      "5.0.0",
		Complexity: "O(1)",
		Summary:    "Gives the id of the connection.",
		ACL:        core.CatConnection,
		Run:        clientID,
	},
	{
		Name: "CLIENT|NO-EVICT", Arity: 3,
		Flags:      core.Admin | always,
		Group:      "connection",
		Since:      "7.0.0",
		Complexity: "O(1)",
		Summary:    "Protects the connection from being closed when clients take too much memory.",
		Syntax:     "enabled(ON|OFF)",
		ACL:        core.CatConnection,
		Run:        clientNoEvict,
	},
	{
		Name: "CLIENT|REPLY", Arity: 3,
		Flags:      always,
		Group:      "connection",
		Since:      "3.2.0",
		Complexity: "O(1)",
		Summary:    "Turns replies to this connection off and on, or skips the next one.",
		Syntax:     "on_off_skip(ON|OFF|SKIP)",
		ACL:        core.CatConnection,
		Run:        clientReply,
	},
	{
		Name: "CLIENT|SETINFO", Arity: 4,
		Flags:      always,
		Group:      "connection",
		Since:      "7.2.0",
		Complexity: "O(1)",
		Summary:    "Notes name and version of the client's library.",
		Syntax:     "attr(libname:string=LIB-NAME|libver:string=LIB-VER)",
		Tips:       []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		ACL:        core.CatConnection,
		Run:        clientSetinfo,
	},
	{
		Name: "CLIENT|SETNAME", Arity: 3,
		Flags:      always,
		Group:      "connection",
		Since:      "2.6.9",
		Complexity: "O(1)",
		Summary:    "Names the connection.",
		Syntax:     "connection-name",
		ACL:        core.CatConnection,
		Run:        clientSetname,
	},
}

func clientID(c *core.Ctx) error {
	c.Reply.Int(c.Client().ID())
	return nil
}

func clientGetname(c *core.Ctx) error {
	if name := c.Client().Name(); name != "" {
		c.Reply.BulkString(name)
	} else {
		c.Reply.Null()
	}
	return nil
}

func clientSetname(c *core.Ctx) error {
	if err := checkName(c.Args[2], "Client names"); err != nil {
		return err
	}
	c.Client().SetName(string(c.Args[2]))
	c.Reply.OK()
	return nil
}

func clientSetinfo(c *core.Ctx) error {
	value := string(c.Args[3])
	switch {
	case protocol.IsWord(c.Args[2], "LIB-NAME"):
		if err := checkName(c.Args[3], "lib-name"); err != nil {
			return err
		}
		c.Client().SetLib(&value, nil)
	case protocol.IsWord(c.Args[2], "LIB-VER"):
		if err := checkName(c.Args[3], "lib-ver"); err != nil {
			return err
		}
		c.Client().SetLib(nil, &value)
	default:
		return protocol.Errorf("ERR Unrecognized option '%s'", c.Args[2])
	}
	c.Reply.OK()
	return nil
}

func clientNoEvict(c *core.Ctx) error {
	switch {
	case protocol.IsWord(c.Args[2], "ON"):
		c.Client().Set(core.FlagNoEvict)
	case protocol.IsWord(c.Args[2], "OFF"):
		c.Client().Clear(core.FlagNoEvict)
	default:
		return protocol.ErrSyntax
	}
	c.Reply.OK()
	return nil
}

// clientReply answers nothing itself, but for ON.
func clientReply(c *core.Ctx) error {
	switch {
	case protocol.IsWord(c.Args[2], "ON"):
		c.Client().SetReplyMode(false, false)
		c.Reply.OK()
	case protocol.IsWord(c.Args[2], "OFF"):
		c.Client().SetReplyMode(true, false)
	case protocol.IsWord(c.Args[2], "SKIP"):
		if !c.Client().RepliesOff() {
			c.Client().SetReplyMode(false, true)
		}
	default:
		return protocol.ErrSyntax
	}
	return nil
}

func clientHelp(c *core.Ctx) error {
	c.Help(
		"CACHING (YES|NO)",
		"    Whether the keys of the next command are tracked, with OPTIN or OPTOUT.",
		"GETNAME",
		"    The name of this connection.",
		"GETREDIR",
		"    The id of the client that gets this connection's invalidation messages.",
		"ID",
		"    The id of this connection.",
		"INFO",
		"    This connection's line of CLIENT LIST.",
		"KILL <ip:port>",
		"    Closes the connection from that address.",
		"KILL <option> <value> [<option> <value> [...]]",
		"    Closes all connections to which every option applies:",
		"    * ADDR <ip:port>     where it comes from (<unixsocket>:0 for a Unix socket)",
		"    * LADDR <ip:port>    where it arrived",
		"    * ID <client-id>",
		"    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
		"    * USER <username>    who it is authenticated as",
		"    * SKIPME (YES|NO)    whether this connection is spared; YES if not given",
		"LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB) | ID <client-id> [<client-id> ...]]",
		"    A line for each connection.",
		"NO-EVICT (ON|OFF)",
		"    Protects this connection when clients take too much memory.",
		"PAUSE <timeout> [WRITE|ALL]",
		"    Holds commands back for <timeout> milliseconds: all, or those that may write.",
		"REPLY (ON|OFF|SKIP)",
		"    Turns replies to this connection on or off, or skips the next one.",
		"SETINFO (LIB-NAME <name>|LIB-VER <version>)",
		"    Notes the library that this connection uses.",
		"SETNAME <name>",
		"    Names this connection.",
		"TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
		"         [OPTIN] [OPTOUT] [NOLOOP]",
		"    Client-side caching: messages about keys that changed.",
		"TRACKINGINFO",
		"    The state of client-side caching on this connection.",
		"UNBLOCK <clientid> [TIMEOUT|ERROR]",
		"    Ends another client's wait in a blocking command.",
		"UNPAUSE",
		"    Ends CLIENT PAUSE.",
	)
	return nil
}
