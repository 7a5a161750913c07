//go:build !linux

package load

import "net"

// Where there is no loop, each connection has a goroutine.

func detach(net.Conn) int { return -1 }

func closeFD(int) {}

func polling(*running, []*worker, func(func())) {}
