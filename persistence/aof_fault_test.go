package persistence

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/redust/redust/core"
)

// acknowledged runs a command as a connection does: the reply counts once it may be sent.
func acknowledged(e *core.Engine, c *core.Client, args ...string) string {
	reply := doWith(e, c, args...)
	e.AwaitDurable(c)
	return reply
}

// failing makes one operation on the incr files fail.
func failing(op string, errno error) func(string, string) error {
	return func(o, name string) error {
		if o == op && strings.Contains(name, ".incr.aof") {
			return errno
		}
		return nil
	}
}

func TestAOFDiskErrorsRefuseWritesUntilTheDiskIsWell(t *testing.T) {
	for _, c := range []struct {
		name, fsync, want string
		space             int64
		fail              func(op, name string) error
	}{
		{"disk full", "everysec", "No space left on device", 10, nil},
		{"disk full", "always", "No space left on device", 10, nil},
		{"disk full at once", "no", "No space left on device", 0, nil},
		{"write fails", "everysec", "Input/output error", -1, failing("write", unix.EIO)},
		{"fsync fails", "everysec", "Input/output error", -1, failing("sync", unix.EIO)},
		{"fsync fails", "always", "Input/output error", -1, failing("sync", unix.EIO)},
	} {
		t.Run(c.name+" "+c.fsync, func(t *testing.T) {
			t.Parallel()
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, "appendonly", "yes", "appendfsync", c.fsync)
			r.must("SET", "before", "1")
			r.flushed()
			disk.set(c.space, c.fail)
			// The write that meets the fault is executed: under always its reply waits.
			held := make(chan string, 1)
			writer := r.eng.NewClient(noConn{})
			go func() { held <- acknowledged(r.eng, writer, "SET", "during", strings.Repeat("x", 1000)) }()
			refused := fmt.Sprintf("-MISCONF Errors writing to the AOF file: %s\r\n", c.want)
			eventually(t, "the fault is noticed", func() bool { return r.info("aof_last_write_status") == "err" })
			eventually(t, "writes are refused", func() bool { return strings.HasPrefix(r.do("DEL", "probe"), "-MISCONF") })
			if got := r.do("SET", "probe", "1"); !strings.EqualFold(got, refused) {
				t.Errorf("SET: %q", got)
			}
			if got := r.do("GET", "before"); got != "$1\r\n1\r\n" {
				t.Errorf("GET: %q", got)
			}
			if got := r.info("aof_last_write_status"); got != "err" {
				t.Errorf("aof_last_write_status: %s", got)
			}
			if c.fsync == "always" {
				select {
				case got := <-held:
					t.Errorf("answered %q although the disk has nothing", got)
				case <-time.After(50 * time.Millisecond):
				}
			}
			disk.set(-1, nil)
			if got := <-held; got != "+OK\r\n" {
				t.Errorf("the reply that was held: %q", got)
			}
			eventually(t, "writes are accepted", func() bool { return r.do("SET", "after", "1") == "+OK\r\n" })
			if got := r.info("aof_last_write_status"); got != "ok" {
				t.Errorf("aof_last_write_status: %s", got)
			}
			if n := strings.Count(r.log.String(), "Error writing to the AOF file"); n != 1 {
				t.Errorf("the error is logged %d times", n)
			}
			want := r.stop()
			r = start(t, disk, "appendonly", "yes", "aof-load-truncated", "no")
			r.wantDigest(want)
		})
	}
}

// TestAOFAlwaysSurvivesPowerFailure: what was acknowledged is there after the power went, also when flushes
// failed in between, and the log is never damaged.
func TestAOFAlwaysSurvivesPowerFailure(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	for round := range rounds {
		disk := newFaultFS(t, t.TempDir())
		redo := "0"
		if round%4 >= 2 {
			redo = "32kb"
		}
		r := start(t, disk, append(withAOF, "no-appendfsync-on-rewrite", "no", "aof-redo-log-size", redo)...)
		var acked [4]atomic.Int64
		var wg sync.WaitGroup
		var down atomic.Bool
		for g := range acked {
			wg.Go(func() {
				c := r.eng.NewClient(noConn{})
				for i := int64(1); !down.Load(); i++ {
					for acknowledged(r.eng, c, "RPUSH", fmt.Sprint("list", g), fmt.Sprint(i)) != fmt.Sprintf(":%d\r\n", i) {
						if down.Load() {
							return
						}
					}
					acked[g].Store(i)
				}
			})
		}
		time.Sleep(time.Duration(round) * 3 * time.Millisecond)
		if round%2 == 1 {
			_, _ = r.svc.RewriteAOF()
		}
		if round%3 == 2 {
			disk.set(-1, failing("sync", unix.EIO))
			time.Sleep(20 * time.Millisecond)
			disk.set(-1, nil)
		}
		time.Sleep(10 * time.Millisecond)
		disk.mu.Lock() // from here on nothing reaches the disk
		disk.ignoreSync = true
		var want [4]int64
		for g := range acked {
			want[g] = acked[g].Load()
		}
		disk.mu.Unlock()
		down.Store(true)
		wg.Wait()
		r.close()
		disk.crash(t)
		r = start(t, newFaultFS(t, disk.root), "appendonly", "yes")
		for g := range want {
			got := r.do("LLEN", fmt.Sprint("list", g))
			var n int64
			if _, err := fmt.Sscanf(got, ":%d", &n); err != nil || n < want[g] {
				t.Errorf("round %d: list%d has %s entries, %d were acknowledged", round, g, strings.TrimSpace(got), want[g])
			}
		}
		r.close()
	}
}

// TestAOFEverysecHoldsRepliesWhileTheDiskIsLate: no more than a second's acknowledged writes wait for the disk.
func TestAOFEverysecHoldsRepliesWhileTheDiskIsLate(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "appendonly", "yes")
	release := make(chan struct{})
	var once sync.Once
	disk.set(-1, func(op, name string) error {
		if op == "sync" && strings.Contains(name, ".incr.aof") {
			<-release
		}
		return nil
	})
	defer once.Do(func() { close(release) })
	c := r.eng.NewClient(noConn{})
	begin := time.Now()
	acknowledged(r.eng, c, "SET", "a", "1")
	eventually(t, "replies wait", r.svc.MustWait)
	if late := time.Since(begin); late < syncLate-100*time.Millisecond || late > 2*syncLate {
		t.Errorf("replies wait after %v", late)
	}
	held := make(chan struct{})
	go func() { acknowledged(r.eng, c, "SET", "b", "1"); close(held) }()
	select {
	case <-held:
		t.Error("a write was acknowledged while the disk was late")
	case <-time.After(20 * time.Millisecond):
	}
	if got := r.info("aof_delayed_fsync"); got != "1" {
		t.Errorf("aof_delayed_fsync: %s", got)
	}
	once.Do(func() { close(release) })
	<-held
}

// TestRepliesWaitForAWriteThatTakesLong: what a kill could take doesn't grow while the file can't be written to, whatever appendfsync says.
func TestRepliesWaitForAWriteThatTakesLong(t *testing.T) {
	for _, c := range []struct{ fsync, op string }{{"everysec", "write"}, {"no", "write"}, {"everysec", "sync"}, {"no", "sync"}} {
		t.Run(c.fsync+" "+c.op, func(t *testing.T) {
			t.Parallel()
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, "appendonly", "yes", "appendfsync", c.fsync)
			slow := newGate()
			disk.set(-1, func(op, name string) error {
				if op == c.op && strings.Contains(name, ".1.incr.aof") {
					slow.pass()
				}
				return nil
			})
			slow.shut.Store(true)
			wantReply(t, r.send("before"))
			if c.op == "sync" { // as the log goes over to another file
				if _, err := r.svc.RewriteAOF(); err != nil {
					t.Fatal(err)
				}
			}
			begin := time.Now()
			eventually(t, "replies wait", r.svc.MustWait)
			if took := time.Since(begin); took > syncLate/2 {
				t.Errorf("replies wait after %v", took)
			}
			slow.wantHeld(t, r.send("held"))
			eventually(t, "replies don't wait", func() bool { return !r.svc.MustWait() })
		})
	}
}

// TestAOFRewriteFailures: whichever step of a rewrite fails, the files on disk still give the data set.
func TestAOFRewriteFailures(t *testing.T) {
	for _, c := range []struct{ op, name string }{
		{"open", ".2.incr.aof"},
		{"open", "temp-rewriteaof"},
		{"write", "temp-rewriteaof"},
		{"sync", "temp-rewriteaof"},
		{"rename", "temp-rewriteaof"},
		{"rename", "temp-appendonly.aof.manifest"},
		{"write", "temp-appendonly.aof.manifest"},
		{"syncdir", "appendonlydir"},
		{"remove", ".1.base.rdb"},
	} {
		t.Run(c.op+" "+c.name, func(t *testing.T) {
			t.Parallel()
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, "appendonly", "yes")
			r.fill(5)
			disk.set(-1, failingAt(c.op, c.name))
			if _, err := r.svc.RewriteAOF(); err != nil && err != errCantRewrite {
				t.Fatal(err)
			}
			r.aof().rewrites.wait()
			if got := r.info("aof_last_bgrewrite_status"); got != "err" && c.op != "remove" {
				t.Errorf("aof_last_bgrewrite_status: %s", got)
			}
			r.must("SET", "after", "the failure")
			r.flushed()
			size := int64(0)
			for _, f := range r.aof().manifest.current() {
				info, err := os.Stat(filepath.Join(disk.root, "appendonlydir", f.name))
				if err != nil {
					t.Fatal(err)
				}
				size += info.Size()
			}
			if got := r.info("aof_current_size"); got != fmt.Sprint(size) {
				t.Errorf("aof_current_size: %s, the files have %d bytes", got, size)
			}
			r.survivesCrash()
			disk.set(-1, nil)
			r.rewriteNow()
			r.must("SET", "after", "the success")
			want := r.stop()
			r = start(t, disk, "appendonly", "yes")
			r.wantDigest(want)
			if strings.Contains(r.files(), "temp-") {
				t.Errorf("files: %s", r.files())
			}
		})
	}
}

// survivesCrash starts a server on a copy of the files as they are now.
func (r *rig) survivesCrash() {
	r.t.Helper()
	copied := r.t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(r.fs.root)); err != nil {
		r.t.Fatal(err)
	}
	again := start(r.t, newFaultFS(r.t, copied), "appendonly", "yes")
	defer again.close()
	again.wantDigest(r.eng.Digest())
}

// failingAt fails one operation on files of a name.
func failingAt(op, name string) func(op, name string) error {
	return func(o, n string) error {
		if o == op && strings.Contains(n, name) {
			return unix.EIO
		}
		return nil
	}
}

// TestAOFRewriteFailsTwice: the first time the new manifest is in place though its directory couldn't be flushed. What fails next must not take
// the files away that it names.
func TestAOFRewriteFailsTwice(t *testing.T) {
	for _, second := range []struct{ op, name string }{
		{"open", ".incr.aof"},
		{"open", "temp-appendonly.aof.manifest"},
		{"write", "temp-appendonly.aof.manifest"},
		{"rename", "temp-appendonly.aof.manifest"},
		{"syncdir", "appendonlydir"},
		{"rename", "temp-rewriteaof"},
	} {
		t.Run(second.op+" "+second.name, func(t *testing.T) {
			t.Parallel()
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, "appendonly", "yes")
			r.fill(5)
			for _, fail := range []func(op, name string) error{failingAt("syncdir", "appendonlydir"), failingAt(second.op, second.name)} {
				disk.set(-1, fail)
				if _, err := r.svc.RewriteAOF(); err != nil && err != errCantRewrite {
					t.Fatal(err)
				}
				r.aof().rewrites.wait()
				r.must("SET", "after", "the failure")
				r.flushed()
				r.survivesCrash()
			}
			disk.set(-1, nil)
			r.rewriteNow()
			r.must("SET", "after", "the success")
			want := r.stop()
			r = start(t, disk, "appendonly", "yes")
			r.wantDigest(want)
		})
	}
}

// TestAOFLeftoversAreRemoved: what a crash has left in the directory goes at the next start.
func TestAOFLeftoversAreRemoved(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "appendonly", "yes")
	r.must("SET", "a", "1")
	want := r.stop()
	dir := filepath.Join(disk.root, "appendonlydir")
	for _, name := range []string{"temp-rewriteaof-bg-123.aof", "temp-rewriteaof-123.aof", "temp-appendonly.aof.incr", "temp-appendonly.aof.manifest", "appendonly.aof.2.incr.aof"} {
		content := "rubbish"
		if strings.HasSuffix(name, "2.incr.aof") {
			content = ""
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "appendonly.aof.manifest"))
	if err != nil {
		t.Fatal(err)
	}
	manifest = append([]byte("file appendonly.aof.0.base.rdb seq 9 type h\n"), manifest...)
	_ = os.WriteFile(filepath.Join(dir, "appendonly.aof.manifest"), manifest, 0o644)
	_ = os.WriteFile(filepath.Join(dir, "appendonly.aof.0.base.rdb"), []byte("old"), 0o644)
	r = start(t, disk, "appendonly", "yes")
	r.wantDigest(want)
	if got, want := r.files(), "appendonly.aof.1.base.rdb appendonly.aof.1.incr.aof appendonly.aof.manifest"; got != want {
		t.Errorf("files: %s", got)
	}
}
