package persistence

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// crashes collects what a crash would leave at each step that is done on a disk: kill -9, a power failure that takes all that
// was not flushed, and one that takes some of it.
type crashes struct {
	t    *testing.T
	disk *faultFS

	mu    sync.Mutex
	over  bool
	rnd   *rand.Rand
	seen  map[[sha256.Size]byte]bool
	views []view
}

func watch(t *testing.T, disk *faultFS) *crashes {
	c := &crashes{t: t, disk: disk, rnd: rand.New(rand.NewPCG(1, 2)), seen: map[[sha256.Size]byte]bool{}}
	disk.onStep(c.record)
	return c
}

// record is called before each step.
func (c *crashes) record() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	views := []view{c.disk.kernelView(c.t), c.disk.powerView(nil)}
	for range 3 {
		views = append(views, c.disk.powerView(c.rnd))
	}
	for _, v := range views {
		h := sha256.New()
		for _, name := range slices.Sorted(maps.Keys(v)) {
			_, _ = fmt.Fprintf(h, "%q %q\n", name, v[name])
		}
		if sum := [sha256.Size]byte(h.Sum(nil)); !c.seen[sum] {
			c.seen[sum] = true
			c.views = append(c.views, v)
		}
	}
}

// end takes the last of them: what is there now must outlive any crash. A step in the background, such as of a redo log that is being made, may
// have begun before: it is not recorded any more.
func (c *crashes) end() (last []view) {
	c.disk.onStep(nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	return []view{c.disk.kernelView(c.t), c.disk.powerView(nil), c.disk.powerView(c.rnd)}
}

// wantAfter starts a server on what each crash has left, in a directory below the root: its data set is one of those wanted, it can be written to,
// and nothing is left over.
func wantAfter(t *testing.T, views []view, below string, opts []string, want ...string) {
	t.Helper()
	for i, v := range views {
		dir := t.TempDir()
		v.restore(t, dir)
		before := slices.Sorted(maps.Keys(v))
		dir = filepath.Join(dir, below)
		r := start(t, newFaultFS(t, dir), opts...)
		if got := r.eng.Digest(); !slices.Contains(want, got) {
			t.Fatalf("crash %d: the data set is another one. Files: %v\n%s", i, before, r.log.String())
		}
		r.must("SET", "after", "the crash")
		digest := r.stop()
		r.close()
		for _, pattern := range []string{"temp-*", "*/temp-*"} {
			if left, _ := filepath.Glob(filepath.Join(dir, pattern)); len(left) > 0 {
				t.Errorf("crash %d: left over: %v", i, left)
			}
		}
		if slices.Contains(opts, "appendonly") {
			r = start(t, newFaultFS(t, dir), opts...)
			r.wantDigest(digest)
			r.close()
		}
	}
}

var (
	withAOF  = []string{"appendonly", "yes", "appendfsync", "always"}
	withRedo = append(slices.Clip(withAOF), "aof-redo-log-size", "32kb")
)

// logOf has a server write a log with values of all types into a directory, and returns the digest.
func logOf(t *testing.T, dir string) string {
	t.Helper()
	r := start(t, newFaultFS(t, dir), withAOF...)
	r.must("SET", "k", "v")
	r.must("RPUSH", "l", "a", "b", strings.Repeat("c", 5000))
	r.rewriteNow()
	r.must("MULTI")
	r.must("SADD", "s", "1", "x")
	r.must("SELECT", "3")
	r.must("HSET", "h", "f", "v")
	r.must("EXEC")
	want := r.stop()
	r.close()
	return want
}

// writeFile writes a file of a directory, or adds to it.
func writeFile(t *testing.T, flag int, text string, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, flag|os.O_WRONLY|os.O_CREATE, 0o644)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestCrashDuringStart: wherever a crash comes during a start, whatever that has to do, the next start finds everything.
func TestCrashDuringStart(t *testing.T) {
	const incr = "appendonlydir/appendonly.aof.2.incr.aof"
	multi := "*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$5\r\n"
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, dir string) string
	}{
		{"load", logOf},
		{"nothing there", func(t *testing.T, _ string) string {
			return start(t, newFaultFS(t, t.TempDir())).eng.Digest()
		}},
		{"command cut", func(t *testing.T, dir string) string {
			want := logOf(t, dir)
			writeFile(t, os.O_APPEND, "*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$5000\r\nxxx", dir, incr)
			return want
		}},
		{"transaction cut", func(t *testing.T, dir string) string {
			want := logOf(t, dir)
			writeFile(t, os.O_APPEND, "#TS:1\r\n"+multi+"12345\r\n", dir, incr)
			return want
		}},
		{"command cut, and the file of a rewrite behind it", func(t *testing.T, dir string) string {
			want := logOf(t, dir)
			writeFile(t, os.O_APPEND, multi, dir, incr)
			writeFile(t, os.O_TRUNC, "", dir, strings.Replace(incr, "2", "3", 1))
			writeFile(t, os.O_APPEND, "file appendonly.aof.3.incr.aof seq 3 type i\n", dir, "appendonlydir/appendonly.aof.manifest")
			return want
		}},
		{"leftovers", func(t *testing.T, dir string) string {
			want := logOf(t, dir)
			for _, name := range []string{
				"temp-rewriteaof-bg-123.aof", "temp-rewriteaof-123.aof", "temp-appendonly.aof.incr",
				"temp-appendonly.aof.manifest", "appendonly.aof.0.base.rdb",
			} {
				writeFile(t, os.O_TRUNC, "rubbish", dir, "appendonlydir", name)
			}
			writeFile(t, os.O_TRUNC, "", dir, "appendonlydir", "appendonly.aof.3.incr.aof")
			writeFile(t, os.O_APPEND, "file appendonly.aof.0.base.rdb seq 9 type h\n", dir, "appendonlydir/appendonly.aof.manifest")
			writeFile(t, os.O_TRUNC, "rubbish", dir, "temp-999999999.rdb")
			return want
		}},
		{"old AOF", func(t *testing.T, dir string) string {
			writeFile(t, os.O_TRUNC, "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n", dir, "appendonly.aof")
			r := start(t, newFaultFS(t, t.TempDir()))
			r.must("SET", "a", "1")
			return r.eng.Digest()
		}},
		{"old AOF with a snapshot in front, cut", func(t *testing.T, dir string) string {
			r := start(t, newFaultFS(t, dir), "dbfilename", "appendonly.aof")
			r.fill(3)
			r.save()
			want := r.stop()
			writeFile(t, os.O_APPEND, multi, dir, "appendonly.aof")
			return want
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			want := c.prepare(t, dir)
			disk := newFaultFS(t, dir)
			crashed := watch(t, disk)
			r := start(t, disk, withAOF...)
			r.wantDigest(want)
			last := crashed.end()
			t.Logf("%d crashes", len(crashed.views)+len(last))
			wantAfter(t, append(crashed.views, last...), "", withAOF, want)
		})
	}
}

// TestCrashDuringWork: the same for what a running server does with its files.
func TestCrashDuringWork(t *testing.T) {
	// away is where the files are to be looked for afterwards, if they are there; switched tells that the log counts only in the end.
	for _, c := range []struct {
		name, away string
		opts       []string
		switched   bool
		work       func(r *rig)
	}{
		{name: "rewrite", opts: withAOF, work: (*rig).rewriteNow},
		{name: "rewrite to commands", opts: append(withAOF, "aof-use-rdb-preamble", "no"), work: (*rig).rewriteNow},
		{name: "rewrite that keeps history", opts: append(withAOF, "aof-disable-auto-gc", "yes"), work: func(r *rig) {
			r.rewriteNow()
			r.rewriteNow()
			r.set("aof-disable-auto-gc", "no")
		}},
		{name: "rewrite beside a redo log", opts: withRedo, work: func(r *rig) {
			r.rewriteNow()
			r.must("SET", "k", "v")
			r.rewriteNow()
			r.must("SET", "k", "v")
		}},
		{name: "shutdown", opts: withAOF, work: func(r *rig) { r.stop() }},
		{name: "shutdown with a redo log", opts: withRedo, work: func(r *rig) { r.stop() }},
		{name: "appendonly yes", switched: true, work: func(r *rig) {
			r.set("appendonly", "yes")
			eventually(r.t, "the log counts", func() bool { return r.aof().enabled() && !r.aof().rewriting() })
		}},
		{name: "appendonly no and yes", switched: true, opts: withAOF, work: func(r *rig) {
			r.set("appendonly", "no")
			r.must("SET", "not", "logged")
			r.set("appendonly", "yes")
			eventually(r.t, "the log counts", func() bool { return r.aof().enabled() && !r.aof().rewriting() })
		}},
		{name: "appendonly no and yes beside a redo log", switched: true, opts: withRedo, work: func(r *rig) {
			r.set("appendonly", "no")
			r.set("appendonly", "yes")
			eventually(r.t, "the log counts", func() bool { return r.aof().enabled() && !r.aof().rewriting() })
		}},
		{name: "another directory, with redo logs", away: "b", opts: withRedo, work: func(r *rig) {
			dir := filepath.Join(r.fs.root, "b")
			r.set("dir", dir)
			r.moved(dir)
		}},
		{name: "another directory", away: "b", opts: withAOF, work: func(r *rig) {
			dir := filepath.Join(r.fs.root, "b")
			r.set("dir", dir)
			r.moved(dir)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "b"), 0o755); err != nil {
				t.Fatal(err)
			}
			disk := newFaultFS(t, dir)
			r := start(t, disk, c.opts...)
			empty := r.eng.Digest()
			r.must("SET", "k", "v")
			r.must("RPUSH", "l", "a", "b", strings.Repeat("c", 5000))
			want := []string{r.eng.Digest()}
			if c.switched {
				want = append(want, empty)
			}
			if len(c.opts) > 0 {
				r.flushed()
			}
			crashed := watch(t, disk)
			c.work(r)
			last := crashed.end()
			t.Logf("%d crashes", len(crashed.views)+len(last))
			now := r.eng.Digest()
			wantAfter(t, crashed.views, "", withAOF, append(want, now)...)
			wantAfter(t, last, "", withAOF, now)
			if c.away == "" {
				return
			}
			moved := slices.DeleteFunc(append(crashed.views, last...), func(v view) bool {
				return v[filepath.Join(c.away, "appendonlydir/appendonly.aof.manifest")] == nil
			})
			t.Logf("%d of them in the new directory", len(moved))
			wantAfter(t, moved, c.away, withAOF, now)
		})
	}
}
