package persistence

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/redust/redust/core/options"
)

// moved waits until the log is in a directory.
func (r *rig) moved(dir string) {
	r.t.Helper()
	eventually(r.t, "the log is in "+dir, func() bool { return r.aof().home() == dir && !r.aof().rewrites.active.Load() })
}

// wantFree checks that nobody has the lock of a directory. A child of another test may inherit it for the moment before it executes its
// program.
func wantFree(t *testing.T, dir string) {
	t.Helper()
	eventually(t, "the lock of "+dir+" is free", func() bool {
		l, err := OS{}.Lock(dir)
		return err == nil && l.Close() == nil
	})
}

// TestDirChangesUnderTheAOF: CONFIG SET dir moves the log while clients write; both directories have everything that
// was acknowledged before the change counted, and the new one all the rest.
func TestDirChangesUnderTheAOF(t *testing.T) {
	for _, fsync := range []string{"always", "everysec"} {
		t.Run(fsync, func(t *testing.T) {
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, "appendonly", "yes", "appendfsync", fsync)
			r.fill(100)
			stop, wg := make(chan struct{}), sync.WaitGroup{}
			for g := range 3 {
				wg.Go(func() {
					c := r.eng.NewClient(noConn{})
					for i := 0; ; i++ {
						select {
						case <-stop:
							return
						default:
							doWith(r.eng, c, "RPUSH", fmt.Sprint("events", g), fmt.Sprint(i))
							r.eng.AwaitDurable(c)
							if fsync != "always" {
								time.Sleep(20 * time.Microsecond)
							}
						}
					}
				})
			}
			dirs := []string{t.TempDir(), t.TempDir()}
			for range 2 { // the second time there is a log already
				for _, dir := range dirs {
					r.set("dir", dir)
					r.moved(dir)
				}
			}
			close(stop)
			wg.Wait()
			want := r.stop()
			for _, other := range []string{dirs[0], dirs[1]} {
				wantFree(t, other)
			}
			again := start(t, newFaultFS(t, dirs[1]), "appendonly", "yes")
			again.wantDigest(want)
			if strings.Contains(again.files(), "temp-") {
				t.Errorf("files: %s", again.files())
			}
			// What is left behind is a whole log, too, of an earlier state.
			for _, dir := range []string{disk.root, dirs[0]} {
				old := start(t, newFaultFS(t, dir), "appendonly", "yes")
				if n := old.do("LLEN", "events0"); n == ":0\r\n" && dir != disk.root {
					t.Errorf("%s has lost the events", dir)
				}
				old.close()
			}
		})
	}
}

// TestDirChangeThatFails: the log stays whole where it is, whatever the new disk does, and moves when that is well.
func TestDirChangeThatFails(t *testing.T) {
	for _, c := range []struct{ op, name string }{
		{"open", "temp-rewriteaof"},
		{"write", "temp-rewriteaof"},
		{"sync", "temp-rewriteaof"},
		{"rename", "temp-rewriteaof"},
		{"open", "temp-appendonly.aof.incr"},
		{"rename", "temp-appendonly.aof.incr"},
		{"write", "temp-appendonly.aof.manifest"},
		{"rename", "temp-appendonly.aof.manifest"},
		{"syncdir", "appendonlydir"},
	} {
		t.Run(c.op+" "+c.name, func(t *testing.T) {
			t.Parallel()
			disk, dir := newFaultFS(t, t.TempDir()), t.TempDir()
			r := start(t, disk, "appendonly", "yes", "appendfsync", "always")
			r.fill(5)
			failed := make(chan struct{}, 100)
			disk.set(-1, func(op, name string) error {
				if op == c.op && strings.HasPrefix(name, dir) && strings.Contains(filepath.Base(name), c.name) {
					failed <- struct{}{}
					return unix.EIO
				}
				return nil
			})
			r.set("dir", dir)
			<-failed
			r.aof().rewrites.wait()
			r.must("SET", "after", "the failure")
			r.flushed()
			if got := r.aof().home(); got != "" {
				t.Errorf("the log is in %s", got)
			}
			copied, want := t.TempDir(), r.eng.Digest()
			if err := os.CopyFS(copied, os.DirFS(disk.root)); err != nil {
				t.Fatal(err)
			}
			again := start(t, newFaultFS(t, copied), "appendonly", "yes")
			again.wantDigest(want)
			again.close()
			if _, err := os.Stat(filepath.Join(dir, "appendonlydir", "appendonly.aof.manifest")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a manifest is there: %v", err)
			}
			disk.set(-1, nil)
			r.rewriteNow() // without the pause between attempts of the server's own accord
			r.moved(dir)
			r.must("SET", "after", "the success")
			want = r.stop()
			start(t, newFaultFS(t, dir), "appendonly", "yes").wantDigest(want)
		})
	}
}

// TestDirChangeIsRefused: a directory of another server, or with a log that can't be read, is not entered.
func TestDirChangeIsRefused(t *testing.T) {
	r := start(t, newFaultFS(t, t.TempDir()), "appendonly", "yes")
	damaged, stray, taken := t.TempDir(), t.TempDir(), t.TempDir()
	for _, f := range []struct{ dir, name string }{{damaged, "appendonly.aof.manifest"}, {stray, "appendonly.aof.3.base.rdb"}} {
		if err := os.MkdirAll(filepath.Join(f.dir, "appendonlydir"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(f.dir, "appendonlydir", f.name), []byte("rubbish"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l, err := OS{}.Lock(taken)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for dir, reason := range map[string]string{damaged: "not valid", stray: "manifest is missing", taken: "another server"} {
		err := r.eng.Options().Set([]options.Pair{{Name: "dir", Value: dir}}, options.Permit{Protected: true})
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", reason, err)
		}
	}
	if r.aof().away() {
		t.Error("the log is to move")
	}
	// The same directory by another name is not another server's.
	dir, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	r.set("dir", dir)
	r.set("dir", link)
	r.moved(dir)
}

// TestDirChangesDuringASave: a save ends in the directory in which it began, the next one is written to the new one, and the lock of the
// old one is held until then.
func TestDirChangesDuringASave(t *testing.T) {
	disk, dir := newFaultFS(t, t.TempDir()), t.TempDir()
	r := start(t, disk, "save", "3600 1")
	r.fill(5)
	writing, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	disk.set(-1, func(op, name string) error {
		if op == "write" {
			once.Do(func() { close(writing); <-goOn })
		}
		return nil
	})
	if _, err := r.svc.BackgroundSave(false); err != nil {
		t.Fatal(err)
	}
	<-writing
	r.set("dir", dir)
	if _, err := (OS{}).Lock(disk.root); !errors.Is(err, ErrLocked) {
		t.Errorf("the lock of the old directory: %v", err)
	}
	close(goOn)
	r.svc.saves.wait()
	if got := listDir(t, disk.root); got != "dump.rdb" {
		t.Errorf("the old directory has %q", got)
	}
	wantFree(t, disk.root)
	r.save()
	if got := listDir(t, dir); got != "dump.rdb" {
		t.Errorf("the new directory has %q", got)
	}
}
