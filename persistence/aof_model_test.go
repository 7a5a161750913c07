package persistence

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A random load with appendfsync always on a disk on which anything may fail, for a while. Each client does numbered steps, each of which
// is one command or one transaction and adds its number to the client's list. Whenever a crash comes, and after an
// orderly end, there are all steps that were acknowledged, and maybe those that were on their way, each of them as a whole.

const modelClients = 4

// modelBatch is the number of runs after which their memory is given up: a test keeps what its parallel parts have used until all are done.
const modelBatch = 16

// modelState is how far each client was at some time.
type modelState [modelClients]int64

// modelCrash is what a crash at some time has left.
type modelCrash struct {
	kind         string
	left         view
	acked, begun modelState
}

// faultModel is one run.
type faultModel struct {
	t    *testing.T
	seed uint64
	disk *faultFS
	r    *rig
	rnd  *rand.Rand

	acked, begun [modelClients]atomic.Int64
	refusals     atomic.Int64
	stop         atomic.Bool
	crashes      []modelCrash
}

// TestDiskFaults runs the model; SOAK_ROUNDS says how often, SOAK_SEED where it begins.
func TestDiskFaults(t *testing.T) {
	seed, _ := strconv.ParseUint(os.Getenv("SOAK_SEED"), 10, 64)
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	var crashes, refusals, steps atomic.Int64
	rounds := crashRounds(6)
	for first := 0; first < rounds; first += modelBatch {
		t.Run(fmt.Sprint("from", first), func(t *testing.T) {
			for round := first; round < min(first+modelBatch, rounds); round++ {
				t.Run(fmt.Sprint(round), func(t *testing.T) {
					t.Parallel()
					m := &faultModel{t: t, seed: seed + uint64(round)}
					m.run()
					crashes.Add(int64(len(m.crashes)))
					refusals.Add(m.refusals.Load())
					for g := range modelClients {
						steps.Add(m.acked[g].Load())
					}
				})
			}
		})
	}
	t.Logf("seed %d: %d steps, %d refused, %d crashes", seed, steps.Load(), refusals.Load(), crashes.Load())
}

func (m *faultModel) run() {
	m.rnd = rand.New(rand.NewPCG(m.seed, 0))
	m.disk = newFaultFS(m.t, m.t.TempDir())
	m.disk.torn = true
	m.disk.step = func() {}
	opts := append(withAOF, "auto-aof-rewrite-min-size", "1", "aof-use-rdb-preamble", pick(m.rnd, "yes", "no"),
		"aof-timestamp-enabled", pick(m.rnd, "yes", "no"), "save", pick(m.rnd, "", "1 1"), "stop-writes-on-bgsave-error", "no",
		"aof-redo-log-size", pick(m.rnd, "0", "16kb", "1mb"))
	m.r = start(m.t, m.disk, opts...)
	var clients sync.WaitGroup
	for g := range modelClients {
		clients.Go(func() { m.client(g) })
	}
	for range 15 {
		m.disk.set(m.faults())
		m.act()
		time.Sleep(time.Duration(m.rnd.IntN(25)) * time.Millisecond)
		m.crash()
	}
	m.disk.set(-1, nil)
	before := m.acked[0].Load()
	eventually(m.t, "writes are accepted again", func() bool { return m.acked[0].Load() > before })
	m.crash()
	m.stop.Store(true)
	clients.Wait()
	digest := m.r.stop()
	m.r.close()
	m.crash()
	m.judge(opts, digest)
}

func pick(rnd *rand.Rand, of ...string) string { return of[rnd.IntN(len(of))] }

// faults is what the disk does next.
func (m *faultModel) faults() (space int64, fail func(op, name string) error) {
	if m.rnd.IntN(3) == 0 {
		return -1, nil
	}
	space = -1
	if m.rnd.IntN(4) == 0 {
		space = m.rnd.Int64N(20_000)
	}
	errno := []unix.Errno{unix.ENOSPC, unix.EIO, unix.EROFS, unix.EACCES, unix.EDQUOT}[m.rnd.IntN(5)]
	ops := []string{"open", "write", "sync", "truncate", "rename", "remove", "mkdir", "syncdir", "readdir"}
	m.rnd.Shuffle(len(ops), func(i, k int) { ops[i], ops[k] = ops[k], ops[i] })
	failing := ops[:1+m.rnd.IntN(3)]
	where := pick(m.rnd, "", "", "incr", "base", "manifest", "temp-", "appendonlydir")
	chance, dice := m.rnd.IntN(100)+1, rand.New(rand.NewPCG(m.seed, m.rnd.Uint64()))
	var mu sync.Mutex
	return space, func(op, name string) error {
		mu.Lock()
		defer mu.Unlock()
		if slices.Contains(failing, op) && strings.Contains(name, where) && dice.IntN(100) < chance {
			return errno
		}
		return nil
	}
}

// act does what an operator may do.
func (m *faultModel) act() {
	switch m.rnd.IntN(5) {
	case 0:
		_, _ = m.r.svc.RewriteAOF()
	case 1:
		_, _ = m.r.svc.BackgroundSave(false)
	case 2:
		m.r.set("aof-use-rdb-preamble", pick(m.rnd, "yes", "no"))
		m.r.set("aof-disable-auto-gc", pick(m.rnd, "yes", "no"))
	}
}

func now(of *[modelClients]atomic.Int64) (s modelState) {
	for g := range of {
		s[g] = of[g].Load()
	}
	return s
}

// crash notes what would be there after one now.
func (m *faultModel) crash() {
	for _, c := range []modelCrash{{kind: "kill -9"}, {kind: "power failure"}, {kind: "power failure, some was written"}} {
		c.acked = now(&m.acked)
		switch c.kind {
		case "kill -9":
			c.left = m.disk.kernelView(m.t)
		case "power failure":
			c.left = m.disk.powerView(nil)
		default:
			c.left = m.disk.powerView(m.rnd)
		}
		c.begun = now(&m.begun)
		m.crashes = append(m.crashes, c)
	}
}

// payload is the value of a step of a client.
func payload(g int, i int64) string {
	n := 10
	if i%7 == 0 {
		n = int(i*7919%3000) + 1
	}
	return fmt.Sprint(g, ":", i, ":", strings.Repeat("x", n))
}

// stepKind tells what step i does, beside the client's list.
func stepKind(i int64) int64 { return i % 3 }

func (m *faultModel) client(g int) {
	c := m.r.newClient()
	for i := int64(1); !m.stop.Load(); i++ {
		m.begun[g].Store(i)
		for !m.try(g, i, func(args ...string) string { return acknowledged(m.r.eng, c, args...) }) {
			m.refusals.Add(1)
			time.Sleep(time.Millisecond)
			if m.stop.Load() {
				return
			}
		}
		m.acked[g].Store(i)
	}
}

// try does a step; false means that it was refused.
func (m *faultModel) try(g int, i int64, do func(args ...string) string) bool {
	list, n := fmt.Sprint("list:", g), strconv.FormatInt(i, 10)
	want := fmt.Sprintf(":%d\r\n", i)
	var commands [][]string
	switch stepKind(i) {
	case 0:
		got := do("RPUSH", list, n)
		return m.done(got, got == want)
	case 1:
		commands = [][]string{{"SET", fmt.Sprint("a:", g), payload(g, i)}, {"RPUSH", "all", fmt.Sprint(g, ":", i)}}
	default:
		commands = [][]string{{"DEL", fmt.Sprint("a:", g)}, {"SADD", fmt.Sprint("set:", g), n}}
	}
	do("MULTI")
	do("RPUSH", list, n)
	for _, c := range commands {
		do(c...)
	}
	do("SELECT", "3")
	do("SET", fmt.Sprint("b:", g), payload(g, i))
	do("SELECT", "0")
	got := do("EXEC")
	return m.done(got, strings.HasPrefix(got, "*6\r\n"+want))
}

func (m *faultModel) done(got string, ok bool) bool {
	if ok || strings.HasPrefix(got, "-MISCONF") || strings.HasPrefix(got, "-EXECABORT") {
		return ok
	}
	m.t.Errorf("seed %d: reply %q", m.seed, got)
	m.stop.Store(true)
	return true
}

// judge starts a server on what each crash has left.
func (m *faultModel) judge(opts []string, digest string) {
	for n, c := range m.crashes {
		dir := m.t.TempDir()
		c.left.restore(m.t, dir)
		m.crashes[n].left = nil // hundreds of runs would not fit into memory
		r, err := open(m.t, newFaultFS(m.t, dir), opts...)
		if err == nil {
			err = r.svc.Load()
		}
		if err == nil {
			err = r.svc.Run()
		}
		if err != nil {
			m.t.Fatalf("seed %d, crash %d (%s): the server doesn't start: %v", m.seed, n, c.kind, err)
		}
		if fault := c.compare(r); fault != "" {
			m.t.Fatalf("seed %d, crash %d (%s): %s\n%s", m.seed, n, c.kind, fault, r.log.String())
		}
		if last := n >= len(m.crashes)-3; last {
			r.wantDigest(digest)
		}
		r.close()
		_ = os.RemoveAll(dir)
	}
}

// compare tells what is wrong with the data that are there.
func (c *modelCrash) compare(r *rig) (fault string) {
	items := func(args ...string) []string {
		lines := strings.Split(strings.TrimSuffix(r.do(args...), "\r\n"), "\r\n")
		var out []string
		for i := 2; i < len(lines); i += 2 {
			out = append(out, lines[i])
		}
		return out
	}
	all := map[string][]string{}
	for _, s := range items("LRANGE", "all", "0", "-1") {
		g, i, _ := strings.Cut(s, ":")
		all[g] = append(all[g], i)
	}
	for g := range modelClients {
		list := items("LRANGE", fmt.Sprint("list:", g), "0", "-1")
		n := int64(len(list))
		if n < c.acked[g] || n > c.begun[g] {
			return fmt.Sprintf("client %d has done %d steps, %d of which were acknowledged: there are %d", g, c.begun[g], c.acked[g], n)
		}
		var a, b string
		var sets, pushed int
		for i := int64(1); i <= n; i++ {
			if list[i-1] != strconv.FormatInt(i, 10) {
				return fmt.Sprintf("client %d: step %d is %s", g, i, list[i-1])
			}
			switch stepKind(i) {
			case 1:
				a, b = payload(g, i), payload(g, i)
				if mine := all[strconv.Itoa(g)]; pushed >= len(mine) || mine[pushed] != list[i-1] {
					return fmt.Sprintf("client %d: step %d is there in part", g, i)
				}
				pushed++
			case 2:
				a, b = "", payload(g, i)
				sets++
			}
		}
		if len(all[strconv.Itoa(g)]) != pushed {
			return fmt.Sprintf("client %d: a step that isn't there is there in part", g)
		}
		if got := r.do("SCARD", fmt.Sprint("set:", g)); got != fmt.Sprintf(":%d\r\n", sets) {
			return fmt.Sprintf("client %d: %d sets, SCARD %q", g, sets, got)
		}
		for key, want := range map[string]string{fmt.Sprint("a:", g): a, fmt.Sprint("b:", g): b} {
			if key[0] == 'b' {
				r.do("SELECT", "3")
			}
			got := r.do("GET", key)
			r.do("SELECT", "0")
			if want == "" && got != "$-1\r\n" || want != "" && got != fmt.Sprintf("$%d\r\n%s\r\n", len(want), want) {
				return fmt.Sprintf("%s is %.60q, want %.60q", key, got, want)
			}
		}
	}
	return ""
}
