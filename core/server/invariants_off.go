//go:build !invariants

package server

func scrub([]byte) {}
