//go:build (darwin || freebsd || netbsd || openbsd || dragonfly) && !race

package keyspace

import "golang.org/x/sys/unix"

func hugePages([]byte) bool { return false }

const adviceRelease = unix.MADV_FREE // MADV_DONTNEED is no more than a hint here
