package connection

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// redisVersion is what clients are told when they ask which Redis this is.
const redisVersion = "7.0.15"

// helloSecrets are name and password after AUTH.
func helloSecrets(args [][]byte) []int {
	for i := 2; i+2 < len(args); i++ {
		if protocol.IsWord(args[i], "AUTH") {
			return []int{i + 1, i + 2}
		}
	}
	return nil
}

const errHelloNoAuth = protocol.Error("NOAUTH HELLO must be called with the client already authenticated, otherwise the " +
	"HELLO AUTH <user> <pass> option can be used to authenticate the client and " +
	"select the RESP protocol version at the same time")

// hello applies each option as it is read, so that those before a bad one take
// effect, and the protocol at the end: so does Redis 7.0.
func hello(c *core.Ctx) error {
	cl, proto := c.Client(), int64(sameProto)
	if len(c.Args) > 1 {
		var ok bool
		if proto, ok = protocol.ParseInt(c.Args[1]); !ok {
			return protocol.Error("ERR Protocol version is not an integer or out of range")
		}
		if proto < 2 || proto > 3 {
			return protocol.ErrNoProto
		}
	}
	for i := 2; i < len(c.Args); {
		n, err := helloOption(c, c.Args[i:])
		if err != nil {
			return err
		}
		i += n
	}
	if !cl.Has(core.FlagAuthenticated) {
		return errHelloNoAuth
	}
	if proto != sameProto {
		cl.SetProto(int(proto))
		c.Reply.Proto = int(proto)
	}
	helloReply(c)
	return nil
}

// sameProto means that the protocol stays as it is.
const sameProto = 0

// helloOption applies the option at the head of args and returns its length.
func helloOption(c *core.Ctx, args [][]byte) (n int, err error) {
	switch {
	case len(args) >= 3 && protocol.IsWord(args[0], "AUTH"):
		u, err := c.Engine().Auth().Authenticate(append([]byte{}, args[1]...), args[2])
		if err != nil {
			return 0, err
		}
		c.Client().SetUser(u)
		return 3, nil
	case len(args) >= 2 && protocol.IsWord(args[0], "SETNAME"):
		if err := checkName(args[1], "Client names"); err != nil {
			return 0, err
		}
		c.Client().SetName(string(args[1]))
		return 2, nil
	}
	return 0, protocol.Errorf("ERR Syntax error in HELLO option '%s'", args[0])
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

// checkName refuses what would break a line of CLIENT LIST.
func checkName(name []byte, what string) error {
	for _, b := range name {
		if b < '!' || b > '~' {
			return protocol.Error("ERR " + what + " cannot contain spaces, newlines or special characters.")
		}
	}
	return nil
}
