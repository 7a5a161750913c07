//go:build linux && !race

package keyspace

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	adviceRelease = unix.MADV_DONTNEED // frees at once, and RSS shows it
	hugePageSize  = 2 << 20
)

// hugePages replaces the pages of mem by huge ones as far as alignment allows, and tells whether the system can do that (Linux 6.1 on).
func hugePages(mem []byte) bool {
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(mem))) & (hugePageSize - 1))
	n := (len(mem) - skip) &^ (hugePageSize - 1)
	if n <= 0 {
		return true
	}
	err := unix.Madvise(mem[skip:skip+n], unix.MADV_COLLAPSE)
	return err != unix.EINVAL && err != unix.ENOSYS
}
