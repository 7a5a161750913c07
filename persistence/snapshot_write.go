package persistence

import (
	"errors"
	"strconv"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/rdb"
)

// errWriter stands for the drain's error, which the drain returns itself.
var errWriter = errors.New("writing the snapshot failed")

// hugeString is the size in bytes from which strings are not compressed: that takes as much memory
// again while clients who want to change the string wait.
const hugeString = 16 << 20

// drain encodes what is handed over until the end, in whatever order it comes. After a write error it goes
// on taking, so that nobody waits for it, and drops.
func (sn *snapshot) drain(out *rdb.Encoder, hints []sizeHint) error {
	d := drain{sn: sn, out: out, hints: hints, db: -1, announced: make([]bool, len(hints)), nowMs: sn.eng.NowMs()}
	d.pace = pace{stats: sn.eng.Stats(), off: sn.opts.hurry, quiet: core.Breather{Eager: true}}
	for {
		c, b, more := sn.next()
		switch {
		case !more:
			return out.Err()
		case b != nil:
			d.big(b)
			b.value = core.Value{} // sn.bigs remembers the key alone
			close(b.done)
		default:
			d.chunk(c)
			sn.taken(c)
		}
		if out.Err() != nil && !sn.failed.Load() {
			sn.mu.Lock()
			sn.failed.Store(true)
			sn.cond.Broadcast()
			sn.mu.Unlock()
		}
	}
}

// next waits for something to encode: big values first, as clients wait for them. more is false at the end.
func (sn *snapshot) next() (c *chunk, b *bigValue, more bool) {
	sn.mu.Lock()
	defer sn.mu.Unlock()
	for {
		switch {
		case len(sn.urgent) > 0:
			b = sn.urgent[0]
			sn.urgent = sn.urgent[1:]
			return nil, b, true
		case len(sn.queue) > 0:
			c = sn.queue[0]
			sn.queue[0] = nil
			sn.queue = sn.queue[1:]
			return c, nil, true
		case sn.ended:
			return nil, nil, false
		}
		sn.cond.Wait()
	}
}

// taken gives an encoded chunk back.
func (sn *snapshot) taken(c *chunk) {
	n := c.size()
	c.recycle()
	sn.mu.Lock()
	sn.queued -= n
	sn.addExtra(-n)
	sn.cond.Broadcast()
	sn.mu.Unlock()
}

// drain writes records with the main encoder.
type drain struct {
	sn        *snapshot
	out       *rdb.Encoder
	hints     []sizeHint
	announced []bool
	db        int
	nowMs     int64
	pace      pace
}

// chunk encodes the records of a chunk.
func (d *drain) chunk(c *chunk) {
	if d.sn.failed.Load() {
		return
	}
	data := c.data
	for i := range c.recs {
		r := &c.recs[i]
		key, value := data[:r.keyLen], data[r.keyLen:r.keyLen+r.valueLen]
		data = data[r.keyLen+r.valueLen:]
		d.selectDB(int(r.db))
		meta := d.meta(r.expireAt, r.access)
		if r.encoded {
			d.out.Key(r.rdbType, key, meta)
			d.out.Raw(value)
			continue
		}
		v := core.Value{Type: r.typ, Enc: r.enc, Int: r.number}
		if r.enc != keyspace.EncInt {
			v.Packed = value
		}
		d.value(key, v, meta)
		if i&31 == 31 {
			d.pace.breathe()
		}
	}
	d.sn.stats.processed.Add(int64(len(c.recs)))
	d.pace.breathe()
}

// big encodes a value whose key is reserved.
func (d *drain) big(b *bigValue) {
	if d.sn.failed.Load() {
		return
	}
	d.selectDB(b.db)
	d.value([]byte(b.key), b.value, d.meta(b.meta.ExpireAt, b.meta.Access))
	d.sn.stats.processed.Add(1)
}

func (d *drain) value(key []byte, v core.Value, meta rdb.KeyMeta) {
	t := d.sn.eng.Registry().Type(v.Type)
	d.out.Key(t.RDBType(v), key, meta)
	if v.Type == keyspace.String && len(v.Packed) >= hugeString {
		d.out.Length(uint64(len(v.Packed)))
		d.out.Raw(v.Packed)
		return
	}
	_ = t.Save(d.out, v) // the encoder keeps the error
}

// selectDB announces the database of the records that follow.
func (d *drain) selectDB(db int) {
	if db == d.db {
		return
	}
	d.db = db
	d.out.SelectDB(db)
	if !d.announced[db] {
		d.announced[db] = true
		d.out.ResizeDB(uint64(d.hints[db].keys), uint64(d.hints[db].expires))
	}
}

// meta is what Redis writes beside a value: idle time or frequency by the eviction policy.
func (d *drain) meta(expireAt int64, access uint32) rdb.KeyMeta {
	m := rdb.KeyMeta{ExpireMs: expireAt, HasExpire: expireAt != 0}
	switch {
	case d.sn.lru:
		m.HasIdle, m.IdleSec = true, uint64(core.IdleSeconds(access, d.nowMs))
	case d.sn.lfu:
		m.HasFreq, m.Freq = true, d.sn.eng.LFUFrequency(access, d.nowMs)
	}
	return m
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
