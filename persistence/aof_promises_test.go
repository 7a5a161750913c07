package persistence

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/redust/redust/core"
)

// gate holds up what passes while it is shut.
type gate struct {
	shut   atomic.Bool
	opened chan struct{}
}

func newGate() *gate { return &gate{opened: make(chan struct{})} }

func (g *gate) pass() {
	if g.shut.Load() {
		<-g.opened
	}
}

// open lets those pass who wait.
func (g *gate) open() {
	if g.shut.Swap(false) {
		close(g.opened)
	}
}

// wantHeld checks that no reply comes as long as the gate is shut, and that it comes once it is open.
func (g *gate) wantHeld(t *testing.T, reply chan string) {
	t.Helper()
	select {
	case got := <-reply:
		t.Errorf("answered %q although it is not on disk", got)
		reply <- got
	case <-time.After(100 * time.Millisecond):
	}
	g.open()
	wantReply(t, reply)
}

func wantReply(t *testing.T, reply chan string) {
	t.Helper()
	select {
	case got := <-reply:
		if got != "+OK\r\n" {
			t.Errorf("the reply is %q", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no reply")
	}
}

// send runs SET as a connection does; the reply comes when it may be sent.
func (r *rig) send(key string) chan string {
	reply := make(chan string, 1)
	c := r.newClient()
	go func() {
		got := doWith(r.eng, c, "SET", key, "v")
		r.eng.AwaitDurable(c)
		reply <- got
	}()
	return reply
}

// TestDirChangeWaitsForBothLogs: from the moment at which the manifest of the new directory may count, a write is acknowledged when it
// is on disk in both directories. Whichever of them a start finds after a crash has it.
func TestDirChangeWaitsForBothLogs(t *testing.T) {
	disk, dir := newFaultFS(t, t.TempDir()), t.TempDir()
	r := start(t, disk, "appendonly", "yes", "appendfsync", "always")
	joining, goOn := make(chan struct{}), make(chan struct{})
	there, here := newGate(), newGate()
	var once sync.Once
	disk.set(-1, func(op, name string) error {
		away := strings.HasPrefix(name, dir)
		switch {
		case op == "rename" && away && strings.Contains(name, "temp-appendonly.aof.manifest"):
			once.Do(func() { close(joining); <-goOn })
		case op == "sync" && away && strings.Contains(name, ".incr"):
			there.pass()
		case op == "sync" && strings.Contains(name, ".incr"):
			here.pass()
		}
		return nil
	})
	r.set("dir", dir)
	<-joining
	there.shut.Store(true)
	there.wantHeld(t, r.send("late there"))
	here.shut.Store(true)
	here.wantHeld(t, r.send("late here"))
	close(goOn)
	r.moved(dir)
	want := r.stop()
	start(t, newFaultFS(t, dir), "appendonly", "yes").wantDigest(want)
	start(t, newFaultFS(t, disk.root), "appendonly", "yes").wantDigest(want)
}

// TestNoFlushDuringASave: with no-appendfsync-on-rewrite, replies don't wait for the disk while a save or a rewrite has it. What
// was written then is flushed when that has ended, though nothing more is written.
func TestNoFlushDuringASave(t *testing.T) {
	for _, c := range []struct {
		name, temp string
		begin      func(r *rig) error
	}{
		{"save", "temp-", func(r *rig) error { _, err := r.svc.BackgroundSave(false); return err }},
		{"rewrite", "temp-rewriteaof", func(r *rig) error { _, err := r.svc.RewriteAOF(); return err }},
	} {
		for _, fsync := range []string{"always", "everysec"} {
			t.Run(c.name+" "+fsync, func(t *testing.T) {
				t.Parallel()
				disk := newFaultFS(t, t.TempDir())
				r := start(t, disk, "appendonly", "yes", "appendfsync", fsync, "no-appendfsync-on-rewrite", "yes")
				writing, goOn := make(chan struct{}), make(chan struct{})
				var once sync.Once
				var flushes atomic.Int64
				disk.set(-1, func(op, name string) error {
					switch {
					case op == "write" && strings.Contains(name, c.temp) && !strings.Contains(name, ".manifest"):
						once.Do(func() { close(writing); <-goOn })
					case op == "sync" && strings.Contains(name, ".incr"):
						flushes.Add(1)
					}
					return nil
				})
				if err := c.begin(r); err != nil {
					t.Fatal(err)
				}
				<-writing
				if c.name == "rewrite" { // the old file is flushed before the log goes over to the new one
					eventually(t, "the log has gone over", func() bool {
						w := r.aof().writer.Load()
						w.mu.Lock()
						defer w.mu.Unlock()
						return w.next == nil
					})
				}
				before := flushes.Load()
				wantReply(t, r.send("during"))
				eventually(t, "it is written", func() bool { return r.aof().writer.Load().size.Load() > 0 })
				time.Sleep(syncEvery + 100*time.Millisecond)
				if n := flushes.Load() - before; n > 0 {
					t.Errorf("%d flushes during the %s", n, c.name)
				}
				close(goOn)
				r.svc.saves.wait()
				r.aof().rewrites.wait()
				eventually(t, "a flush after the "+c.name, func() bool {
					w := r.aof().writer.Load()
					w.mu.Lock()
					defer w.mu.Unlock()
					return w.durable >= r.eng.Log().Offset()
				})
				wantAfterPowerFailure(t, r, disk, "during")
			})
		}
	}
}

// TestFlushDuringASave: without no-appendfsync-on-rewrite a save changes nothing for appendfsync always.
func TestFlushDuringASave(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "appendonly", "yes", "appendfsync", "always")
	writing, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	flush := newGate()
	disk.set(-1, func(op, name string) error {
		switch {
		case op == "write" && strings.HasSuffix(name, ".rdb"):
			once.Do(func() { close(writing); <-goOn })
		case op == "sync" && strings.Contains(name, ".incr"):
			flush.pass()
		}
		return nil
	})
	if _, err := r.svc.BackgroundSave(false); err != nil {
		t.Fatal(err)
	}
	<-writing
	flush.shut.Store(true)
	flush.wantHeld(t, r.send("during"))
	close(goOn)
	r.svc.saves.wait()
}

// BGREWRITEAOF answers whether the rewrite could begin, and leaves nothing when it couldn't; redis-server does the same.
func TestAOFRewriteThatCantBegin(t *testing.T) {
	for _, c := range []struct{ op, name string }{
		{"open", "appendonly.aof.2.incr.aof"},
		{"open", "temp-appendonly.aof.manifest"},
		{"write", "temp-appendonly.aof.manifest"},
		{"mkdir", "appendonlydir"},
	} {
		t.Run(c.op+" "+c.name, func(t *testing.T) {
			t.Parallel()
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, "appendonly", "yes")
			before := r.files()
			disk.set(-1, func(op, name string) error {
				if op == c.op && strings.HasSuffix(name, c.name) {
					return unix.ENOSPC
				}
				return nil
			})
			if _, err := r.svc.RewriteAOF(); err == nil || !strings.HasPrefix(err.Error(), "ERR Can't execute an AOF background rewriting.") {
				t.Errorf("BGREWRITEAOF: %v", err)
			}
			if got := r.info("aof_last_bgrewrite_status") + r.info("aof_rewrites"); got != "err0" {
				t.Errorf("status and number of rewrites: %s", got)
			}
			if got := r.files(); got != before {
				t.Errorf("files: %s, before %s", got, before)
			}
			disk.set(-1, nil)
			r.rewriteNow()
		})
	}
}

// As in Redis, growth is measured from the base alone after a start: what the files had grown to before isn't known.
func TestAOFGrowthIsMeasuredFromTheBaseAfterAStart(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "appendonly", "yes", "auto-aof-rewrite-percentage", "0")
	for range 100 {
		r.must("SET", "key", strings.Repeat("v", 100))
	}
	r.stop()
	r = start(t, newFaultFS(t, disk.root), "appendonly", "yes", "auto-aof-rewrite-min-size", "1000")
	if base, now := r.info("aof_base_size"), r.info("aof_current_size"); base == now {
		t.Errorf("aof_base_size is %s, as aof_current_size", base)
	}
	eventually(t, "a rewrite of the server's own accord", func() bool { return r.info("aof_rewrites") == "1" })
}

// A server whose log has no base yet doesn't end: the next start would find nothing. As in Redis, FORCE says that this is meant.
func TestShutdownWhileTheFirstBaseIsWritten(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "rdb-key-save-delay", "1000000")
	r.must("SET", "key", "v")
	r.set("appendonly", "yes")
	for _, save := range []core.ShutdownSave{core.SaveAsConfigured, core.SaveNever} {
		if err := r.svc.Shutdown(t.Context(), save, false); err == nil {
			t.Errorf("%v: the shutdown was made", save)
		}
	}
	if got := r.info("aof_pending_rewrite"); got != "1" {
		t.Errorf("aof_pending_rewrite: %s", got)
	}
	if err := r.svc.Shutdown(t.Context(), core.SaveAsConfigured, true); err != nil {
		t.Errorf("FORCE: %v", err)
	}
}

// An empty dbfilename is no file: the server starts without data, and a save fails.
func TestEmptyFileName(t *testing.T) {
	r := start(t, newFaultFS(t, t.TempDir()), "dbfilename", "")
	if err := r.svc.Save(); err == nil {
		t.Error("a save to no file succeeds")
	}
	if got := listDir(t, r.fs.root); got != "" {
		t.Errorf("the directory has %q", got)
	}
}

// rdb_saves counts what SAVE, BGSAVE and save points begin, and CONFIG RESETSTAT sets counters back: redis-server does both.
func TestCountersOfPersistence(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "save", "3600 1", "appendonly", "yes")
	want := func(when, saves, rewrites, failures string) {
		t.Helper()
		got := r.info("rdb_saves") + " " + r.info("aof_rewrites") + " " + r.info("aof_rewrites_consecutive_failures")
		if got != saves+" "+rewrites+" "+failures {
			t.Errorf("%s: %s saves, rewrites and failures, want %s %s %s", when, got, saves, rewrites, failures)
		}
	}
	r.save()
	want("SAVE", "1", "0", "0")
	r.must("FLUSHALL")
	r.svc.WaitFlushed()
	want("FLUSHALL", "1", "0", "0")
	if _, err := r.svc.BackgroundSave(false); err != nil {
		t.Fatal(err)
	}
	r.svc.saves.wait()
	want("BGSAVE", "2", "0", "0")
	disk.set(-1, func(op, _ string) error {
		if op == "rename" {
			return unix.EIO
		}
		return nil
	})
	if r.svc.Save() == nil {
		t.Error("a save succeeds on a disk that fails")
	}
	want("SAVE that fails", "3", "0", "0")
	disk.set(-1, failing("open", unix.EIO))
	if _, err := r.svc.RewriteAOF(); err == nil {
		t.Error("a rewrite succeeds on a disk that fails")
	}
	disk.set(-1, nil)
	r.rewriteNow()
	disk.set(-1, func(op, name string) error {
		if op == "rename" && strings.Contains(name, "temp-rewriteaof") {
			return unix.EIO
		}
		return nil
	})
	if _, err := r.svc.RewriteAOF(); err != nil {
		t.Fatal(err)
	}
	r.aof().rewrites.wait()
	want("a rewrite that fails", "3", "2", "1")
	r.eng.ResetStats()
	want("CONFIG RESETSTAT", "0", "0", "0")
	if got := r.info("aof_last_bgrewrite_status"); got != "err" {
		t.Errorf("aof_last_bgrewrite_status: %s", got)
	}
}
