package server_test

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/server"
	"github.com/redust/redust/families/standard"
	"github.com/redust/redust/protocol"
)

// startServer runs a stock server in this process on a free loopback port.
func startServer(t testing.TB) (addr string, eng *core.Engine) {
	t.Helper()
	addr, eng, _ = startedServer(t)
	return addr, eng
}

// startedServer is startServer that gives the server, too.
func startedServer(t testing.TB) (addr string, eng *core.Engine, s *server.Server) {
	t.Helper()
	table, err := options.Standard()
	if err != nil {
		t.Fatal(err)
	}
	eng, err = core.New(core.Config{Families: standard.All(), Options: table})
	if err != nil {
		t.Fatal(err)
	}
	eng.Run()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = server.New(eng, hclog.NewNullLogger())
	go s.Serve(l)
	t.Cleanup(func() {
		s.Close()
		if err := eng.Keyspace().CheckInvariants(); err != nil {
			t.Error(err)
		}
		eng.Close()
	})
	return l.Addr().String(), eng, s
}

// testConn is a plain client.
type testConn struct {
	t  testing.TB
	nc net.Conn
	r  *protocol.ReplyReader
}

func dial(t testing.TB, addr string) *testConn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return &testConn{t, nc, protocol.NewReplyReader(nc, protocol.ReplyLimits{})}
}

func (c *testConn) send(args ...string) {
	c.nc.Write(protocol.AppendCommandStrings(nil, args...))
}

func (c *testConn) recv() (protocol.Reply, error) {
	c.nc.SetReadDeadline(time.Now().Add(20 * time.Second))
	return c.r.Read()
}

func (c *testConn) do(args ...string) protocol.Reply {
	c.t.Helper()
	c.send(args...)
	r, err := c.recv()
	if err != nil {
		c.t.Errorf("%q: %v", args, err)
	}
	return r
}

// step is one command of an operation with the reply it got.
type step struct {
	args []string
	out  string
}

// operation is what happened at one instant: a command or a transaction.
type operation struct {
	steps   []step
	watched map[string]string // values read between WATCH and a successful EXEC
	nothing bool              // EXEC that failed its WATCH, BLPOP that timed out
	// unknown: the connection ended before the reply. It happened at some time since, as a whole, or never: that is to
	// say, later than all that was seen.
	unknown bool
}

const historyKeys = 3

// state is the model: strings and lists by key, written as text so that states compare.
type state string

func (s state) get(key string) (string, bool) {
	for _, part := range strings.Split(string(s), "\n") {
		if k, v, ok := strings.Cut(part, "="); ok && k == key {
			return v, true
		}
	}
	return "", false
}

func (s state) set(key, value string, keep bool) state {
	var out []string
	for _, part := range strings.Split(string(s), "\n") {
		if k, _, ok := strings.Cut(part, "="); ok && k != key {
			out = append(out, part)
		}
	}
	if keep {
		out = append(out, key+"="+value)
	}
	for i := 1; i < len(out); i++ { // insertion sort: equal states are equal texts
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return state(strings.Join(out, "\n"))
}

// apply runs one command on the model.
func (s state) apply(args []string) (state, string) {
	key := args[1]
	v, ok := s.get(key)
	switch args[0] {
	case "GET":
		if !ok {
			return s, "(nil)"
		}
		return s, v
	case "LRANGE":
		return s, v
	case "SET":
		return s.set(key, args[2], true), "OK"
	case "DEL":
		if !ok {
			return s, "0"
		}
		return s.set(key, "", false), "1"
	case "INCRBY":
		n, _ := strconv.Atoi(v)
		d, _ := strconv.Atoi(args[2])
		return s.set(key, strconv.Itoa(n+d), true), strconv.Itoa(n + d)
	case "RPUSH":
		list := append(strings.Fields(v), args[2])
		return s.set(key, strings.Join(list, " "), true), strconv.Itoa(len(list))
	case "LPOP", "BLPOP":
		list := strings.Fields(v)
		if len(list) == 0 {
			return s, "(nil)"
		}
		return s.set(key, strings.Join(list[1:], " "), len(list) > 1), list[0]
	}
	panic(args[0])
}

var historyModel = porcupine.Model{
	Init: func() any { return state("") },
	Step: func(st, in, _ any) (bool, any) {
		op, s := in.(operation), st.(state)
		if op.nothing {
			return true, s
		}
		for k, seen := range op.watched {
			if v, ok := s.get(k); ok && v != seen || !ok && seen != absent(k) {
				return op.unknown, s
			}
		}
		for _, c := range op.steps {
			var out string
			if s, out = s.apply(c.args); out != c.out && !op.unknown {
				return false, s
			}
		}
		return true, s
	},
	DescribeOperation: func(in, _ any) string { return fmt.Sprintf("%+v", in) },
}
