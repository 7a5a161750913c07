package core

// Pushes: bytes for a client that are no reply to it.

// Push sends b, which nobody changes any more, to the client. from is the client whose
// goroutine this is, or nil: what a command pushes to its own client comes before its reply, what it
// pushes to others is written together with what else the same batch of requests pushes there.
func (c *Client) Push(from *Client, b []byte) { c.push(from, from.deliverer(), b) }

func (c *Client) push(from *Client, by Deliverer, b []byte) {
	switch {
	case c == from && c.work != nil:
		c.work.own = append(c.work.own, b...)
	case c.conn == nil:
	case by != nil:
		by.Deliver(c.conn, b)
	default:
		c.conn.Push(b)
	}
}

// deliverer is the connection's ability to gather pushes; nil without. c may be nil.
func (c *Client) deliverer() Deliverer {
	if c == nil {
		return nil
	}
	d, _ := c.conn.(Deliverer)
	return d
}

// placeOwn puts what the command pushed to its own client before its reply, which began at mark.
func (c *Client) placeOwn(mark int) {
	own := c.work.own
	if len(own) == 0 {
		return
	}
	c.W.Buf = append(c.W.Buf, own...)
	copy(c.W.Buf[mark+len(own):], c.W.Buf[mark:])
	copy(c.W.Buf[mark:], own)
	c.work.own = own[:0]
}
