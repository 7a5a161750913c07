package core

import "time"

// OnLatency registers what is told how long things took that are no commands:
// LATENCY's events such as "expire-cycle" or "aof-fsync-always".
func (e *Engine) OnLatency(fn func(event string, took time.Duration)) { e.onLatency.Store(&fn) }

// Latency reports such an event. Whoever listens compares it with
// latency-monitor-threshold. Safe from any goroutine; a load and a branch while nobody does.
func (e *Engine) Latency(event string, took time.Duration) {
	if fn := e.onLatency.Load(); fn != nil {
		(*fn)(event, took)
	}
}
