package persistence

import (
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core/effects"
	"github.com/redust/redust/protocol"
)

const (
	// gatherFor is how long effects gather before the writer's goroutine writes them, unless replies wait for them and take them there: about
	// what a kill of the process can take under everysec. Each write takes the processor away from who serves, so there are to be few.
	gatherFor = 10 * time.Millisecond
	// retryEvery is how long after a disk error the next attempt is made.
	retryEvery = 250 * time.Millisecond
	// stuckAfter is how long the disk may keep the writer from writing before replies wait, so that a kill takes no more than a moment's worth
	// of what was acknowledged, however busy the disk is.
	stuckAfter = 100 * time.Millisecond
)

// piece is a run of whole effects on its way to the file.
type piece struct {
	data []byte
	end  int64 // offset of the effect log after it
}

// handover is the file and the reader that follow the present ones, from an offset of the log on.
type handover struct {
	at     int64
	seq    int64 // of the file
	reader *effects.Reader
	file   File
	done   chan struct{} // closed when it has taken place
}

// writerPorts are what a writer asks and tells others.
type writerPorts struct {
	log    hclog.Logger
	policy func() syncPolicy
	stamps func() bool          // aof-timestamp-enabled
	gates  func()               // tells the engine that fault has changed
	sleep  func() time.Duration // before each write, 0 but for tests
	redo   func() *redoLog      // begins to make a redo log; nil if there is to be none
	fs     FS                   // that the redo log is in
}

// aofWriter takes the effect log to a file. One goroutine at a time writes: the writer's own, or under appendfsync always a reply that
// waits, for all others, so that no goroutine waits for another one to be woken; see lead. What has been written
// is kept until a flush has succeeded: after a failed one nobody knows which pages reached
// the disk, and the next flush would not try them again, so all is written once more. Only
// appendfsync no, which promises nothing, keeps nothing.
type aofWriter struct {
	writerPorts

	seq      atomic.Int64 // sequence number of the file, 0 while it has a temporary name
	redoUsed atomic.Bool  // the redo log has frames
	redoGone atomic.Bool  // somebody has removed it

	fault   atomic.Pointer[protocol.Error] // why writes are refused
	late    atomic.Bool                    // replies wait, the disk is behind
	writing atomic.Int64                   // Unix ns since which the writer waits for the disk, 0: it doesn't
	oldest  atomic.Int64                   // Unix ns at which the oldest unsynced byte was written, 0: none
	size    atomic.Int64                   // bytes of the file
	before  atomic.Int64                   // bytes of files it has finished since they were last measured
	taken   atomic.Int64                   // offset of the log up to which it has been taken
	queued  atomic.Int64                   // bytes taken from the log and not yet written
	syncing atomic.Bool
	delayed atomic.Int64 // times that replies had to wait because of late

	mu       sync.Mutex
	waiters  []*waiter // replies that wait, about in order of offset
	durable  int64     // offset of the log up to which the file is on disk
	force    int64     // barrier: flush up to here, whatever the policy
	next     *handover
	stop     bool
	dead     bool
	released bool // appendonly no: who still waits need not

	nudge   chan struct{} // something under mu has changed
	ended   chan struct{}
	synced  chan error // result of the flush that runs beside the writer
	pending syncStart  // what that flush covers

	led atomic.Int64 // flushes by replies

	work      sync.Mutex // taken before mu; held while the rest is used
	reader    *effects.Reader
	file      File
	flusher   *flusher // used by the goroutine that synced is for
	got       int64    // offset of the log up to which queue reaches
	ahead     piece    // taken from the log, and found to belong to the next file, unless that is given up
	queue     []piece
	bytes     int64 // of queue
	wrote     int   // pieces that are in the file as a whole
	part      int   // bytes of the next piece that are in the file
	base      int64 // position in the file of queue[0]
	at        int64 // position in the file at which writing goes on
	written   int64 // offset of the log up to which the file reaches
	dropped   int64 // position in the file up to which it was last dropped from memory, see dropCache
	dirty     bool  // something was written since the last flush
	unsure    bool  // the last flush failed
	seek      bool  // the file's own position is not at
	loose     bool  // something is in the file, maybe not on disk, and not in queue
	redoLog   *redoLog
	redone    int   // pieces, of those in the file, that are in the redo log
	redoBytes int64 // of them
	lastStamp int64
	timer     *time.Timer
}

// newAOFWriter begins to write what the reader yields at position at of the file that has the sequence number.
func newAOFWriter(reader *effects.Reader, file File, seq, at int64, ports writerPorts) *aofWriter {
	w := &aofWriter{
		writerPorts: ports, reader: reader, file: file, flusher: newFlusher(),
		nudge: make(chan struct{}, 1), ended: make(chan struct{}), synced: make(chan error, 1),
		got: reader.Offset(), base: at, at: at, seek: true, timer: time.NewTimer(time.Hour),
	}
	w.durable, w.written = w.got, w.got
	w.dirty, w.loose = at > 0, at > 0 // a process that was killed may not have flushed it
	w.seq.Store(seq)
	w.size.Store(at)
	w.taken.Store(w.got)
	go w.run()
	return w
}

func (w *aofWriter) run() {
	defer close(w.ended)
	for {
		w.work.Lock()
		moved, turned, err := w.cycle()
		if !turned && w.stopping() {
			w.end()
			w.work.Unlock()
			return
		}
		p := w.plan(moved, err != nil)
		w.work.Unlock()
		w.nextLeader()
		if !turned {
			w.pause(p)
		}
	}
}

// cycle takes what there is to the file, and to the disk as the policy says. turned tells that the file has changed. work is held.
func (w *aofWriter) cycle() (moved, turned bool, err error) {
	w.gather()
	w.freshenRedo()
	moved, err = w.write()
	if err == nil {
		err = w.flush()
	}
	w.report(err)
	return moved, err == nil && w.turn(), err
}

// gather takes from the log what is there, up to where the next file begins.
func (w *aofWriter) gather() {
	for w.bytes < maxUnsynced {
		p := w.ahead
		w.ahead = piece{}
		if p.data == nil {
			if limit := w.limit(); limit >= 0 && w.got >= limit {
				break
			}
			data, end, err := w.reader.TryNext()
			if data == nil || err != nil {
				break
			}
			p = piece{data, end}
		}
		// Only now is it known that no file was handed over before it was appended. A new reader begins a new piece.
		if limit := w.limit(); limit >= 0 && p.end > limit {
			w.ahead = p
			break
		}
		w.stamp()
		w.push(p)
		w.got = p.end
		w.taken.Store(p.end)
	}
}

// limit is the offset of the log at which the next file begins, or -1.
func (w *aofWriter) limit() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next == nil {
		return -1
	}
	return w.next.at
}

func (w *aofWriter) push(p piece) {
	w.queue = append(w.queue, p)
	w.bytes += int64(len(p.data))
	w.queued.Add(int64(len(p.data)))
}

// stamp puts the time before the effects of a new second.
func (w *aofWriter) stamp() {
	if !w.stamps() {
		return
	}
	if now := time.Now().Unix(); now != w.lastStamp {
		w.lastStamp = now
		w.push(piece{timestampLine(now), w.got})
	}
}

func timestampLine(unix int64) []byte {
	return append(strconv.AppendInt([]byte("#TS:"), unix, 10), '\r', '\n')
}

// write brings the queue into the file. After an error it goes on at the right byte.
func (w *aofWriter) write() (moved bool, err error) {
	if w.wrote == len(w.queue) {
		return false, nil
	}
	defer w.waiting()()
	time.Sleep(w.sleep())
	for w.wrote < len(w.queue) {
		if w.seek {
			if _, err := w.file.Seek(w.at, io.SeekStart); err != nil {
				return moved, err
			}
			w.seek = false
		}
		p := w.queue[w.wrote]
		w.dirty = true
		if w.oldest.Load() == 0 {
			w.oldest.Store(time.Now().UnixNano())
		}
		n, err := w.file.Write(p.data[w.part:])
		n = max(n, 0)
		w.part += n
		w.at += int64(n)
		w.queued.Add(-int64(n))
		w.size.Store(w.at)
		moved = moved || n > 0
		if w.part == len(p.data) {
			w.wrote++
			w.part = 0
			w.written = p.end
			continue
		}
		w.seek = true
		if err == nil {
			err = io.ErrShortWrite
		}
		return moved, err
	}
	return moved, nil
}

// waiting is called before the writer waits for the disk; what it returns, after that. That the disk has failed is told by fault.
func (w *aofWriter) waiting() (ended func()) {
	w.writing.Store(time.Now().UnixNano())
	return func() {
		w.writing.Store(0)
		if w.late.Load() {
			w.watch(time.Now())
		}
	}
}

// report keeps the error for MISCONF and INFO, and logs when it comes and goes.
func (w *aofWriter) report(err error) {
	was := w.fault.Load()
	if err == nil {
		if was != nil && w.wrote == len(w.queue) {
			w.fault.Store(nil)
			w.log.Warn("AOF write error looks solved, the server can write again.")
			w.gates()
		}
		return
	}
	text := protocol.MisconfAOF(causeOf(err))
	if was != nil && *was == text {
		return
	}
	w.fault.Store(&text)
	w.log.Warn("Error writing to the AOF file", "error", err)
	w.gates()
}

// turn goes over to the next file once the present one has everything up to there.
func (w *aofWriter) turn() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.next
	if h == nil || w.got < h.at || len(w.queue) > 0 || w.syncing.Load() || w.durable < w.got {
		return false
	}
	w.reader.Close()
	if err := w.file.Close(); err != nil { // its content was flushed: nothing is lost
		w.log.Warn("closing an AOF file", "error", err)
	}
	w.reader, w.file, w.next, w.ahead = h.reader, h.file, nil, piece{}
	w.base, w.at, w.dropped, w.seek, w.dirty, w.lastStamp = 0, 0, 0, true, false, 0
	w.oldest.Store(0)
	w.seq.Store(h.seq)
	if r := w.redoLog; r != nil && r.bad { // the disk may be well again
		w.endRedo()
	}
	w.before.Add(w.size.Swap(0))
	close(h.done)
	return true
}

func (w *aofWriter) stopping() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stop
}

// end closes everything. A command that is in the file in part is taken out again.
func (w *aofWriter) end() {
	if w.syncing.Load() {
		w.unsure = <-w.synced != nil || w.unsure
		w.syncing.Store(false)
	}
	if w.part > 0 {
		if err := w.file.Truncate(w.at - int64(w.part)); err != nil {
			w.log.Warn("cutting an unfinished command off the AOF file", "error", err)
		}
	}
	w.endRedo()
	w.reader.Close()
	go w.flusher.close() // the kernel takes its time, up to some tenths of a second
	if err := w.file.Close(); err != nil {
		w.log.Warn("closing an AOF file", "error", err)
	}
	w.mu.Lock()
	if h := w.next; h != nil {
		h.reader.Close()
		_ = h.file.Close()
		w.next = nil
	}
	w.dead = true
	w.wake(everyone)
	w.mu.Unlock()
	w.fault.Store(nil)
	w.late.Store(false)
}

// handOver has the writer go on with another reader and file where the present ones are to
// end. It does not wait: it is called with all shards held.
func (w *aofWriter) handOver(h *handover) {
	w.mu.Lock()
	old := w.next // given up before it took place: the present file goes on
	if w.dead {   // switched off a moment ago
		old = h
	} else {
		w.next = h
	}
	w.mu.Unlock()
	if old != nil {
		old.reader.Close()
		_ = old.file.Close()
	}
	w.poke()
}

// close ends the writer at once: what is not written is given up, see barrier. It doesn't wait for an end of what clients write, which may
// never come. With release, replies that wait for the disk are sent all the same.
func (w *aofWriter) close(release bool) {
	w.mu.Lock()
	w.stop = true
	w.released = w.released || release
	w.mu.Unlock()
	w.poke()
	<-w.ended
}
