package persistence

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// redisServer starts redis-server in a directory and returns a function that runs redis-cli. The test is skipped
// where there is none.
func redisServer(t *testing.T, dir string, args ...string) (cli func(args ...string) string) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server here")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	cmd := exec.Command(path, append([]string{
		"--port", port, "--dir", dir, "--save", "", "--enable-debug-command", "yes",
		"--logfile", filepath.Join(dir, "redis.log"),
	}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	cli = func(args ...string) string {
		out, _ := exec.Command("redis-cli", append([]string{"-p", port}, args...)...).CombinedOutput()
		return strings.TrimSpace(string(out))
	}
	eventually(t, "redis-server is up", func() bool { return cli("PING") == "PONG" })
	return cli
}

// TestFilesTravel: data go from here to Redis and back by RDB files, and are the same everywhere.
func TestFilesTravel(t *testing.T) {
	for _, policy := range []string{"noeviction", "allkeys-lru", "allkeys-lfu"} {
		t.Run(policy, func(t *testing.T) {
			disk := newFaultFS(t, t.TempDir())
			r := start(t, disk, "maxmemory-policy", policy)
			r.fill(300)
			want := r.eng.Digest()
			r.save()
			cli := redisServer(t, disk.root, "--maxmemory-policy", policy)
			if got := cli("DEBUG", "DIGEST"); got != want {
				t.Fatalf("Redis has digest %s, want %s", got, want)
			}
			if got := cli("SAVE"); got != "OK" {
				t.Fatal(got)
			}
			if got := start(t, newFaultFS(t, disk.root), "maxmemory-policy", policy).eng.Digest(); got != want {
				t.Errorf("back again: digest %s, want %s", got, want)
			}
		})
	}
}

// TestRedisEncodings loads what Redis saves in each of its encodings, thresholds moved.
func TestRedisEncodings(t *testing.T) {
	for _, limit := range []string{"0", "4", "10000"} {
		t.Run("limit "+limit, func(t *testing.T) {
			dir := t.TempDir()
			cli := redisServer(t, dir, "--hash-max-listpack-entries", limit, "--zset-max-listpack-entries", limit,
				"--set-max-intset-entries", limit, "--list-max-listpack-size", "4")
			for _, n := range []int{3, 200} {
				args := func(cmd string, each func(i int) []string) {
					line := []string{cmd, fmt.Sprint(cmd, n)}
					for i := range n {
						line = append(line, each(i)...)
					}
					cli(line...)
				}
				args("SADD", func(i int) []string { return []string{fmt.Sprint(i * 100_000)} })
				args("HSET", func(i int) []string { return []string{fmt.Sprint("f", i), strings.Repeat("v", i)} })
				args("ZADD", func(i int) []string { return []string{fmt.Sprint(float64(i) / 7), fmt.Sprint("m", i)} })
				args("RPUSH", func(i int) []string { return []string{strings.Repeat("e", i)} })
			}
			cli("ZADD", "infinite", "inf", "a", "-inf", "b")
			cli("RPUSH", "plain", strings.Repeat("large", 4000))
			want := cli("DEBUG", "DIGEST")
			cli("SAVE")
			if got := start(t, newFaultFS(t, dir)).eng.Digest(); got != want {
				t.Errorf("digest %s, want %s", got, want)
			}
		})
	}
}

// TestKilledDuringSaves: a process that is killed while it saves leaves a whole file behind, the last one or the one
// before.
func TestKilledDuringSaves(t *testing.T) {
	if dir := os.Getenv("SAVE_UNTIL_KILLED"); dir != "" {
		saveUntilKilled(t, dir)
	}
	dir := t.TempDir()
	for range crashRounds(10) {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestKilledDuringSaves$")
		cmd.Env = append(os.Environ(), "SAVE_UNTIL_KILLED="+dir)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(300+rand.IntN(200)) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		r := start(t, newFaultFS(t, dir), "save", "10000 1")
		if n := r.eng.Keyspace().Len(0); n != 0 && n != 20_000 {
			t.Fatalf("%d keys after a kill\n%s", n, out.String())
		}
		left, _ := filepath.Glob(filepath.Join(dir, "temp-*"))
		if len(left) != 0 {
			t.Errorf("leftovers: %v", left)
		}
		_ = r.svc.Close() // gives the directory to the next one
	}
}

func saveUntilKilled(t *testing.T, dir string) {
	r := start(t, newFaultFS(t, dir))
	for i := range 20_000 {
		r.must("SET", fmt.Sprint("key:", i), "value")
	}
	for {
		if err := r.svc.saveNow(context.Background(), true); err != nil {
			t.Fatal(err)
		}
	}
}
