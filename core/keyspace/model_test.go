package keyspace

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
)

// blob is an Object for tests.
type blob struct {
	size  int64
	freed int
}

func (b *blob) MemoryUsage() int64 { return b.size }
func (b *blob) Free()              { b.freed++ }

// model is the plain description of what a Keyspace should hold.
type model struct {
	t     *testing.T
	ks    *Keyspace
	rnd   *rand.Rand
	dbs   []map[string]*modelEntry
	now   int64
	keys  int // size of the key space that operations draw from
	max   int // longest value, but for a rare one
	freed map[*blob]bool
}

type modelEntry struct {
	typ      Type
	enc      Encoding
	value    []byte
	obj      *blob
	deadline int64 // 0: none
}

func newModel(t *testing.T, seed uint64, c Config) *model {
	m := &model{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), now: 1_700_000_000_000, keys: 2000, max: 400, freed: map[*blob]bool{}}
	c.OnDetach = func(o Object) { m.free(o) }
	m.ks = New(c)
	for range m.ks.Databases() {
		m.dbs = append(m.dbs, map[string]*modelEntry{})
	}
	for i := range m.ks.Shards() {
		m.ks.ExpireDue(i, m.now, 1, nil)
	}
	t.Cleanup(m.ks.Close)
	return m
}

func (m *model) free(o Object) {
	b := o.(*blob)
	if m.freed[b] {
		m.t.Fatal("an object was detached twice")
	}
	m.freed[b] = true
}

func (m *model) key() []byte {
	i := m.rnd.IntN(m.keys)
	k := fmt.Appendf(nil, "k%d", i)
	switch i % 17 {
	case 0:
		k = append(k, bytes.Repeat([]byte("x"), 300)...) // two bytes of length
	case 1:
		k = append(k, bytes.Repeat([]byte("y"), i%60)...)
	}
	if i == 2 {
		k = bytes.Repeat([]byte("z"), 1<<16+5)
	}
	if i == 3 {
		k = nil
	}
	return k
}

func (m *model) bytes() []byte {
	n := m.rnd.IntN(m.max)
	switch m.rnd.IntN(200) {
	case 0:
		n = m.rnd.IntN(40000)
	case 1:
		n = 0
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(m.rnd.Uint32())
	}
	return b
}

func (m *model) deadline() int64 {
	spans := []int64{-5, 10, 100, 1000, 60_000, 3_600_000, 86_400_000, 400 * 86_400_000, 200 * 366 * 86_400_000}
	return m.now + m.rnd.Int64N(max(spans[m.rnd.IntN(len(spans))], 0)+20) - 15
}

func intBytes(v int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(v)) }

// step does one random operation on both.
func (m *model) step() {
	db := m.rnd.IntN(len(m.dbs))
	key := m.key()
	hash := m.ks.Hash(key)
	kv := m.dbs[db]
	old := kv[string(key)]
	switch op := m.rnd.IntN(24); {
	case op < 4:
		v := m.bytes()
		m.ks.Put(db, hash, key, Hash, EncListpack, v)
		kv[string(key)] = &modelEntry{typ: Hash, enc: EncListpack, value: v}
	case op < 6:
		v, at := m.bytes(), m.deadline()
		m.ks.PutExpire(db, hash, key, String, EncRaw, v, at)
		kv[string(key)] = &modelEntry{typ: String, enc: EncRaw, value: v, deadline: at}
	case op == 6:
		v := m.bytes()
		m.ks.PutKeepTTL(db, hash, key, List, EncQuicklist, v)
		e := &modelEntry{typ: List, enc: EncQuicklist, value: v}
		if old != nil {
			e.deadline = old.deadline
		}
		kv[string(key)] = e
	case op == 7:
		v := int64(m.rnd.Uint64())
		m.ks.PutInt(db, hash, key, v)
		kv[string(key)] = &modelEntry{typ: String, enc: EncInt, value: intBytes(v)}
	case op == 8:
		o := &blob{size: m.rnd.Int64N(1000)}
		m.ks.PutObject(db, hash, key, ZSet, EncSkiplist, o)
		kv[string(key)] = &modelEntry{typ: ZSet, enc: EncSkiplist, obj: o}
	case op < 12:
		obj, ok := m.ks.Delete(db, hash, key)
		if ok != (old != nil) {
			m.t.Fatalf("Delete(%.20q) = %v", key, ok)
		}
		if ok && (obj == nil) != (old.obj == nil) {
			m.t.Fatalf("Delete(%.20q) returned %v", key, obj)
		}
		delete(kv, string(key))
	default:
		e, ok := m.ks.Find(db, hash, key)
		if ok != (old != nil) {
			m.t.Fatalf("Find(%.20q) = %v, want %v", key, ok, old)
		}
		if ok {
			m.change(op, &e, old)
			m.compare(e, old)
		}
	}
}

// change does one random operation on an entry.
func (m *model) change(op int, e *Entry, old *modelEntry) {
	switch op {
	case 12, 13:
		v := m.bytes()
		e.SetBytes(EncIntset, v)
		old.enc, old.value, old.obj = EncIntset, v, nil
	case 14:
		part := e.Bytes()[e.Len()/2:]
		v := bytes.Clone(part)
		e.SetBytes(EncRaw, part) // aliases
		old.enc, old.value, old.obj = EncRaw, v, nil
	case 15:
		v := int64(m.rnd.Uint64())
		e.SetInt(v)
		old.enc, old.value, old.obj = EncInt, intBytes(v), nil
	case 16:
		o := &blob{size: m.rnd.Int64N(1000)}
		e.SetObject(EncHashtable, o)
		old.enc, old.value, old.obj = EncHashtable, nil, o
	case 17:
		if old.obj != nil {
			old.obj.size += 10
			e.ObjectResized(10)
		}
	case 18, 19:
		if old.obj == nil && old.enc != EncInt {
			n := max(len(old.value)+m.rnd.IntN(100)-40, 0)
			e.Resize(n)
			if n <= len(old.value) {
				old.value = old.value[:n]
			} else {
				old.value = append(bytes.Clone(old.value), make([]byte, n-len(old.value))...)
			}
		}
	case 20, 21:
		old.deadline = m.deadline()
		e.SetExpireAt(old.deadline)
	case 22:
		if had := e.Persist(); had != (old.deadline != 0) {
			m.t.Fatal("Persist")
		}
		old.deadline = 0
	case 23:
		e.SetAccess(m.rnd.Uint32() & 0xffffff)
	}
}

func (m *model) compare(e Entry, want *modelEntry) {
	m.t.Helper()
	at, ok := e.ExpireAt()
	if e.Type() != want.typ || e.Encoding() != want.enc || !bytes.Equal(e.Bytes(), want.value) || ok != (want.deadline != 0) || at != want.deadline {
		m.t.Fatalf("%.20q: type %d encoding %d, %d bytes, deadline %d %v; want %d %d, %d bytes, %d", e.Key(), e.Type(), e.Encoding(), e.Len(), at, ok,
			want.typ, want.enc, len(want.value), want.deadline)
	}
	if o, _ := e.Object().(*blob); o != want.obj {
		m.t.Fatalf("%.20q: object %p, want %p", e.Key(), o, want.obj)
	}
}

// expire runs the wheels at the present time and checks that exactly what is due goes, but for the last tick.
func (m *model) expire() {
	for i := range m.ks.Shards() {
		for m.ks.ExpireDue(i, m.now, 1000, func(db int, e Entry) bool {
			want := m.dbs[db][string(e.Key())]
			if want == nil {
				m.t.Fatalf("%.20q expired, but is not there", e.Key())
			}
			m.compare(e, want)
			if want.deadline > m.now {
				m.t.Fatalf("%.20q expired %d ms early", e.Key(), want.deadline-m.now)
			}
			if m.rnd.IntN(20) == 0 {
				return false // reserved
			}
			delete(m.dbs[db], string(e.Key()))
			return true
		}) {
		}
	}
}

// check compares everything.
func (m *model) check() {
	m.t.Helper()
	if err := m.ks.CheckInvariants(); err != nil {
		m.t.Fatal(err)
	}
	for db, kv := range m.dbs {
		expires := 0
		for k, want := range kv {
			e, ok := m.ks.Find(db, m.ks.Hash([]byte(k)), []byte(k))
			if !ok {
				m.t.Fatalf("%.20q is lost", k)
			}
			m.compare(e, want)
			if want.deadline != 0 {
				expires++
			}
		}
		if m.ks.Len(db) != len(kv) || m.ks.Expires(db) != expires {
			m.t.Fatalf("database %d: %d keys, %d with TTL; want %d, %d", db, m.ks.Len(db), m.ks.Expires(db), len(kv), expires)
		}
		seen := map[string]int{}
		for c := uint64(0); ; {
			c = m.ks.Scan(db, c, 1+m.rnd.IntN(30), m.rnd.IntN(2) == 0, func(e Entry) { seen[string(e.Key())]++ })
			if c >= 1<<53 {
				m.t.Fatalf("cursor %d", c)
			}
			if c == 0 {
				break
			}
		}
		for k := range kv {
			if seen[k] != 1 {
				m.t.Fatalf("%.20q was scanned %d times", k, seen[k])
			}
		}
		if len(seen) != len(kv) {
			m.t.Fatalf("scanned %d keys of %d", len(seen), len(kv))
		}
	}
}

func TestModel(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 15
	}
	for _, shards := range []int{1, 4} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("shards=%d,seed=%d", shards, seed), func(t *testing.T) {
				m := newModel(t, seed, Config{Shards: shards, Databases: 3})
				for round := range rounds {
					m.keys = []int{50, 3000, 20000}[m.rnd.IntN(3)]
					for range 1500 {
						m.step()
						if m.rnd.IntN(50) == 0 {
							m.now += m.rnd.Int64N(40)
							m.expire()
						}
					}
					m.event(round)
					m.check()
				}
			})
		}
	}
}

// event does one of the rare operations.
func (m *model) event(round int) {
	switch m.rnd.IntN(9) {
	case 0:
		m.ks.FlushDB(1)()
		m.dbs[1] = map[string]*modelEntry{}
	case 1:
		m.ks.SwapDB(0, 2)
		m.dbs[0], m.dbs[2] = m.dbs[2], m.dbs[0]
	case 2: // the clock jumps forward
		m.now += []int64{1000, 100_000, 86_400_000, 366 * 86_400_000}[m.rnd.IntN(4)]
		m.expire()
	case 3: // and back
		m.now -= []int64{50, 1000, 100_000, 366 * 86_400_000}[m.rnd.IntN(4)]
		m.expire()
		if m.rnd.IntN(2) == 0 {
			m.now -= 5000
			m.ks.ExpireDue(0, m.now, 1, func(int, Entry) bool { return false })
			m.now -= 5000
			m.ks.ExpireDue(0, m.now, 1, func(int, Entry) bool { return false })
			m.now -= 5000
			m.ks.ExpireDue(0, m.now, 1, func(int, Entry) bool { return false })
		}
	case 4: // nearly all goes
		for db, kv := range m.dbs {
			for k := range kv {
				if m.rnd.IntN(20) != 0 {
					m.ks.Delete(db, m.ks.Hash([]byte(k)), []byte(k))
					delete(kv, k)
				}
			}
		}
	case 5, 6:
		for m.ks.Compact(100) >= 100 {
		}
		m.ks.Scavenge(1 << 30)
		m.ks.Collapse(2)
	case 7:
		m.max = []int{20, 400, 3000}[m.rnd.IntN(3)]
	case 8:
		epoch := m.ks.BeginEpoch()
		for i := range m.ks.Shards() {
			for db := range m.dbs {
				for pos, done := uint64(0), false; !done; {
					pos, done = m.ks.WalkShard(i, db, pos, 20, func(e Entry) {
						if e.Epoch() == epoch {
							m.t.Fatal("walked twice")
						}
						e.SetEpoch(epoch)
					})
				}
			}
		}
		m.ks.EndEpoch()
	}
}
