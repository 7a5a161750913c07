//go:build (linux || darwin || freebsd || netbsd || openbsd || dragonfly) && !race

package keyspace

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// mapMemory returns n bytes of zeroed anonymous memory. Running out is fatal, as it is for Go's own heap.
func mapMemory(n int) []byte {
	mem, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		panic(fmt.Sprintf("keyspace: out of memory: mmap of %d bytes: %v", n, err))
	}
	return mem
}

func unmapMemory(mem []byte) {
	if err := unix.Munmap(mem); err != nil {
		panic(fmt.Sprintf("keyspace: munmap of %d bytes: %v", len(mem), err))
	}
}

// releaseMemory gives the pages of mem back to the system; the addresses stay mapped. Best effort: a failure costs memory only.
func releaseMemory(mem []byte) { _ = unix.Madvise(mem, adviceRelease) }
