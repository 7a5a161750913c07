//go:build !unix

package redustcmd

import "net"

// setBacklog leaves the backlog to the system.
func setBacklog(net.Listener, int) {}
