package zsets

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/redust/redust/core/keyspace"
)

const benchMembers = 1_000_000

func benchSet(b *testing.B) (*sortedSet, func()) {
	b.Helper()
	ks := keyspace.New(keyspace.Config{})
	s := newSortedSet(ks)
	for i := range benchMembers {
		s.add(fmt.Appendf(nil, "member:%07d", i), rand.Float64()*1e7)
	}
	b.ReportMetric(float64(s.MemoryUsage())/benchMembers, "bytes/member")
	b.ResetTimer()
	return s, ks.Close
}

func BenchmarkRank(b *testing.B) {
	s, done := benchSet(b)
	defer done()
	var buf []byte
	for b.Loop() {
		buf = fmt.Appendf(buf[:0], "member:%07d", rand.IntN(benchMembers))
		_, score, _ := s.find(buf)
		s.tree.rank(&bound{kind: boundKey, score: score, member: buf})
	}
}

func BenchmarkRescore(b *testing.B) {
	s, done := benchSet(b)
	defer done()
	var buf []byte
	for b.Loop() {
		buf = fmt.Appendf(buf[:0], "member:%07d", rand.IntN(benchMembers))
		ref, score, _ := s.find(buf)
		s.rescore(ref, score, rand.Float64()*1e7)
	}
}

func BenchmarkClone(b *testing.B) {
	s, done := benchSet(b)
	defer done()
	for b.Loop() {
		s.clone(keyspace.New(keyspace.Config{})).Free()
	}
}
