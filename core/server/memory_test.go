package server_test

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redust/redust/protocol"
)

// field is a number that a text like CLIENT LIST's has for name, or -1.
func field(text, name string) int64 {
	m := regexp.MustCompile(`\b` + name + `[=:](\d+)`).FindStringSubmatch(text)
	if m == nil {
		return -1
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	return n
}

func (c *testConn) usedMemory() int64 { return field(c.do("INFO", "memory").Text(), "used_memory") }

// settles waits until get is between low and high.
func settles(t *testing.T, what string, low, high int64, get func() int64) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		n := get()
		if n >= low && n <= high {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s is %d, not from %d to %d", what, n, low, high)
		}
	}
}

// names are n arguments of 100 bytes.
func names(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("%0100d", i))
	}
	return all
}

// kept is what a client can have the server keep for it, each some 100 KB, and how it ends that.
var kept = []struct {
	name  string
	begin [][]string
	end   []string
}{
	{"watched keys", [][]string{append([]string{"WATCH"}, names(1000)...)}, []string{"UNWATCH"}},
	{"queued commands", [][]string{{"MULTI"}, append([]string{"MSET"}, names(1000)...)}, []string{"DISCARD"}},
	{"channels", [][]string{append([]string{"SUBSCRIBE"}, names(1000)...)}, []string{"UNSUBSCRIBE"}},
	{"patterns", [][]string{append([]string{"PSUBSCRIBE"}, names(1000)...)}, []string{"PUNSUBSCRIBE"}},
	{"shard channels", [][]string{append([]string{"SSUBSCRIBE"}, names(1000)...)}, []string{"RESET"}},
	{"prefixes", [][]string{trackingPrefixes(1000)}, []string{"CLIENT", "TRACKING", "OFF"}},
	{"a waiting command", [][]string{append(append([]string{"BLPOP"}, names(1000)...), "0")}, nil},
}

func trackingPrefixes(n int) []string {
	args := []string{"CLIENT", "TRACKING", "ON", "BCAST"}
	for _, name := range names(n) {
		args = append(args, "PREFIX", name)
	}
	return args
}

func (c *testConn) sendAll(commands [][]string) {
	var b []byte
	for _, args := range commands {
		b = protocol.AppendCommandStrings(b, args...)
	}
	go c.nc.Write(b)
}

// What is kept for a client shows in its tot-mem and in used_memory as long as it is kept.
func TestMemoryOfClients(t *testing.T) {
	addr, _ := startServer(t)
	admin := dial(t, addr)
	for _, k := range kept {
		t.Run(k.name, func(t *testing.T) {
			c := dial(t, addr)
			c.do("HELLO", "3")
			id := strconv.FormatInt(c.do("CLIENT", "ID").Int, 10)
			total := func() int64 { return field(admin.do("CLIENT", "LIST", "ID", id).Text(), "tot-mem") }
			before, used := total(), admin.usedMemory()
			c.sendAll(k.begin)
			settles(t, "tot-mem", before+100_000, before+1_000_000, total)
			settles(t, "used_memory", used+100_000, used+1_000_000, admin.usedMemory)
			if k.end != nil {
				c.send(k.end...)
				settles(t, "tot-mem", 1000, before+20_000, total)
				settles(t, "used_memory", 1, used+20_000, admin.usedMemory)
			}
			c.nc.Close()
			settles(t, "used_memory", 1, used+10_000, admin.usedMemory)
		})
	}
}

// For all of it a client is closed when maxmemory-clients is exceeded, and is not listed any more.
func TestClientsAreEvictedForWhatIsKept(t *testing.T) {
	addr, eng := startServer(t)
	admin := dial(t, addr)
	admin.do("CONFIG", "SET", "maxmemory-clients", "160kb")
	admin.do("CLIENT", "NO-EVICT", "ON")
	ballast := dial(t, addr) // the limit can't be as low as what some of it takes
	ballast.do("CLIENT", "NO-EVICT", "ON")
	ballast.do("MULTI")
	ballast.do("SET", "k", strings.Repeat("x", 50<<10))
	for i, k := range kept {
		t.Run(k.name, func(t *testing.T) {
			c := dial(t, addr)
			c.do("HELLO", "3")
			c.sendAll(k.begin)
			settles(t, "evicted_clients", int64(i+1), int64(i+1), func() int64 { return field(admin.do("INFO", "stats").Text(), "evicted_clients") })
			if list := admin.do("CLIENT", "LIST").Text(); strings.Count(list, "\n") != 2 {
				t.Errorf("still listed: %s", list)
			}
		})
	}
	admin.only(eng, 2)
}

// Output that nobody reads counts as used memory when it is there, not when a clock strikes, and no longer than that.
func TestOutputIsUsedMemoryAtOnce(t *testing.T) {
	addr, eng := startServer(t)
	admin, deaf := dial(t, addr), dial(t, addr)
	deaf.nc.(*net.TCPConn).SetReadBuffer(64 << 10) // the kernel would take it all otherwise
	admin.do("SETRANGE", "big", strconv.Itoa(20<<20), "x")
	for range 3 {
		before := eng.UsedMemory()
		deaf.send("GET", "big")
		settles(t, "used memory", before+10<<20, before+22<<20, eng.UsedMemory)
		if r, err := deaf.recv(); err != nil || len(r.Str) != 20<<20+1 {
			t.Fatal(err)
		}
		settles(t, "used memory", 1, before+1<<20, eng.UsedMemory)
	}
}

// All that was counted for clients is taken off again: after many of them came, were kept things for and went by all
// ways, the count is what it was.
func TestMemoryOfClientsComesBack(t *testing.T) {
	addr, eng := startServer(t)
	admin := dial(t, addr)
	admin.do("PING")
	before := eng.ClientMemory()
	for i := range 3 * len(kept) {
		c, k := dial(t, addr), kept[i/3]
		c.do("HELLO", "3")
		id := c.do("CLIENT", "ID").Text()
		c.sendAll(k.begin)
		switch i % 3 {
		case 0:
			c.nc.Close()
		case 1:
			admin.do("CLIENT", "KILL", "ID", id)
		default:
			if k.end != nil { // it gets replies
				c.recv()
			}
			c.send("PING", strings.Repeat("x", 1<<20))
			c.nc.Close()
		}
	}
	admin.only(eng, 1)
	settles(t, "the clients' memory", before-accountSlack, before+accountSlack, eng.ClientMemory)
}

// accountSlack is what one connection may be behind.
const accountSlack = 1 << 10
