package server

import (
	"sort"
	"time"

	"github.com/redust/redust/core"
)

// evictEvery is the period of the check of maxmemory-clients.
const evictEvery = 100 * time.Millisecond

// leastClientMemory is the lowest limit, as in Redis: with less, nobody could connect to raise it.
const leastClientMemory = 128 << 10

// clientMemoryLimit is maxmemory-clients in bytes: a negative option is a percentage of
// maxmemory. 0 means no limit.
func (s *Server) clientMemoryLimit() int64 {
	n := s.clientMemory.Load()
	if n < 0 {
		n = s.maxMemory.Load() * -n / 100
	}
	if n == 0 {
		return 0
	}
	return max(n, leastClientMemory)
}

// evictStep is how much more a client takes when maxmemory-clients is checked because of it, before the next evictEvery is over.
const evictStep = 64 << 10

// grewLarge checks maxmemory-clients when the connection takes much more than at the last time.
func (c *conn) grewLarge() {
	n := c.client.Memory()
	if grown := n > c.checked+evictStep; grown || n < c.checked {
		c.checked = n
		if grown {
			c.srv.evictClients()
		}
	}
}

// relieveClients checks maxmemory-clients before the requests of a client are executed, as Redis does before each command: many who take a
// little more are too many as well, and whoever looks at CLIENT LIST sees none over the limit. What is left over the limit, connections that
// are being closed and clients with NO-EVICT, is looked at again when there is more.
func (s *Server) relieveClients() {
	if n := s.eng.ClientMemory(); s.clientsOver(n) && n > s.leftOver.Load() {
		s.evictClients()
		s.leftOver.Store(s.eng.ClientMemory())
	}
}

// clientsOver reports whether n bytes are over maxmemory-clients. Nothing is left over what is not.
func (s *Server) clientsOver(n int64) bool {
	if limit := s.clientMemoryLimit(); limit > 0 && n > limit {
		return true
	}
	if s.leftOver.Load() != 0 {
		s.leftOver.Store(0)
	}
	return false
}

// relieve checks maxmemory-clients for a command that finds maxmemory exceeded. It returns what connections that are being
// closed still take: their owners are about to give it back.
func (s *Server) relieve() (leaving int64) {
	if !s.clientsOver(s.eng.ClientMemory()) {
		return 0
	}
	s.evictClients()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.client.Killed() {
			leaving += c.client.Memory()
		}
	}
	return leaving
}

// evictClients closes clients, the largest first, while all of them together take more than
// maxmemory-clients. Replicas and the primary don't count; clients with NO-EVICT count and stay.
// O(connections), and only while there is a limit.
func (s *Server) evictClients() {
	limit := s.clientMemoryLimit()
	if limit <= 0 {
		return
	}
	s.evicting.Lock() // two at a time would close the same clients, and count them twice
	defer s.evicting.Unlock()
	type size struct {
		c     *conn
		bytes int64
	}
	var list []size
	var sum int64
	s.mu.Lock()
	for c := range s.conns {
		if c.client.Has(core.FlagReplica|core.FlagPrimary) || c.client.Killed() {
			continue
		}
		n := c.client.Memory()
		sum += n
		if !c.client.Has(core.FlagNoEvict) {
			list = append(list, size{c, n})
		}
	}
	s.mu.Unlock()
	if sum <= limit {
		return
	}
	sort.Slice(list, func(i, j int) bool { return list[i].bytes > list[j].bytes })
	for _, e := range list {
		if sum <= limit {
			return
		}
		sum -= e.bytes
		s.log.Info("evicting client", "id", e.c.client.ID(), "addr", e.c.RemoteAddr(), "name", e.c.client.Name(), "bytes", e.bytes)
		s.eng.Stats().CountEvictedClient()
		e.c.client.Kill(false)
	}
}
