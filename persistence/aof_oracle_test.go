package persistence

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAOFTravels: an append-only directory goes from here to Redis and back, written on at each stop,
// and the data are the same everywhere.
func TestAOFTravels(t *testing.T) {
	for _, preamble := range []string{"yes", "no"} {
		t.Run("preamble="+preamble, func(t *testing.T) {
			dir := t.TempDir()
			r := start(t, newFaultFS(t, dir), "appendonly", "yes", "aof-use-rdb-preamble", preamble, "aof-timestamp-enabled", "yes")
			r.fill(50)
			r.rewriteNow()
			r.must("MULTI")
			r.must("SET", "in multi", "1")
			r.must("SELECT", "2")
			r.must("SADD", "in multi", "a", "b")
			r.must("EXEC")
			r.must("SPOP", "in multi")
			r.must("SET", "with ttl", "x", "EX", "1000")
			want := r.stop()
			r.close()
			checkWithRedis(t, dir)

			cli := redisServer(t, dir, "--appendonly", "yes", "--aof-use-rdb-preamble", preamble, "--aof-timestamp-enabled", "yes")
			if got := cli("DEBUG", "DIGEST"); got != want {
				t.Fatalf("Redis has digest %s, want %s", got, want)
			}
			cli("BGREWRITEAOF")
			eventually(t, "Redis's rewrite", func() bool { return strings.Contains(cli("INFO", "persistence"), "aof_rewrite_in_progress:0") })
			cli("INCRBYFLOAT", "float", "1.5")
			cli("-n", "7", "LPUSH", "from redis", "a", "b")
			want = cli("DEBUG", "DIGEST")
			cli("SHUTDOWN")

			r = start(t, newFaultFS(t, dir), "appendonly", "yes")
			r.wantDigest(want)
			r.must("SET", "and", "on")
			want = r.stop()
			r.close()
			r = start(t, newFaultFS(t, dir), "appendonly", "yes")
			r.wantDigest(want)
		})
	}
}

// checkWithRedis has redis-check-aof and our own tool look at a directory's log.
func checkWithRedis(t *testing.T, dir string, args ...string) {
	t.Helper()
	path, err := exec.LookPath("redis-check-aof")
	if err != nil {
		t.Skip("no redis-check-aof here")
	}
	cmd := exec.Command(path, append(args, filepath.Join(dir, "appendonlydir", "appendonly.aof.manifest"))...)
	cmd.Stdin = strings.NewReader("y\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("redis-check-aof: %v\n%s", err, out)
	}
	var out bytes.Buffer
	if code := CheckAOF([]string{filepath.Join(dir, "appendonlydir")}, &out, &out); code != 0 {
		t.Errorf("check-aof: %d\n%s", code, out.String())
	}
}

// TestRedisMendsOurAOF: redis-check-aof --fix cuts our files where ours would.
func TestRedisMendsOurAOF(t *testing.T) {
	for _, tail := range []string{"*3\r\n$3\r\nSET\r\n$1\r\nx", "*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n1\r\n"} {
		dir := t.TempDir()
		r := start(t, newFaultFS(t, dir), "appendonly", "yes")
		r.must("SET", "a", "1")
		want := r.stop()
		r.close()
		incr := filepath.Join(dir, "appendonlydir", "appendonly.aof.1.incr.aof")
		whole, _ := os.ReadFile(incr)
		damaged := append(bytes.Clone(whole), tail...)
		for name, mend := range map[string]func(){
			"redis-check-aof": func() { checkWithRedis(t, dir, "--fix") },
			"check-aof": func() {
				var out bytes.Buffer
				if code := CheckAOF([]string{incr}, &out, &out); code != 1 || !strings.Contains(out.String(), fmt.Sprintf("whole up to offset %d", len(whole))) {
					t.Errorf("check-aof: %d\n%s", code, out.String())
				}
				out.Reset()
				if code := CheckAOF([]string{filepath.Join(dir, "appendonlydir"), "--fix"}, &out, &out); code != 0 {
					t.Errorf("check-aof --fix: %d\n%s", code, out.String())
				}
			},
		} {
			if err := os.WriteFile(incr, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			mend()
			if got, _ := os.ReadFile(incr); !bytes.Equal(got, whole) {
				t.Errorf("%s left %q", name, got)
			}
		}
		start(t, newFaultFS(t, dir), "appendonly", "yes", "aof-load-truncated", "no").wantDigest(want)
	}
}

// TestOldRedisAOFIsUpgraded: a single file with a snapshot in front, as Redis 4 to 6 write it.
func TestOldRedisAOFIsUpgraded(t *testing.T) {
	dir := t.TempDir()
	cli := redisServer(t, dir)
	cli("RPUSH", "l", "a", "b")
	cli("SET", "n", "41")
	cli("SAVE")
	cli("INCR", "n")
	want := cli("DEBUG", "DIGEST")
	cli("SHUTDOWN", "NOSAVE")
	snapshot, err := os.ReadFile(filepath.Join(dir, "dump.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	old := append(snapshot, "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n"...)
	if err := os.WriteFile(filepath.Join(dir, "appendonly.aof"), old, 0o644); err != nil {
		t.Fatal(err)
	}
	start(t, newFaultFS(t, dir), "appendonly", "yes").wantDigest(want)
	checkWithRedis(t, dir)
}

// Whatever bytes the name of the files has, the manifest that names them can be read again, by Redis, too.
func TestManifestOfAnyName(t *testing.T) {
	name := func(s string) string {
		m := &manifest{}
		m.newBase(s, true)
		m.newIncr(s)
		again, err := parseManifest(m.text())
		if err != nil || again.base.name != m.base.name || again.incrs[0].name != m.incrs[0].name {
			t.Errorf("%q is written as %q, and read as %+v, %v", s, m.text(), again, err)
		}
		return string(m.text())
	}
	for b := 1; b < 256; b++ {
		if b != '/' {
			name("a" + string([]byte{byte(b)}) + "b")
			name("a " + string([]byte{byte(b)}))
		}
	}
	name("a \u200b \u00e9.aof")
	const inRedis = "file \"a\\nb.aof.1.base.rdb\" seq 1 type b\nfile \"a\\nb.aof.1.incr.aof\" seq 1 type i\n"
	if text := name("a\nb.aof"); text != inRedis {
		t.Errorf("%q, in Redis %q", text, inRedis)
	}
}

func TestManifestHistory(t *testing.T) {
	m := &manifest{}
	m.newBase("a", true)
	m.newIncr("a")
	m.newIncr("a")
	for range 2 {
		m.newBase("a", true)
		m.retire(m.newIncr("a").seq)
	}
	const inRedis = "file a.3.base.rdb seq 3 type b\nfile a.3.incr.aof seq 3 type h\nfile a.2.base.rdb seq 2 type h\n" +
		"file a.1.incr.aof seq 1 type h\nfile a.2.incr.aof seq 2 type h\nfile a.1.base.rdb seq 1 type h\nfile a.4.incr.aof seq 4 type i\n"
	if got := string(m.text()); got != inRedis {
		t.Errorf("%q, in Redis %q", got, inRedis)
	}
}

func TestManifestText(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"file a.1.base.rdb seq 1 type b\nfile a.1.incr.aof seq 1 type i\n", ""},
		{"# a comment\nfile \"a b.1.base.rdb\" seq 1 type b\n", ""},
		{"file a.1.base.rdb seq 1 type h\nfile a.2.incr.aof seq 2 type i\nfile a.4.incr.aof seq 4 type i\n", ""},
		{"", "Found an empty AOF manifest"},
		{"file a seq 1 type b", "The AOF manifest file contains too long line"},
		{"file a seq 1 type b\nfile b seq 2 type b\n", "Found duplicate base file information"},
		{"file a seq 2 type i\nfile b seq 1 type i\n", "Found a non-monotonic sequence number"},
		{"file ../a seq 1 type b\n", "File can't be a path, just a filename"},
		{"file a seq x type b\n", "Invalid AOF manifest file format"},
		{"file a seq 1 type x\n", "Unknown AOF file type"},
		{"file a seq 1\n", "Invalid AOF manifest file format"},
	} {
		m, err := parseManifest([]byte(c.text))
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q: %v", c.text, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		again, err := parseManifest(m.text())
		if err != nil || string(again.text()) != string(m.text()) {
			t.Errorf("%q: written as %q, %v", c.text, m.text(), err)
		}
	}
}
