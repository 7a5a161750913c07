package persistence

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
)

// aofOf is the append-only half of a rig.
func (r *rig) aof() *appendOnly { return r.svc.aof.(*appendOnly) }

// flushed waits until everything logged so far is on disk.
func (r *rig) flushed() {
	r.t.Helper()
	if err := r.aof().writer.Load().barrier(r.eng.Log().Offset(), 5*time.Second); err != nil {
		r.t.Fatalf("flush: %v\n%s", err, r.log.String())
	}
}

// set is CONFIG SET.
func (r *rig) set(name, value string) {
	r.t.Helper()
	if err := r.eng.Options().Set([]options.Pair{{Name: name, Value: value}}, options.Permit{Protected: true}); err != nil {
		r.t.Fatalf("CONFIG SET %s %s: %v", name, value, err)
	}
}

// rewriteNow makes a rewrite and waits for its success.
func (r *rig) rewriteNow() {
	r.t.Helper()
	eventually(r.t, "a rewrite can begin", func() bool { _, err := r.svc.RewriteAOF(); return err == nil })
	r.aof().rewrites.wait()
	if got := r.info("aof_last_bgrewrite_status"); got != "ok" {
		r.t.Fatalf("rewrite: %s\n%s", got, r.log.String())
	}
}

// stop ends a rig in order and returns the digest of its data.
func (r *rig) stop() string {
	r.t.Helper()
	d := r.eng.Digest()
	if err := r.svc.Shutdown(r.svc.ctx, core.SaveNever, false); err != nil {
		r.t.Fatalf("shutdown: %v", err)
	}
	if err := r.svc.Close(); err != nil {
		r.t.Fatal(err)
	}
	return d
}

func (r *rig) wantDigest(want string) {
	r.t.Helper()
	if got := r.eng.Digest(); got != want {
		r.t.Fatalf("the data set is not the one before\n%s", r.log.String())
	}
}

// files lists the append-only directory.
func (r *rig) files() string { return listDir(r.t, filepath.Join(r.fs.root, "appendonlydir")) }

func listDir(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestAOFBringsEverythingBack(t *testing.T) {
	for _, preamble := range []string{"yes", "no"} {
		for _, fsync := range []string{"always", "everysec", "no"} {
			t.Run("preamble="+preamble+" appendfsync="+fsync, func(t *testing.T) {
				t.Parallel()
				disk := newFaultFS(t, t.TempDir())
				on := []string{"appendonly", "yes", "aof-use-rdb-preamble", preamble, "appendfsync", fsync, "aof-timestamp-enabled", preamble}
				r := start(t, disk, on...)
				r.fill(20)
				r.must("MULTI")
				r.must("SET", "m1", "1")
				r.must("SELECT", "3")
				r.must("SET", "m2", "2")
				r.must("EXEC")
				want := r.stop()

				r = start(t, disk, on...)
				r.wantDigest(want)
				r.rewriteNow()
				r.must("APPEND", "grown", "after the rewrite")
				if base := "appendonly.aof.2.base.rdb"; preamble == "yes" && r.files() != base+" appendonly.aof.2.incr.aof appendonly.aof.manifest" {
					t.Errorf("files after a rewrite: %s", r.files())
				}
				want = r.stop()

				r = start(t, disk, on...)
				r.wantDigest(want)
				r.must("DEL", "huge")
				want = r.eng.Digest()
				if err := r.svc.Reload(true, core.ReloadFlags{}); err != nil {
					t.Fatalf("LOADAOF: %v\n%s", err, r.log.String())
				}
				r.wantDigest(want)
			})
		}
	}
}

// TestAOFCutAtEveryByte: whatever byte the file ends at, what loads is the state after the last whole
// command, or transaction, before it.
func TestAOFCutAtEveryByte(t *testing.T) {
	t.Run("first file", func(t *testing.T) { cutAtEveryByte(t, false, "no") })
	t.Run("after a rewrite", func(t *testing.T) { cutAtEveryByte(t, true, "no") })
	t.Run("with timestamps", func(t *testing.T) { cutAtEveryByte(t, true, "yes") })
}

func cutAtEveryByte(t *testing.T, rewritten bool, timestamps string) {
	dir := t.TempDir()
	r := start(t, newFaultFS(t, dir), "appendonly", "yes", "appendfsync", "always", "aof-timestamp-enabled", timestamps)
	r.must("SET", "before", "1")
	incr := filepath.Join(dir, "appendonlydir", "appendonly.aof.1.incr.aof")
	if rewritten {
		r.rewriteNow()
		incr = filepath.Join(dir, "appendonlydir", "appendonly.aof.2.incr.aof")
	}
	r.must("SET", "after", "1")
	r.flushed()
	type mark struct {
		size   int
		digest string
	}
	var marks []mark
	add := func() {
		r.flushed()
		b, err := os.ReadFile(incr)
		if err != nil {
			t.Fatal(err)
		}
		marks = append(marks, mark{len(b), r.eng.Digest()})
	}
	add()
	for _, c := range []string{"SET k v", "RPUSH l a bb ccc", "MULTI|SET m1 1|INCR m1|HSET h f v|EXEC", "ZADD z 1.5 a -inf b", "PEXPIREAT k 9999999999999", "SELECT 2", "INCR n", "MULTI|SADD s 1|EXEC", "SET last *1\r\n$4\r\nPING"} {
		for one := range strings.SplitSeq(c, "|") {
			r.must(strings.SplitN(one, " ", 6)...)
		}
		if !strings.HasPrefix(c, "SELECT") {
			add()
		}
	}
	r.stop()
	whole, err := os.ReadFile(incr)
	if err != nil {
		t.Fatal(err)
	}
	step := 1
	if testing.Short() {
		step = 7
	}
	for cut := marks[0].size; cut <= len(whole); cut += step {
		want := marks[0]
		for _, m := range marks {
			if m.size <= cut {
				want = m
			}
		}
		if err := os.WriteFile(incr, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		atEnd := bytes.HasSuffix(whole[:cut], []byte("SELECT\r\n$1\r\n2\r\n")) // whole, though it changes nothing
		for _, m := range marks {
			atEnd = atEnd || m.size == cut
		}
		if !atEnd && cut%5 == 0 && timestamps == "no" { // refused, and left as it is
			r, err := open(t, newFaultFS(t, dir), "appendonly", "yes", "aof-load-truncated", "no")
			if err != nil {
				t.Fatal(err)
			}
			err = r.svc.Load()
			if err == nil || !strings.Contains(err.Error(), "check-aof --fix") || !strings.Contains(err.Error(), fmt.Sprintf(" of %d:", cut)) {
				t.Fatalf("cut at %d, aof-load-truncated no: %v", cut, err)
			}
			r.close()
			if b, _ := os.ReadFile(incr); len(b) != cut {
				t.Fatalf("cut at %d: the file was changed", cut)
			}
		}
		r := start(t, newFaultFS(t, dir), "appendonly", "yes")
		if got := r.eng.Digest(); got != want.digest {
			t.Fatalf("cut at %d: not the state after %d bytes\n%s", cut, want.size, r.log.String())
		}
		if got := r.do("SET", "goes", "on"); got != "+OK\r\n" {
			t.Fatalf("cut at %d: %q", cut, got)
		}
		after := r.stop()
		r.close()
		if cut%10 == 0 { // what was cut off does not get into the way of what follows
			r = start(t, newFaultFS(t, dir), "appendonly", "yes")
			r.wantDigest(after)
			r.close()
		}
	}
}

func TestAOFDamageInTheMiddleIsRefused(t *testing.T) {
	dir := t.TempDir()
	r := start(t, newFaultFS(t, dir), "appendonly", "yes")
	for i := range 50 {
		r.must("SET", fmt.Sprint("key", i), strings.Repeat("v", 20))
	}
	r.stop()
	r.close()
	incr := filepath.Join(dir, "appendonlydir", "appendonly.aof.1.incr.aof")
	whole, err := os.ReadFile(incr)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(whole, []byte("key20")) - len("$5\r\n")
	for name, damage := range map[string]func(b []byte) []byte{
		"length too long":      func(b []byte) []byte { return append(append(b[:at:at], "$99999\r\n"...), b[at+4:]...) },
		"length much too long": func(b []byte) []byte { return append(append(b[:at:at], "$99999999999\r\n"...), b[at+4:]...) },
		"length too short":     func(b []byte) []byte { b[at+1] = '4'; return b },
		"no mark":              func(b []byte) []byte { b[at] = 'x'; return b },
		"negative":             func(b []byte) []byte { return append(append(b[:at:at], "$-1\r\n"...), b[at+4:]...) },
		"zeros":                func(b []byte) []byte { clear(b[at : at+30]); return b },
		"command unknown": func(b []byte) []byte {
			return bytes.Replace(b, []byte("SET\r\n$5\r\nkey30"), []byte("SOT\r\n$5\r\nkey30"), 1)
		},
		"zeros after the end": func(b []byte) []byte { return append(b, make([]byte, 100)...) },
		"too many arguments": func(b []byte) []byte {
			return bytes.Replace(b, []byte("*3\r\n$3\r\nSET\r\n$5\r\nkey30"), []byte("*9\r\n$3\r\nSET\r\n$5\r\nkey30"), 1)
		},
		"EXEC without MULTI":    func(b []byte) []byte { return append(b, "*1\r\n$4\r\nEXEC\r\n"...) },
		"database out of range": func(b []byte) []byte { return append(b, "*2\r\n$6\r\nSELECT\r\n$2\r\n99\r\n"...) },
	} {
		t.Run(name, func(t *testing.T) {
			bad := damage(bytes.Clone(whole))
			if err := os.WriteFile(incr, bad, 0o644); err != nil {
				t.Fatal(err)
			}
			r, err := open(t, newFaultFS(t, dir), "appendonly", "yes")
			if err != nil {
				t.Fatal(err)
			}
			err = r.svc.Load()
			if err == nil || !strings.Contains(err.Error(), "offset") && !strings.Contains(err.Error(), "Unknown command") {
				t.Errorf("load: %v", err)
			}
			r.close()
			if b, _ := os.ReadFile(incr); !bytes.Equal(b, bad) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestAOFFirstStart(t *testing.T) {
	r := start(t, newFaultFS(t, t.TempDir()), "appendonly", "yes")
	if got, want := r.files(), "appendonly.aof.1.base.rdb appendonly.aof.1.incr.aof appendonly.aof.manifest"; got != want {
		t.Errorf("files: %s", got)
	}
	text, _ := os.ReadFile(filepath.Join(r.fs.root, "appendonlydir", "appendonly.aof.manifest"))
	if want := "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"; string(text) != want {
		t.Errorf("manifest: %q", text)
	}
}

func TestAOFUpgradesASingleFile(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		dir := t.TempDir()
		old := []byte("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n")
		if err := os.WriteFile(filepath.Join(dir, "appendonly.aof"), old, 0o644); err != nil {
			t.Fatal(err)
		}
		if interrupted { // between manifest and move
			if err := os.Mkdir(filepath.Join(dir, "appendonlydir"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "appendonlydir", "appendonly.aof.manifest"), []byte("file appendonly.aof seq 1 type b\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		r := start(t, newFaultFS(t, dir), "appendonly", "yes")
		if got := r.do("GET", "a"); got != "$1\r\n1\r\n" {
			t.Errorf("GET a: %q", got)
		}
		if got, want := r.files(), "appendonly.aof appendonly.aof.1.incr.aof appendonly.aof.manifest"; got != want {
			t.Errorf("files: %s", got)
		}
		r.must("INCR", "a")
		r.rewriteNow()
		if got, want := r.files(), "appendonly.aof.2.base.rdb appendonly.aof.2.incr.aof appendonly.aof.manifest"; got != want {
			t.Errorf("files after a rewrite: %s", got)
		}
		want := r.stop()
		r.close()
		r = start(t, newFaultFS(t, dir), "appendonly", "yes")
		r.wantDigest(want)
	}
}

func TestAOFStartRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"no manifest", "the AOF manifest"},
		{"file missing", "No such file or directory"},
		{"bad manifest", "Invalid AOF manifest file format"},
		{"unknown command", "at offset 0: this server doesn't have it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			r := start(t, newFaultFS(t, dir), "appendonly", "yes")
			r.must("SET", "a", "1")
			r.stop()
			r.close()
			sub := filepath.Join(dir, "appendonlydir")
			manifest := filepath.Join(sub, "appendonly.aof.manifest")
			switch c.name {
			case "no manifest":
				_ = os.Remove(manifest)
			case "file missing":
				_ = os.Remove(filepath.Join(sub, "appendonly.aof.1.incr.aof"))
			case "unknown command":
				_ = os.WriteFile(filepath.Join(sub, "appendonly.aof.1.incr.aof"), []byte("*1\r\n$6\r\nNOSUCH\r\n"), 0o644)
			default:
				_ = os.WriteFile(manifest, []byte("file x seq 1\n"), 0o644)
			}
			before := listDir(t, sub)
			r, err := open(t, newFaultFS(t, dir), "appendonly", "yes")
			if err == nil {
				err = r.svc.Load()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("load: %v", err)
			}
			if after := listDir(t, sub); after != before {
				t.Errorf("the directory was changed: %s, before %s", after, before)
			}
		})
	}
}

func TestAOFSwitchedOnAndOffLosesNothing(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "appendonly", "no")
	r.fill(10)
	stop, wg := make(chan struct{}), sync.WaitGroup{}
	var writes atomic.Int64
	for g := range 3 {
		wg.Go(func() {
			c := r.eng.NewClient(noConn{})
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				doWith(r.eng, c, "INCR", fmt.Sprint("counter", g))
				doWith(r.eng, c, "RPUSH", fmt.Sprint("events", g), fmt.Sprint(i))
				writes.Add(1)
			}
		})
	}
	for range 4 {
		r.set("appendonly", "yes")
		if got := r.info("aof_enabled"); got != "1" {
			t.Errorf("aof_enabled: %s", got)
		}
		eventually(t, "the log counts", r.aof().enabled)
		n := writes.Load()
		eventually(t, "some writes", func() bool { return writes.Load() > n+200 })
		r.set("appendonly", "no")
	}
	r.set("appendonly", "yes")
	eventually(t, "the log counts", r.aof().enabled)
	n := writes.Load()
	eventually(t, "some writes", func() bool { return writes.Load() > n+200 })
	close(stop)
	wg.Wait()
	want := r.stop()
	if strings.Contains(r.files(), "temp-") {
		t.Errorf("files: %s", r.files())
	}
	r = start(t, disk, "appendonly", "yes")
	r.wantDigest(want)
}

// TestAOFRewriteUnderWrites: whatever happens during a rewrite, FLUSHALL included, base and incr
// files together give the data set.
func TestAOFRewriteUnderWrites(t *testing.T) {
	for _, preamble := range []string{"yes", "no"} {
		disk := newFaultFS(t, t.TempDir())
		r := start(t, disk, "appendonly", "yes", "aof-use-rdb-preamble", preamble)
		r.fill(200)
		stop, wg := make(chan struct{}), sync.WaitGroup{}
		for g := range 3 {
			wg.Go(func() {
				c := r.eng.NewClient(noConn{})
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					doWith(r.eng, c, "SELECT", fmt.Sprint(g))
					doWith(r.eng, c, "INCR", fmt.Sprint("counter", i%97))
					doWith(r.eng, c, "RPUSH", fmt.Sprint("list:", i%7), fmt.Sprint(i))
					doWith(r.eng, c, "APPEND", "huge", "x")
					if g == 0 && i%5000 == 4999 {
						doWith(r.eng, c, "FLUSHALL")
					}
					if g == 1 && i%3000 == 2999 {
						doWith(r.eng, c, "SWAPDB", "0", "1")
					}
				}
			})
		}
		for range 5 {
			r.rewriteNow()
		}
		close(stop)
		wg.Wait()
		want := r.stop()
		r = start(t, disk, "appendonly", "yes")
		r.wantDigest(want)
		r.close()
	}
}

func TestAOFAutomaticRewrite(t *testing.T) {
	r := start(t, newFaultFS(t, t.TempDir()), "appendonly", "yes", "auto-aof-rewrite-min-size", "20000", "auto-aof-rewrite-percentage", "100")
	for i := range 2000 {
		r.must("SET", "k", fmt.Sprint(i))
	}
	eventually(t, "a rewrite", func() bool { return r.info("aof_rewrites") != "0" && !r.aof().rewriting() })
	eventually(t, "a small file", func() bool { r.must("SET", "k", "x"); return r.aof().currentSize() < 20000 })
	if got := r.info("aof_last_bgrewrite_status"); got != "ok" {
		t.Error(r.log.String())
	}
}

func TestAOFRewriteWaitsForASave(t *testing.T) {
	r := start(t, newFaultFS(t, t.TempDir()), "appendonly", "yes")
	r.fill(10)
	r.svc.snapshotting.Lock() // a save that takes its time
	if _, err := r.svc.ScheduleSave(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the save begins", r.svc.saves.running)
	status, err := r.svc.RewriteAOF()
	if err != nil || status != rewriteScheduled || r.info("aof_rewrite_scheduled") != "1" {
		t.Errorf("BGREWRITEAOF beside a save: %q, %v", status, err)
	}
	r.svc.snapshotting.Unlock()
	eventually(t, "the rewrite", func() bool { return r.info("aof_rewrites") == "1" && !r.aof().rewriting() })
}

// With aof-disable-auto-gc the files that a rewrite replaces stay, as history; without it they go, at once if it is CONFIG SET.
func TestAOFHistoryIsKeptAsLongAsAsked(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "appendonly", "yes", "aof-disable-auto-gc", "yes")
	history := func() (listed, files int) {
		text, err := os.ReadFile(filepath.Join(disk.root, "appendonlydir", "appendonly.aof.manifest"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), " type h\n"), strings.Count(r.files(), "appendonly.aof.") - 3
	}
	for range 2 {
		r.fill(10)
		r.rewriteNow()
	}
	if listed, files := history(); listed != 4 || files != 4 {
		t.Errorf("%d listed, files: %s", listed, r.files())
	}
	r.set("aof-disable-auto-gc", "no")
	if listed, files := history(); listed != 0 || files != 0 {
		t.Errorf("%d listed, files: %s", listed, r.files())
	}
	off := start(t, newFaultFS(t, t.TempDir()), "aof-disable-auto-gc", "yes") // there is no manifest
	off.set("aof-disable-auto-gc", "no")
}

func TestAOFTimestamps(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "appendonly", "yes", "aof-timestamp-enabled", "yes")
	r.must("SET", "a", "1")
	time.Sleep(1100 * time.Millisecond)
	r.must("SET", "a", "2")
	r.flushed()
	name := filepath.Join(disk.root, "appendonlydir", "appendonly.aof.1.incr.aof")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var first int64
	if _, err := fmt.Sscanf(string(text), "#TS:%d\r\n", &first); err != nil || bytes.Count(text, []byte("#TS:")) != 2 {
		t.Fatalf("incr file: %q", text)
	}
	r.stop()
	r.close()
	var out bytes.Buffer
	for _, tt := range []struct {
		until int64
		code  int
		keeps []byte
	}{{first - 1, 1, text}, {first, 0, text[:bytes.LastIndex(text, []byte("#TS:"))]}} {
		code := CheckAOF([]string{"--truncate-to-timestamp", fmt.Sprint(tt.until), filepath.Join(disk.root, "appendonlydir")}, &out, &out)
		if left, _ := os.ReadFile(name); code != tt.code || !bytes.Equal(left, tt.keeps) {
			t.Fatalf("check-aof until %d: %d, want %d, which leaves %q\n%s", tt.until, code, tt.code, left, out.String())
		}
	}
	r = start(t, disk, "appendonly", "yes")
	if got := r.do("GET", "a"); got != "$1\r\n1\r\n" {
		t.Errorf("GET a: %q\n%s", got, out.String())
	}
}

// TestAOFSwitchedOffDuringARewrite: nothing of a rewrite that is given up goes on, whenever that comes.
func TestAOFSwitchedOffDuringARewrite(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "appendonly", "no")
	r.fill(100)
	for round := range 30 {
		r.set("appendonly", "yes")
		if round%2 == 1 {
			eventually(t, "the log counts", r.aof().enabled)
			_, _ = r.svc.RewriteAOF()
		}
		time.Sleep(time.Duration(round) * 300 * time.Microsecond)
		r.set("appendonly", "no")
		r.aof().rewrites.wait()
		if r.eng.Log().Active() {
			t.Fatalf("round %d: somebody still reads the log", round)
		}
	}
	r.set("appendonly", "yes")
	eventually(t, "the log counts", r.aof().enabled)
	r.must("SET", "last", "1")
	want := r.stop()
	start(t, disk, "appendonly", "yes").wantDigest(want)
}
