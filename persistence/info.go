package persistence

import (
	"strconv"
	"time"

	"github.com/redust/redust/core"
)

// InfoSections implements core.InfoSource.
func (s *Service) InfoSections() []string { return []string{"persistence"} }

// Info implements core.InfoSource. Fields are those of Redis 7.0; what fork and copy on write are there,
// the snapshot's own figures are here.
func (s *Service) Info(_ string, dst []byte) []byte {
	field := func(name string, n int64) {
		dst = strconv.AppendInt(append(append(dst, name...), ':'), n, 10)
		dst = append(dst, "\r\n"...)
	}
	text := func(name, value string) {
		dst = append(append(append(append(dst, name...), ':'), value...), "\r\n"...)
	}
	st := &s.saves
	st.mu.Lock()
	running, begun, took := st.cancel != nil, st.begun, st.took
	last, count, cleanAt, lastExtra := st.last, st.count, st.cleanAt, st.lastExtra
	loaded, expired := st.loadedKeys, st.expired
	st.mu.Unlock()
	p := &st.progress
	field("loading", bit(s.eng.Loading()))
	if active := st.active.Load(); active {
		field("current_cow_peak", p.extraPeak.Load())
		field("current_cow_size", p.extraNow.Load())
		field("current_cow_size_age", max(0, time.Now().Unix()-p.sampled.Load()))
		text("current_fork_perc", strconv.FormatFloat(share(p.processed.Load(), p.total.Load()), 'f', 2, 64))
		field("current_save_keys_processed", p.processed.Load())
		field("current_save_keys_total", p.total.Load())
	}
	field("rdb_changes_since_last_save", s.eng.Stats().Dirty()-cleanAt)
	field("rdb_bgsave_in_progress", bit(running))
	field("rdb_last_save_time", last.Unix())
	text("rdb_last_bgsave_status", status(!st.failed.Load()))
	field("rdb_last_bgsave_time_sec", int64(took/time.Second))
	current := int64(-1)
	if running {
		current = int64(time.Since(begun) / time.Second)
	}
	field("rdb_current_bgsave_time_sec", current)
	field("rdb_saves", count)
	field("rdb_last_cow_size", lastExtra)
	field("rdb_last_load_keys_expired", expired)
	field("rdb_last_load_keys_loaded", loaded)
	dst = s.aof.info(dst)
	if s.eng.Loading() {
		l := &s.progress
		field("loading_start_time", time.Now().Add(-l.elapsed()).Unix())
		field("loading_total_bytes", l.total.Load())
		field("loading_rdb_used_mem", l.usedMem.Load())
		field("loading_loaded_bytes", l.done.Load())
		text("loading_loaded_perc", strconv.FormatFloat(l.percent(), 'f', 2, 64))
		field("loading_eta_seconds", int64(l.left()/time.Second))
	}
	return dst
}

var _ core.StatsResetter = (*Service)(nil)

// ResetStats implements core.StatsResetter.
func (s *Service) ResetStats() {
	s.saves.mu.Lock()
	s.saves.count = 0
	s.saves.mu.Unlock()
	s.aof.resetStats()
}

func bit(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

func status(ok bool) string {
	if ok {
		return "ok"
	}
	return "err"
}

// share is part of whole in percent.
func share(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return min(100, 100*float64(part)/float64(whole))
}
