//go:build !linux

package main

import (
	"net"
	"sync/atomic"
)

// drain reads all connections and adds up the bytes.
func drain(conns []net.Conn, got *atomic.Int64) error {
	failed := make(chan error, len(conns))
	for _, nc := range conns {
		go func() {
			buf := make([]byte, 64<<10)
			for {
				n, err := nc.Read(buf)
				got.Add(int64(n))
				if err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}
