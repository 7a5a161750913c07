package connection

import (
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

var clientListCommands = []core.Command{
	{
		Name: "CLIENT|INFO", Arity: 2,
		Flags:      always,
		Group:      "connection",
		Since:      "6.2.0",
		Complexity: "O(1)",
		Summary:    "Describes this connection in a line.",
		Tips:       []string{"nondeterministic_output"},
		ACL:        core.CatConnection,
		Run:        clientInfo,
	},
	{
		Name: "CLIENT|LIST", Arity: -2,
		Flags:      core.Admin | always,
		Group:      "connection",
		Since:      "2.4.0",
		Complexity: "O(N), N = connections",
		Summary:    "Describes every connection in a line.",
		Syntax:     "[normal_master_replica_pubsub=TYPE<5.0.0>(NORMAL|MASTER|REPLICA|PUBSUB)] [id=ID<6.2.0>(client-id:integer...)]",
		History: [][2]string{
			{"2.8.12", "Shows the field `id`."},
			{"5.0.0", "Takes TYPE."},
			{"6.0.0", "Shows the field `user`."},
			{"6.2.0", "Shows the fields `argv-mem`, `tot-mem`, `laddr` and `redir`; takes ID."},
			{"7.0.0", "Shows the fields `resp`, `multi-mem`, `rbs` and `rbp`."},
			{"7.0.3", "Shows the field `ssub`."},
		},
		Tips: []string{"nondeterministic_output"},
		ACL:  core.CatConnection,
		Run:  clientList,
	},
}

func clientInfo(c *core.Ctx) error {
	line := appendClient(nil, c, c.Client())
	c.Reply.Verbatim("txt", append(line, '\n'))
	return nil
}

// clientLine is about what a client takes in CLIENT LIST, in bytes.
const clientLine = 384

func clientList(c *core.Ctx) error {
	out := make([]byte, 0, clientLine*min(c.Engine().Clients().Len(), 1000))
	add := func(cl *core.Client) { out = append(appendClient(out, c, cl), '\n') }
	switch args := c.Args[2:]; {
	case len(args) == 0:
		for _, cl := range c.Engine().Clients().All() {
			add(cl)
		}
	case len(args) == 2 && protocol.IsWord(args[0], "TYPE"):
		kind, ok := kindByName(args[1])
		if !ok {
			return unknownType(args[1])
		}
		for _, cl := range c.Engine().Clients().All() {
			if cl.Kind() == kind {
				add(cl)
			}
		}
	case len(args) > 1 && protocol.IsWord(args[0], "ID"):
		for _, arg := range args[1:] {
			id, ok := protocol.ParseInt(arg)
			if !ok {
				return protocol.Error("ERR Invalid client ID")
			}
			if cl := c.Engine().Clients().Get(id); cl != nil {
				add(cl)
			}
		}
	default:
		return protocol.ErrSyntax
	}
	c.Reply.Verbatim("txt", out)
	return nil
}

func kindByName(name []byte) (core.ClientKind, bool) {
	switch {
	case protocol.IsWord(name, "NORMAL"):
		return core.KindNormal, true
	case protocol.IsWord(name, "REPLICA"), protocol.IsWord(name, "SLAVE"):
		return core.KindReplica, true
	case protocol.IsWord(name, "PUBSUB"):
		return core.KindPubSub, true
	case protocol.IsWord(name, "MASTER"):
		return core.KindPrimary, true
	}
	return 0, false
}

func unknownType(name []byte) error {
	return protocol.Errorf("ERR Unknown client type '%s'", name)
}

// lister builds a line of "name=value" fields.
type lister struct{ b []byte }

func (l *lister) name(name string) {
	if len(l.b) != 0 && l.b[len(l.b)-1] != '\n' {
		l.b = append(l.b, ' ')
	}
	l.b = append(append(l.b, name...), '=')
}

func (l *lister) num(name string, n int64) {
	l.name(name)
	l.b = strconv.AppendInt(l.b, n, 10)
}

func (l *lister) str(name, s string) {
	l.name(name)
	l.b = append(l.b, s...)
}

// appendClient adds the line of cl without its end. c is the command that asks: the
// arguments of the asking client are those of c.
func appendClient(b []byte, c *core.Ctx, cl *core.Client) []byte {
	l := lister{b}
	var bufs core.ConnBuffers
	addr, laddr, fd := "", "", -1
	if conn := cl.Conn(); conn != nil {
		bufs, addr, laddr, fd = conn.Buffers(), conn.RemoteAddr(), conn.LocalAddr(), conn.FD()
	}
	_, _, argBytes := cl.WaitState()
	if cl == c.Client() {
		for _, a := range c.Args {
			argBytes += len(a)
		}
	}
	subs := cl.Subscriptions()
	multiMem := cl.MultiMemory()

	l.num("id", cl.ID())
	l.str("addr", addr)
	l.str("laddr", laddr)
	l.num("fd", int64(fd))
	l.str("name", cl.Name())
	l.num("age", int64(c.Engine().Now().Sub(cl.Created()).Seconds()))
	l.num("idle", cl.IdleMs(c.Now())/1000)
	l.str("flags", flagLetters(cl))
	l.num("db", int64(cl.DB()))
	l.num("sub", int64(subs.Channels))
	l.num("psub", int64(subs.Patterns))
	l.num("ssub", int64(subs.ShardChannels))
	l.num("multi", int64(cl.MultiLen()))
	l.num("qbuf", int64(bufs.Query))
	l.num("qbuf-free", int64(bufs.QueryFree))
	l.num("argv-mem", int64(argBytes))
	l.num("multi-mem", multiMem)
	l.num("rbs", int64(bufs.Reply))
	l.num("rbp", int64(bufs.ReplyPeak))
	l.num("obl", 0) // there is no fixed reply buffer: what waits is all in the list
	l.num("oll", int64(bufs.OutputList))
	l.num("omem", int64(bufs.Output))
	l.num("tot-mem", cl.Memory())
	l.str("events", events(bufs))
	l.str("cmd", lastCommand(c, cl))
	l.str("user", userName(cl))
	l.num("redir", redirect(cl))
	l.num("resp", int64(cl.Proto()))
	if name, ver := cl.Lib(); name != "" || ver != "" {
		l.str("lib-name", name)
		l.str("lib-ver", ver)
	}
	return l.b
}

// events are those that the connection waits for: readable, and writable while
// output is pending.
func events(b core.ConnBuffers) string {
	if b.Output > 0 {
		return "rw"
	}
	return "r"
}

func lastCommand(c *core.Ctx, cl *core.Client) string {
	cmd := cl.LastCommand()
	if cl == c.Client() {
		cmd = c.Command()
	}
	if cmd == nil {
		return "NULL"
	}
	return cmd.FullName()
}

func userName(cl *core.Client) string {
	if u := cl.User(); u != nil {
		return u.Name()
	}
	return "(superuser)"
}

func redirect(cl *core.Client) int64 {
	st, ok := cl.Tracking()
	if !ok {
		return -1
	}
	return st.Redirect
}

// flagLetters are in the order in which Redis prints them.
func flagLetters(cl *core.Client) string {
	f := cl.Flags()
	b := make([]byte, 0, 16)
	add := func(on bool, letter byte) {
		if on {
			b = append(b, letter)
		}
	}
	has := func(flag core.ClientFlags) bool { return f&flag != 0 }
	tracking, _ := cl.Tracking()
	add(has(core.FlagMonitor), 'O')
	add(has(core.FlagReplica) && !has(core.FlagMonitor), 'S')
	add(has(core.FlagPrimary), 'M')
	add(has(core.FlagSubscribed), 'P')
	add(has(core.FlagMulti), 'x')
	add(has(core.FlagBlocked), 'b')
	add(has(core.FlagTracking), 't')
	add(tracking.Broken, 'R')
	add(tracking.Bcast, 'B')
	add(cl.Dirty(), 'd')
	add(has(core.FlagCloseAfterReply), 'c')
	add(cl.Killed() && !has(core.FlagCloseAfterReply), 'A')
	add(has(core.FlagUnixSocket), 'U')
	add(has(core.FlagReadOnlyCluster), 'r')
	add(has(core.FlagNoEvict), 'e')
	if len(b) == 0 {
		return "N"
	}
	return string(b)
}
