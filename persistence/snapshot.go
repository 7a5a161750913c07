package persistence

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/core/rdb"
)

// ErrDisturbed ends a snapshot during which databases were flushed or exchanged. What was
// written is worthless: the caller begins anew.
var ErrDisturbed = errors.New("databases were flushed or exchanged during the snapshot")

// maxDisturbances is how often a snapshot begins anew before it is given up.
const maxDisturbances = 32

// snapshotOptions say how a snapshot is taken.
type snapshotOptions struct {
	aofBase bool        // the file will be the base of an AOF
	aux     [][2]string // further AUX fields, such as repl-id
	// atStart runs at the instant whose state the snapshot is: all shards are held, so it must be
	// short. An effect log's reader that is opened here sees exactly what the snapshot lacks. It is called
	// again when the snapshot begins anew.
	atStart func()
	// hurry: clients wait for the end, so don't leave them the processor.
	hurry bool
}

// snapshot is the state of the data set at one instant, on its way to a file in RDB form. Three parties
// work on it: the walker (one goroutine) visits every entry under its shard's lock, in small steps; writers,
// through Before and Big, hand over what they are about to change; the drain (one
// goroutine) encodes what these two have copied. Copying is all that happens under locks.
//
// Every entry is handed over exactly once: keyspace epochs see to it (core/snapshot.go), and Big, which
// runs under shared reservations, counts for itself.
type snapshot struct {
	eng  *core.Engine
	opts snapshotOptions
	lru  bool // record idle times
	lfu  bool // record frequencies

	sides     [sideStripes]side
	disturbed atomic.Bool
	failed    atomic.Bool // the drain's writer failed: what is handed over is dropped

	encoders sync.Pool // of *rdb.Encoder, for objects

	bigMu sync.Mutex
	bigs  map[bigKey]*bigValue

	mu     sync.Mutex
	cond   *sync.Cond // the queue has changed
	queue  []*chunk
	queued int64 // bytes of queue
	urgent []*bigValue
	ended  bool
	extra  extraMemory
	stats  *snapshotProgress
	delay  *options.IntValue // rdb-key-save-delay
}

// extraMemory counts what is held for the snapshot alone: what Redis calls copy on write.
type extraMemory struct{ now, peak int64 } // guarded by snapshot.mu

// snapshotProgress is what INFO shows of a snapshot.
type snapshotProgress struct {
	processed, total atomic.Int64 // keys
	extraNow         atomic.Int64 // bytes kept because of the snapshot
	extraPeak        atomic.Int64
	sampled          atomic.Int64 // when extraNow was, Unix seconds
}

func (p *snapshotProgress) reset() {
	p.processed.Store(0)
	p.total.Store(0)
	p.extraNow.Store(0)
	p.extraPeak.Store(0)
	p.sampled.Store(0)
}

// sideStripes spreads writers that hand over old values; a power of two.
const sideStripes = 16

// side gathers what writers hand over.
type side struct {
	mu sync.Mutex
	c  *chunk
	_  [40]byte // keep neighbours off the cache line
}

const (
	// chunkBytes is the size of a chunk that is passed on.
	chunkBytes = 64 << 10
	// maxQueued is how many bytes may wait for the drain before the walker does.
	maxQueued = 2 << 20
)

// chunk is a batch of copied entries. data holds key and value of each record, one after the other.
type chunk struct {
	recs []record
	data []byte
}

func (c *chunk) size() int64 { return int64(cap(c.data)) + int64(cap(c.recs))*recordBytes }

// recordBytes is the size of a record, for the accounts.
const recordBytes = 56

// record is one copied entry.
type record struct {
	number   int64 // of EncInt
	expireAt int64 // ms, 0 without TTL
	keyLen   int
	valueLen int // of the packed value, or of the encoded body
	access   uint32
	db       int32
	typ      keyspace.Type
	enc      keyspace.Encoding
	rdbType  rdb.Type
	encoded  bool // the value is a body in RDB form already
}

var chunkPool = sync.Pool{New: func() any {
	return &chunk{data: make([]byte, 0, chunkBytes+chunkBytes/4), recs: make([]record, 0, 512)}
}}

func newChunk() *chunk { return chunkPool.Get().(*chunk) }

func (c *chunk) recycle() {
	if cap(c.data) > 2*chunkBytes || cap(c.recs) > 4096 {
		return
	}
	c.data, c.recs = c.data[:0], c.recs[:0]
	chunkPool.Put(c)
}

type bigKey struct {
	db  int
	key string
}

// bigValue is a value that the drain encodes straight from its place while its key is reserved.
type bigValue struct {
	bigKey
	value core.Value
	meta  core.KeyMeta
	done  chan struct{}
}

// takeSnapshot writes the state of the data set at one instant to w. When it is disturbed it returns
// ErrDisturbed: w then holds rubbish. The caller holds s.snapshotting. Other errors are of w, or of ctx.
func (s *Service) takeSnapshot(ctx context.Context, w io.Writer, o snapshotOptions, p *snapshotProgress) error {
	policy := s.eng.Options().String("maxmemory-policy").Load()
	sn := &snapshot{
		eng: s.eng, opts: o, lru: hasSuffix(policy, "-lru"), lfu: hasSuffix(policy, "-lfu"),
		bigs: map[bigKey]*bigValue{}, stats: p, delay: s.opt.saveDelay,
	}
	sn.cond = sync.NewCond(&sn.mu)
	hints := sn.sizeHints()
	compress := s.opt.compress.Load()
	sn.encoders.New = func() any { return rdb.NewEncoder(nil, rdb.EncoderOptions{Compress: compress}) }
	out := rdb.NewEncoder(w, rdb.EncoderOptions{Compress: compress, Checksum: s.opt.checksum.Load()})
	s.snapshotHeader(out, o)

	instant := time.Now()
	s.eng.WithAllShards(func() {
		s.eng.BeginSnapshot(sn)
		if !o.hurry {
			s.eng.Stats().CountSnapshot(time.Since(instant))
		}
		if o.atStart != nil {
			o.atStart()
		}
	})
	drained := make(chan error, 1)
	go func() { drained <- sn.drain(out, hints) }()
	err := sn.walk(ctx, hints)
	s.eng.EndSnapshot(err == nil) // waits for those who are inside Big
	sn.finish()
	werr := <-drained
	if err == nil || errors.Is(err, errWriter) {
		err = werr
	}
	if err == nil && sn.disturbed.Load() {
		err = ErrDisturbed
	}
	if err != nil {
		return err
	}
	return out.EOF()
}

func hasSuffix(s, suffix string) bool {
	return len(s) >= len(suffix) && s[len(s)-len(suffix):] == suffix
}

// snapshotHeader writes what stands before the keys, as Redis 7 orders it.
func (s *Service) snapshotHeader(out *rdb.Encoder, o snapshotOptions) {
	out.Header()
	out.Aux("redis-ver", s.version)
	out.Aux("redis-bits", "64")
	out.Aux("ctime", decimal(time.Now().Unix()))
	out.Aux("used-mem", decimal(s.eng.UsedMemory()))
	for _, a := range o.aux {
		out.Aux(a[0], a[1])
	}
	base := "0"
	if o.aofBase {
		base = "1"
	}
	out.Aux("aof-base", base)
}

// sizeHint is what RESIZEDB says of a database.
type sizeHint struct{ keys, expires int }

// sizeHints counts the keys a moment before the snapshot begins: loaders size their tables by them.
func (sn *snapshot) sizeHints() []sizeHint {
	ks := sn.eng.Keyspace()
	hints := make([]sizeHint, ks.Databases())
	total := 0
	for db := range hints {
		if n := ks.Len(db); n > 0 {
			hints[db] = sizeHint{n, ks.Expires(db)}
			total += n
		}
	}
	sn.stats.total.Store(int64(total))
	return hints
}

// Before implements core.Snapshotter.
func (sn *snapshot) Before(db int, e keyspace.Entry) {
	if sn.failed.Load() {
		return
	}
	ks := sn.eng.Keyspace()
	sd := &sn.sides[ks.ShardIndex(ks.Hash(e.Key()))%sideStripes]
	if e.IsObject() { // may be long: not with the stripe held
		c := newChunk()
		sn.copyEntry(c, db, e)
		sn.enqueue(c)
		return
	}
	sd.mu.Lock()
	if sd.c == nil {
		sd.c = newChunk()
		sn.account(sd.c.size())
	}
	before := sd.c.size()
	sn.copyEntry(sd.c, db, e)
	if grown := sd.c.size() - before; grown > 0 {
		sn.account(grown)
	}
	if len(sd.c.data) >= chunkBytes || len(sd.c.recs) >= 512 {
		full := sd.c
		sd.c = nil
		sn.account(-full.size()) // enqueue counts it again
		sn.enqueue(full)
	}
	sd.mu.Unlock()
}

// Big implements core.Snapshotter. Several callers may come with one value at a time, as their
// reservations are shared: one hands it over, all wait.
func (sn *snapshot) Big(db int, key []byte, v core.Value, m core.KeyMeta) {
	id := bigKey{db, string(key)}
	sn.bigMu.Lock()
	b := sn.bigs[id]
	if b == nil {
		b = &bigValue{bigKey: id, value: v, meta: m, done: make(chan struct{})}
		sn.bigs[id] = b
		sn.mu.Lock()
		sn.urgent = append(sn.urgent, b)
		sn.cond.Broadcast()
		sn.mu.Unlock()
	}
	sn.bigMu.Unlock()
	<-b.done
}

// Disturbed implements core.Snapshotter.
func (sn *snapshot) Disturbed() { sn.disturbed.Store(true) }

// copyEntry adds an entry to a chunk. Its shard is held exclusively. O(bytes): an object, which is no larger than what core
// calls big, is encoded at once.
func (sn *snapshot) copyEntry(c *chunk, db int, e keyspace.Entry) {
	key := e.Key()
	r := record{keyLen: len(key), db: int32(db), typ: e.Type(), enc: e.Encoding(), access: e.Access()}
	r.expireAt, _ = e.ExpireAt()
	c.data = append(c.data, key...)
	switch {
	case e.IsObject():
		t := sn.eng.Registry().Type(r.typ)
		v := core.ValueOf(e)
		start := len(c.data)
		enc := sn.encoders.Get().(*rdb.Encoder)
		enc.Reset(nil, c.data[start:])
		r.encoded, r.rdbType = true, t.RDBType(v)
		if err := t.Save(enc, v); err != nil { // memory does not fail: a fault of ours
			panic(err)
		}
		c.data = append(c.data[:start], enc.Bytes()...)
		enc.Reset(nil, nil)
		sn.encoders.Put(enc)
		r.valueLen = len(c.data) - start
	case r.enc == keyspace.EncInt:
		r.number = e.Int()
	default:
		v := e.Bytes()
		c.data = append(c.data, v...)
		r.valueLen = len(v)
	}
	c.recs = append(c.recs, r)
}

// enqueue passes a chunk on to the drain.
func (sn *snapshot) enqueue(c *chunk) {
	n := c.size()
	sn.mu.Lock()
	sn.queue = append(sn.queue, c)
	sn.queued += n
	sn.addExtra(n)
	sn.cond.Broadcast()
	sn.mu.Unlock()
}

// account counts bytes that are held for the snapshot.
func (sn *snapshot) account(n int64) {
	sn.mu.Lock()
	sn.addExtra(n)
	sn.mu.Unlock()
}

// addExtra is account with mu held.
func (sn *snapshot) addExtra(n int64) {
	sn.extra.now += n
	sn.stats.extraNow.Store(sn.extra.now)
	if sn.extra.now > sn.extra.peak {
		sn.extra.peak = sn.extra.now
		sn.stats.extraPeak.Store(sn.extra.peak)
	}
}

// finish passes the side chunks on and tells the drain that nothing follows. The snapshot has
// ended: nobody calls Before any more.
func (sn *snapshot) finish() {
	for i := range sn.sides {
		sd := &sn.sides[i]
		if sd.c != nil {
			sn.account(-sd.c.size())
			sn.enqueue(sd.c)
			sd.c = nil
		}
	}
	sn.mu.Lock()
	sn.ended = true
	sn.cond.Broadcast()
	sn.mu.Unlock()
}
