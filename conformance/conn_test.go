package conformance_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

const (
	replyPatience = 20 * time.Second // for the reply to a command, on a machine that is busy
	readPatience  = time.Second      // for an @read
)

// outcome is what a read gave: a raw reply, or the reason why there is none.
// The reasons are compared like replies: both servers must be silent, or close.
type outcome struct {
	raw []byte
	err string // "", "<no reply>", "<closed>" or what was wrong with the bytes
}

const (
	noReply    = "<no reply>"
	connClosed = "<closed>"
)

func (o outcome) String() string {
	if o.err == "" {
		if v, err := parseReply(o.raw); err == nil {
			return v.render("")
		}
	}
	if len(o.raw) > 0 {
		return o.err + " after " + quoteBytes(o.raw)
	}
	return o.err
}

// conn is one client connection to one server.
type conn struct {
	net.Conn
	in replyReader
}

// dial connects and, for RESP3, says HELLO 3. A refused HELLO (no password
// given yet) is no error: both servers then stay in RESP2.
func dial(addr string, proto int) (*conn, error) {
	nc, err := net.DialTimeout("tcp", addr, connectPatience)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc, in: replyReader{in: bufio.NewReaderSize(nc, 64<<10)}}
	if proto == 3 {
		if out := c.do("HELLO", "3"); out.err != "" {
			c.close()
			return nil, fmt.Errorf("HELLO 3: %s", out.err)
		}
	}
	return c, nil
}

func (c *conn) close() { _ = c.Conn.Close() }

// send writes without waiting for a reply. A peer that has closed shows at the
// next read.
func (c *conn) send(b []byte) {
	_ = c.SetWriteDeadline(time.Now().Add(replyPatience))
	_, _ = c.Write(b)
}

// read takes one reply, waiting at most patience for it.
func (c *conn) read(patience time.Duration) outcome {
	_ = c.SetReadDeadline(time.Now().Add(patience))
	raw, _, err := c.in.next()
	switch {
	case err == nil:
		return outcome{raw: raw}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return outcome{raw: raw, err: noReply}
	case errors.Is(err, errMalformed):
		return outcome{raw: raw, err: "<" + err.Error() + ">"}
	}
	return outcome{raw: raw, err: connClosed} // EOF and reset alike
}

// do sends a command and reads its reply.
func (c *conn) do(args ...string) outcome {
	b := make([][]byte, len(args))
	for i, a := range args {
		b[i] = []byte(a)
	}
	c.send(encodeCommand(b))
	return c.read(replyPatience)
}

// call is do for the suite's own needs: it decodes the reply, and an error reply
// is an error.
func (c *conn) call(args ...string) (value, error) {
	out := c.do(args...)
	if out.err != "" {
		return value{}, fmt.Errorf("%v: %s", args, out.err)
	}
	v, err := parseReply(out.raw)
	if err == nil && v.kind == '-' {
		err = fmt.Errorf("%v: %s", args, v.str())
	}
	return v, err
}
