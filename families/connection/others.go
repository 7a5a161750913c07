package connection

import (
	"math"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// clientOtherCommands act on other connections.
var clientOtherCommands = []core.Command{
	{
		Name: "CLIENT|KILL", Arity: -3,
		Flags:      core.Admin | always,
		Group:      "connection",
		Since:      "2.4.0",
		Complexity: "O(N), N = connections",
		Summary:    "Closes connections.",
		Syntax:     `filter("ip:port"<!2.8.12>|new-format([client-id:integer=ID<2.8.12>]|[normal_master_slave_pubsub=TYPE<2.8.12>(NORMAL|MASTER<3.2.0>|SLAVE|REPLICA<5.0.0>|PUBSUB)]|[username:string=USER]|["ip:port":string=ADDR]|["ip:port":string=LADDR<6.2.0>]|[yes/no:string=SKIPME])...)`,
		History: [][2]string{
			{"2.8.12", "Takes filters instead of an address."},
			{"2.8.12", "Takes ID."},
			{"3.2.0", "Knows the type `master`."},
			{"5.0.0", "The type `slave` is now called `replica`; the old name goes on working."},
			{"6.2.0", "Takes LADDR."},
		},
		ACL: core.CatConnection,
		Run: clientKill,
	},
	{
		Name: "CLIENT|PAUSE", Arity: -3,
		Flags:      core.Admin | always,
		Group:      "connection",
		Since:      "2.9.50",
		Complexity: "O(1)",
		Summary:    "Holds the commands of all clients back for a while.",
		Syntax:     "timeout:integer [mode<6.2.0>(WRITE|ALL)]",
		History:    [][2]string{{"6.2.0", "Takes a mode: WRITE holds back only what may write."}},
		ACL:        core.CatConnection,
		Run:        clientPause,
	},
	{
		Name: "CLIENT|UNBLOCK", Arity: -3,
		Flags:      core.Admin | always,
		Group:      "connection",
		Since:      "5.0.0",
		Complexity: "O(log N), N = connections",
		Summary:    "Ends another client's wait in a blocking command.",
		Syntax:     "client-id:integer [timeout_error(TIMEOUT|ERROR)]",
		ACL:        core.CatConnection,
		Run:        clientUnblock,
	},
	{
		Name: "CLIENT|UNPAUSE", Arity: 2,
		Flags:      core.Admin | always,
		Group:      "connection",
		Since:      "6.2.0",
		Complexity: "O(N), N = clients held back",
		Summary:    "Lets clients that CLIENT PAUSE holds back go on.",
		ACL:        core.CatConnection,
		Run:        clientUnpause,
	},
}

// killFilter selects connections: all that is set must apply.
type killFilter struct {
	addr, laddr, user []byte
	byUser            bool
	id                int64
	kind              core.ClientKind
	byKind            bool
	skipMe            bool
}

func parseKill(e *core.Engine, args [][]byte) (f killFilter, err error) {
	f.skipMe = true
	for i := 0; i < len(args); i += 2 {
		if i+1 >= len(args) {
			return f, protocol.ErrSyntax
		}
		name, value := args[i], args[i+1]
		switch {
		case protocol.IsWord(name, "ID"):
			n, ok := protocol.ParseInt(value)
			if !ok || n < 1 {
				return f, protocol.Error("ERR client-id should be greater than 0")
			}
			f.id = n
		case protocol.IsWord(name, "TYPE"):
			if f.kind, f.byKind = kindByName(value); !f.byKind {
				return f, unknownType(value)
			}
		case protocol.IsWord(name, "ADDR"):
			f.addr = value
		case protocol.IsWord(name, "LADDR"):
			f.laddr = value
		case protocol.IsWord(name, "USER"):
			if !userExists(e, value) {
				return f, protocol.Errorf("ERR No such user '%s'", value)
			}
			f.user, f.byUser = value, true
		case protocol.IsWord(name, "SKIPME"):
			switch {
			case protocol.IsWord(value, "YES"):
				f.skipMe = true
			case protocol.IsWord(value, "NO"):
				f.skipMe = false
			default:
				return f, protocol.ErrSyntax
			}
		default:
			return f, protocol.ErrSyntax
		}
	}
	return f, nil
}

// userExists asks the Authorizer if it can look users up; there is a default user in any case.
func userExists(e *core.Engine, name []byte) bool {
	if a, ok := e.Auth().(interface {
		Lookup(name []byte) (core.User, bool)
	}); ok {
		_, found := a.Lookup(name)
		return found
	}
	return string(name) == "default"
}

func (f *killFilter) selects(cl *core.Client) bool {
	conn := cl.Conn()
	if conn == nil || cl.Killed() {
		return false
	}
	switch {
	case f.addr != nil && conn.RemoteAddr() != string(f.addr),
		f.laddr != nil && conn.LocalAddr() != string(f.laddr),
		f.id != 0 && cl.ID() != f.id,
		f.byKind && cl.Kind() != f.kind:
		return false
	}
	if f.byUser {
		u := cl.User()
		return u != nil && u.Name() == string(f.user)
	}
	return true
}

func clientKill(c *core.Ctx) error {
	args := c.Args[2:]
	if len(args) == 1 { // the old form has an address, and may hit the caller
		if killed := kill(c, &killFilter{addr: args[0]}); killed == 0 {
			return protocol.Error("ERR No such client")
		}
		c.Reply.OK()
		return nil
	}
	f, err := parseKill(c.Engine(), args)
	if err != nil {
		return err
	}
	c.Reply.Int(int64(kill(c, &f)))
	return nil
}

func kill(c *core.Ctx, f *killFilter) (killed int) {
	clients := c.Engine().Clients().All
	if f.id != 0 {
		clients = func() []*core.Client {
			if cl := c.Engine().Clients().Get(f.id); cl != nil {
				return []*core.Client{cl}
			}
			return nil
		}
	}
	for _, cl := range clients() {
		me := cl == c.Client()
		if me && f.skipMe || !f.selects(cl) {
			continue
		}
		cl.Kill(me)
		killed++
	}
	return killed
}

// longestPauseMs is what a time.Duration takes beside the time of a running process.
const longestPauseMs = math.MaxInt64 / int64(2*time.Millisecond)

func clientPause(c *core.Ctx) error {
	all := true
	switch len(c.Args) {
	case 3:
	case 4:
		switch {
		case protocol.IsWord(c.Args[3], "WRITE"):
			all = false
		case protocol.IsWord(c.Args[3], "ALL"):
		default:
			return protocol.Error("ERR CLIENT PAUSE mode must be WRITE or ALL")
		}
	default:
		return protocol.SubcommandSyntax(c.Args[0], c.Args[1])
	}
	ms, err := protocol.ParseTimeoutMs(c.Args[2])
	if err != nil {
		return err
	}
	if ms <= math.MaxInt64-c.Now() { // beyond, the end overflows and lies in the past, as in Redis
		c.Engine().Pause(time.Duration(min(ms, longestPauseMs))*time.Millisecond, all)
	}
	c.Reply.OK()
	return nil
}

func clientUnpause(c *core.Ctx) error {
	c.Engine().Unpause()
	c.Reply.OK()
	return nil
}

func clientUnblock(c *core.Ctx) error {
	withError := false
	switch len(c.Args) {
	case 3:
	case 4:
		switch {
		case protocol.IsWord(c.Args[3], "TIMEOUT"):
		case protocol.IsWord(c.Args[3], "ERROR"):
			withError = true
		default:
			return protocol.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
		}
	default:
		return protocol.SubcommandSyntax(c.Args[0], c.Args[1])
	}
	id, ok := protocol.ParseInt(c.Args[2])
	if !ok {
		return protocol.ErrNotInt
	}
	c.Reply.Int(unblock(c, c.Engine().Clients().Get(id), withError))
	return nil
}

// unblock ends the wait of cl: 1 when it was waiting.
func unblock(c *core.Ctx, cl *core.Client, withError bool) int64 {
	if cl == nil {
		return 0
	}
	reply := cl.BlockTimeoutReply()
	if withError {
		reply = func(w *protocol.Writer) { w.Error(protocol.ErrUnblocked.Error()) }
	}
	if reply == nil || !c.Unblock(cl, reply) {
		return 0
	}
	if withError {
		c.CountFailed()
	}
	return 1
}
