package keyspace

import (
	"encoding/binary"
	"hash/maphash"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alphadose/haxmap"
)

// The comparison of DESIGN D1: keys of 16 bytes, values of 64, 256 shards, one thread. KEYSPACE_BENCH_KEYS sets the number of keys, 300,000 by default.
func benchKeys() int {
	if n, err := strconv.Atoi(os.Getenv("KEYSPACE_BENCH_KEYS")); err == nil {
		return n
	}
	return 300_000
}

func benchKey(buf []byte, i int) []byte {
	binary.LittleEndian.PutUint64(buf, uint64(i)*0x9e3779b97f4a7c15)
	binary.LittleEndian.PutUint64(buf[8:], uint64(i))
	return buf[:16]
}

// resident returns the process's resident size in bytes, 0 where it can't be read.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

type store interface {
	set(key, value []byte)
	get(key []byte) int
	close()
}

type ksStore struct{ ks *Keyspace }

func (s ksStore) set(k, v []byte) {
	h := s.ks.Hash(k)
	sh := s.ks.Shard(s.ks.ShardIndex(h))
	sh.Lock()
	s.ks.Put(0, h, k, String, EncRaw, v)
	sh.Unlock()
}

func (s ksStore) get(k []byte) int {
	h := s.ks.Hash(k)
	sh := s.ks.Shard(s.ks.ShardIndex(h))
	sh.RLock()
	defer sh.RUnlock()
	if e, ok := s.ks.Find(0, h, k); ok {
		return int(e.Bytes()[0])
	}
	return -1
}
func (s ksStore) close() { s.ks.Close() }

type goEntry struct {
	value []byte
	_     int64 // a deadline, as ours has room for one
}

type mapStore struct {
	seed   maphash.Seed
	shards [256]struct {
		sync.RWMutex
		m map[string]*goEntry
	}
}

func (s *mapStore) set(k, v []byte) {
	sh := &s.shards[maphash.Bytes(s.seed, k)>>56]
	sh.Lock()
	defer sh.Unlock()
	if e := sh.m[string(k)]; e != nil {
		e.value = append(e.value[:0], v...)
		return
	}
	sh.m[string(k)] = &goEntry{value: append([]byte(nil), v...)}
}

func (s *mapStore) get(k []byte) int {
	sh := &s.shards[maphash.Bytes(s.seed, k)>>56]
	sh.RLock()
	defer sh.RUnlock()
	if e := sh.m[string(k)]; e != nil {
		return int(e.value[0])
	}
	return -1
}
func (s *mapStore) close() {}

type haxStore struct {
	seed   maphash.Seed
	shards [256]*haxmap.Map[string, *goEntry]
}

func (s *haxStore) set(k, v []byte) {
	s.shards[maphash.Bytes(s.seed, k)>>56].Set(string(k), &goEntry{value: append([]byte(nil), v...)})
}

func (s *haxStore) get(k []byte) int {
	if e, ok := s.shards[maphash.Bytes(s.seed, k)>>56].Get(string(k)); ok {
		return int(e.value[0])
	}
	return -1
}
func (s *haxStore) close() {}

var stores = []struct {
	name string
	make func() store
}{
	{"keyspace", func() store { return ksStore{New(Config{})} }},
	{"gomap", func() store {
		s := &mapStore{seed: maphash.MakeSeed()}
		for i := range s.shards {
			s.shards[i].m = map[string]*goEntry{}
		}
		return s
	}},
	{"haxmap", func() store {
		s := &haxStore{seed: maphash.MakeSeed()}
		for i := range s.shards {
			s.shards[i] = haxmap.New[string, *goEntry]()
		}
		return s
	}},
}

// BenchmarkStore fills each store once and then reads or overwrites at random; insert-ns and B/key come from the filling.
func BenchmarkStore(b *testing.B) {
	n := benchKeys()
	var value [64]byte
	for _, st := range stores {
		b.Run(st.name, func(b *testing.B) {
			runtime.GC()
			debug.FreeOSMemory()
			before := resident()
			s := st.make()
			var buf [16]byte
			start := time.Now()
			for i := range n {
				value[0] = byte(i)
				s.set(benchKey(buf[:], i), value[:])
			}
			insert := float64(time.Since(start).Nanoseconds()) / float64(n)
			debug.FreeOSMemory()
			if k, ok := s.(ksStore); ok {
				for range 100 {
					k.ks.Scavenge(1 << 20)
					k.ks.Collapse(2)
				}
			}
			perKey := float64(resident()-before) / float64(n)
			run := func(name string, op func(i int)) {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					x := uint64(1)
					for range b.N {
						x = x*6364136223846793005 + 1442695040888963407
						op(int(x >> 33 % uint64(n)))
					}
					b.ReportMetric(insert, "insert-ns")
					b.ReportMetric(perKey, "B/key")
				})
			}
			run("get", func(i int) {
				if s.get(benchKey(buf[:], i)) < 0 {
					b.Fatal("lost")
				}
			})
			run("overwrite", func(i int) { s.set(benchKey(buf[:], i), value[:]) })
			run("miss", func(i int) {
				if s.get(benchKey(buf[:], i+n)) >= 0 {
					b.Fatal("found")
				}
			})
			s.close()
		})
	}
}

func BenchmarkDelete(b *testing.B) {
	ks := New(Config{})
	defer ks.Close()
	var buf [16]byte
	var value [64]byte
	for i := range b.N {
		k := benchKey(buf[:], i)
		ks.Put(0, ks.Hash(k), k, String, EncRaw, value[:])
	}
	b.ResetTimer()
	for i := range b.N {
		k := benchKey(buf[:], i)
		ks.Delete(0, ks.Hash(k), k)
	}
}

func BenchmarkExpire(b *testing.B) {
	ks := New(Config{})
	defer ks.Close()
	var buf [16]byte
	var value [64]byte
	now := time.Now().UnixMilli()
	for i := range b.N {
		k := benchKey(buf[:], i)
		ks.PutExpire(0, ks.Hash(k), k, String, EncRaw, value[:], now+60_000+int64(i%1000))
	}
	b.ResetTimer()
	for i := range ks.Shards() {
		for ks.ExpireDue(i, now+62_000, 1<<30, func(int, Entry) bool { return true }) {
		}
	}
	if ks.Len(0) != 0 {
		b.Fatal("left over")
	}
}

func BenchmarkScan(b *testing.B) {
	ks := New(Config{})
	defer ks.Close()
	var buf [16]byte
	for i := range 300_000 {
		k := benchKey(buf[:], i)
		ks.Put(0, ks.Hash(k), k, String, EncRaw, k)
	}
	b.ResetTimer()
	cursor := uint64(0)
	for range b.N {
		cursor = ks.Scan(0, cursor, 10, false, func(Entry) {})
	}
}

func BenchmarkDict(b *testing.B) {
	ks := New(Config{Shards: 1})
	defer ks.Close()
	d := ks.NewDict()
	n := benchKeys()
	var buf [16]byte
	start := time.Now()
	for i := range n {
		d.Set(benchKey(buf[:], i), buf[:8])
	}
	insert := float64(time.Since(start).Nanoseconds()) / float64(n)
	b.ResetTimer()
	x := uint64(1)
	for range b.N {
		x = x*6364136223846793005 + 1442695040888963407
		if _, ok := d.Find(benchKey(buf[:], int(x>>33%uint64(n)))); !ok {
			b.Fatal("lost")
		}
	}
	b.ReportMetric(insert, "insert-ns")
	b.ReportMetric(float64(d.MemoryUsage())/float64(n), "B/element")
}
