package server

import "github.com/redust/redust/core/sockets"

// transfers are receives or sends of connections that are done together.
type transfers struct {
	list  []sockets.Transfer
	conns []*conn        // whose they are
	many  *sockets.Multi // nil: one after the other
}

func (t *transfers) add(c *conn, b []byte) {
	t.list = append(t.list, sockets.Transfer{FD: c.fd, B: b})
	t.conns = append(t.conns, c)
}

// reset forgets them.
func (t *transfers) reset() {
	clear(t.list)
	clear(t.conns)
	t.list, t.conns = t.list[:0], t.conns[:0]
}

func (t *transfers) receive() { t.many.Receive(t.list) }
func (t *transfers) send()    { t.many.Send(t.list) }
