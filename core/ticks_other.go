//go:build !linux || !amd64

package core

func ticks() uint64     { return 0 }
func steadyTicks() bool { return false }
