package server_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redust/redust/protocol"
)

// TestPublishKeepsOrder: each subscriber gets every message of a publisher in order, however many are
// written at once, and what it publishes itself comes before the reply.
func TestPublishKeepsOrder(t *testing.T) {
	addr, _ := startServer(t)
	for _, subscribers := range []int{1, 2, 20} { // few have copies, many share
		publishInOrder(t, addr, subscribers)
	}
}

func publishInOrder(t *testing.T, addr string, subscribers int) {
	t.Helper()
	const messages, publishers = 300, 3
	ch := fmt.Sprint("ch", subscribers)
	var subs []*testConn
	for range subscribers {
		s := dial(t, addr)
		s.do("SUBSCRIBE", ch)
		subs = append(subs, s)
	}
	var wg sync.WaitGroup
	for p := range publishers {
		c := dial(t, addr)
		wg.Go(func() {
			for i := range messages {
				c.send("PUBLISH", ch, fmt.Sprintf("%d:%d", p, i))
			}
			for range messages {
				if r, err := c.recv(); err != nil || r.Int != int64(subscribers) {
					t.Errorf("PUBLISH: %v, %v", r, err)
					return
				}
			}
		})
	}
	wg.Wait()
	for n, s := range subs {
		next := make([]int, publishers)
		for range messages * publishers {
			r, err := s.recv()
			if err != nil {
				t.Fatal(err)
			}
			var p, i int
			fmt.Sscanf(string(r.Elems[2].Str), "%d:%d", &p, &i)
			if i != next[p] {
				t.Fatalf("subscriber %d: message %d of publisher %d, want %d", n, i, p, next[p])
			}
			next[p]++
		}
	}
}

func TestOwnMessageComesBeforeTheReply(t *testing.T) {
	addr, _ := startServer(t)
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	var in []byte
	for _, c := range [][]string{{"HELLO", "3"}, {"SUBSCRIBE", "ch"}, {"PING"}, {"PUBLISH", "ch", "x"}, {"PING", "end"}} {
		in = append(in, protocol.AppendCommandStrings(nil, c...)...)
	}
	nc.Write(in)
	nc.SetReadDeadline(time.Now().Add(10 * time.Second))
	var got string
	buf := make([]byte, 4096)
	for !strings.Contains(got, "end") {
		n, err := nc.Read(buf)
		if err != nil {
			t.Fatalf("%v after %q", err, got)
		}
		got += string(buf[:n])
	}
	want := "+PONG\r\n>3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$1\r\nx\r\n:1\r\n$3\r\nend\r\n"
	if !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want it to end with %q", got, want)
	}
}

// TestSlowSubscriberIsCut: who doesn't read is closed at its limit, and nobody waits for it.
func TestSlowSubscriberIsCut(t *testing.T) {
	addr, eng := startServer(t)
	c, slow, good := dial(t, addr), dial(t, addr), dial(t, addr)
	c.do("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0")
	slow.do("SUBSCRIBE", "ch")
	good.do("SUBSCRIBE", "other")
	payload := strings.Repeat("x", 64<<10)
	cut := false
	for range 1000 {
		if r := c.do("PUBLISH", "ch", payload); r.Int == 0 {
			cut = true
			break
		}
		c.do("PUBLISH", "other", "y")
		if r, err := good.recv(); err != nil || string(r.Elems[2].Str) != "y" {
			t.Fatalf("the other subscriber: %v, %v", r, err)
		}
	}
	if !cut {
		t.Error("a subscriber that never reads is never cut")
	}
	if n := eng.Stats().OutputLimitDrops.Load(); n != 1 {
		t.Errorf("OutputLimitDrops = %d, want 1", n)
	}
}

// TestInvalidationNeverOvertakesTheReply: a client that caches what it reads and drops what is
// invalidated must never end with a value that is not the last.
func TestInvalidationNeverOvertakesTheReply(t *testing.T) {
	addr, _ := startServer(t)
	r, w := dial(t, addr), dial(t, addr)
	r.do("HELLO", "3")
	r.do("CLIENT", "TRACKING", "ON")
	const rounds = 3000
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range rounds {
			w.send("SET", "k", fmt.Sprint(i))
			if _, err := w.recv(); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	cached, valid := "", false
	take := func(v protocol.Reply) (reply bool) {
		if len(v.Elems) != 0 {
			valid = false
			return false
		}
		cached, valid = string(v.Str), true
		return true
	}
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		r.send("GET", "k") // whether cached or not: the race is between reply and push
		for {
			v, err := r.recv()
			if err != nil {
				t.Fatal(err)
			}
			if take(v) {
				break
			}
		}
	}
	r.nc.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	for {
		v, err := r.r.Read()
		if err != nil {
			break
		}
		take(v)
	}
	if want := fmt.Sprint(rounds - 1); valid && cached != want {
		t.Errorf("the cache has %q and thinks it valid; the value is %q", cached, want)
	}
}

// What repeats without end stops at a hard limit, whatever count is asked for, and is refused without one.
func TestRepliesWithoutEndStopAtTheLimit(t *testing.T) {
	addr, _ := startServer(t)
	admin := dial(t, addr)
	for _, c := range [][]string{{"HSET", "h", "a", "b"}, {"SADD", "s", "a"}, {"SADD", "i", "1"}, {"ZADD", "z", "1", "a"}} {
		admin.do(c...)
	}
	commands := [][]string{
		{"HRANDFIELD", "h"}, {"HRANDFIELD", "h", "WITHVALUES"}, {"SRANDMEMBER", "s"}, {"SRANDMEMBER", "i"}, {"ZRANDMEMBER", "z"}, {"ZRANDMEMBER", "z", "WITHSCORES"},
	}
	ask := func(c *testConn, command []string, count string) (protocol.Reply, error) {
		c.send(slices.Insert(slices.Clone(command), 2, count)...)
		return c.recv()
	}
	const largest = "-4611686018427387903"
	for _, command := range commands {
		if r, err := ask(admin, command, largest); err != nil || r.Text() != "ERR value is out of range" {
			t.Errorf("%q without a limit: %v, %v", command, r, err)
		}
	}
	admin.do("CONFIG", "SET", "client-output-buffer-limit", "normal 1000000 0 0")
	for _, command := range commands {
		for _, count := range []string{"-50000000", largest} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if r, err := ask(dial(t, addr), command, count); err == nil {
				t.Errorf("%q %s: %v", command, count, r)
			}
			runtime.ReadMemStats(&after)
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 50 {
				t.Errorf("%q %s: took %d MB", command, count, mb)
			}
		}
	}
}

// TestClientsAreEvictedBySize: over maxmemory-clients the largest go first, NO-EVICT stays.
func TestClientsAreEvictedBySize(t *testing.T) {
	addr, eng := startServer(t)
	c := dial(t, addr)
	c.do("CLIENT", "NO-EVICT", "ON")
	part := protocol.AppendCommandStrings(nil, "SET", "k", strings.Repeat("x", 1<<20))
	protected, large := dial(t, addr), dial(t, addr)
	protected.do("CLIENT", "NO-EVICT", "ON")
	for _, d := range []*testConn{protected, large} {
		d.nc.Write(part[:700<<10])
	}
	c.do("CONFIG", "SET", "maxmemory-clients", "1500kb")
	large.nc.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := large.r.Read(); err == nil {
		t.Error("the largest client is still served")
	}
	if n := eng.Stats().Load().EvictedClients; n != 1 {
		t.Errorf("%d clients evicted, want 1", n)
	}
	protected.nc.Write(part[700<<10:])
	if r, err := protected.recv(); err != nil || string(r.Str) != "OK" {
		t.Errorf("the protected client: %v, %v", r, err)
	}
}

// Many clients, each of which takes little more, are over maxmemory-clients as well, before the next look at the clock.
func TestClientsAreEvictedTogether(t *testing.T) {
	addr, _ := startServer(t)
	admin := dial(t, addr)
	admin.do("CLIENT", "NO-EVICT", "ON")
	const limit = 512 << 10
	admin.do("CONFIG", "SET", "maxmemory-clients", strconv.Itoa(limit))
	for range 80 {
		c := dial(t, addr)
		for _, request := range [][]string{{"MULTI"}, {"SET", "k", strings.Repeat("x", 16<<10)}} {
			c.nc.Write(protocol.AppendCommandStrings(nil, request...))
			c.recv() // unless it is evicted itself
		}
		sum := int64(0)
		for line := range strings.Lines(admin.do("CLIENT", "LIST").Text()) {
			sum += field(line, "tot-mem")
		}
		if sum > limit+128<<10 { // buffers that are lent for a request count in the list only
			t.Fatalf("the clients take %d bytes, %d are allowed", sum, limit)
		}
	}
}

// The client that goes over maxmemory-clients is closed before it has sent all that it wants to; so is one in a transaction.
func TestClientsAreEvictedAsTheyGrow(t *testing.T) {
	for _, name := range []string{"request", "transaction"} {
		t.Run(name, func(t *testing.T) {
			addr, eng := startServer(t)
			admin, greedy := dial(t, addr), dial(t, addr)
			admin.do("CONFIG", "SET", "maxmemory-clients", "3mb")
			value := strings.Repeat("x", 4<<20)
			if name == "transaction" {
				greedy.do("MULTI")
				value = value[:1<<20]
			}
			greedy.nc.SetDeadline(time.Now().Add(10 * time.Second))
			for range 4 {
				greedy.nc.Write(protocol.AppendCommandStrings(nil, "SET", "k", value))
			}
			if b, err := io.ReadAll(greedy.nc); errors.Is(err, os.ErrDeadlineExceeded) || strings.Contains(string(b), "OK") {
				t.Errorf("%q, then %v", b, err)
			}
			if n := eng.Stats().Load().EvictedClients; n != 1 {
				t.Errorf("%d clients evicted, want 1", n)
			}
			admin.do("EXISTS", "k")
		})
	}
}

// What small requests ask for, all at once, is not collected beyond maxmemory-clients.
func TestClientsAreEvictedWithinABatch(t *testing.T) {
	addr, eng := startServer(t)
	admin := dial(t, addr)
	admin.do("CONFIG", "SET", "maxmemory-clients", "1mb")
	admin.do("SETRANGE", "k", "100000", "x")
	const asked = 2000 // less than is read at once
	for i := range int64(10) {
		hits := eng.Stats().Load().Hits
		dial(t, addr).nc.Write([]byte(strings.Repeat("GET k\r\n", asked)))
		settles(t, "evicted clients", i+1, i+1, func() int64 { return eng.Stats().Load().EvictedClients })
		settles(t, "clients", 1, 1, func() int64 { return int64(eng.Clients().Len()) })
		// Beside the megabyte, the socket takes some.
		if n := eng.Stats().Load().Hits - hits; n == 0 || n > 150 {
			t.Errorf("%d of %d values of 100 KB were read for a client that may keep a megabyte", n, asked)
		}
	}
}

// Clients over maxmemory-clients go before keys over maxmemory do, and before the next of their requests is done.
func TestClientsAreEvictedBeforeKeys(t *testing.T) {
	addr, eng := startServer(t)
	admin := dial(t, addr)
	admin.do("CLIENT", "NO-EVICT", "ON")
	for i := range 50 {
		admin.do("SETRANGE", fmt.Sprint("k", i), "100000", "x")
	}
	admin.do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory-clients", "3mb")
	admin.do("CONFIG", "SET", "maxmemory", fmt.Sprint(eng.UsedMemory()+8<<20))
	var in []byte
	for range 200 {
		in = protocol.AppendCommandStrings(in, "MGET", "k0")
	}
	in = protocol.AppendCommandStrings(in, "SET", "last", "done")
	greedy := make([]*testConn, 8)
	for i := range greedy {
		greedy[i] = dial(t, addr)
	}
	for _, c := range greedy {
		c.nc.Write(in)
	}
	deadline := time.Now().Add(10 * time.Second)
	for eng.Stats().Load().EvictedClients == 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	for _, c := range greedy {
		c.nc.Close()
	}
	s := eng.Stats().Load()
	if s.EvictedClients == 0 || s.Evicted != 0 {
		t.Errorf("%d clients and %d keys evicted", s.EvictedClients, s.Evicted)
	}
	if n := admin.do("DBSIZE").Int; n < 50 {
		t.Errorf("%d keys left", n)
	}
}

// TestOutputLimitEndsAPipeline: the replies of requests that come together count in full, whatever the socket would take of
// them; what is left of the requests when they are over the hard limit is not done, and nothing is sent.
func TestOutputLimitEndsAPipeline(t *testing.T) {
	for _, limit := range []int{20_000, 100_000, 150_000} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			addr, _ := startServer(t)
			admin, greedy := dial(t, addr), dial(t, addr)
			admin.do("SET", "big", strings.Repeat("x", 10_000))
			admin.do("CONFIG", "SET", "client-output-buffer-limit", fmt.Sprintf("normal %d 0 0", limit))
			const requests = 100
			var in []byte
			for range requests {
				in = protocol.AppendCommandStrings(protocol.AppendCommandStrings(in, "GET", "big"), "INCR", "n")
			}
			greedy.nc.Write(in)
			greedy.nc.SetReadDeadline(time.Now().Add(10 * time.Second))
			if b, err := io.ReadAll(greedy.nc); len(b) > 0 || err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%d bytes of replies, then %v", len(b), err)
			}
			want := fmt.Sprint(limit/10_000 - 1) // the last GET exceeds it
			if n := string(admin.do("GET", "n").Str); n != want {
				t.Errorf("INCR was run %s times, want %s", n, want)
			}
		})
	}
}

// A client that begins to wait has published what it published before, and is told of changes while it waits.
func TestWaitingHoldsNothingBack(t *testing.T) {
	addr, eng := startServer(t)
	sub, w, c := dial(t, addr), dial(t, addr), dial(t, addr)
	sub.do("SUBSCRIBE", "ch")
	c.do("HELLO", "3")
	c.do("CLIENT", "TRACKING", "ON")
	c.do("GET", "k")
	c.sendAll([][]string{{"PUBLISH", "ch", "x"}, {"BLPOP", "l", "0"}})
	if r, err := sub.recv(); err != nil || len(r.Elems) != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	blocked(t, eng, 1)
	w.do("SET", "k", "1")
	for _, want := range []int{0, 2} { // the reply to PUBLISH, the invalidation
		if r, err := c.recv(); err != nil || len(r.Elems) != want {
			t.Fatalf("%+v, %v", r, err)
		}
	}
}
