package effects

import (
	"context"
	"errors"
	"math"
	"slices"
)

// ErrClosed is returned by a closed reader.
var ErrClosed = errors.New("effects: reader is closed")

// Reader takes the log's bytes from its own offset on. One goroutine reads; Close
// may come from any.
type Reader struct {
	log      *Log
	at       int64 // next byte to read; guarded by log.mu
	released int64 // bytes before it are not needed any more
	seg      *segment
	wake     chan struct{}
	armed    bool
	closed   bool
	holds    bool
}

// NewReader starts a reader at the present end of the log. The first command it
// sees is preceded by a SELECT. With hold, writers wait when it lags too far; without,
// memory is the reader's owner's concern: it must Close a reader that lags.
// A caller that needs an exact point (a snapshot) holds all shard locks.
func (l *Log) NewReader(hold bool) *Reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := &Reader{log: l, at: l.end, released: l.end, wake: make(chan struct{}, 1), holds: hold}
	l.readers = append(l.readers, r)
	l.active.Add(1)
	l.db = -1
	l.extend(0) // what was written before this reader is none of its business
	r.seg = l.last
	l.measure()
	return r
}

// Offset is the offset of the next byte that Next will return.
func (r *Reader) Offset() int64 { r.log.mu.Lock(); defer r.log.mu.Unlock(); return r.at }

// Next waits for bytes and returns those available in one segment with the offset
// after them. The bytes are shared and must not be changed; they stay valid until Release. It ends with
// the context's error, or ErrClosed.
func (r *Reader) Next(ctx context.Context) ([]byte, int64, error) {
	for {
		b, at, err := r.TryNext()
		if b != nil || err != nil {
			return b, at, err
		}
		select {
		case <-r.Wake():
		case <-ctx.Done():
			return nil, at, ctx.Err()
		}
	}
}

// TryNext is Next without waiting: nil bytes when there are none. Whole appended
// units are returned, never part of one.
func (r *Reader) TryNext() ([]byte, int64, error) {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.closed {
		return nil, r.at, ErrClosed
	}
	if r.at == l.end {
		return nil, r.at, nil
	}
	for {
		data := r.seg.data
		if r.seg == l.last {
			data = l.tail
		}
		if n := r.at - r.seg.start; n < int64(len(data)) {
			b := data[n:len(data):len(data)]
			r.at += int64(len(b))
			l.measure()
			return b, r.at, nil
		}
		r.seg = r.seg.next
	}
}

// Release says that the reader's owner does not look at bytes before offset any more. The log keeps the rest, read or not.
func (r *Reader) Release(offset int64) {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.closed {
		return
	}
	r.released = min(max(r.released, offset), r.at)
	oldest := l.end
	for _, o := range l.readers {
		oldest = min(oldest, o.released)
	}
	for s := l.first; s != l.last && s.start+int64(len(s.data)) <= oldest; s = l.first {
		l.first = s.next
		if cap(s.data) == segmentBytes {
			s.next, s.data = nil, s.data[:0]
			l.spare = append(l.spare, s)
		}
	}
	for _, o := range l.readers { // who is just before a segment's end
		if o.at == l.first.start {
			o.seg = l.first
		}
	}
}

// Wake returns a channel that gets a value when there is something to read, for owners that wait on several channels. It is to be
// called again before each wait.
func (r *Reader) Wake() <-chan struct{} {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.at < l.end || r.closed {
		r.signal()
	} else {
		r.armed, l.asleep = true, true
	}
	return r.wake
}

func (r *Reader) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// wake signals the readers that wait. mu is held.
func (l *Log) wake() {
	l.asleep = false
	for _, r := range l.readers {
		if r.armed {
			r.armed = false
			r.signal()
		}
	}
}

// measure finds out where the slowest reader that holds writers back is too far behind, and lets writers go on. mu is held.
func (l *Log) measure() {
	l.slow = math.MaxInt64
	for _, r := range l.readers {
		if r.holds {
			l.slow = min(l.slow, r.at+maxLag)
		}
	}
	if l.end <= l.slow && l.lagging.Load() {
		l.drained.Broadcast()
	}
}

// Close ends the reader and lets go of what only it needed. The bytes that it gave must not be looked at any more.
func (r *Reader) Close() {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	l.readers = slices.DeleteFunc(l.readers, func(o *Reader) bool { return o == r })
	if l.active.Add(-1) == 0 {
		l.first, l.last, l.tail, l.spare, l.unused = nil, nil, nil, nil, 0
	}
	l.measure()
	r.signal()
}
