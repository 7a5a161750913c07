package keyspace

import "math/bits"

const (
	tickShift   = 3 // a tick is 8 ms
	wheelLevels = 6 // slots of 8 ms, 512 ms, 33 s, 35 min, 37 h, 99 days
	levelShift  = 6
	levelSlots  = 1 << (levelShift + 1) // two windows: the current one and, so that it can be filled in good time, the next
	wheelSlots  = wheelLevels * levelSlots

	wheelGens  = 4
	genShift   = 10 // head code = generation << 10 | slot, plus 1
	genMask    = 1<<genShift - 1
	maxRewind  = 2 // ticks that the clock may go back before the wheel is turned back
	neverEvent = 1<<63 - 1
)

// wheel is a hierarchical timing wheel (Varghese and Lauck, 1987) of the entries of one table. Its lists run through the entries'
// own blocks; the prev of a list's first entry is the code of the slot, so that an entry is removed without knowing when it is due.
//
// Level l has slots of 64^l ticks. An entry due at tick t is on the lowest level at which t falls into the current or the next window of
// 64 slots, counted from cur. Once cur is in the window before a higher slot's, the slot's entries can move down (cascade): that leaves
// a whole window of time to move them a few at a time, so that however many there are, none is late.
// Invariant: cur is in or before the time of every occupied slot, and at most two windows before it.
type wheel struct {
	cur   int64 // tick: all before are done
	gen   uint8
	occ   [wheelLevels][levelSlots / 64]uint64 // occupied slots
	heads [wheelSlots]Ref
}

// slotFor returns the slot for an entry to be handled at tick t, and the time in ms at which the slot wants attention.
func (w *wheel) slotFor(t int64) (slot int, event int64) {
	t = max(t, w.cur)
	if t>>levelShift-w.cur>>levelShift <= 1 {
		return int(t) & (levelSlots - 1), (t + 1) << tickShift
	}
	for l := 1; l < wheelLevels; l++ {
		shift := uint(levelShift * l)
		if t>>(shift+levelShift)-w.cur>>(shift+levelShift) <= 1 {
			s := t >> shift
			return l*levelSlots + int(s)&(levelSlots-1), ((s-1)<<shift + 1) << tickShift
		}
	}
	// Beyond decades: as far as the wheel goes; from there it will be placed again.
	const top = levelShift * (wheelLevels - 1)
	s := (w.cur>>(top+levelShift)+2)<<levelShift - 1
	return (wheelLevels-1)*levelSlots + int(s)&(levelSlots-1), ((s-1)<<top + 1) << tickShift
}

func (w *wheel) code(slot int) Ref { return Ref(w.gen)<<genShift + Ref(slot) + 1 }

// nextOccupied returns the first occupied slot number (not reduced) of level l at or after from, which is at most levelSlots before it.
func (w *wheel) nextOccupied(l int, from int64) (int64, bool) {
	i := int(from) & (levelSlots - 1)
	for k := 0; k <= levelSlots/64; k++ {
		word := w.occ[l][i>>6] >> (i & 63)
		if word != 0 {
			d := (i + bits.TrailingZeros64(word) - int(from)) & (levelSlots - 1)
			return from + int64(d), true
		}
		i = (i&^63 + 64) & (levelSlots - 1)
	}
	return 0, false
}

// due returns the earliest slot of level 0 whose time is over at tick now.
func (w *wheel) due(now int64) (slot int, ok bool) {
	t, ok := w.nextOccupied(0, w.cur)
	if !ok || t >= now {
		return 0, false
	}
	return int(t) & (levelSlots - 1), true
}

// cascading returns an occupied slot of a higher level that can move down, the lowest level first, after advancing cur towards now as far as may be: a slot
// that is being moved holds cur back only at the end of its time. cur stays before now, so that its slot is due: what is overdue goes there.
func (w *wheel) cascading(now int64) (slot int, ok bool) {
	for {
		limit, found := now-1, -1
		if t, ok := w.nextOccupied(0, w.cur); ok {
			limit = min(limit, t)
		}
		for l := 1; l < wheelLevels; l++ {
			shift := uint(levelShift * l)
			at := w.cur >> shift
			s, ok := w.nextOccupied(l, at)
			switch {
			case !ok:
			case s > at+1:
				limit = min(limit, (s-1)<<shift)
			default:
				limit = min(limit, (s+1)<<shift-1)
				if found < 0 {
					found = l*levelSlots + int(s)&(levelSlots-1)
				}
			}
		}
		if limit <= w.cur {
			return found, found >= 0
		}
		w.cur = limit
	}
}

// event returns the time in ms at which there is something to do next, neverEvent if the wheel is empty.
func (w *wheel) event() int64 {
	next := int64(neverEvent)
	if t, ok := w.nextOccupied(0, w.cur); ok {
		next = (t + 1) << tickShift
	}
	for l := 1; l < wheelLevels; l++ {
		shift := uint(levelShift * l)
		if s, ok := w.nextOccupied(l, w.cur>>shift); ok {
			next = min(next, ((s-1)<<shift+1)<<tickShift)
		}
	}
	return next
}

// oldest returns the time in ms by which the first entry is due, to the accuracy of its slot; neverEvent if the wheel is empty.
func (w *wheel) oldest() int64 {
	next := int64(neverEvent)
	for l := range wheelLevels {
		shift := uint(levelShift * l)
		if s, ok := w.nextOccupied(l, w.cur>>shift); ok {
			next = min(next, ((s+1)<<shift-1)<<tickShift)
		}
	}
	return next
}

// Links, through the entries' blocks.

func (e Entry) next() Ref           { return get32(e.p, e.ttlOffset()+8) }
func (e Entry) prev() Ref           { return get32(e.p, e.ttlOffset()+12) }
func (e Entry) setDeadline(v int64) { put64(e.p, e.ttlOffset(), uint64(v)) }
func (e Entry) setNext(r Ref)       { put32(e.p, e.ttlOffset()+8, r) }
func (e Entry) setPrev(r Ref)       { put32(e.p, e.ttlOffset()+12, r) }

func (t *table) at(r Ref) Entry { return Entry{t: t, p: t.ptr(r), ref: r} }

// push puts an entry on the wheel, to be handled at a tick, and returns when its slot wants attention.
func (t *table) push(w *wheel, e Entry, tick int64) int64 {
	slot, event := w.slotFor(tick)
	head := &w.heads[slot]
	e.setNext(*head)
	e.setPrev(w.code(slot))
	if *head != 0 {
		t.at(*head).setPrev(e.ref)
	} else {
		w.occ[slot/levelSlots][slot%levelSlots/64] |= 1 << (slot % 64)
	}
	*head = e.ref
	return event
}

// pull takes an entry off whichever wheel it is on.
func (t *table) pull(e Entry) {
	next, prev := e.next(), e.prev()
	if next != 0 {
		t.at(next).setPrev(prev)
	}
	if prev >= headCodes {
		t.at(prev).setNext(next)
		return
	}
	gen, slot := (prev-1)>>genShift, int((prev-1)&genMask)
	w := t.wheels[gen]
	w.heads[slot] = next
	if next == 0 {
		w.occ[slot/levelSlots][slot%levelSlots/64] &^= 1 << (slot % 64)
	}
}

// movedTTL makes the neighbours of an entry whose block has moved point to the new one.
func (t *table) movedTTL(e Entry) {
	if next := e.next(); next != 0 {
		t.at(next).setPrev(e.ref)
	}
	if prev := e.prev(); prev >= headCodes {
		t.at(prev).setNext(e.ref)
	} else {
		t.wheels[(prev-1)>>genShift].heads[(prev-1)&genMask] = e.ref
	}
}

// linkTTL gives an entry that has room for it a deadline and puts it on the wheel.
func (t *table) linkTTL(e Entry, ms int64) {
	n := t.expires.Load()
	if t.wheel == nil {
		t.wheel = &wheel{}
		t.wheels[0] = t.wheel
	}
	if n == 0 {
		t.wheel.cur = t.shard.clock.Load()>>tickShift - 1
	}
	t.expires.Store(n + 1)
	t.dueSum.Store(t.dueSum.Load() + dueTerm(ms))
	e.setDeadline(ms)
	t.schedule(e, ms>>tickShift)
}

// unlinkTTL takes an entry off the wheel; its flag and words are the caller's to remove.
func (t *table) unlinkTTL(e Entry) {
	t.pull(e)
	t.expires.Store(t.expires.Load() - 1)
	t.dueSum.Store(t.dueSum.Load() - dueTerm(e.deadline()))
}

// relinkTTL changes the deadline of an entry on the wheel.
func (t *table) relinkTTL(e Entry, ms int64) {
	t.pull(e)
	t.dueSum.Store(t.dueSum.Load() + dueTerm(ms) - dueTerm(e.deadline()))
	e.setDeadline(ms)
	t.schedule(e, ms>>tickShift)
}

// schedule puts an entry on the current wheel and makes sure that the shard is looked at in time.
func (t *table) schedule(e Entry, tick int64) {
	t.shard.wakeAt(t.push(t.wheel, e, tick))
}
