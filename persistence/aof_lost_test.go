package persistence

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRemovedFilesOfTheLogAreMadeAnew: a log that has lost a file is noticed, writes are refused until it is whole again, and then the
// next start has everything that was acknowledged.
func TestRemovedFilesOfTheLogAreMadeAnew(t *testing.T) {
	for _, name := range []string{"appendonly.aof.1.base.rdb", "appendonly.aof.1.incr.aof", "appendonly.aof.manifest", ""} {
		t.Run("appendonlydir/"+name, func(t *testing.T) {
			t.Parallel()
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, "appendonly", "yes")
			r.fill(5)
			r.flushed()
			disk.set(-1, func(op, name string) error { // no rewrite ends
				if op == "rename" && strings.Contains(name, "temp-rewriteaof") {
					return os.ErrPermission
				}
				return nil
			})
			if err := os.RemoveAll(filepath.Join(disk.root, "appendonlydir", name)); err != nil {
				t.Fatal(err)
			}
			eventually(t, "writes are refused", func() bool {
				return r.do("SET", "probe", "v") == "-MISCONF Errors writing to the AOF file: No such file or directory\r\n"
			})
			if got := r.info("aof_last_write_status"); got != "err" {
				t.Errorf("aof_last_write_status: %s", got)
			}
			r.aof().rewrites.wait()
			disk.set(-1, nil)
			eventually(t, "writes are taken", func() bool { return r.do("SET", "after", "v") == "+OK\r\n" })
			if got := r.info("aof_last_write_status"); got != "ok" {
				t.Errorf("aof_last_write_status: %s", got)
			}
			want := r.stop()
			start(t, newFaultFS(t, disk.root), "appendonly", "yes").wantDigest(want)
		})
	}
}

// TestReplacedFilesOfTheLogAreMadeAnew: the same when another file is put in the place of one; the server's own rewrites are no such thing.
func TestReplacedFilesOfTheLogAreMadeAnew(t *testing.T) {
	for _, name := range []string{"appendonly.aof.2.base.rdb", "appendonly.aof.2.incr.aof", "appendonly.aof.manifest"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, "appendonly", "yes")
			seen := func() bool {
				r.aof().mu.Lock()
				defer r.aof().mu.Unlock()
				return len(r.aof().seen) == 3
			}
			eventually(t, "the files are seen", seen)
			r.fill(5)
			r.rewriteNow()
			eventually(t, "the new files are seen", func() bool {
				r.aof().mu.Lock()
				defer r.aof().mu.Unlock()
				return len(r.aof().seen) == 3 && r.aof().seen[r.aof().path("appendonly.aof.2.base.rdb")] != nil
			})
			r.must("SET", "before", "v")
			path := filepath.Join(disk.root, "appendonlydir", name)
			was, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path+".new", was, 0o644)
			}
			if err == nil {
				err = os.Rename(path+".new", path)
			}
			if err != nil {
				t.Fatal(err)
			}
			eventually(t, "it is noticed", func() bool {
				return strings.Contains(r.log.String(), "removed or replaced") || r.do("SET", "probe", "v") == "-MISCONF Errors writing to the AOF file: Another file is in its place\r\n"
			})
			eventually(t, "writes are taken", func() bool { return r.do("SET", "after", "v") == "+OK\r\n" })
			if n := strings.Count(r.log.String(), "removed or replaced"); n != 1 {
				t.Errorf("noticed %d times\n%s", n, r.log.String())
			}
			want := r.stop()
			start(t, newFaultFS(t, disk.root), "appendonly", "yes").wantDigest(want)
		})
	}
}

// must asks a server that must not answer with an error.
func (k *talker) must(t *testing.T, args ...string) {
	t.Helper()
	if got, err := k.ask(args...); err != nil || strings.HasPrefix(got, "-") {
		t.Fatalf("%q: %s, %v", args, got, err)
	}
}

func (s *crashServer) client(t *testing.T) *talker {
	t.Helper()
	k, err := dial(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.conn.Close() })
	return k
}

// twice has the server make a file and begin another one.
func (k *talker) twice(t *testing.T, command string) {
	t.Helper()
	for range 2 {
		eventually(t, command+" begins", func() bool { got, _ := k.ask(command); return strings.HasPrefix(got, "+") })
	}
}

const movableOptions = "appendonly yes appendfsync always"

// TestDataDirectoryIsMoved: a server whose directory is moved goes on there, as redis-server does, and leaves alone what is put in its
// place: a directory of another server.
func TestDataDirectoryIsMoved(t *testing.T) {
	parent := t.TempDir()
	dir, moved := filepath.Join(parent, "data"), filepath.Join(parent, "moved")
	mkdir(t, dir)
	first := serve(t, dir, movableOptions, 0)
	k := first.client(t)
	for i := range 10 {
		k.must(t, "SET", fmt.Sprint("first:", i), "v")
	}
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	mkdir(t, dir)
	second := serve(t, dir, movableOptions, 0)
	l := second.client(t)
	l.must(t, "SET", "second", "v")
	k.must(t, "SET", "first:after", "v")
	k.twice(t, "BGREWRITEAOF")
	k.twice(t, "BGSAVE")
	k.must(t, "SET", "first:last", "v")
	l.must(t, "SET", "second:last", "v")
	first.kill()
	second.kill()
	for _, c := range []struct{ dir, keys string }{{moved, ":12"}, {dir, ":2"}} {
		s := serve(t, c.dir, movableOptions, 0)
		if got, err := s.client(t).ask("DBSIZE"); got != c.keys {
			t.Errorf("%s has %s keys, want %s (%v)\n%s", c.dir, got, c.keys, err, first.log.String())
		}
		s.kill()
	}
	if got := listDir(t, dir); got != "appendonlydir" {
		t.Errorf("the directory of the second server has %q", got)
	}
}

// TestDataDirectoryIsRemoved: writes are refused until there is a directory again, which then gets everything.
func TestDataDirectoryIsRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	mkdir(t, dir)
	s := serve(t, dir, movableOptions, 0)
	k := s.client(t)
	k.must(t, "SET", "before", "v")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	eventually(t, "writes are refused", func() bool {
		got, err := k.ask("DEL", "nothing")
		return err == nil && strings.HasPrefix(got, "-MISCONF")
	})
	k.must(t, "EXISTS", "before")
	time.Sleep(200 * time.Millisecond)
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory was made: it may be where a disk is mounted")
	}
	mkdir(t, dir)
	eventually(t, "writes are taken", func() bool { got, err := k.ask("SET", "after", "v"); return err == nil && got == "+OK" })
	if l, err := (OS{}).Lock(dir); err == nil {
		_ = l.Close()
		t.Error("another server could take the new directory")
	}
	s.kill()
	s = serve(t, dir, movableOptions, 0)
	if got, _ := s.client(t).ask("EXISTS", "before", "after"); got != ":2" {
		t.Errorf("of before and after there are %s", got)
	}
}

func mkdir(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
}
