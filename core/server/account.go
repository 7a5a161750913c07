package server

// accountStep is how many bytes a connection takes more, or less, before the engine is told: small requests, which come
// and go by the million, don't touch a counter that all connections share. Under maxmemory-clients every byte that waits counts.
const accountStep = 1 << 10

// account tells the engine what the connection takes beside its output: input that waits, and what core and the families
// keep for the client. Small input buffers go from connection to connection: only what is in them counts. Owner only.
func (c *conn) account() {
	n := c.client.KeptMemory()
	if s := c.s; s != nil {
		if len(s.in) > keptInput {
			n += int64(len(s.in))
		} else {
			n += int64(s.buffered())
		}
	}
	if d := n - c.told; d >= accountStep || d <= -accountStep || d != 0 && (n == 0 || c.srv.clientMemory.Load() != 0) {
		c.told = n
		c.srv.eng.AddClientMemory(d)
	}
}

// account does the same for the output. mu is held.
func (o *output) account() {
	if d := int64(o.bytes) - o.told; d >= accountStep || d <= -accountStep {
		o.told += d
		o.eng.AddClientMemory(d)
	}
}
