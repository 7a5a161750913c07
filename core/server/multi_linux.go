package server

// multi does several transfers by one system call. The zero value can't. It belongs to one goroutine at a time.
type multi struct{ ring *uring }

// open lets it, unless the kernel has no io_uring or forbids it.
func (m *multi) open() (err error) {
	m.ring, err = newURing()
	return err
}

func (m *multi) close() {
	if m.ring != nil {
		m.ring.close()
		m.ring = nil
	}
}

func (m *multi) receive(ts []transfer) { m.run(uringRecv, ts) }
func (m *multi) send(ts []transfer)    { m.run(uringSend, ts) }

// run leaves the n of those unset that were not done.
func (m *multi) run(op uint8, ts []transfer) {
	if m.ring != nil && !m.ring.run(op, ts) {
		m.close()
	}
}
