//go:build race || !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package keyspace

import "unsafe"

// The race detector does not see memory that it did not map, and some systems have no mmap: there pages are ordinary Go memory.

func mapMemory(n int) []byte {
	mem := make([]byte, n+pageSize)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(mem))) & (pageSize - 1))
	return mem[skip : skip+n : skip+n]
}

func unmapMemory([]byte) {}

func releaseMemory([]byte) {}

func hugePages([]byte) bool { return false }
