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
	sample := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(sample)
	objects, unused := int64(sample[0].Value.Uint64()), int64(sample[1].Value.Uint64())
	m.allocated = objects + m.keyspace.Heap.InUse
	m.active = objects + unused + m.keyspace.Heap.InUse
	m.resident = int64(sample[2].Value.Uint64()-sample[3].Value.Uint64()) + m.keyspace.Heap.Resident
	m.rss = residentBytes()
	if m.rss == 0 {
		m.rss = m.resident
	}
	return m
}

// overhead is what the data set's bookkeeping takes beside keys and values.
func (m *memoryUse) overhead() int64 { return m.base + m.keyspace.Overhead + m.clients + m.logBuffer }

// residentFor is how long a resident set that was asked for is believed: asking costs more than the rest of INFO. Redis asks as often.
const residentFor = 100 * time.Millisecond

var resident struct {
	sync.Mutex
	at    time.Time
	bytes int64
}

// residentBytes is the resident set of this process, lately, 0 where the system doesn't tell.
func residentBytes() int64 {
	resident.Lock()
	defer resident.Unlock()
	if now := time.Now(); now.Sub(resident.at) > residentFor {
		resident.at, resident.bytes = now, readResident()
	}
	return resident.bytes
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
