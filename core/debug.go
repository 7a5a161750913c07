package core

import "sync/atomic"

// DebugSettings are knobs that only DEBUG turns. Families read them when they
// apply; zero means Redis's default.
type DebugSettings struct {
	// QuicklistPackedThreshold is the size in bytes from which a list element is kept
	// outside packed chunks.
	QuicklistPackedThreshold atomic.Int64
	// CronPaused stops what is done every so often: expiry, save points, housekeeping.
	CronPaused atomic.Bool
	// ChecksumsSkipped leaves the checksums of payloads and snapshots unchecked.
	ChecksumsSkipped atomic.Bool
	// AOFFlushSleep is how many microseconds the AOF's writer waits before each write.
	AOFFlushSleep atomic.Int64
}

// Debug gives access to the engine's debug settings.
func (e *Engine) Debug() *DebugSettings { return &e.debug }

// ActiveExpire reports DEBUG SET-ACTIVE-EXPIRE's setting.
func (e *Engine) ActiveExpire() bool { return e.activeExp.Load() }
