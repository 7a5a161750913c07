//go:build !linux

package persistence

// datasync makes a file's content last.
func datasync(f File) error { return f.Sync() }

// flusher is datasync beside other work.
type flusher struct{}

func newFlusher() *flusher { return new(flusher) }

func (*flusher) datasync(f File) error { return datasync(f) }
func (*flusher) close()                {}
