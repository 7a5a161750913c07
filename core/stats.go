package core

import (
	"math/bits"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// CommandStats are the counters of one command. Clients add to them in batches.
type CommandStats struct {
	calls, usecNs, rejected, failed atomic.Int64
	latency                         atomic.Pointer[latencyHistogram]
}

// Snapshot is a consistent-enough copy of a command's counters.
type CommandSnapshot struct {
	Calls, Rejected, Failed int64
	Microseconds            int64
}

// Load copies the counters.
func (s *CommandStats) Load() CommandSnapshot {
	return CommandSnapshot{s.calls.Load(), s.rejected.Load(), s.failed.Load(), s.usecNs.Load() / 1000}
}

// Reset zeroes everything: CONFIG RESETSTAT.
func (s *CommandStats) Reset() {
	s.calls.Store(0)
	s.usecNs.Store(0)
	s.rejected.Store(0)
	s.failed.Store(0)
	s.latency.Store(nil)
}

// ResetLatency drops the histogram: LATENCY RESET of histograms.
func (s *CommandStats) ResetLatency() { s.latency.Store(nil) }

// latencyHistogram has buckets of two significant bits above 1 µs: value v
// nanoseconds falls into bucket 4*log2(v)+next two bits.
type latencyHistogram struct{ buckets [160]atomic.Int64 }

func latencyBucket(ns int64) int {
	if ns < 4 {
		return 0
	}
	e := bits.Len64(uint64(ns)) - 1
	b := e<<2 | int(ns>>(e-2))&3
	return min(b, 159)
}

// bucketTop is the largest value of a bucket in nanoseconds.
func bucketTop(b int) int64 {
	e := b >> 2
	if e < 2 {
		return 3
	}
	return int64(4+(b&3)+1)<<(e-2) - 1
}

// LatencyBuckets calls f with the top of each non-empty bucket in nanoseconds
// and its count, ascending; it returns the total.
func (s *CommandStats) LatencyBuckets(f func(topNs, count int64)) (total int64) {
	h := s.latency.Load()
	if h == nil {
		return 0
	}
	for i := range h.buckets {
		if n := h.buckets[i].Load(); n != 0 {
			total += n
			if f != nil {
				f(bucketTop(i), n)
			}
		}
	}
	return total
}

// LatencyPercentile is the p-th percentile in nanoseconds, 0 without samples.
func (s *CommandStats) LatencyPercentile(p float64) int64 {
	total := s.LatencyBuckets(nil)
	if total == 0 {
		return 0
	}
	want, seen, out := max(int64(1), int64(p/100*float64(total)+0.5)), int64(0), int64(0)
	s.LatencyBuckets(func(top, n int64) {
		if seen < want {
			out = top
		}
		seen += n
	})
	return out
}

// tally gathers a client's counts for one command between flushes, so that a
// pipeline does not make all cores share one cache line.
type tally struct {
	cmd       *Command // nil: nothing to add
	calls     int64
	ns        int64
	failed    int64
	histogram bool // latency-tracking
	lat       [8]struct {
		bucket uint8
		n      uint32
	}
}

func (t *tally) add(ns int64, failed bool) {
	t.calls++
	t.ns += ns
	if failed {
		t.failed++
	}
	t.addLatency(ns)
}

// addLatency adds one duration to the histogram.
func (t *tally) addLatency(ns int64) {
	if !t.histogram {
		return
	}
	b := uint8(latencyBucket(ns))
	slot := &t.lat[b&7]
	if slot.bucket != b && slot.n != 0 {
		t.flushBucket(slot.bucket, slot.n)
		slot.n = 0
	}
	slot.bucket = b
	slot.n++
}

func (t *tally) flushBucket(b uint8, n uint32) {
	h := t.cmd.stats.latency.Load()
	if h == nil {
		h = new(latencyHistogram)
		if !t.cmd.stats.latency.CompareAndSwap(nil, h) {
			h = t.cmd.stats.latency.Load()
			if h == nil {
				return
			}
		}
	}
	h.buckets[b].Add(int64(n))
}

// flush adds the counts to the command's and returns the number of calls.
func (t *tally) flush() (calls int64) {
	s := t.cmd.stats
	s.calls.Add(t.calls)
	s.usecNs.Add(t.ns)
	if t.failed != 0 {
		s.failed.Add(t.failed)
	}
	if t.histogram {
		for i := range t.lat {
			if l := &t.lat[i]; l.n != 0 {
				t.flushBucket(l.bucket, l.n)
				l.n = 0
			}
		}
	}
	calls = t.calls
	t.cmd, t.calls, t.ns, t.failed = nil, 0, 0, 0
	return calls
}

// tallies are what a client has counted since the last flush.
type tallies struct {
	commands            [16]tally // by the last bits of Command.ID: clients mix a few commands
	used                uint16    // those of them that count something, a bit each
	hits, misses, dirty int64
}

// count adds one execution to the client's tally. Owner only.
func (c *Client) count(cmd *Command, ns int64, failed bool) { c.tallyOf(cmd).add(ns, failed) }

// countWait counts a call that is about to wait, at once: who sees the client waiting sees the call. What is known
// later is added by countServed.
func (e *Engine) countWait(cmd *Command) {
	cmd.stats.calls.Add(1)
	e.stats.commands.Add(1)
}

// countServed completes countWait for a client that another has served: beganNs is what the first try took, which
// has been counted, ns the last. The waiting itself is not the command's time. Owner only.
func (c *Client) countServed(cmd *Command, beganNs, ns int64, failed bool) {
	t := c.tallyOf(cmd)
	t.ns += ns
	if failed {
		t.failed++
	}
	t.addLatency(beganNs + ns)
}

// tallyOf is the client's tally of a command. Owner only.
func (c *Client) tallyOf(cmd *Command) *tally {
	w := &c.busy().tallies
	i := cmd.id & (len(w.commands) - 1)
	t := &w.commands[i]
	if t.cmd != cmd {
		if t.cmd != nil {
			c.eng.stats.commands.Add(t.flush())
		}
		t.cmd, t.histogram = cmd, c.eng.set.latencyEnabled.Load()
		w.used |= 1 << i
	}
	return t
}

// flushTally adds the client's counts to the shared counters. Owner only.
func (c *Client) flushTally() {
	if c.work == nil {
		return
	}
	w := &c.work.tallies
	calls := int64(0)
	for ; w.used != 0; w.used &= w.used - 1 {
		calls += w.commands[bits.TrailingZeros16(w.used)].flush()
	}
	s := &c.eng.stats
	addTo(&s.commands, calls)
	addTo(&s.hits, w.hits)
	addTo(&s.misses, w.misses)
	addTo(&s.dirty, w.dirty)
	w.hits, w.misses, w.dirty = 0, 0, 0
}

// addTo spares the cache line of a counter to which there is nothing to add.
func addTo(counter *atomic.Int64, n int64) {
	if n != 0 {
		counter.Add(n)
	}
}

// CountEvictedClient counts a client closed because of maxmemory-clients.
func (s *Stats) CountEvictedClient() { s.evictedClients.Add(1) }

// CountSnapshot counts a snapshot that begins in the background, and keeps for how long all clients waited.
func (s *Stats) CountSnapshot(pause time.Duration) {
	s.snapshots.Add(1)
	s.snapshotPauseNs.Store(pause.Nanoseconds())
}

// Flush is called by the connection after a batch of requests.
func (c *Client) Flush() {
	c.endBatch()
	c.flushTally()
	if c.work != nil {
		c.work.lastNs = 0
	}
}

// Stats are the server-wide counters of INFO.
type Stats struct {
	commands, hits, misses, expired, evicted, dirty atomic.Int64
	Connections, Rejected                           atomic.Int64
	NetIn, NetOut                                   atomic.Int64
	OutputLimitDrops, QueryLimitDrops               atomic.Int64
	Reads, Writes                                   atomic.Int64 // of sockets
	evictedClients                                  atomic.Int64
	errorReplies                                    atomic.Int64
	activeExpireNs                                  atomic.Int64
	expireLagMs                                     atomic.Int64
	snapshots, snapshotPauseNs                      atomic.Int64

	mu     sync.Mutex
	errors map[string]*atomic.Int64

	rateMu sync.Mutex
	rates  [4]rate
}

// StatsSnapshot is a copy of the counters.
type StatsSnapshot struct {
	Commands, Hits, Misses, Expired, Evicted, Dirty, ErrorReplies, ActiveExpireNs, ExpireLagMs, EvictedClients int64
	// Snapshots counts what Redis would fork for, and SnapshotPauseNs is how long all clients waited for the last one to begin.
	Snapshots, SnapshotPauseNs int64
}

func (s *Stats) init() { s.errors = map[string]*atomic.Int64{} }

// Load copies the counters.
func (s *Stats) Load() StatsSnapshot {
	return StatsSnapshot{
		s.commands.Load(), s.hits.Load(), s.misses.Load(), s.expired.Load(), s.evicted.Load(),
		s.dirty.Load(), s.errorReplies.Load(), s.activeExpireNs.Load(), s.expireLagMs.Load(), s.evictedClients.Load(),
		s.snapshots.Load(), s.snapshotPauseNs.Load(),
	}
}

// Dirty counts changes since the start; persistence compares two readings.
func (s *Stats) Dirty() int64 { return s.dirty.Load() }

// countError counts an error reply under its code: the first word.
func (s *Stats) countError(msg string) {
	s.errorReplies.Add(1)
	code, _, _ := strings.Cut(strings.TrimPrefix(msg, "-"), " ")
	s.mu.Lock()
	n := s.errors[code]
	if n == nil && len(s.errors) < 128 { // as Redis: no unbounded growth by scripts' own codes
		n = new(atomic.Int64)
		s.errors[strings.Clone(code)] = n
	}
	s.mu.Unlock()
	if n != nil {
		n.Add(1)
	}
}

// ErrorCount is one line of INFO errorstats.
type ErrorCount struct {
	Code  string
	Count int64
}

// Errors lists error codes in order.
func (s *Stats) Errors() []ErrorCount {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]ErrorCount, 0, len(s.errors))
	for c, n := range s.errors {
		out = append(out, ErrorCount{c, n.Load()})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Code < out[j].Code })
	return out
}

// ResetStats is CONFIG RESETSTAT.
func (e *Engine) ResetStats() {
	for _, c := range e.reg.all {
		c.stats.Reset()
	}
	s := &e.stats
	for _, n := range []*atomic.Int64{
		&s.commands, &s.hits, &s.misses, &s.expired, &s.evicted, &s.Connections, &s.Rejected,
		&s.NetIn, &s.NetOut, &s.Reads, &s.Writes, &s.OutputLimitDrops, &s.QueryLimitDrops, &s.errorReplies, &s.activeExpireNs, &s.evictedClients,
		&s.snapshots, &s.snapshotPauseNs,
	} {
		n.Store(0)
	}
	s.mu.Lock()
	clear(s.errors)
	s.mu.Unlock()
	if p := e.persistence.Load(); p != nil {
		if r, ok := (*p).(StatsResetter); ok {
			r.ResetStats()
		}
	}
}

// rate is an instantaneous_* figure: a mean over the last 16 samples.
type rate struct {
	last    int64
	lastNs  int64
	samples [16]int64
	next    int
}

func (r *rate) sample(value, nowNs int64) {
	if dt := nowNs - r.lastNs; r.lastNs != 0 && dt > 0 {
		r.samples[r.next&15] = max(0, (value-r.last)*1e9/dt)
		r.next++
	}
	r.last, r.lastNs = value, nowNs
}

func (r *rate) mean() int64 {
	var sum int64
	for _, v := range r.samples {
		sum += v
	}
	return sum / int64(len(r.samples))
}

// Instantaneous returns operations, input bytes and output bytes a second.
func (s *Stats) Instantaneous() (ops, in, out int64) {
	s.rateMu.Lock()
	defer s.rateMu.Unlock()
	return s.rates[0].mean(), s.rates[1].mean(), s.rates[2].mean()
}

func (s *Stats) sampleRates(nowNs int64) {
	s.rateMu.Lock()
	s.rates[0].sample(s.commands.Load(), nowNs)
	s.rates[1].sample(s.NetIn.Load(), nowNs)
	s.rates[2].sample(s.NetOut.Load(), nowNs)
	s.rateMu.Unlock()
}
