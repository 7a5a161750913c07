package server

import (
	"sync"
	"sync/atomic"
)

// connTable finds connections by descriptor. Looking up takes no lock.
type connTable struct {
	mu    sync.Mutex
	slots atomic.Pointer[[]atomic.Pointer[conn]]
}

func (t *connTable) get(fd int) *conn {
	s := t.slots.Load()
	if s == nil || fd < 0 || fd >= len(*s) {
		return nil
	}
	return (*s)[fd].Load()
}

func (t *connTable) set(fd int, c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.slots.Load()
	if s == nil || fd >= len(*s) {
		grown := make([]atomic.Pointer[conn], max(64, 2*fd))
		if s != nil {
			for i := range *s {
				grown[i].Store((*s)[i].Load())
			}
		}
		s = &grown
		t.slots.Store(s)
	}
	(*s)[fd].Store(c)
}

// drop forgets c unless its descriptor has another owner already.
func (t *connTable) drop(fd int, c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	(*t.slots.Load())[fd].CompareAndSwap(c, nil)
}
