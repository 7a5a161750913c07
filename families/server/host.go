package server

import (
	"net/netip"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
)

// loopback reports whether an address "ip:port" is of this machine.
func loopback(addr string) bool {
	ap, err := netip.ParseAddrPort(addr)
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// memoryUse is where the process's memory is, in bytes.
type memoryUse struct {
	used, peak int64 // as maxmemory counts
	base       int64 // of it, the server before it has data and clients
	rss        int64 // resident set
	allocated  int64 // live: Go's objects and the keyspace's pages in use
	active     int64 // taken for them, with gaps
	resident   int64 // of it, backed by memory
	keyspace   keyspace.MemoryStats
	clients    int64 // buffers of clients
	logBuffer  int64 // effects not yet consumed
}

func readMemory(c *core.Ctx) memoryUse {
	e := c.Engine()
	m := memoryUse{base: e.BaseMemory(), keyspace: c.KeyspaceMemory(), logBuffer: e.Log().Buffered(), clients: e.ClientMemory()}
	m.used = m.base + m.keyspace.Used + m.clients + m.logBuffer // as Engine.UsedMemory
	m.peak = max(e.PeakMemory(), m.used)
	p := readProcess()
	m.allocated = p.objects + m.keyspace.Heap.InUse
	m.active = p.objects + p.unused + m.keyspace.Heap.InUse
	m.resident = p.backed + m.keyspace.Heap.Resident
	m.rss = p.resident
	if m.rss == 0 {
		m.rss = m.resident
	}
	return m
}

// overhead is what the data set's bookkeeping takes beside keys and values.
func (m *memoryUse) overhead() int64 { return m.base + m.keyspace.Overhead + m.clients + m.logBuffer }

// believedFor is how long what the system and Go's runtime told is believed: asking costs more than the rest of INFO. Redis asks as often.
const believedFor = 100 * time.Millisecond

// processUse is what they tell, in bytes.
type processUse struct {
	resident int64 // set of this process, 0 where the system doesn't tell
	objects  int64 // of Go's heap
	unused   int64 // gaps between them
	backed   int64 // by memory, of all that the runtime has taken
}

var process struct {
	sync.Mutex
	at  time.Time
	use processUse
}

// readProcess returns what holds now or did lately.
func readProcess() processUse {
	process.Lock()
	defer process.Unlock()
	if now := time.Now(); now.Sub(process.at) > believedFor {
		sample := []metrics.Sample{
			{Name: "/memory/classes/heap/objects:bytes"},
			{Name: "/memory/classes/heap/unused:bytes"},
			{Name: "/memory/classes/total:bytes"},
			{Name: "/memory/classes/heap/released:bytes"},
		}
		metrics.Read(sample)
		n := func(i int) int64 { return int64(sample[i].Value.Uint64()) }
		process.at, process.use = now, processUse{readResident(), n(0), n(1), n(2) - n(3)}
	}
	return process.use
}

func readResident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(f[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// totalMemory is the machine's memory in bytes, 0 where the system doesn't tell.
var totalMemory = sync.OnceValue(func() int64 {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	f := strings.Fields(line)
	if len(f) < 2 || f[0] != "MemTotal:" {
		return 0
	}
	kb, _ := strconv.ParseInt(f[1], 10, 64)
	return kb << 10
})

// osName is what uname says, as Redis prints it.
var osName = sync.OnceValue(func() string {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	name := runtime.GOOS
	if name == "linux" {
		name = "Linux"
	}
	if r := strings.TrimSpace(string(release)); r != "" {
		name += " " + r
	}
	return name + " " + machine(runtime.GOARCH)
})

// machine is uname's word for an architecture of Go.
func machine(arch string) string {
	switch arch {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	}
	return arch
}

// poller is the system call with which Go's runtime waits for sockets.
func poller() string {
	switch runtime.GOOS {
	case "linux":
		return "epoll"
	case "windows":
		return "iocp"
	}
	return "kqueue"
}
