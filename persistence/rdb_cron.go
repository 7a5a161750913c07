package persistence

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redust/redust/core"
)

// saveRetry is the pause after a background save that failed, as in Redis.
const saveRetry = 5 * time.Second

// savePoint is one pair of the option save.
type savePoint struct{ seconds, changes int64 }

func parseSavePoints(text string) []savePoint {
	words := strings.Fields(text)
	var points []savePoint
	for i := 0; i+1 < len(words); i += 2 {
		seconds, err1 := strconv.ParseInt(words[i], 10, 64)
		changes, err2 := strconv.ParseInt(words[i+1], 10, 64)
		if err1 == nil && err2 == nil { // the option table has checked them
			points = append(points, savePoint{seconds, changes})
		}
	}
	return points
}

// cronLoop watches save points, scheduled saves and the journal.
func (s *Service) cronLoop() {
	defer s.done.Done()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case now := <-tick.C:
			if s.eng.Debug().CronPaused.Load() {
				continue
			}
			s.saveCron(now)
			s.aof.cron(now)
		}
	}
}

// saveCron starts a background save that is due.
func (s *Service) saveCron(now time.Time) {
	st := &s.saves
	st.progress.sampled.Store(now.Unix())
	st.mu.Lock()
	running, scheduled := st.cancel != nil || st.active.Load(), st.scheduled // active: SAVE's, or the last one
	dirty, last, lastTry := s.eng.Stats().Dirty()-st.cleanAt, st.last, st.lastTry
	st.mu.Unlock()
	if running || s.eng.Loading() || s.aof.rewriting() {
		return
	}
	failed := st.failed.Load()
	if failed && now.Sub(lastTry) < saveRetry {
		return
	}
	if st.emptied.Load() {
		s.startSave(func() {})
		return
	}
	points := parseSavePoints(s.opt.save.Load())
	for _, p := range points {
		if dirty >= p.changes && now.Sub(last) > time.Duration(p.seconds)*time.Second {
			s.log.Info(fmt.Sprintf("%d changes in %d seconds. Saving...", p.changes, p.seconds))
			s.startSave(func() {})
			return
		}
	}
	switch {
	case scheduled:
		s.startSave(func() {})
	case failed && len(points) > 0 && s.opt.stopWrites.Load():
		// Writes are refused, so no save point may ever be reached: see whether the disk is well again.
		s.startSave(func() {})
	}
}

// flushed gives up the background save of what FLUSHALL deletes and has the RDB file replaced where there are save
// points, as Redis does: a crash must not bring back what was deleted on purpose. All shards are held. A connection's
// replies wait in WaitFlushed; for others the cron saves.
func (s *Service) flushed(db int) {
	if db >= 0 {
		return
	}
	s.saves.giveUp()
	if s.opt.save.Load() != "" {
		s.saves.emptied.Store(true)
	}
}

// giveUp ends the background save if one runs. It doesn't wait.
func (st *saveState) giveUp() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.cancel != nil {
		st.cancel()
	}
}

var _ core.FlushWaiter = (*Service)(nil)

// WaitFlushed implements core.FlushWaiter: what is saved after FLUSHALL is saved before its reply. A background save, which holds
// what was deleted, is given up.
func (s *Service) WaitFlushed() {
	st := &s.saves
	if !st.emptied.Swap(false) { // another save has begun since
		st.wait()
		return
	}
	st.abort("There is a child saving an .rdb. Killing it!")
	if s.saveNow(s.ctx, true) != nil {
		st.emptied.Store(true)
	}
}

// directoryOf is the directory that holds name.
func directoryOf(name string) string { return filepath.Dir(name) }
