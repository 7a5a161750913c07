package connection

import (
	"bytes"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// redisVersion is what clients are told when they ask which Redis this is.
const redisVersion = "7.0.15"

// helloOptions are HELLO's arguments.
type helloOptions struct {
	proto      int // 0: as it is
	user, pass []byte
	auth       bool
	name       []byte
	setName    bool
}

func parseHello(args [][]byte) (o helloOptions, err error) {
	if len(args) > 1 {
		n, ok := protocol.ParseInt(args[1])
		if !ok {
			return o, protocol.Error("ERR Protocol version is not an integer or out of range")
		}
		if n < 2 || n > 3 {
			return o, protocol.ErrNoProto
		}
		o.proto = int(n)
	}
	for i := 2; i < len(args); i++ {
		more := len(args) - 1 - i
		switch {
		case more >= 2 && isWord(args[i], "AUTH"):
			o.auth, o.user, o.pass = true, args[i+1], args[i+2]
			i += 2
		case more >= 1 && isWord(args[i], "SETNAME"):
			if err := checkName(args[i+1], "Client names"); err != nil {
				return o, err
			}
			o.setName, o.name = true, args[i+1]
			i++
		default:
			return o, protocol.Errorf("ERR Syntax error in HELLO option '%s'", args[i])
		}
	}
	return o, nil
}

// helloSecrets are name and password after AUTH.
func helloSecrets(args [][]byte) []int {
	for i := 2; i+2 < len(args); i++ {
		if isWord(args[i], "AUTH") {
			return []int{i + 1, i + 2}
		}
	}
	return nil
}

func hello(c *core.Ctx) error {
	o, err := parseHello(c.Args)
	if err != nil {
		return err
	}
	cl := c.Client()
	if o.auth {
		u, err := c.Engine().Auth().Authenticate(append([]byte{}, o.user...), o.pass)
		if err != nil {
			return err
		}
		cl.SetUser(u)
	}
	if !cl.Has(core.FlagAuthenticated) {
		return protocol.Error("NOAUTH HELLO must be called with the client already authenticated, otherwise the " +
			"HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and " +
			"select the RESP protocol version at the same time")
	}
	if o.setName {
		cl.SetName(string(o.name))
	}
	if o.proto != 0 {
		cl.SetProto(o.proto)
		c.Reply.Proto = o.proto
	}
	helloReply(c)
	return nil
}

func helloReply(c *core.Ctx) {
	w := c.Reply
	w.Map(7)
	w.BulkString("server")
	w.BulkString("redis")
	w.BulkString("version")
	w.BulkString(redisVersion)
	w.BulkString("proto")
	w.Int(int64(c.Client().Proto()))
	w.BulkString("id")
	w.Int(c.Client().ID())
	w.BulkString("mode")
	w.BulkString("standalone")
	w.BulkString("role")
	w.BulkString(role(c.Engine()))
	w.BulkString("modules")
	w.Array(0)
}

// role is this server's part in replication. A replica that accepts writes says so
// through the optional method IsReplica of its service.
func role(e *core.Engine) string {
	r := e.Replication()
	if r == nil {
		return "master"
	}
	replica := r.ReadOnlyReplica()
	if s, ok := r.(interface{ IsReplica() bool }); ok {
		replica = s.IsReplica()
	}
	if replica {
		return "replica"
	}
	return "master"
}

// isWord compares an argument with an upper-case word in any case.
func isWord(arg []byte, word string) bool {
	return len(arg) == len(word) && bytes.EqualFold(arg, []byte(word))
}

// checkName refuses what would break a line of CLIENT LIST.
func checkName(name []byte, what string) error {
	for _, b := range name {
		if b < '!' || b > '~' {
			return protocol.Error("ERR " + what + " cannot contain spaces, newlines or special characters.")
		}
	}
	return nil
}
