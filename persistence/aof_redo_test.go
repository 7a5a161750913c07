package persistence

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	theIncr = "appendonlydir/appendonly.aof.1.incr.aof"
	theRedo = "appendonlydir/appendonly.aof.redo"
)

// redoRig is a server whose replies wait for the redo log.
type redoRig struct {
	*rig
	disk  *faultFS
	flush *gate // of the append-only file
}

// startWithRedo starts a server whose replies wait for the redo log. From here on flushes of the append-only file take as long as the gate is shut.
func startWithRedo(t *testing.T) redoRig {
	t.Helper()
	r := redoRig{disk: newFaultFS(t, t.TempDir()), flush: newGate()}
	r.rig = start(t, r.disk, append(withAOF, "aof-redo-log-size", "4mb")...)
	r.awaitRedo()
	r.flushFile()
	r.flush.shut.Store(true)
	r.disk.set(-1, func(op, name string) error {
		if op == "sync" && isIncr(name) {
			r.flush.pass()
		}
		return nil
	})
	return r
}

// open ends what startWithRedo began.
func (r redoRig) open() { r.flush.open() }

func isIncr(name string) bool { return strings.Contains(name, ".incr") }

// awaitRedo writes until a reply has waited for the redo log.
func (r *rig) awaitRedo() {
	r.t.Helper()
	eventually(r.t, "the redo log is used", func() bool {
		r.acked("SET", "first", "v")
		return r.aof().writer.Load().redoUsed.Load()
	})
}

// acked runs a command as a connection does: the reply has come when it may be sent. It is tried again while writes are refused.
func (r *rig) acked(args ...string) {
	r.t.Helper()
	eventually(r.t, "the write is accepted", func() bool { return !strings.HasPrefix(acknowledged(r.eng, r.newClient(), args...), "-") })
}

// flushFile waits until the append-only file itself is flushed.
func (r *rig) flushFile() {
	r.t.Helper()
	w := r.aof().writer.Load()
	eventually(r.t, "the append-only file is flushed", func() bool {
		w.work.Lock()
		defer w.work.Unlock()
		return w.redone == 0 && !w.dirty
	})
}

// powerOff ends the rig; only what was flushed until now is left.
func (r redoRig) powerOff() {
	r.t.Helper()
	left := r.disk.powerView(nil)
	r.open()
	r.close()
	for name := range left {
		_ = os.Remove(r.disk.path(name))
	}
	left.restore(r.t, r.disk.root)
}

// What was acknowledged is in the redo log if the append-only file hasn't it, and the next start puts it back.
func TestRedoLogBringsBackWhatThePowerTook(t *testing.T) {
	r := startWithRedo(t)
	for i := range 100 {
		r.acked("SET", fmt.Sprint("k", i%7), fmt.Sprint(i))
	}
	want := r.eng.Digest()
	whole, _ := os.ReadFile(r.disk.path(theIncr))
	r.powerOff()
	lost, _ := os.ReadFile(r.disk.path(theIncr))
	if len(whole)-len(lost) < 2000 {
		t.Fatal("the power failure took little: this tests nothing")
	}
	again := start(t, newFaultFS(t, r.disk.root), withAOF...)
	again.wantDigest(want)
	if !strings.Contains(again.log.String(), "put back from the redo log") {
		t.Errorf("the log says nothing: %s", again.log.String())
	}
	if now, _ := os.ReadFile(r.disk.path(theIncr)); !bytes.Equal(now, whole) {
		t.Error("the append-only file isn't what it was")
	}
	if _, err := os.Stat(r.disk.path(theRedo)); !notThere(err) {
		t.Error("the redo log is still there")
	}
}

// However small the redo log is and whatever its flushes do, no acknowledged write depends on the append-only file's flush
// that has not come.
func TestRedoLogUnderLoad(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 1))
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, append(withAOF, "aof-redo-log-size", pick(rnd, "1", "32kb", "4mb"))...)
			n := 0
			for range 12 {
				switch rnd.IntN(6) {
				case 0: // too large for a frame
					r.acked("SET", "big", strings.Repeat("x", redoLargest))
				case 1:
					disk.set(-1, failing("sync", unix.EIO))
					c := r.newClient()
					done := make(chan struct{})
					go func() { acknowledged(r.eng, c, "SET", "during", "x"); close(done) }()
					time.Sleep(5 * time.Millisecond)
					disk.set(-1, nil)
					<-done
				case 2:
					r.set("appendfsync", pick(rnd, "everysec", "no", "always"))
				default:
					r.set("appendfsync", "always")
				}
				for range rnd.IntN(20) {
					n++
					r.acked("RPUSH", "l", strings.Repeat("y", rnd.IntN(3000))+fmt.Sprint(n))
				}
				if r.aof().syncPolicy() != syncAlways {
					continue
				}
				n++
				r.acked("RPUSH", "l", "last")
				left := disk.powerView(rnd)
				dir := t.TempDir()
				left.restore(t, dir)
				again := start(t, newFaultFS(t, dir), withAOF...)
				if got := again.do("LLEN", "l"); got != fmt.Sprintf(":%d\r\n", n) {
					t.Fatalf("%s elements, %d were acknowledged\n%s", strings.TrimSpace(got), n, again.log.String())
				}
				again.close()
			}
		})
	}
}

// An orderly end leaves no redo log, and all is in the append-only file.
func TestRedoLogEndsWithTheLog(t *testing.T) {
	for name, end := range map[string]func(r *rig){
		"shutdown":      func(r *rig) { r.close() },
		"appendonly no": func(r *rig) { r.set("appendonly", "no") },
	} {
		t.Run(name, func(t *testing.T) {
			r := startWithRedo(t)
			r.acked("SET", "last", "v")
			r.open()
			end(r.rig)
			if _, err := os.Stat(r.disk.path(theRedo)); !notThere(err) {
				t.Error("the redo log is still there")
			}
			wantAfterPowerFailure(t, r.rig, r.disk, "last")
		})
	}
}

// If the redo log can't be made, or be written, or is removed, replies wait for the append-only file.
func TestRedoLogThatFails(t *testing.T) {
	ofRedo := func(op string) func(string, string) error {
		return func(o, name string) error {
			if o == op && strings.HasSuffix(name, redoSuffix) {
				return unix.EIO
			}
			return nil
		}
	}
	for _, op := range []string{"open", "write", "sync"} {
		t.Run("made: "+op, func(t *testing.T) {
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, "appendonly", "yes", "aof-redo-log-size", "32kb")
			disk.set(-1, ofRedo(op))
			r.set("appendfsync", "always")
			r.acked("SET", "k", "v")
			eventually(t, "the log tells", func() bool { return strings.Contains(r.log.String(), "There is no redo log") })
			r.acked("SET", "k2", "v")
			wantAfterPowerFailure(t, r, disk, "k2")
		})
	}
	for _, op := range []string{"write", "sync"} {
		t.Run("used: "+op, func(t *testing.T) {
			r := startWithRedo(t)
			r.open()
			r.disk.set(-1, ofRedo(op))
			r.acked("SET", "k", "v")
			if !strings.Contains(r.log.String(), "Writing the redo log failed") {
				t.Error("the log doesn't tell")
			}
			wantAfterPowerFailure(t, r.rig, r.disk, "k")
		})
	}
	t.Run("removed", func(t *testing.T) {
		r := startWithRedo(t)
		r.open()
		if err := r.disk.Remove(theRedo); err != nil {
			t.Fatal(err)
		}
		r.aof().search()
		eventually(t, "that is noticed", func() bool { return strings.Contains(r.log.String(), "The redo log of the AOF has been removed") })
		r.awaitRedo()
		r.acked("SET", "k", "v")
		wantAfterPowerFailure(t, r.rig, r.disk, "k")
	})
}

// A redo log is used for the file alone that it was written beside.
func TestRedoLogOfAnotherFile(t *testing.T) {
	lose := func(t *testing.T) *faultFS {
		r := startWithRedo(t)
		r.acked("SET", "lost", "v")
		r.powerOff()
		return r.disk
	}
	for _, c := range []struct {
		name   string
		change func(t *testing.T, path string)
		reason string
	}{
		{"another server has gone on", func(t *testing.T, path string) {
			writeFile(t, os.O_APPEND, "*3\r\n$3\r\nSET\r\n$5\r\nother\r\n$1\r\nv\r\n", path)
			if err := os.Chtimes(path, time.Time{}, longAgo); err != nil {
				t.Fatal(err)
			}
		}, "has other content"},
		{"changed later", func(t *testing.T, path string) {
			if err := os.Chtimes(path, time.Time{}, time.Now().Add(redoSlack+2*time.Second)); err != nil {
				t.Fatal(err)
			}
		}, "the file was changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk := lose(t)
			c.change(t, disk.path(theIncr))
			before, _ := os.ReadFile(disk.path(theIncr))
			r := start(t, newFaultFS(t, disk.root), withAOF...)
			if got := r.do("EXISTS", "lost"); got != ":0\r\n" {
				t.Error("the redo log was used")
			}
			if !strings.Contains(r.log.String(), c.reason) {
				t.Errorf("the reason is missing: %s", r.log.String())
			}
			r.close()
			now, _ := os.ReadFile(disk.path(theIncr))
			if !bytes.HasPrefix(now, before) {
				t.Error("the file was changed")
			}
			if _, err := os.Stat(disk.path(theRedo + "-unused")); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRedoPlan compares files with frames.
func TestRedoPlan(t *testing.T) {
	frame := func(pos int64, data string) redoFrame {
		return redoFrame{seq: 1, pos: pos, at: time.Now().UnixNano(), data: []byte(data)}
	}
	two := []redoFrame{frame(4, "abcd"), frame(8, "efgh")}
	for _, c := range []struct {
		name, file string
		frames     []redoFrame
		want       string
		refused    bool
	}{
		{"nothing lost", "0123abcdefgh", two, "0123abcdefgh", false},
		{"nothing lost, and more", "0123abcdefghMORE", two, "0123abcdefghMORE", false},
		{"a frame lost", "0123abcd", two, "0123abcdefgh", false},
		{"both lost", "0123", two, "0123abcdefgh", false},
		{"some of one", "0123ab", two, "0123abcdefgh", false},
		{"zeros", "0123\x00\x00\x00\x00\x00\x00\x00\x00", two, "0123abcdefgh", false},
		{"zeros in the middle", "0123a\x00\x00def\x00h", two, "0123abcdefgh", false},
		{"zeros, and what wasn't acknowledged", "0123abcd\x00\x00\x00\x00\x00\x00\x00more", two, "0123abcdefgh", false},
		{"older than the frames", "012", two, "012", false},
		{"frames missing", "0123", []redoFrame{frame(4, "ab"), frame(8, "efgh")}, "0123ab", false},
		{"other content", "0123abXdefgh", two, "0123abXdefgh", true},
		{"other content behind zeros", "0123\x00\x00\x00\x00eXgh", two, "0123\x00\x00\x00\x00eXgh", true},
		{"the same bytes twice", "0123", append(two, frame(4, "abcdefgh")), "0123abcdefgh", false},
		{"a mark behind", "0123ab", append(two, frame(12, "")), "0123abcdefgh", false},
		{"no frames", "0123", nil, "0123", false},
		{"nothing lost, zeros behind", "0123abcdefghMO\x00\x00\x00", two, "0123abcdefghMO", false},
		{"nothing but zeros", "\x00\x00\x00", nil, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "f")
			writeFile(t, os.O_TRUNC, c.file, name)
			f, err := os.OpenFile(name, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			p, err := planRedo(f, c.frames)
			if err != nil || (p.refused != "") != c.refused {
				t.Fatalf("refused %q, %v", p.refused, err)
			}
			if p.needed() {
				if err := p.apply(f); err != nil {
					t.Fatal(err)
				}
			}
			if got, _ := os.ReadFile(name); string(got) != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// A frame is found as a whole or not at all, whichever sector of it is old.
func TestTornRedoFramesAreNone(t *testing.T) {
	dir := t.TempDir()
	data := bytes.Repeat([]byte("0123456789"), 1000)
	b := appendFrame(nil, 7, 1234, int64(len(data)), 99, []piece{{data: data[:5000]}, {data: data[5000:]}})
	b = appendFrame(b, 7, 11234, 4, 100, []piece{{data: []byte("last")}})
	read := func(b []byte) []redoFrame {
		name := filepath.Join(dir, "redo")
		writeFile(t, os.O_TRUNC, string(b), name)
		frames, err := readRedo(OS{}, name)
		if err != nil {
			t.Fatal(err)
		}
		return frames
	}
	frames := read(b)
	if len(frames) != 2 || frames[0].seq != 7 || frames[0].pos != 1234 || frames[0].at != 99 || !bytes.Equal(frames[0].data, data) || string(frames[1].data) != "last" {
		t.Fatalf("not what was written: %v", frames)
	}
	for at := 0; at < redoHeader+len(data); at += sector {
		torn := bytes.Clone(b)
		clear(torn[at : at+sector])
		if frames := read(torn); len(frames) != 1 || string(frames[0].data) != "last" {
			t.Errorf("sector at %d: %d frames", at, len(frames))
		}
	}
	if frames := read(b[:len(b)-redoBlock-1]); len(frames) != 1 && len(frames) != 0 {
		t.Errorf("cut: %d frames", len(frames))
	}
}

// FuzzReadRedo: no content makes the reader panic, or yield what lies outside of the file.
func FuzzReadRedo(f *testing.F) {
	b := appendFrame(nil, 1, 0, 4, 99, []piece{{data: []byte("data")}})
	f.Add(b)
	f.Add(append(b, b...))
	f.Add(make([]byte, 2*redoBlock))
	f.Fuzz(func(t *testing.T, b []byte) {
		name := filepath.Join(t.TempDir(), "redo")
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
		frames, err := readRedo(OS{}, name)
		if err != nil {
			t.Fatal(err)
		}
		incr, err := os.Create(filepath.Join(t.TempDir(), "incr"))
		if err != nil {
			t.Fatal(err)
		}
		defer incr.Close()
		p, err := planRedo(incr, frames)
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		if p.bytes > int64(len(b)) {
			t.Fatal("more than there is")
		}
	})
}

// check-aof tells of writes that the redo log has, and puts them back with --fix.
func TestCheckAOFPutsBackWhatTheRedoLogHas(t *testing.T) {
	r := startWithRedo(t)
	for i := range 10 {
		r.acked("SET", fmt.Sprint("k", i), "v")
	}
	want := r.eng.Digest()
	r.powerOff()
	dir := r.disk.path("appendonlydir")
	check := func(code int, text string, args ...string) {
		t.Helper()
		var out strings.Builder
		if got := CheckAOF(append(args, dir), &out, &out); got != code || !strings.Contains(out.String(), text) {
			t.Errorf("code %d: %s", got, out.String())
		}
	}
	check(1, "with --fix, or at a start of the server, ")
	check(0, "are put back from the redo log", "--fix")
	check(0, "All files are in order")
	if err := os.Remove(r.disk.path(theRedo)); err != nil {
		t.Fatal(err)
	}
	start(t, newFaultFS(t, r.disk.root), withAOF...).wantDigest(want)
}
