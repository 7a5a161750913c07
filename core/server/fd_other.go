//go:build unix && !linux

package server

// duplicate returns -1: sockets are not polled here.
func duplicate(int) int { return -1 }
