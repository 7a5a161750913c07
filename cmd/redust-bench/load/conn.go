package load

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"
)

const readBufferBytes = 32 << 10

// worker is one connection with its requests and its measurements.
type worker struct {
	run  *running
	nc   net.Conn // nil if it is served by its descriptor
	fd   int
	ring *ring
	buf  []byte
	have int // bytes in buf that wait for the rest of their line

	scanner     Scanner
	unsent      []byte // of the batch in flight
	outstanding int    // replies to come
	through     bool   // it is over, or w.err is set
	batch       int    // requests of the batch in flight
	sentAt      time.Duration
	hist        Histogram
	err         error

	done atomic.Int64 // requests answered, for the progress line
	_    [64]byte     // keeps the next worker's counter off this cache line
}

// running is what all connections of one run share.
type running struct {
	opts    *Options
	start   time.Time
	stop    atomic.Bool
	claimed atomic.Int64
	giveUp  atomic.Int64 // how long after start nobody waits for replies any more, in ns; 0 is not known yet
}

// waitOnly has those that wait for replies give up after a while.
func (r *running) waitOnly(d time.Duration, workers []*worker) {
	r.giveUp.Store(int64(time.Since(r.start) + d))
	for _, w := range workers {
		if w.nc != nil {
			_ = w.nc.SetReadDeadline(time.Now().Add(d))
		}
	}
}

func newWorker(r *running, nc net.Conn, ring *ring) *worker {
	w := &worker{run: r, nc: nc, ring: ring, buf: make([]byte, readBufferBytes)}
	if w.fd = detach(nc); w.fd >= 0 {
		w.nc = nil
	}
	return w
}

func (w *worker) close() {
	if w.nc != nil {
		w.nc.Close()
	} else {
		closeFD(w.fd)
	}
}

// next claims the next batch and returns its bytes, or nil when the run is over.
func (w *worker) next() []byte {
	r := w.run
	now := time.Since(r.start)
	if r.stop.Load() || r.opts.Duration > 0 && now >= r.opts.Duration {
		return nil
	}
	n := r.opts.Pipeline
	first := int64(0)
	if r.opts.Iterations > 0 {
		first = r.claimed.Add(int64(n)) - int64(n)
		left := r.opts.Iterations - first
		if left <= 0 {
			return nil
		}
		n = int(min(int64(n), left))
	}
	b := w.ring.batch(n, first)
	w.batch, w.outstanding = n, n
	w.sentAt = now
	return b
}

// received takes n new bytes behind those that waited. When the batch is complete it records its latency; until then, or
// after an error in w.err, w.outstanding isn't 0.
func (w *worker) received(n int) {
	w.have += n
	used, replies, err := w.scanner.Scan(w.buf[:w.have])
	if err != nil {
		w.err = err
		return
	}
	w.have = copy(w.buf, w.buf[used:w.have])
	if w.have == len(w.buf) {
		w.err = fmt.Errorf("%w: a line of more than %d bytes", errReplyType, len(w.buf))
		return
	}
	if w.outstanding -= replies; w.outstanding < 0 {
		w.err = errors.New("more replies than requests")
		return
	}
	if w.outstanding == 0 {
		w.hist.Record(time.Since(w.run.start)-w.sentAt, uint64(w.batch))
		w.done.Add(int64(w.batch))
	}
}

// fail keeps the first error; a server that hangs up is reported in words.
func (w *worker) fail(err error) {
	if errors.Is(err, io.EOF) {
		err = errors.New("the server closed the connection")
	}
	if w.err == nil {
		w.err = err
	}
}

// exchange runs batches over net.Conn until the run is over or w.err is set, where connections can't be polled.
func (w *worker) exchange() {
	for {
		b := w.next()
		if b == nil {
			return
		}
		if _, err := w.nc.Write(b); err != nil {
			w.fail(err)
			return
		}
		for w.outstanding > 0 && w.err == nil {
			n, err := w.nc.Read(w.buf[w.have:])
			if n > 0 {
				w.received(n)
			}
			if err != nil && w.outstanding > 0 {
				w.fail(err)
			}
		}
		if w.err != nil {
			return
		}
	}
}
