package persistence

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/core/effects"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/families/connection"
	"github.com/redust/redust/families/hashes"
	keysfamily "github.com/redust/redust/families/keys"
	"github.com/redust/redust/families/lists"
	persistfamily "github.com/redust/redust/families/persistence"
	"github.com/redust/redust/families/server"
	"github.com/redust/redust/families/sets"
	strfamily "github.com/redust/redust/families/strings"
	"github.com/redust/redust/families/transactions"
	"github.com/redust/redust/families/zsets"
)

// rig is an engine with its durability in a directory of its own.
type rig struct {
	t      testing.TB
	eng    *core.Engine
	svc    *Service
	fs     *faultFS
	client *core.Client
	log    logText
}

// logText is a log that tests read while the service goes on writing it.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func allFamilies() []core.Family {
	return []core.Family{
		connection.New(), server.New(), keysfamily.New(), strfamily.New(), lists.New(), sets.New(), hashes.New(), zsets.New(),
		transactions.New(), persistfamily.New(),
	}
}

// newEngine makes an engine with options set as pairs of name and value.
func newEngine(t testing.TB, opts ...string) *core.Engine {
	t.Helper()
	table, err := options.Standard()
	if err != nil {
		t.Fatal(err)
	}
	fams := allFamilies()
	for _, f := range fams {
		if c, ok := f.(core.Configurable); ok {
			if err := c.Configure(table); err != nil {
				t.Fatal(err)
			}
		}
	}
	opts = append([]string{"save", "", "aof-redo-log-size", "0"}, opts...)
	for i := 0; i < len(opts); i += 2 {
		if err := table.Assign(opts[i], opts[i+1]); err != nil {
			t.Fatalf("%s %s: %v", opts[i], opts[i+1], err)
		}
	}
	e, err := core.New(core.Config{Families: fams, Options: table})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// open makes a rig on a directory without loading.
func open(t testing.TB, disk *faultFS, opts ...string) (*rig, error) {
	t.Helper()
	r := &rig{t: t, fs: disk, eng: newEngine(t, opts...)}
	svc, err := New(Config{Engine: r.eng, FS: disk, Log: hclog.New(&hclog.LoggerOptions{Output: &r.log, Level: hclog.Debug})})
	if err != nil {
		_ = r.eng.Close()
		return nil, err
	}
	r.svc = svc
	r.client = r.newClient()
	t.Cleanup(r.close)
	return r, nil
}

// start makes a rig and loads what the directory has.
func start(t testing.TB, disk *faultFS, opts ...string) *rig {
	t.Helper()
	r, err := open(t, disk, opts...)
	if err == nil {
		err = r.svc.Load()
	}
	if err == nil {
		err = r.svc.Run()
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) close() {
	if err := r.svc.Close(); err != nil {
		r.t.Errorf("close: %v", err)
	}
	if err := r.eng.Close(); err != nil {
		r.t.Errorf("close: %v", err)
	}
}

// newClient makes an ordinary client: one without connection would be the loader's.
func (r *rig) newClient() *core.Client { return r.eng.NewClient(noConn{}) }

type noConn = coretest.NoConn

// do runs a command and returns the raw reply.
func (r *rig) do(args ...string) string { return doWith(r.eng, r.client, args...) }

func doWith(e *core.Engine, c *core.Client, args ...string) string {
	raw := make([][]byte, len(args))
	for i, a := range args {
		raw[i] = []byte(a)
	}
	c.W.Reset()
	e.Handle(c, raw)
	return string(c.W.Buf)
}

// must runs a command that must not fail.
func (r *rig) must(args ...string) {
	r.t.Helper()
	if got := r.do(args...); strings.HasPrefix(got, "-") {
		r.t.Fatalf("%q: %s", args, got)
	}
}

// fill stores values of every type in every encoding, in two databases.
func (r *rig) fill(keys int) {
	r.t.Helper()
	many := func(cmd, key string, n int, each func(i int) []string) {
		args := []string{cmd, key}
		for i := range n {
			args = append(args, each(i)...)
		}
		r.must(args...)
	}
	for _, db := range []string{"0", "5"} {
		r.must("SELECT", db)
		for i := range keys {
			r.must("SET", fmt.Sprintf("string:%d", i), strings.Repeat("v", i%200))
		}
		r.must("SET", "int", "-123456789012")
		r.must("SET", "ttl", "x", "PX", "100000")
		r.must("APPEND", "grown", "abc")
		r.must("SET", "binary", "\x00\xff\r\n")
		r.must("SET", "huge", strings.Repeat("0123456789", 40_000))
		for _, n := range []int{1, 20, 3000} {
			s := fmt.Sprint(n)
			many("RPUSH", "list:"+s, n, func(i int) []string { return []string{fmt.Sprint("e", i)} })
			many("SADD", "intset:"+s, n, func(i int) []string { return []string{fmt.Sprint(i * 70000)} })
			many("SADD", "set:"+s, n, func(i int) []string { return []string{fmt.Sprint("m", i)} })
			many("HSET", "hash:"+s, n, func(i int) []string { return []string{fmt.Sprint("f", i), fmt.Sprint(i)} })
			many("ZADD", "zset:"+s, n, func(i int) []string { return []string{fmt.Sprint(float64(i) / 3), fmt.Sprint("m", i)} })
		}
		many("HSET", "hash:big", 8_000, func(i int) []string { return []string{fmt.Sprint("field:", i), "a value of some length"} })
		r.must("PEXPIRE", "hash:20", "1000000")
	}
	r.must("SELECT", "0")
}

// save makes the RDB file and fails the test if that is not possible.
func (r *rig) save() {
	r.t.Helper()
	if err := r.svc.Save(); err != nil {
		r.t.Fatalf("SAVE: %v\n%s", err, r.log.String())
	}
}

// eventually waits for a condition. Time in which the machine doesn't let this process run counts little.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	last, waited := time.Now(), time.Duration(0)
	for ; !ok(); time.Sleep(time.Millisecond) {
		now := time.Now()
		waited += min(now.Sub(last), 20*time.Millisecond)
		if last = now; waited > 10*time.Second {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// info is one field of INFO persistence.
func (r *rig) info(name string) string {
	for line := range strings.SplitSeq(string(r.svc.Info("persistence", nil)), "\r\n") {
		if n, v, ok := strings.Cut(line, ":"); ok && n == name {
			return v
		}
	}
	return ""
}

func TestOneServerADirectory(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	start(t, disk, "save", "100 1")
	if _, err := open(t, disk, "save", "100 1"); err == nil || !strings.Contains(err.Error(), "used by another server") {
		t.Fatalf("a second server: %v", err)
	}
	r, err := open(t, disk) // it saves nothing, unless asked
	if err != nil {
		t.Fatal(err)
	}
	if err := r.svc.Save(); err == nil {
		t.Error("SAVE into another server's directory")
	}
}

func TestShutdown(t *testing.T) {
	broken := func(op, name string) error {
		if op == "open" && strings.HasPrefix(name, "temp-") {
			return context.DeadlineExceeded // any error
		}
		return nil
	}
	tests := []struct {
		name   string
		save   string
		how    core.ShutdownSave
		force  bool
		fail   func(op, name string) error
		saved  bool
		failed bool
	}{
		{name: "without save points", how: core.SaveAsConfigured},
		{name: "with save points", save: "100 1", how: core.SaveAsConfigured, saved: true},
		{name: "NOSAVE", save: "100 1", how: core.SaveNever},
		{name: "SAVE", how: core.SaveAlways, saved: true},
		{name: "a failed save", save: "100 1", how: core.SaveAsConfigured, fail: broken, failed: true},
		{name: "FORCE", save: "100 1", how: core.SaveAsConfigured, force: true, fail: broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, "save", tt.save)
			r.must("SET", "k", "v")
			disk.set(-1, tt.fail)
			err := r.svc.Shutdown(context.Background(), tt.how, tt.force)
			if (err != nil) != tt.failed {
				t.Errorf("error %v", err)
			}
			_, serr := disk.Stat("dump.rdb")
			if saved := serr == nil; saved != tt.saved {
				t.Errorf("saved: %v", saved)
			}
		})
	}
}

// Close doesn't wait for clients that go on writing: what was executed before it is on disk, and that is all.
func TestCloseAmongWriters(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "appendonly", "yes", "appendfsync", "everysec")
	r.must("SET", "before", "1")
	stop, wg := make(chan struct{}), sync.WaitGroup{}
	for g := range 3 {
		wg.Go(func() { // faster than any client
			effect := []effects.Command{{Args: [][]byte{[]byte("SET"), fmt.Append(nil, "key", g), bytes.Repeat([]byte("v"), 1000)}}}
			for {
				select {
				case <-stop:
					return
				default:
					r.eng.Log().Append(false, effect)
				}
			}
		})
	}
	closed := make(chan error)
	go func() { closed <- r.svc.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("Close waits for clients that go on writing")
	}
	close(stop)
	wg.Wait()
	r.close()
	if got := start(t, disk, "appendonly", "yes").do("GET", "before"); got != "$1\r\n1\r\n" {
		t.Errorf("what was written before Close: %q", got)
	}
}
