package standard_test

import (
	"bytes"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/families/standard"
	"github.com/redust/redust/protocol"
)

const (
	benchKeys     = 100_000
	benchPipeline = 16
)

// BenchmarkRequest is what a request costs between two system calls: it is cut out of a pipeline of 16, executed and
// answered. @ in a command stands for one of 100,000 numbers, {v} for a value of 64 bytes.
func BenchmarkRequest(b *testing.B) {
	for _, bm := range []struct{ name, setup, cmd string }{
		{"PING", "", "PING"},
		{"SET", "SET key:@ {v}", "SET key:@ {v}"},
		{"GET", "SET key:@ {v}", "GET key:@"},
		{"EXISTS", "SET key:@ {v}", "EXISTS key:@"},
		{"SET+DEL", "SET other:@ {v}", "SET key:@ {v}\nDEL key:@"},
		{"MSET", "SET key:@ {v}", "MSET" + strings.Repeat(" key:@ {v}", 10)},
		{"MGET", "SET key:@ {v}", "MGET" + strings.Repeat(" key:@", 10)},
		{"INCR", "SET counter:@ 1", "INCR counter:@"},
		{"LPUSH one", "LPUSH list a", "LPUSH list {v}"},
		{"LPUSH+RPOP one", "LPUSH list a", "LPUSH list {v}\nRPOP list"},
		{"RPUSH+LPOP", "", "RPUSH list:@ {v} {v}\nLPOP list:@\nRPOP list:@"},
		{"LRANGE 100", "RPUSH list {v}", "LRANGE list 0 99"},
		{"LLEN", "RPUSH list:@ {v}", "LLEN list:@"},
		{"SADD one", "SADD set element:@", "SADD set element:@"},
		{"SADD+SPOP", "SADD set element:@", "SADD set element:@\nSPOP set"},
		{"SINTER", "SADD set:1" + numbers(0, 100) + "\nSADD set:2" + numbers(50, 150), "SINTER set:1 set:2"},
		{"HSET one", "HSET hash element:@ {v}", "HSET hash element:@ {v}"},
		{"HSET", "HSET hash:@ field:00 {v}", "HSET hash:@ field:07 {v}"},
		{"HGET", "HSET hash:@ field:00 {v}", "HGET hash:@ field:00"},
		{"ZADD one", "ZADD zset @ element:@", "ZADD zset @ element:@"},
		{"ZADD+ZPOPMIN", "ZADD zset @ element:@", "ZADD zset @ element:@\nZPOPMIN zset"},
		{"ZADD", "ZADD zset:@ 1 member:1 2 member:2", "ZADD zset:@ 3 member:2"},
		{"ZSCORE", "ZADD zset:@ 1 member:1 2 member:2", "ZSCORE zset:@ member:1"},
	} {
		b.Run(bm.name, func(b *testing.B) { benchRequests(b, bm.setup, bm.cmd, benchKeys) })
	}
}

// BenchmarkHot is BenchmarkRequest with all that a request needs in the cache: what the instructions cost.
func BenchmarkHot(b *testing.B) {
	for _, bm := range []struct{ name, setup, cmd string }{
		{"GET", "SET key abc", "GET key"},
		{"SET", "SET key abc", "SET key xyz"},
		{"INCR", "", "INCR counter"},
		{"SADD", "SADD set element", "SADD set element"},
		{"SPOP", "", "SPOP set"},
		{"RPUSH+LPOP", "RPUSH list abc abc", "RPUSH list abc\nLPOP list"},
		{"HSET", "HSET hash field abc", "HSET hash field xyz"},
		{"ZADD", "ZADD zset 0 element", "ZADD zset 0 element"},
	} {
		b.Run(bm.name, func(b *testing.B) { benchRequests(b, bm.setup, bm.cmd, benchPipeline) })
	}
}

func numbers(from, to int) string {
	var s strings.Builder
	for i := from; i < to; i++ {
		s.WriteString(" member:" + strconv.Itoa(i))
	}
	return s.String()
}

func benchRequests(b *testing.B, setup, cmd string, keys int) {
	table, err := options.Standard()
	if err != nil {
		b.Fatal(err)
	}
	e, err := core.New(core.Config{Families: standard.All(), Options: table})
	if err != nil {
		b.Fatal(err)
	}
	e.Run()
	defer e.Close()
	c := e.NewClient(coretest.NoConn{})
	run := newBatch(e, c)
	for i := range keys {
		if setup != "" {
			run(appendRequests(nil, setup, i))
		}
		if !strings.Contains(setup, "@") {
			break
		}
	}
	lines := strings.Count(cmd, "\n") + 1
	var batches [][]byte // for all keys, so that the same ones do not stay in the cache
	for i := 0; i < keys; {
		var batch []byte
		for range benchPipeline / lines {
			batch = appendRequests(batch, cmd, i*7919%keys)
			i += 1
		}
		batches = append(batches, batch)
	}
	requests := benchPipeline / lines * lines
	if b.N > 1 {
		time.Sleep(250 * time.Millisecond) // the engine's clock has been measured then
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime()
	for i := 0; i*requests < b.N; i++ {
		run(batches[i%len(batches)])
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}

// cpuTime is the processor time of this process, which other processes disturb less than the time of the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// newBatch returns a function that does what a connection does with the input of one read.
func newBatch(e *core.Engine, c *core.Client) func(in []byte) {
	var parser protocol.Parser
	var limits protocol.Limits
	return func(in []byte) {
		for len(in) > 0 {
			args, used, err := parser.Next(in, &limits)
			if err != nil {
				panic(err)
			}
			e.Handle(c, args)
			in = in[used:]
		}
		if bytes.HasPrefix(c.W.Buf, []byte("-")) {
			panic(string(c.W.Buf))
		}
		c.W.Reset()
		c.Flush()
	}
}

// appendRequests appends the lines of cmd as requests with n, and numbers that follow from it, in the place of each @.
func appendRequests(dst []byte, cmd string, n int) []byte {
	for _, line := range strings.Split(cmd, "\n") {
		words := strings.Fields(strings.ReplaceAll(line, "{v}", strings.Repeat("x", 64)))
		dst = append(dst, "*"+strconv.Itoa(len(words))+"\r\n"...)
		k := n
		for _, w := range words {
			if strings.Contains(w, "@") {
				w = strings.ReplaceAll(w, "@", strconv.Itoa(k))
				k = (k + 37) % benchKeys
			}
			dst = protocol.AppendBulk(dst, []byte(w))
		}
	}
	return dst
}
