package coretest

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// Client is a client of the harness. It may be used from one goroutine at a time.
type Client struct {
	t  testing.TB
	h  *Harness
	C  *core.Client
	cn *conn

	raw bool // the next request comes with its bytes
}

// Client makes another client.
func (h *Harness) Client() *Client {
	cn := &conn{wake: make(chan struct{}, 1)}
	c := &Client{t: h.t, h: h, cn: cn, C: h.Engine.NewClient(cn)}
	h.t.Cleanup(func() { h.Engine.CloseClient(c.C) })
	return c
}

// NoConn is a connection to nobody, for clients of an engine whose replies are read from [core.Client.W].
type NoConn struct{}

var _ core.Conn = NoConn{}

// Push implements core.Conn.
func (NoConn) Push([]byte) {}

// Close implements core.Conn.
func (NoConn) Close(bool) {}

// Wake implements core.Conn.
func (NoConn) Wake() {}

// RemoteAddr implements core.Conn.
func (NoConn) RemoteAddr() string { return "127.0.0.1:1" }

// LocalAddr implements core.Conn.
func (NoConn) LocalAddr() string { return "127.0.0.1:2" }

// Buffers implements core.Conn.
func (NoConn) Buffers() core.ConnBuffers { return core.ConnBuffers{} }

// FD implements core.Conn.
func (NoConn) FD() int { return -1 }

// conn is the connection of a Client: pushes are kept.
type conn struct {
	NoConn
	mu     sync.Mutex
	pushed bytes.Buffer
	wake   chan struct{}
	closed bool
}

func (c *conn) Push(b []byte) { c.mu.Lock(); c.pushed.Write(b); c.mu.Unlock() }
func (c *conn) Close(bool)    { c.mu.Lock(); c.closed = true; c.mu.Unlock(); c.Wake() }
func (c *conn) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Do runs one command and returns its reply. A command that blocks is a failure: use Start.
func (c *Client) Do(args ...string) *Reply {
	c.t.Helper()
	st := c.Send(args...)
	if st == core.Blocked {
		c.t.Fatalf("%q blocks", args)
	}
	return c.reply(args)
}

// Send runs one command, every other one with its bytes, as most that come over a connection are. The reply, if any, is in c.C.W.
func (c *Client) Send(args ...string) core.Status {
	raw := make([][]byte, len(args))
	for i, a := range args {
		raw[i] = []byte(a)
	}
	c.C.W.Reset()
	if c.raw = !c.raw; c.raw {
		return c.h.Engine.HandleRaw(c.C, raw, protocol.AppendCommand(nil, raw...))
	}
	return c.h.Engine.Handle(c.C, raw)
}

func (c *Client) reply(args []string) *Reply {
	c.t.Helper()
	r := &Reply{t: c.t, args: args, Raw: string(c.C.W.Buf)}
	if r.Raw == "" {
		return r
	}
	v, err := protocol.NewReplyReader(bytes.NewReader(c.C.W.Buf), protocol.ReplyLimits{}).Read()
	if err != nil {
		c.t.Fatalf("%q: reply %q: %v", args, r.Raw, err)
	}
	r.Reply = v
	return r
}

// Start runs a command that must block; Wait gets its reply.
func (c *Client) Start(args ...string) {
	c.t.Helper()
	if st := c.Send(args...); st != core.Blocked {
		c.t.Fatalf("%q does not block: %q", args, c.C.W.Buf)
	}
}

// Waiting reports whether the command of Start is still blocked.
func (c *Client) Waiting() bool {
	_, done := c.C.FinishBlocked()
	return !done
}

// Wait returns the reply of the command of Start.
func (c *Client) Wait() *Reply {
	c.t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		if _, done := c.C.FinishBlocked(); done {
			return c.reply([]string{"(blocked)"})
		}
		if time.Now().After(deadline) {
			c.t.Fatal("still blocked after 5 s")
		}
		select {
		case <-c.cn.wake:
		case <-time.After(time.Millisecond):
		}
	}
}

// Pushed returns and forgets what was pushed to the client.
func (c *Client) Pushed() string {
	c.cn.mu.Lock()
	defer c.cn.mu.Unlock()
	s := c.cn.pushed.String()
	c.cn.pushed.Reset()
	return s
}

// Reply is a reply with assertions; each returns the reply for chaining.
type Reply struct {
	protocol.Reply
	Raw  string
	t    testing.TB
	args []string
}

// Equals compares the raw RESP bytes.
func (r *Reply) Equals(raw string) *Reply {
	r.t.Helper()
	if r.Raw != raw {
		r.t.Errorf("%q: got %q, want %q", r.args, r.Raw, raw)
	}
	return r
}

// Int expects an integer.
func (r *Reply) Int(n int64) *Reply {
	r.t.Helper()
	w := protocol.Writer{Proto: 2}
	w.Int(n)
	return r.Equals(string(w.Buf))
}

// OK expects +OK.
func (r *Reply) OK() *Reply { r.t.Helper(); return r.Equals("+OK\r\n") }

// Bulk expects a bulk string.
func (r *Reply) Bulk(s string) *Reply {
	r.t.Helper()
	w := protocol.Writer{Proto: 2}
	w.BulkString(s)
	return r.Equals(string(w.Buf))
}

// Nil expects RESP2's null bulk string.
func (r *Reply) Nil() *Reply { r.t.Helper(); return r.Equals("$-1\r\n") }

// Error expects the exact error.
func (r *Reply) Error(msg string) *Reply { r.t.Helper(); return r.Equals("-" + msg + "\r\n") }

// Array expects an array of bulk strings.
func (r *Reply) Array(items ...string) *Reply {
	r.t.Helper()
	w := protocol.Writer{Proto: 2}
	w.Array(len(items))
	for _, s := range items {
		w.BulkString(s)
	}
	return r.Equals(string(w.Buf))
}
