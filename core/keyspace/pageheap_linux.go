//go:build linux && !race

package keyspace

import "golang.org/x/sys/unix"

const adviceRelease = unix.MADV_DONTNEED // frees at once, and RSS shows it
