//go:build !linux

package persistence

// dropCache is advice that other systems do without.
func dropCache(File, int64) {}
