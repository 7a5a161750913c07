//go:build !linux

package core

import "time"

// Nap sleeps for less than a millisecond, or a little longer.
func Nap(d time.Duration) { time.Sleep(d) }
