package core

import (
	"runtime"
	"time"
)

// Breather lets clients in while a goroutine has much to do. It belongs to that goroutine.
type Breather struct {
	// Eager keeps one processor of several busy: the others look at the sockets meanwhile. Without it clients get the time in any case.
	Eager bool

	since time.Time // the present spell of work began
}

// breath is how long a rest is at least. It is sleep: Go looks at the sockets when a processor has nothing else to run, and otherwise only
// each 10 ms, so a goroutine that yields comes back before that.
const breath = 50 * time.Microsecond

// Breathe lets those go first who are ready to run, and rests for an instant when work has gone on for the length of a spell. No lock may
// be held.
func (b *Breather) Breathe(spell time.Duration) {
	now := time.Now()
	if b.since.IsZero() {
		b.since = now
	}
	if now.Sub(b.since) < spell || b.Eager && runtime.GOMAXPROCS(0) > 1 {
		runtime.Gosched()
		return
	}
	Nap(breath)
	b.since = time.Now()
}
