//go:build !linux

package persistence

// datasync makes a file's content last.
func datasync(f File) error { return f.Sync() }
