package core

import (
	"bytes"

	"github.com/redust/redust/protocol"
)

// Pushes: bytes for a client that are no reply to it.

// Push sends b, which nobody changes any more, to the client. from is the client whose
// goroutine this is, or nil: what a command pushes to its own client comes before its reply, what it
// pushes to others is written together with what else the same batch of requests pushes there.
func (c *Client) Push(from *Client, b []byte) { c.push(from, from.deliverer(), b, false) }

// push sends c what from, whose ability is by, has to tell. b may be lent only where by isn't nil.
func (c *Client) push(from *Client, by Deliverer, b []byte, lent bool) {
	switch {
	case c == from && c.work != nil:
		c.work.own = append(c.work.own, b...)
	case c.conn == nil:
	case by != nil:
		by.Deliver(c.conn, b, lent)
	default:
		c.conn.Push(b)
	}
}

// Message has write make a message of the command to its own client: a confirmation of SUBSCRIBE stands where
// a reply would, but CLIENT REPLY doesn't silence it.
func (c *Ctx) Message(write func(w *protocol.Writer)) {
	if cl := c.client; cl.replyOff || cl.replySkip {
		w := protocol.Writer{Proto: cl.Proto(), Buf: cl.busy().own}
		write(&w)
		cl.work.own = w.Buf
		return
	}
	write(c.Reply)
}

// PushAfterReply sends b to the client itself, behind the reply of the command that runs or, between
// commands, behind what has been answered. Owner only.
func (c *Client) PushAfterReply(b []byte) {
	w := c.busy()
	w.after = append(w.after, b...)
}

// PushAfterReply is Client.PushAfterReply for the client of the command, which may belong to another goroutine: that of a
// waiting client who is served.
func (c *Ctx) PushAfterReply(b []byte) {
	if w := c.serving; w != nil {
		w.after = append(w.after, b...)
		return
	}
	c.client.PushAfterReply(b)
}

// AtBatchEnd has fn called once when the present batch of requests is answered. Owner only; a second
// function replaces the first.
func (c *Client) AtBatchEnd(fn func(c *Client)) { c.busy().atEnd = fn }

// endBatch is called when the replies of a batch are on their way. Owner only.
func (c *Client) endBatch() {
	w := c.work
	if w == nil {
		return
	}
	if fn := w.atEnd; fn != nil {
		w.atEnd = nil
		fn(c)
	}
	if len(w.after) != 0 && c.conn != nil {
		if by := c.deliverer(); by != nil {
			by.Deliver(c.conn, w.after, true)
		} else {
			c.conn.Push(bytes.Clone(w.after))
		}
	}
	w.after = w.after[:0]
}

// deliverer is the connection's ability to gather pushes; nil without. c may be nil.
func (c *Client) deliverer() Deliverer {
	if c == nil {
		return nil
	}
	d, _ := c.conn.(Deliverer)
	return d
}

// placeOwn puts what the command pushed to its own client around its reply, which began at mark.
func (c *Client) placeOwn(mark int) {
	w := c.work
	if own := w.own; len(own) != 0 {
		c.W.Buf = append(c.W.Buf, own...)
		copy(c.W.Buf[mark+len(own):], c.W.Buf[mark:])
		copy(c.W.Buf[mark:], own)
		w.own = own[:0]
	}
	if len(w.after) != 0 {
		c.W.Buf = append(c.W.Buf, w.after...)
		w.after = w.after[:0]
	}
}
