package server

import (
	"errors"
	"os"
	"time"

	"github.com/redust/redust/core"
)

// A connection whose descriptor the server can't have, or not poll, has a goroutine that reads from its net.Conn.

// servePlain runs the connection until it ends.
func (c *conn) servePlain() {
	defer c.end() // SHUTDOWN ends the goroutine by Goexit
	for c.err == nil {
		c.state = core.Continue
		c.readPlain()
		for c.state != core.Continue && c.err == nil {
			c.await()
			c.settle()
		}
	}
}

// readPlain waits for input and executes the requests in it until the state is no longer Continue.
func (c *conn) readPlain() {
	for c.state == core.Continue && c.err == nil {
		s := c.acquire()
		n, err := c.nc.Read(s.room(c.need(), c.srv.queryLimit.Load()))
		if n > 0 {
			c.took(s, n)
			c.process()
			c.settle()
		}
		if err != nil {
			c.err = err
		}
		if c.state == core.Continue {
			c.idle()
		}
	}
}

// awaitInputPlain collects input until the deadline or Wake. It returns true when the client waits no more.
func (c *conn) awaitInputPlain(deadline time.Time) bool {
	c.nc.SetReadDeadline(deadline)
	if c.unblocked() { // a Wake between the look and the deadline is not lost
		return true
	}
	for c.err == nil {
		s := c.acquire()
		n, err := c.nc.Read(s.room(0, c.srv.queryLimit.Load()))
		if n > 0 {
			c.took(s, n)
			c.overQueryLimit()
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			c.err = err
		}
	}
	return false
}
