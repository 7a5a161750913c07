package persistence

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path"
	"time"

	"github.com/hashicorp/go-hclog"
)

// The redo log. Under appendfsync always a reply waits for a flush, and a flush of a file that has grown takes the file system two
// to three times as long as one of blocks that were there before (ADR 0013). So the reply waits for a second file, of a fixed size and
// written once from end to end, which takes what is appended as a frame; the append-only file is flushed twice a
// second beside it, as under everysec. The frames are needed again after a power failure alone: the next start
// puts back what the append-only file has lost, see aof_redo_replay.go.
//
// The file has two halves. Frames go to one until a flush of the append-only file begins, then to the other; when that flush has succeeded
// the first one is free again. So every effect that was acknowledged is in the append-only file, flushed, or in a half that is not overwritten.

const (
	// redoSuffix follows appendfilename.
	redoSuffix = ".redo"
	// redoBlock is what frames begin at a multiple of: writing one never touches a block that another one is in.
	redoBlock = 4096
	// redoLargest is the largest frame. Above that, writing everything twice costs more than a flush.
	redoLargest = 1 << 20
	// redoFresh is how old the last frame may be when the append-only file is changed while it needs frames: the time of its last change then
	// tells the next start that the server has changed it, see redoSlack.
	redoFresh = time.Second
)

// A frame is its header, little-endian, and the bytes: magic (8 bytes), CRC-32C of the rest of the header and of the bytes (4), their number (4), the incr file's
// sequence number (8), position in it (8), time (8, Unix ns), zeros up to 64.
const (
	redoMagic  = "redoAOF1"
	redoHeader = 64
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// redoLog is written under the writer's lock work.
type redoLog struct {
	name string
	half int64     // bytes
	made chan File // yields the file once it is there, nil if that failed
	file File
	bad  bool  // it failed: it is not used any more
	at   int64 // half in use: its first byte, and how much is used
	used int64
	last time.Time // of the last frame
	buf  []byte
}

// newRedoLog begins to make a redo log of some size. It is ready when the file is on disk, full of zeros.
func newRedoLog(fs FS, name string, size int64, log hclog.Logger) *redoLog {
	r := &redoLog{name: name, half: max(size/2/redoBlock, 2) * redoBlock, made: make(chan File, 1)}
	go func() {
		f, err := makeRedo(fs, name, 2*r.half)
		if err != nil {
			log.Warn("There is no redo log: replies wait for flushes of the append-only file itself, which take longer", "error", err)
		}
		r.made <- f
	}()
	return r
}

func makeRedo(fs FS, name string, size int64) (File, error) {
	f, err := fs.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	for zeros := make([]byte, 256<<10); size > 0 && err == nil; {
		n := min(size, int64(len(zeros)))
		_, err = f.Write(zeros[:n])
		size -= n
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = fs.SyncDir(path.Dir(name))
	}
	if err != nil {
		_ = f.Close()
		_ = fs.Remove(name)
		return nil, err
	}
	return f, nil
}

// ready reports whether frames may be written.
func (r *redoLog) ready() bool {
	if r == nil || r.bad {
		return false
	}
	if r.file == nil {
		select {
		case r.file = <-r.made:
			r.bad = r.file == nil
		default:
		}
	}
	return r.file != nil
}

// takes reports whether a frame of n bytes can be written. A block is left for mark.
func (r *redoLog) takes(n int64) bool {
	return r.ready() && n <= redoLargest && r.used+redoSpace(n)+redoBlock <= r.half
}

// filling reports whether it is time for a flush of the append-only file.
func (r *redoLog) filling() bool { return r != nil && r.used > r.half/4*3 }

// redoSpace is what a frame of n bytes occupies.
func redoSpace(n int64) int64 { return (redoHeader + n + redoBlock - 1) / redoBlock * redoBlock }

// put writes a frame, n bytes that stand at pos of the incr file with the number seq, and returns when it is on disk.
func (r *redoLog) put(seq, pos, n int64, pieces []piece) error {
	r.last = time.Now()
	r.buf = appendFrame(r.buf[:0], seq, pos, n, r.last.UnixNano(), pieces)
	_, err := r.file.WriteAt(r.buf, r.at+r.used)
	if err == nil {
		err = datasync(r.file)
	}
	r.used += redoSpace(n)
	r.bad = err != nil
	return err
}

// mark writes the time, in a frame without bytes that the next one goes over.
func (r *redoLog) mark(seq, pos int64) error {
	err := r.put(seq, pos, 0, nil)
	r.used -= redoSpace(0)
	return err
}

func appendFrame(b []byte, seq, pos, n, now int64, pieces []piece) []byte {
	start := len(b)
	b = append(b, redoMagic...)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	b = binary.LittleEndian.AppendUint64(b, uint64(seq))
	b = binary.LittleEndian.AppendUint64(b, uint64(pos))
	b = binary.LittleEndian.AppendUint64(b, uint64(now))
	b = append(b, make([]byte, start+redoHeader-len(b))...)
	for _, p := range pieces {
		b = append(b, p.data...)
	}
	frame := b[start:]
	binary.LittleEndian.PutUint32(frame[8:], crc32.Checksum(frame[12:], castagnoli))
	return append(b, make([]byte, redoSpace(n)-int64(len(frame)))...)
}

// turn has frames go to the other half: a flush of all that is in this one begins.
func (r *redoLog) turn() {
	if r != nil {
		r.at, r.used = r.half-r.at, 0
	}
}

// empty makes the present half free: all that was written is flushed.
func (r *redoLog) empty() {
	if r != nil {
		r.used = 0
	}
}

// close ends it. The file is removed if nothing in it is needed any more.
func (r *redoLog) close(fs FS, remove bool) error {
	if r.file == nil && !r.bad {
		r.file = <-r.made
	}
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	if remove && err == nil {
		if err = fs.Remove(r.name); notThere(err) {
			err = nil
		}
	}
	r.file, r.bad = nil, true
	return err
}

// beginRedo begins to make a redo log, unless there is to be none. A file with a temporary name has none, as the one that is there belongs to
// the log that counts until then.
func (w *aofWriter) beginRedo() {
	if w.redo != nil && w.seq.Load() != 0 && !w.stopping() {
		w.redoLog = w.redo()
	}
}

// putRedo makes what was written since the last call last, by way of the redo log; false if that can't take it.
func (w *aofWriter) putRedo() bool {
	news := w.queue[w.redone:w.wrote]
	if len(news) == 0 {
		return true
	}
	n := w.at - int64(w.part) - w.base - w.redoBytes
	if !w.redoLog.takes(n) {
		return false
	}
	ended := w.waiting()
	err := w.redoLog.put(w.seq.Load(), w.base+w.redoBytes, n, news)
	ended()
	if err != nil {
		w.redoFailed(err)
		return false
	}
	w.redone, w.redoBytes = w.wrote, w.redoBytes+n
	w.redoUsed.Store(true)
	w.advance(w.written)
	return true
}

// freshenRedo is called before the file is changed: if it needs frames, because its flush takes long or fails, the last one must not be old.
func (w *aofWriter) freshenRedo() {
	if w.redone == 0 || w.wrote == len(w.queue) || !w.redoLog.ready() || time.Since(w.redoLog.last) < redoFresh {
		return
	}
	if err := w.redoLog.mark(w.seq.Load(), w.base+w.redoBytes); err != nil {
		w.redoFailed(err)
	}
}

func (w *aofWriter) redoFailed(err error) {
	w.log.Warn("Writing the redo log failed: replies wait for flushes of the append-only file itself, which take longer", "error", err)
}

// loseRedo goes on without a redo log that somebody has removed, until there is another one.
func (w *aofWriter) loseRedo() {
	if !w.redoGone.Swap(false) || w.redoLog == nil { // the writer itself may have ended it meanwhile
		return
	}
	w.log.Warn("The redo log of the AOF has been removed. Another one is made.")
	if err := w.redoLog.close(w.fs, false); err != nil {
		w.log.Warn("closing the redo log", "error", err)
	}
	w.redoLog, w.loose = nil, w.dirty
	w.redoUsed.Store(false)
}

// endRedo ends the redo log. Pieces that only it has on disk get their flush first.
func (w *aofWriter) endRedo() {
	r := w.redoLog
	if r == nil {
		return
	}
	err := error(nil)
	if w.redone > 0 && !w.unsure {
		err = datasync(w.file)
	}
	if err = errors.Join(err, r.close(w.fs, err == nil && !w.unsure)); err != nil {
		w.log.Warn("The redo log stays for the next start", "error", err)
	}
	w.redoLog = nil
	w.redoUsed.Store(false)
}
