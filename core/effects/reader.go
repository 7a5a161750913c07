package effects

import (
	"context"
	"errors"
	"slices"
)

// ErrClosed is returned by a closed reader.
var ErrClosed = errors.New("effects: reader is closed")

// Reader takes the log's bytes from its own offset on. One goroutine reads; Close
// may come from any.
type Reader struct {
	log    *Log
	at     int64 // next byte to read; guarded by log.mu
	seg    *segment
	wake   chan struct{}
	closed bool
	holds  bool
}

// NewReader starts a reader at the present end of the log. The first command it
// sees is preceded by a SELECT. With hold, writers wait when it lags too far; without,
// memory is the reader's owner's concern: it must Close a reader that lags.
// A caller that needs an exact point (a snapshot) holds all shard locks.
func (l *Log) NewReader(hold bool) *Reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := &Reader{log: l, at: l.offset.Load(), wake: make(chan struct{}, 1), holds: hold}
	l.readers = append(l.readers, r)
	l.active.Add(1)
	l.db = -1
	// What was written before this reader is none of its business: start a new segment.
	s := &segment{start: r.at, data: make([]byte, 0, segmentBytes)}
	if l.last != nil {
		l.last.next = s
	} else {
		l.first = s
	}
	l.last = s
	r.seg = s
	return r
}

func (r *Reader) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Offset is the offset of the next byte that Next will return.
func (r *Reader) Offset() int64 { r.log.mu.Lock(); defer r.log.mu.Unlock(); return r.at }

// Next waits for bytes and returns those available in one segment with the offset
// after them. The bytes are shared and must not be changed; they stay valid. It ends with
// the context's error, or ErrClosed.
func (r *Reader) Next(ctx context.Context) ([]byte, int64, error) {
	for {
		b, at, err := r.TryNext()
		if b != nil || err != nil {
			return b, at, err
		}
		select {
		case <-r.wake:
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
	for {
		if n := r.at - r.seg.start; n < int64(len(r.seg.data)) {
			b := r.seg.data[n:len(r.seg.data):len(r.seg.data)]
			r.at += int64(len(b))
			r.advanced()
			return b, r.at, nil
		}
		if r.seg.next == nil {
			return nil, r.at, nil
		}
		r.seg = r.seg.next
	}
}

// Wake is signalled when there is something to read, for owners that wait on several channels.
func (r *Reader) Wake() <-chan struct{} { return r.wake }

// advanced drops segments nobody needs and lets waiting writers go on. mu is held.
func (r *Reader) advanced() {
	l := r.log
	oldest := l.offset.Load()
	for _, o := range l.readers {
		oldest = min(oldest, o.at)
	}
	for l.first != nil && l.first.next != nil && l.first.start+int64(len(l.first.data)) <= oldest {
		l.first = l.first.next
	}
	if l.lagging.Load() && l.lag() <= maxLag {
		l.drained.Broadcast()
	}
}

// Close ends the reader and lets go of what only it needed.
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
		l.first, l.last = nil, nil
	}
	l.drained.Broadcast()
	r.signal()
}
