package persistence

import (
	"strconv"
	"time"
)

// info implements journal, with Redis's fields.
func (j *appendOnly) info(dst []byte) []byte {
	field := func(name string, n int64) {
		dst = strconv.AppendInt(append(append(dst, name...), ':'), n, 10)
		dst = append(dst, "\r\n"...)
	}
	text := func(name, value string) { dst = append(append(append(append(dst, name...), ':'), value...), "\r\n"...) }
	r := &j.rewrites
	r.mu.Lock()
	running, begun, took, count := r.cancel != nil, r.begun, r.took, r.count
	failures, failed, extra := r.failures, r.failed, r.extra
	r.mu.Unlock()
	current := int64(-1)
	if running {
		current = int64(time.Since(begun) / time.Second)
	}
	on := !j.is(aofOff)
	w := j.writer.Load()
	field("aof_enabled", bit(on))
	field("aof_rewrite_in_progress", bit(running))
	field("aof_rewrite_scheduled", bit(r.scheduled.Load()))
	field("aof_last_rewrite_time_sec", int64(took/time.Second))
	field("aof_current_rewrite_time_sec", current)
	text("aof_last_bgrewrite_status", status(!failed))
	field("aof_rewrites", count)
	field("aof_rewrites_consecutive_failures", failures)
	text("aof_last_write_status", status(j.lost.Load() == nil && (w == nil || w.fault.Load() == nil)))
	field("aof_last_cow_size", extra)
	field("module_fork_in_progress", 0)
	field("module_fork_last_cow_size", 0)
	if !on {
		return dst
	}
	var queued, syncing, delayed int64
	if w != nil {
		queued = w.queued.Load() + max(0, j.eng.Log().Offset()-w.taken.Load())
		syncing, delayed = bit(w.syncing.Load()), w.delayed.Load()
	}
	field("aof_current_size", j.currentSize())
	field("aof_base_size", r.baseline.Load())
	field("aof_pending_rewrite", bit(j.is(aofWaiting) || r.scheduled.Load()))
	field("aof_buffer_length", queued)
	field("aof_pending_bio_fsync", syncing)
	field("aof_delayed_fsync", j.delayed.Load()+delayed)
	return dst
}

// resetStats implements journal. Rewrites that failed are forgotten, too, so that the next one needn't wait: as in Redis.
func (j *appendOnly) resetStats() {
	r := &j.rewrites
	r.mu.Lock()
	r.count, r.failures = 0, 0
	r.mu.Unlock()
	j.delayed.Store(0)
	if w := j.writer.Load(); w != nil {
		w.delayed.Store(0)
	}
}
