package effects

import (
	"math"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/redust/redust/protocol"
)

const (
	segmentBytes = 256 << 10
	// maxLag is how many bytes the slowest reader may be behind before writers wait.
	maxLag = 256 << 20
)

// Log is an ordered byte stream of RESP commands with many readers.
type Log struct {
	active  atomic.Int32 // number of readers
	lagging atomic.Bool
	_       [56]byte

	// What Append changes shares a cache line, which every write of every processor passes round.
	mu     sync.Mutex
	tail   []byte // what last holds, at its capacity
	end    int64  // offset of the end of the log
	slow   int64  // where the slowest reader that holds writers is too far behind
	db     int32  // database of the last command, -1: unknown to new readers
	asleep bool   // a reader has armed its wake
	_      [64]byte

	first   *segment // oldest segment any reader still needs
	last    *segment
	readers []*Reader  // few: a writer, replicas
	drained *sync.Cond // broadcast when a reader advances while writers wait
	spare   []*segment // to be used again
	unused  int        // of spare, since Trim looked
}

type segment struct {
	start int64  // offset of data[0]
	data  []byte // bytes once written don't change until all readers have released them; of the last one, tail is the truth
	next  *segment
}

// New returns an empty log at offset 0.
func New() *Log {
	l := &Log{db: -1, slow: math.MaxInt64}
	l.drained = sync.NewCond(&l.mu)
	return l
}

// Active reports whether anybody listens; callers need not encode otherwise.
func (l *Log) Active() bool { return l.active.Load() != 0 }

// Offset is the end of the log.
func (l *Log) Offset() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// Command is one command of an effect and the database it belongs to.
type Command struct {
	DB   int
	Args [][]byte
}

// AppendOne is Append for a single command.
func (l *Log) AppendOne(db int, args [][]byte) int64 {
	need := selectBytes + sizeOf(args)
	l.mu.Lock()
	if l.last == nil { // the last reader has gone
		defer l.mu.Unlock()
		return l.end
	}
	l.reserve(need)
	l.put(db, args)
	return l.appended()
}

// AppendRaw is AppendOne for a command that is encoded already, as protocol.AppendCommand does it.
func (l *Log) AppendRaw(db int, raw []byte) int64 {
	l.mu.Lock()
	if l.last == nil {
		defer l.mu.Unlock()
		return l.end
	}
	l.reserve(selectBytes + len(raw))
	l.selectDB(db)
	l.tail = append(l.tail, raw...)
	return l.appended()
}

// Append adds commands as one unit, in MULTI and EXEC when asked and there is
// more than one, and returns the offset after them. The arguments are copied. Readers see
// the unit whole. The caller holds the locks of the keys concerned.
func (l *Log) Append(transaction bool, cmds []Command) int64 {
	need := len(multi) + selectBytes + len(exec)
	for _, c := range cmds {
		need += selectBytes + sizeOf(c.Args)
	}
	l.mu.Lock()
	if l.last == nil || len(cmds) == 0 {
		defer l.mu.Unlock()
		return l.end
	}
	l.reserve(need)
	if transaction {
		l.selectDB(cmds[0].DB)
		l.tail = append(l.tail, multi...)
	}
	for _, c := range cmds {
		l.put(c.DB, c.Args)
	}
	if transaction {
		l.tail = append(l.tail, exec...)
	}
	return l.appended()
}

// appended tells the readers what is new, and unlocks.
func (l *Log) appended() int64 {
	end := l.last.start + int64(len(l.tail))
	l.end = end
	if l.asleep {
		l.wake()
	}
	if end > l.slow {
		l.lagging.Store(true)
	}
	l.mu.Unlock()
	return end
}

// reserve sees to room for need bytes in the last segment: readers hold slices of it, so it doesn't move. mu is held.
func (l *Log) reserve(need int) {
	if cap(l.tail)-len(l.tail) < need {
		l.extend(need)
	}
}

// extend begins a segment. mu is held.
func (l *Log) extend(need int) {
	var s *segment
	if n := len(l.spare); n > 0 && need <= segmentBytes {
		s = l.spare[n-1]
		l.spare[n-1] = nil
		l.spare = l.spare[:n-1]
		l.unused = min(l.unused, n-1)
	} else {
		s = &segment{data: make([]byte, 0, max(segmentBytes, need))}
	}
	s.start = l.end
	if l.last == nil {
		l.first = s
	} else {
		l.last.data = l.tail
		l.last.next = s
	}
	l.last, l.tail = s, s.data
}

const (
	multi = "*1\r\n$5\r\nMULTI\r\n"
	exec  = "*1\r\n$4\r\nEXEC\r\n"
	// selectBytes is the size of the longest SELECT.
	selectBytes = len("*2\r\n$6\r\nSELECT\r\n$10\r\n2147483647\r\n")
	// headerBytes is the size of the longest "$<length>\r\n".
	headerBytes = 23
)

// sizeOf is what a command takes in the log, at most.
func sizeOf(args [][]byte) int {
	n := headerBytes
	for _, a := range args {
		n += headerBytes + 2 + len(a)
	}
	return n
}

// put encodes a command; there is room. mu is held.
func (l *Log) put(db int, args [][]byte) {
	l.selectDB(db)
	l.tail = protocol.AppendCommand(l.tail, args...)
}

// selectDB puts a SELECT before the commands of another database. mu is held.
func (l *Log) selectDB(db int) {
	if int32(db) == l.db || db < 0 {
		return
	}
	l.db = int32(db)
	l.tail = protocol.AppendCommandStrings(l.tail, "SELECT", strconv.Itoa(db))
}

// Throttle waits while a reader is further behind than the log keeps. It is
// called without any lock held.
func (l *Log) Throttle() {
	if !l.lagging.Load() {
		return
	}
	l.mu.Lock()
	for l.end > l.slow {
		l.lagging.Store(true)
		l.drained.Wait()
	}
	l.lagging.Store(false)
	l.mu.Unlock()
}

// Buffered is how many bytes of memory the log takes.
func (l *Log) Buffered() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := int64(len(l.spare)) * segmentBytes
	for s := l.first; s != nil; s = s.next {
		n += int64(cap(s.data))
	}
	return n
}

// Trim lets go of the memory that has not been used since the last call.
func (l *Log) Trim() {
	l.mu.Lock()
	defer l.mu.Unlock()
	keep := len(l.spare) - l.unused
	clear(l.spare[keep:])
	l.spare = l.spare[:keep]
	l.unused = keep
}
