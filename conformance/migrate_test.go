package conformance_test

import (
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Both servers as source and as target: the same keys go from Redust to Redis and back, and are compared with those of a Redis that kept them.
var _ = Describe("MIGRATE between servers", Label("keys", "migrate"), func() {
	values := []string{
		"SET string v", "SET int 12345", "SET long " + strings.Repeat("x", 100_000), "SET expires v PX 100000",
		"RPUSH list a b c", "RPUSH longlist " + numbered(2000), "SADD ints 3 1 2", "SADD set a b c", "SADD largeset " + numbered(2000),
		"HSET hash f v g w", "HSET largehash " + numbered(2000), "ZADD zset 1 a 2.5 b -inf c", "ZADD largezset " + numbered(2000),
	}
	var names []string
	for _, v := range values {
		names = append(names, strings.Fields(v)[1])
	}

	It("moves every type there and back", func() {
		if *makeGolden || *onlyScripts != "" {
			Skip("only scripts run now")
		}
		needRedis()
		p := bothClean(2)
		for _, v := range values {
			_, _, equal := p.same(comparer{}, strings.Fields(v)...)
			Expect(equal).To(BeTrue(), v)
		}
		p.theirs.do("COPY", "string", "untouched")
		p.ours.do("COPY", "string", "untouched")

		By("from Redust to Redis, whose own are in the way")
		moves := func(from *conn, to *liveSide, options ...string) string {
			args := append([]string{"MIGRATE", "127.0.0.1", strconv.Itoa(to.srv.port), "", "0", "5000"}, options...)
			return from.do(append(append(args, "KEYS"), names...)...).String()
		}
		Expect(moves(p.ours, suite.redis)).To(ContainSubstring("ERR Target instance replied with error: BUSYKEY"))
		Expect(p.ours.do("DBSIZE").raw).To(Equal(p.theirs.do("DBSIZE").raw), "something was deleted that had not been taken")
		Expect(moves(p.ours, suite.redis, "COPY", "REPLACE")).To(Equal("OK"))
		Expect(compareState(p)).To(BeEmpty())

		By("and back")
		for _, n := range names {
			p.ours.do("DEL", n)
		}
		Expect(moves(p.theirs, suite.redust, "COPY")).To(Equal("OK"))
		Expect(compareState(p)).To(BeEmpty())

		By("away from both, into another database of the other one")
		other := func(from *conn, to *liveSide) {
			args := append([]string{"MIGRATE", "127.0.0.1", strconv.Itoa(to.srv.port), "", "5", "5000", "KEYS"}, names...)
			Expect(from.do(args...).String()).To(Equal("OK"))
			Expect(from.do(args...).String()).To(Equal("NOKEY"))
		}
		other(p.ours, suite.redis)
		other(p.theirs, suite.redust)
		Expect(compareState(p)).To(BeEmpty())
		p.same(comparer{}, "SELECT", "5")
		Expect(compareState(p)).To(BeEmpty())
	})
})

// numbered is n times " i", from 0 on.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" " + strconv.Itoa(i))
	}
	return b.String()
}
