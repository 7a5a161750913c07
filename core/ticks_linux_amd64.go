package core

import (
	"bytes"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// ticks reads the processor's time stamp counter.
func ticks() uint64

// ticksInvariant reports whether the counter runs at one rate whatever the processor does.
func ticksInvariant() bool

// steadyTicks reports whether ticks are as good as the kernel's clock: it is the kernel that watches whether the counters of all
// processors go together, and takes another source for its own clock if they don't. Under KVM it is the host who does, and
// says so to the guest's kernel, which then reads the counter in the process itself instead of being called for each reading.
func steadyTicks() bool {
	source, err := os.ReadFile("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	if err != nil || !ticksInvariant() {
		return false
	}
	switch string(bytes.TrimSpace(source)) {
	case "tsc":
		return true
	case "kvm-clock":
		return clockInProcess()
	}
	return false
}

// clockInProcess reports whether the kernel's clock is read without a system call.
func clockInProcess() bool {
	const tries, readings = 5, 20
	read, call := time.Hour, time.Hour
	for range tries {
		start := time.Now()
		for range readings {
			_ = time.Since(start)
		}
		read = min(read, time.Since(start))
		start = time.Now()
		for range readings {
			const monotonic = 1
			var ts syscall.Timespec
			syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, monotonic, uintptr(unsafe.Pointer(&ts)), 0)
		}
		call = min(call, time.Since(start))
	}
	return read < call*2/3
}
