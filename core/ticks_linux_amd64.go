package core

import (
	"bytes"
	"os"
)

// ticks reads the processor's time stamp counter.
func ticks() uint64

// ticksInvariant reports whether the counter runs at one rate whatever the processor does.
func ticksInvariant() bool

// steadyTicks reports whether ticks are as good as the kernel's clock: it is the kernel that watches whether the counters of all
// processors go together, and takes another source for its own clock if they don't.
func steadyTicks() bool {
	source, err := os.ReadFile("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	return err == nil && string(bytes.TrimSpace(source)) == "tsc" && ticksInvariant()
}
