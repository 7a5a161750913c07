package server

import (
	"strconv"
	"testing"
)

// Clients that take all that maxmemory-clients allows stay; with a byte less one goes.
func TestClientsMayFillTheirLimit(t *testing.T) {
	a := unconnected(t)
	s, b := a.srv, a.srv.unconnected(t)
	for _, c := range []*conn{a, b} {
		c.client.AddMemory(100 << 10)
	}
	for i, limit := range []int64{a.client.Memory() + b.client.Memory(), a.client.Memory() + b.client.Memory() - 1} {
		if err := s.eng.Options().Assign("maxmemory-clients", strconv.FormatInt(limit, 10)); err != nil {
			t.Fatal(err)
		}
		s.evictClients()
		if n := s.eng.Stats().Load().EvictedClients; n != int64(i) {
			t.Errorf("%d bytes allowed: %d clients evicted, want %d", limit, n, i)
		}
	}
}
