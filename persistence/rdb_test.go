package persistence

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
)

func TestSavedAndLoaded(t *testing.T) {
	for _, opts := range [][]string{
		nil,
		{"rdbcompression", "no"},
		{"rdbchecksum", "no"},
		{"maxmemory-policy", "allkeys-lru"},
		{"maxmemory-policy", "allkeys-lfu"},
	} {
		t.Run(strings.Join(opts, " "), func(t *testing.T) {
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, opts...)
			r.fill(500)
			want := r.eng.Digest()
			r.save()
			if got := start(t, disk, opts...); got.eng.Digest() != want {
				t.Error("loaded data differ")
			} else if got.info("rdb_last_load_keys_loaded") != fmt.Sprint(2*(500+5+15+1)) {
				t.Errorf("keys loaded: %s", got.info("rdb_last_load_keys_loaded"))
			}
			if err := r.svc.Reload(false, core.ReloadFlags{}); err != nil {
				t.Fatal(err)
			}
			if r.eng.Digest() != want {
				t.Error("reloaded data differ")
			}
		})
	}
}

func TestReloadFlags(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk)
	r.must("SET", "a", "saved")
	r.save()
	r.must("SET", "a", "later")
	r.must("SET", "b", "later")
	if err := r.svc.Reload(false, core.ReloadFlags{NoSave: true, NoFlush: true}); err == nil {
		t.Error("a key that was there came again, without MERGE")
	}
	if err := r.svc.Reload(false, core.ReloadFlags{NoSave: true, NoFlush: true, Merge: true}); err != nil {
		t.Fatal(err)
	}
	if got := r.do("MGET", "a", "b"); got != "*2\r\n$5\r\nsaved\r\n$5\r\nlater\r\n" {
		t.Errorf("merged: %q", got)
	}
	if err := r.svc.Reload(false, core.ReloadFlags{NoSave: true}); err != nil {
		t.Fatal(err)
	}
	if got := r.do("MGET", "a", "b"); got != "*2\r\n$5\r\nsaved\r\n$-1\r\n" {
		t.Errorf("reloaded: %q", got)
	}
}

func TestExpiredKeysAreNotLoaded(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk)
	r.must("SET", "short", "v", "PX", "20")
	r.must("SET", "long", "v", "PX", "100000")
	r.eng.SetActiveExpire(false)
	r.save()
	time.Sleep(30 * time.Millisecond)
	r = start(t, disk)
	if l, e := r.info("rdb_last_load_keys_loaded"), r.info("rdb_last_load_keys_expired"); l != "1" || e != "1" {
		t.Errorf("loaded %s, expired %s", l, e)
	}
}

func TestBackgroundSave(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk)
	r.fill(2000)
	want := r.eng.Digest()
	if status, err := r.svc.BackgroundSave(false); err != nil || status != "Background saving started" {
		t.Fatal(status, err)
	}
	if n := r.eng.Stats().Load().Snapshots; n == 0 {
		t.Error("the snapshot isn't counted")
	}
	r.must("FLUSHDB")                 // disturbs it, or comes too late
	r.must("SET", "after", "the end") // not in the file if it was in time
	r.svc.saves.wait()
	if got := r.info("rdb_last_bgsave_status"); got != "ok" {
		t.Fatalf("status %s\n%s", got, r.log.String())
	}
	loaded := start(t, disk)
	if got := loaded.eng.Digest(); got != want && loaded.do("DBSIZE") == ":0\r\n" {
		t.Errorf("neither the state before nor one after the flush")
	}
}

// While somebody waits for a save, SHUTDOWN maybe, no other is begun that would wait behind it.
func TestSavePointsWaitForAForegroundSave(t *testing.T) {
	r := start(t, newFaultFS(t, t.TempDir()), "save", "1 1", "rdb-key-save-delay", "20000")
	r.fill(50)
	r.eng.AwaitDurable(r.client)
	saved := make(chan error)
	go func() { saved <- r.svc.saveNow(r.svc.ctx, true) }()
	eventually(t, "the save begins", r.svc.saves.active.Load)
	r.svc.saveCron(time.Now().Add(2 * time.Second))
	if r.svc.saves.running() {
		t.Error("a background save was begun behind the one that runs")
	}
	if err := <-saved; err != nil {
		t.Error(err)
	}
}

func TestSavePoints(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "save", "1 3")
	begin := time.Now()
	r.must("SET", "a", "1")
	r.must("SET", "b", "1")
	r.eng.AwaitDurable(r.client) // as before a reply: it counts the changes
	r.svc.saveCron(begin.Add(2 * time.Second))
	if r.svc.saves.running() {
		t.Fatal("saving after 2 changes")
	}
	r.must("SET", "c", "1")
	r.eng.AwaitDurable(r.client)
	r.svc.saveCron(time.Now())
	if r.svc.saves.running() {
		t.Fatal("saving before its time")
	}
	r.svc.saveCron(time.Now().Add(2 * time.Second))
	r.svc.saves.wait()
	if r.info("rdb_saves") != "1" || r.info("rdb_changes_since_last_save") != "0" {
		t.Errorf("saves %s, changes %s", r.info("rdb_saves"), r.info("rdb_changes_since_last_save"))
	}
}

func TestFlushallReplacesTheFile(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "save", "10000 1")
	r.must("SET", "a", "1")
	r.save()
	r.must("FLUSHALL")
	eventually(t, "a save after FLUSHALL", func() bool { return r.info("rdb_saves") == "2" }) // the cron's, as nobody waits for it
	r.svc.saves.wait()
	if got := start(t, disk).do("DBSIZE"); got != ":0\r\n" {
		t.Errorf("what FLUSHALL deleted came back: %q", got)
	}
}

// The reply to FLUSHALL waits for the file, in a transaction, too; where there are no save points, nothing is written.
func TestFlushallIsAnsweredWhenTheFileIsReplaced(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "save", "10000 1")
	for i, flush := range [][][]string{{{"FLUSHALL"}}, {{"MULTI"}, {"FLUSHALL", "ASYNC"}, {"EXEC"}}} {
		r.must("SET", "a", "1")
		r.save()
		for _, cmd := range flush {
			r.must(cmd...)
		}
		r.eng.AwaitDurable(r.client)
		if changes := r.info("rdb_changes_since_last_save"); changes != "0" {
			t.Errorf("%v: %s changes since the last save", flush, changes)
		}
		if saves := r.info("rdb_saves"); saves != strconv.Itoa(i+1) { // as in Redis, what FLUSHALL saves doesn't count
			t.Errorf("%v: %s saves", flush, saves)
		}
	}
	if err := r.eng.Options().Set([]options.Pair{{Name: "save", Value: ""}}, options.Permit{}); err != nil {
		t.Fatal(err)
	}
	r.must("SET", "a", "1")
	r.must("FLUSHALL")
	r.eng.AwaitDurable(r.client)
	if changes := r.info("rdb_changes_since_last_save"); changes != "2" {
		t.Errorf("without save points: %s changes since the last save", changes)
	}
}

// FLUSHALL ends the background save of what it deletes: the file stays, and so does the count of changes.
func TestFlushallGivesUpABackgroundSave(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "save", "", "rdb-key-save-delay", "100000")
	r.fill(1000)
	if _, err := r.svc.BackgroundSave(false); err != nil {
		t.Fatal(err)
	}
	r.must("FLUSHALL")
	r.eng.AwaitDurable(r.client) // as before a reply: it counts the changes
	eventually(t, "the end of the save", func() bool { return r.info("rdb_bgsave_in_progress") == "0" })
	if got := listDir(t, disk.root); got != "" {
		t.Errorf("the directory has %q", got)
	}
	if r.info("rdb_changes_since_last_save") == "0" || r.info("rdb_last_bgsave_status") != "ok" {
		t.Errorf("changes %s, status %s", r.info("rdb_changes_since_last_save"), r.info("rdb_last_bgsave_status"))
	}
}

func TestScheduledSave(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk)
	if status, err := r.svc.ScheduleSave(); status != "Background saving scheduled" || err != nil {
		t.Fatal(status, err)
	}
	eventually(t, "the scheduled save", func() bool { return r.info("rdb_saves") == "1" })
	r.svc.saves.wait()
	if got := listDir(t, disk.root); got != "dump.rdb" {
		t.Errorf("the directory has %q", got)
	}
}

func TestDiskFaultsOfASave(t *testing.T) {
	on := func(op, prefix string, err error) func(string, string) error {
		return func(o, n string) error {
			if o == op && strings.HasPrefix(n, prefix) {
				return err
			}
			return nil
		}
	}
	tests := []struct {
		name  string
		space int64
		fail  func(op, name string) error
		cause error
	}{
		{"no space at all", 0, nil, unix.ENOSPC},
		{"the disk is full in the middle", 100_000, nil, unix.ENOSPC},
		{"an I/O error", -1, on("write", "temp-", unix.EIO), unix.EIO},
		{"a flush fails", -1, on("sync", "temp-", unix.EIO), unix.EIO},
		{"the directory is read-only", -1, func(op, _ string) error {
			if op == "open" || op == "remove" {
				return unix.EROFS
			}
			return nil
		}, unix.EROFS},
		{"the rename fails", -1, on("rename", "temp-", unix.EACCES), unix.EACCES},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, "save", "10000 1", "rdbcompression", "no")
			r.fill(100)
			r.save()
			want := r.eng.Digest()
			r.must("SET", "later", "v")
			disk.set(tt.space, tt.fail)
			if _, err := r.svc.BackgroundSave(false); err != nil {
				t.Fatal(err)
			}
			r.svc.saves.wait()
			if got := r.do("SET", "x", "y"); !strings.HasPrefix(got, "-MISCONF Redis is configured to save RDB snapshots") {
				t.Errorf("a write while the disk fails: %q", got)
			}
			if got := r.do("GET", "later"); got != "$1\r\nv\r\n" {
				t.Errorf("a read while the disk fails: %q", got)
			}
			if got := r.info("rdb_last_bgsave_status"); got != "err" {
				t.Errorf("status %s", got)
			}
			if log := r.log.String(); !strings.Contains(log, tt.cause.Error()) || strings.Contains(log, "removing a temporary file") {
				t.Errorf("the log should say %q, and no more:\n%s", tt.cause, log)
			}
			disk.set(-1, nil)
			entries, _ := disk.ReadDir(".")
			if len(entries) != 1 {
				t.Errorf("left behind: %v", entries)
			}
			other, err := open(t, disk)
			if err == nil {
				err = other.svc.Load()
			}
			if err != nil || other.eng.Digest() != want {
				t.Errorf("the old file: %v", err)
			}
			r.svc.saveCron(time.Now().Add(saveRetry)) // the disk is well: found out without being asked
			r.svc.saves.wait()
			if got := r.do("SET", "x", "y"); got != "+OK\r\n" {
				t.Errorf("a write when the disk is well again: %q", got)
			}
		})
	}
}

func TestCrashDuringASave(t *testing.T) {
	for _, op := range []string{"write", "sync", "rename", "syncdir"} {
		t.Run(op, func(t *testing.T) {
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk)
			r.must("SET", "k", "old")
			r.save()
			r.must("SET", "k", "new")
			dead := errors.New("the machine is off")
			var off bool
			disk.set(-1, func(o, _ string) error {
				if off = off || o == op; off {
					return dead
				}
				return nil
			})
			_ = r.svc.Save()
			disk.set(-1, nil)
			disk.crash(t)
			after := start(t, disk)
			if got := after.do("GET", "k"); got != "$3\r\nold\r\n" {
				t.Errorf("after a crash at %s: %q", op, got)
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		disk := newFaultFS(t, t.TempDir())
		r := start(t, disk)
		r.must("SET", "k", "new")
		r.save()
		disk.crash(t)
		if got := start(t, disk).do("GET", "k"); got != "$3\r\nnew\r\n" {
			t.Errorf("acknowledged by SAVE, and lost: %q", got)
		}
	})
}

func TestDamagedFilesStopTheStart(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk)
	for i := range 40 {
		r.must("SET", fmt.Sprint("key:", i), strings.Repeat("abc", i))
	}
	r.must("HSET", "h", "a", "b")
	r.must("ZADD", "z", "1", "a")
	r.must("SADD", "s", "1", "2")
	long := strings.Repeat("longer than is packed ", 4)
	r.must("RPUSH", "l", "a", "12", long)
	r.must("HSET", "large h", long, "b")
	r.must("ZADD", "large z", "1.5", long, "inf", "b")
	r.must("SADD", "large s", long)
	r.must("PEXPIREAT", "key:1", "9999999999999")
	r.must("SELECT", "3")
	r.must("SET", "number", "70000")
	r.save()
	path := filepath.Join(disk.root, "dump.rdb")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	load := func(b []byte) error {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		e := newEngine(t)
		defer e.Close()
		svc, err := New(Config{Engine: e, FS: disk})
		if err != nil {
			t.Fatal(err)
		}
		defer svc.Close()
		err = svc.Load()
		if after, _ := os.ReadFile(path); string(after) != string(b) {
			t.Error("the file was changed")
		}
		return err
	}
	if err := load(whole); err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut < len(whole); cut += 1 + len(whole)/60 {
		if err := load(whole[:cut]); err == nil || !strings.Contains(err.Error(), "offset") || !strings.Contains(err.Error(), "check-rdb") {
			t.Errorf("cut at %d of %d: %v", cut, len(whole), err)
		}
	}
	for at := range whole {
		b := append([]byte(nil), whole...)
		b[at] ^= 0x10
		if err := load(b); err == nil {
			t.Errorf("byte %d of %d flipped, and nobody noticed", at, len(whole))
		}
	}
}

func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	mine := tempName()
	for _, name := range []string{"temp-999999999.rdb", mine, "temp-1.rdb", "temp-x.rdb"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	disk := newFaultFS(t, dir)
	start(t, disk, "save", "100 1")
	for name, want := range map[string]bool{"temp-999999999.rdb": false, mine: false, "temp-1.rdb": true, "temp-x.rdb": true} {
		if _, err := disk.Stat(name); (err == nil) != want {
			t.Errorf("%s: there %v, want %v", name, err == nil, want)
		}
	}
}

func TestAbortedSave(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk)
	r.fill(1000)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.svc.saveFile(ctx, false, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if r.info("rdb_last_bgsave_status") != "ok" {
		t.Error("an aborted save counts as failed")
	}
	r.save()
}
