package connection

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

type family struct{}

var _ core.Family = family{}

// New returns the family.
func New() core.Family { return family{} }

func (family) Name() string { return "connection" }

func (family) Register(r *core.Registry) {
	r.Add(connectionCommands, clientContainer, clientSelfCommands, clientListCommands, clientOtherCommands)
}

const always = core.NoScript | core.Loading | core.Stale

var connectionCommands = []core.Command{
	{
		Name: "ECHO", Arity: 2,
		Flags:      core.Loading | core.Stale | core.Fast,
		Group:      "connection",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Replies with the message it is given.",
		Syntax:     "message",
		ACL:        core.CatConnection,
		Run:        echo,
	},
	{
		Name: "HELLO", Arity: -1,
		Flags:      always | core.Fast | core.NoAuth | core.AllowBusy,
		Group:      "connection",
		Since:      "6.0.0",
		Complexity: "O(1)",
		Summary:    "Agrees on the protocol version, and if wanted authenticates and names the connection.",
		Syntax:     "[arguments(protover:integer [username_password=AUTH(username password)] [clientname:string=SETNAME])]",
		History:    [][2]string{{"6.2.0", "Without a protocol version it tells about the connection and changes nothing."}},
		ACL:        core.CatConnection,
		Secrets:    helloSecrets,
		Run:        hello,
	},
	{
		Name: "PING", Arity: -1,
		Flags:      core.Fast | core.SubscribedOK | core.RefusedWithWrites,
		Group:      "connection",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Replies PONG, or the message it is given: a sign of life.",
		Syntax:     "[message]",
		Tips:       []string{"request_policy:all_shards", "response_policy:all_succeeded"},
		ACL:        core.CatConnection,
		Run:        ping,
	},
	{
		Name: "QUIT", Arity: -1,
		Flags:      always | core.Fast | core.NoAuth | core.AllowBusy | core.NoQueue | core.EndsMulti | core.SubscribedOK,
		Group:      "connection",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Closes the connection after its replies were sent.",
		ACL:        core.CatConnection,
		Run:        quit,
	},
	{
		Name: "RESET", Arity: 1,
		Flags:      always | core.Fast | core.NoAuth | core.AllowBusy | core.NoQueue | core.EndsMulti | core.SubscribedOK,
		Group:      "connection",
		Since:      "6.2.0",
		Complexity: "O(1)",
		Summary:    "Makes the connection like a new one.",
		ACL:        core.CatConnection,
		Run:        reset,
	},
	{
		Name: "SELECT", Arity: 2,
		// AllKeys: the keys of a transaction that changes its database are not known when its locks are taken.
		Flags:      core.Loading | core.Stale | core.Fast | core.AllKeys,
		Group:      "connection",
		Since:      "1.0.0",
		Complexity: "O(1)",
		Summary:    "Chooses the database that the connection works on.",
		Syntax:     "index:integer",
		ACL:        core.CatConnection,
		Run:        selectCommand,
	},
}

func ping(c *core.Ctx) error {
	if len(c.Args) > 2 {
		return protocol.WrongArgs(c.Command().FullName())
	}
	if cl := c.Client(); cl.Has(core.FlagSubscribed) && cl.Proto() == 2 {
		c.Reply.Array(2) // the form of a message, which is all that a subscriber of RESP2 reads
		c.Reply.BulkString("pong")
		if len(c.Args) == 2 {
			c.Reply.Bulk(c.Args[1])
		} else {
			c.Reply.BulkString("")
		}
		return nil
	}
	if len(c.Args) == 2 {
		c.Reply.Bulk(c.Args[1])
	} else {
		c.Reply.SimpleString("PONG")
	}
	return nil
}

func echo(c *core.Ctx) error {
	c.Reply.Bulk(c.Args[1])
	return nil
}

func quit(c *core.Ctx) error {
	c.Client().Set(core.FlagCloseAfterReply)
	c.Reply.OK()
	return nil
}

func reset(c *core.Ctx) error {
	if c.Client().Has(core.FlagPrimary) || c.Client().Kind() == core.KindReplica {
		return protocol.Error("ERR can only reset normal client connections")
	}
	c.Engine().ResetClient(c.Client())
	c.SelectDB(0)
	c.Reply.SimpleString("RESET")
	return nil
}

func selectCommand(c *core.Ctx) error {
	n, err := intArg(c.Args[1])
	if err != nil {
		return err
	}
	if n < 0 || n >= int64(c.Engine().Keyspace().Databases()) {
		return protocol.ErrDBIndex
	}
	c.SelectDB(int(n))
	c.Reply.OK()
	return nil
}

// intArg parses an integer of 32 bits.
func intArg(b []byte) (int64, error) {
	n, ok := protocol.ParseInt(b)
	if !ok {
		return 0, protocol.ErrNotInt
	}
	if n != int64(int32(n)) {
		return 0, protocol.Error("ERR value is out of range, value must between -2147483648 and 2147483647")
	}
	return n, nil
}
