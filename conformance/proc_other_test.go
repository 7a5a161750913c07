//go:build !linux

package conformance_test

import "syscall"

// dieWithParent has no counterpart here: servers are ended by the suite alone.
func dieWithParent() *syscall.SysProcAttr { return nil }
