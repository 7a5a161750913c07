package server

import "github.com/redust/redust/core/sockets"

// transfers are receives or sends of connections that are done together.
type transfers struct {
	list  []sockets.Transfer
	conns []*conn // whose they are
	many  *multi  // nil: one after the other
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

func (t *transfers) receive() { t.many.calls().Receive(t.list) }
func (t *transfers) send()    { t.many.calls().Send(t.list) }

// multi does several transfers by one system call while io-uring is on and the kernel lets it.
type multi struct {
	srv *Server
	on  bool // what the option was at the last look
	sockets.Multi
}

// newMulti makes one, which must be closed.
func (s *Server) newMulti() *multi {
	m := &multi{srv: s}
	m.calls()
	return m
}

// calls follows the option.
func (m *multi) calls() *sockets.Multi {
	if m == nil {
		return nil
	}
	if on := m.srv.ioURing.Load(); on != m.on {
		m.on = on
		m.Close()
		if on {
			m.open()
		}
	}
	return &m.Multi
}

func (m *multi) open() {
	if err := m.Open(); err != nil && !m.srv.noURing.Swap(true) {
		m.srv.log.Info("no io_uring, sockets are served one by one", "error", err)
	}
}
