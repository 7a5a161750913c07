package effects

import (
	"strconv"
	"sync"
	"sync/atomic"
)

const (
	segmentBytes = 256 << 10
	// maxLag is how many bytes the slowest reader may be behind before writers wait.
	maxLag = 256 << 20
)

// Log is an ordered byte stream of RESP commands with many readers.
type Log struct {
	active atomic.Int32 // number of readers
	offset atomic.Int64 // end of the log

	mu      sync.Mutex
	first   *segment // oldest segment any reader still needs
	last    *segment
	db      int        // database of the last command, -1: unknown to new readers
	readers []*Reader  // few: a writer, replicas; each Append looks at all
	drained *sync.Cond // broadcast when a reader advances while writers wait
	lagging atomic.Bool
}

type segment struct {
	start int64  // offset of data[0]
	data  []byte // appended to under mu; bytes once written never change
	next  *segment
}

// New returns an empty log at offset 0.
func New() *Log {
	l := &Log{db: -1}
	l.drained = sync.NewCond(&l.mu)
	return l
}

// Active reports whether anybody listens; callers need not encode otherwise.
func (l *Log) Active() bool { return l.active.Load() != 0 }

// Offset is the end of the log.
func (l *Log) Offset() int64 { return l.offset.Load() }

// SetOffset moves an unread log to a known offset: that of a restored backlog.
func (l *Log) SetOffset(n int64) { l.offset.Store(n) }

// Command is one command of an effect and the database it belongs to.
type Command struct {
	DB   int
	Args [][]byte
}

// Append adds commands as one unit, in MULTI and EXEC when asked and there is
// more than one, and returns the offset after them. The arguments are copied. Readers see
// the unit whole. The caller holds the locks of the keys concerned.
func (l *Log) Append(transaction bool, cmds []Command) int64 {
	if !l.Active() || len(cmds) == 0 {
		return l.Offset()
	}
	l.mu.Lock()
	seg := l.room(cmds)
	before := len(seg.data)
	if transaction {
		seg.data = l.selectDB(seg.data, cmds[0].DB)
		seg.data = append(seg.data, "*1\r\n$5\r\nMULTI\r\n"...)
	}
	for _, c := range cmds {
		seg.data = l.selectDB(seg.data, c.DB)
		seg.data = appendCommand(seg.data, c.Args)
	}
	if transaction {
		seg.data = append(seg.data, "*1\r\n$4\r\nEXEC\r\n"...)
	}
	end := l.offset.Add(int64(len(seg.data) - before))
	for _, r := range l.readers {
		r.signal()
		if r.holds && end-r.at > maxLag {
			l.lagging.Store(true)
		}
	}
	l.mu.Unlock()
	return end
}

// room returns a segment that takes the commands without moving its bytes:
// readers hold slices of it.
func (l *Log) room(cmds []Command) *segment {
	need := 64
	for _, c := range cmds {
		need += 64
		for _, a := range c.Args {
			need += len(a) + 24
		}
	}
	if l.last == nil || cap(l.last.data)-len(l.last.data) < need {
		s := &segment{start: l.offset.Load(), data: make([]byte, 0, max(segmentBytes, need))}
		if l.last != nil {
			l.last.next = s
		}
		l.last = s
		if l.first == nil {
			l.first = s
		}
	}
	return l.last
}

func (l *Log) selectDB(b []byte, db int) []byte {
	if db == l.db || db < 0 {
		return b
	}
	l.db = db
	return appendCommand(b, [][]byte{[]byte("SELECT"), strconv.AppendInt(nil, int64(db), 10)})
}

// Raw appends bytes that are already encoded and change no database: a REPLCONF GETACK, a ping.
func (l *Log) Raw(b []byte) int64 {
	if !l.Active() {
		return l.Offset()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	seg := l.room([]Command{{Args: [][]byte{b}}})
	seg.data = append(seg.data, b...)
	end := l.offset.Add(int64(len(b)))
	for _, r := range l.readers {
		r.signal()
	}
	return end
}

func appendCommand(b []byte, args [][]byte) []byte {
	b = append(b, '*')
	b = strconv.AppendInt(b, int64(len(args)), 10)
	for _, a := range args {
		b = append(b, "\r\n$"...)
		b = strconv.AppendInt(b, int64(len(a)), 10)
		b = append(b, "\r\n"...)
		b = append(b, a...)
	}
	return append(b, "\r\n"...)
}

// Throttle waits while a reader is further behind than the log keeps. It is
// called without any lock held.
func (l *Log) Throttle() {
	if !l.lagging.Load() {
		return
	}
	l.mu.Lock()
	for l.lag() > maxLag {
		l.lagging.Store(true)
		l.drained.Wait()
	}
	l.lagging.Store(false)
	l.mu.Unlock()
}

// lag is the distance of the slowest reader that holds writers back. mu is held.
func (l *Log) lag() int64 {
	var worst int64
	for _, r := range l.readers {
		if r.holds {
			worst = max(worst, l.offset.Load()-r.at)
		}
	}
	return worst
}

// Buffered is how many bytes the log keeps for its readers.
func (l *Log) Buffered() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var n int64
	for s := l.first; s != nil; s = s.next {
		n += int64(cap(s.data))
	}
	return n
}
