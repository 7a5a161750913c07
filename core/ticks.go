package core

import "time"

// A monotonic reading through the kernel's interface costs 35 to 48 ns: a switch to the thread's own stack, and a fence before the
// counter is read. It was an eighth of a request in a pipeline. The counter itself takes 13.

// tickLine is the straight line by which ticks are converted to time. It is never changed.
type tickLine struct {
	from  tickSample
	scale uint64 // nanoseconds a tick, with 32 bits of fraction
	span  uint64 // so many ticks from there on the line is trusted
}

// tickSample is one moment on both clocks.
type tickSample struct {
	ticks uint64
	ns    int64
}

const (
	// lineNs is how long a line is trusted: a few resyncs may be late. The product of so many ticks and their scale has room in 64 bits.
	lineNs = int64(time.Second)
	// lineAgree is the part by which the rates of two spans in a row may differ: at 100 ms a span no reading is off by more than 12 µs,
	// mostly it is 0.1. When the kernel adjusts its clock faster, or either clock has jumped, time is asked from the kernel meanwhile.
	lineAgree = 1 << 13
	// sampleNs is how far apart two readings of the kernel's clock with one of the ticks between them may be: if they are not, the
	// goroutine has been interrupted.
	sampleNs  = 1000
	sampleTry = 4
)

// at is the time at a reading of the ticks; false if that is too far from the line's beginning, or before it.
func (l *tickLine) at(ticks uint64) (ns int64, ok bool) {
	d := ticks - l.from.ticks
	return l.from.ns + int64(d*l.scale>>32), d < l.span
}

// tickMeter finds the rate of the ticks. It belongs to whoever calls resync.
type tickMeter struct {
	last  tickSample
	scale uint64 // of the last span; 0 if there was none
}

// next takes the next sample and returns the line from there on: nil as long as two spans don't agree.
func (m *tickMeter) next(to tickSample) *tickLine {
	from, before := m.last, m.scale
	m.last, m.scale = to, 0
	ns, d := to.ns-from.ns, to.ticks-from.ticks
	if from == (tickSample{}) || ns <= 0 || ns > lineNs || d < uint64(ns)>>4 || d > uint64(ns)<<4 { // 62 MHz to 16 GHz
		return nil
	}
	m.scale = uint64(ns) << 32 / d
	if before == 0 || max(before, m.scale)-min(before, m.scale) > m.scale/lineAgree {
		return nil
	}
	return &tickLine{from: to, scale: m.scale, span: uint64(lineNs) << 32 / m.scale}
}

// sample reads both clocks at one moment; false if every try was interrupted.
func (t *timeSource) sample() (s tickSample, ok bool) {
	for range sampleTry {
		before := int64(time.Since(t.base))
		s.ticks = ticks()
		apart := int64(time.Since(t.base)) - before
		if s.ns = before + apart/2; apart <= sampleNs {
			return s, true
		}
	}
	return s, false
}
