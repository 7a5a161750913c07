//go:build !unix

package server

import "net"

// SetBacklog leaves the backlog to the system.
func SetBacklog(net.Listener, int) {}
