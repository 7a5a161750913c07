package persistence

import (
	"context"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
)

const (
	// walkBudget is how many entries one hold of a shard lock visits at most.
	walkBudget = 128
	// walkStepBytes is how many bytes a hold is meant to copy: some tens of microseconds.
	walkStepBytes = 64 << 10
	// walkFirst is the budget with which a database begins, while the size of its values is unknown.
	walkFirst = 4
)

// walk visits every database that had keys at the start, shard by shard. It returns when all has been
// handed over, or with ErrDisturbed, the drain's failure, or ctx's error.
func (sn *snapshot) walk(ctx context.Context, hints []sizeHint) error {
	w := walker{sn: sn, c: newChunk(), pace: pace{stats: sn.eng.Stats(), off: sn.opts.hurry, quiet: core.Breather{Eager: true}}}
	defer w.pass()
	for db, h := range hints {
		if h.keys == 0 && sn.eng.Keyspace().Len(db) == 0 {
			continue
		}
		w.budget = walkFirst
		for shard := range sn.eng.Keyspace().Shards() {
			for pos, done := uint64(0), false; !done; {
				if err := sn.interrupted(ctx); err != nil {
					return err
				}
				keys := len(w.c.recs)
				pos, done = w.step(shard, db, pos)
				if n := len(w.c.recs) - keys; n != 0 && sn.delay.Load() > 0 {
					sn.dawdle(ctx, max(1, n)) // less than 0: a chunk was passed on
					w.budget = 1
				}
			}
		}
	}
	return sn.interrupted(ctx)
}

// dawdle rests as rdb-key-save-delay says, for as long as it says so and the walk goes on.
func (sn *snapshot) dawdle(ctx context.Context, keys int) {
	for start := time.Now(); sn.interrupted(ctx) == nil; {
		left := time.Duration(keys)*time.Duration(sn.delay.Load())*time.Microsecond - time.Since(start)
		if left <= 0 {
			return
		}
		time.Sleep(min(left, 10*time.Millisecond))
	}
}

// interrupted is why the walk can't go on.
func (sn *snapshot) interrupted(ctx context.Context) error {
	switch {
	case sn.disturbed.Load():
		return ErrDisturbed
	case sn.failed.Load():
		return errWriter
	}
	return ctx.Err()
}

// walker is the state of a walk.
type walker struct {
	sn     *snapshot
	c      *chunk
	budget int
	pace   pace
}

// step visits some entries of a shard under its lock.
func (w *walker) step(shard, db int, pos uint64) (next uint64, done bool) {
	before, keys := len(w.c.data), len(w.c.recs)
	next, done = w.sn.eng.WalkSnapshot(shard, db, pos, w.budget, func(e keyspace.Entry) {
		w.sn.copyEntry(w.c, db, e)
	})
	if keys = len(w.c.recs) - keys; keys > 0 {
		each := (len(w.c.data)-before)/keys + 1
		w.budget = min(walkBudget, 2*w.budget, max(1, walkStepBytes/each))
	}
	if len(w.c.data) >= chunkBytes || len(w.c.recs) >= 512 {
		w.pass()
		w.sn.waitForDrain()
		w.pace.since = time.Now() // waiting was rest enough
	}
	w.pace.breathe()
	return next, done
}

// pass hands the walker's chunk to the drain.
func (w *walker) pass() {
	if len(w.c.recs) > 0 {
		w.sn.enqueue(w.c)
		w.c = newChunk()
	}
}

// waitForDrain lets the drain catch up, so that the walk holds no more than maxQueued.
func (sn *snapshot) waitForDrain() {
	sn.mu.Lock()
	for sn.queued > maxQueued && !sn.failed.Load() {
		sn.cond.Wait()
	}
	sn.mu.Unlock()
}

// pace keeps a share of the processors for clients: a snapshot works in short spells and rests between them, longer when there are many
// commands. Without clients it only lets others go first.
type pace struct {
	stats *core.Stats
	off   bool
	quiet core.Breather // where there are no clients to speak of

	since    time.Time // the present spell began
	commands int64     // executed by checked
	checked  time.Time
	ratio    float64 // of rest to work
}

const (
	paceSpell = 100 * time.Microsecond
	// paceCheck is how often the number of commands is looked at.
	paceCheck = 50 * time.Millisecond
	// paceQuietSpell is how long a client that has just come may have to wait.
	paceQuietSpell = 500 * time.Microsecond
	// paceQuiet is how many commands a second are too few to be in each other's way.
	paceQuiet = 200
	// paceRatio is the rest that a unit of work earns beside busy clients.
	paceRatio = 3
	// paceMaxRest bounds a rest after work that was long because others had the processor.
	paceMaxRest = 2 * time.Millisecond
)

// breathe rests if it is time to. No lock may be held.
func (p *pace) breathe() {
	if p.off {
		return
	}
	now := time.Now()
	if p.since.IsZero() {
		p.since = now
	}
	worked := now.Sub(p.since)
	if worked < paceSpell {
		return
	}
	if took := now.Sub(p.checked); took >= paceCheck {
		n := p.stats.Load().Commands
		p.ratio = 0
		if float64(n-p.commands) > paceQuiet*min(took.Seconds(), 1) {
			p.ratio = paceRatio
		}
		p.commands, p.checked = n, now
	}
	if p.ratio > 0 {
		core.Nap(min(time.Duration(float64(worked)*p.ratio), paceMaxRest))
	} else {
		p.quiet.Breathe(paceQuietSpell) // a client may just have come
	}
	p.since = time.Now()
}
