package persistence

import (
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// rdbText is a string of an RDB file, shorter than 64 bytes.
func rdbText(s string) string { return string(rune(len(s))) + s }

// rdbFile is a file without checksum.
func rdbFile(body ...string) []byte {
	return []byte("REDIS0010" + strings.Join(body, "") + "\xff" + strings.Repeat("\x00", 8))
}

func le64(n int64) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(n))) }

// refused stands for the number of keys of a server that doesn't start.
const refused = -1

// TestOddFiles: files that nobody writes as a rule are loaded or refused as redis-server does it, which is asked where there is one.
func TestOddFiles(t *testing.T) {
	const (
		db0 = "\xfe\x00"
		ms  = "\xfc"
	)
	key := "\x00" + rdbText("key") + rdbText("v")
	aux := func(name, value string) string { return "\xfa" + rdbText(name) + rdbText(value) }
	past, never := ms+le64(1), ms+le64(-1)
	unordered := "\x0b" + rdbText("ints") + rdbText("\x02\x00\x00\x00\x02\x00\x00\x00\x05\x00\x01\x00")
	for _, c := range []struct {
		name, options string
		file          []byte
		keys          int
	}{
		{"good", "", rdbFile(aux("redis-ver", "7.0.15"), db0, "\xfb\x01\x00", key), 1},
		{"bytes behind the end", "", append(rdbFile(db0, key), "more"...), 1},
		{"nothing", "", nil, refused},
		{"magic alone", "", []byte("REDIS"), refused},
		{"version 0", "", append([]byte("REDIS0000"), rdbFile(db0, key)[9:]...), refused},
		{"later version", "", append([]byte("REDIS0013"), rdbFile(db0, key)[9:]...), refused},
		{"version after spaces", "", append([]byte("REDIS  10"), rdbFile(db0, key)[9:]...), 1},
		{"version with a sign", "", append([]byte("REDIS\t+10"), rdbFile(db0, key)[9:]...), 1},
		{"negative version", "", append([]byte("REDIS-010"), rdbFile(db0, key)[9:]...), refused},
		{"bytes behind the version", "", append([]byte("REDIS10x\xff"), rdbFile(db0, key)[9:]...), 1},
		{"no version", "", append([]byte("REDISx010"), rdbFile(db0, key)[9:]...), refused},
		{"no keys", "", rdbFile(), 0},
		{"no end", "", []byte("REDIS0010" + db0 + key), refused},
		{"wrong checksum", "", []byte("REDIS0010" + db0 + key + "\xff12345678"), refused},
		{"unknown AUX", "", rdbFile(aux("foo", "bar"), db0, key, aux("%foo", "bar")), 1},
		{"AUX without sense", "", rdbFile(aux("ctime", "x"), aux("used-mem", "-5"), aux("repl-offset", "x"), db0, key), 1},
		{"unknown opcode", "", rdbFile("\xf3\x01", db0, key), refused},
		{"slots of 7.2", "", rdbFile(db0, "\xf4\x01\x01\x01", key), refused},
		{"no database", "", rdbFile(key), 1},
		{"database 16", "", rdbFile("\xfe\x10", key), refused},
		{"database 16 without keys", "", rdbFile(db0, key, "\xfe\x10"), refused},
		{"expired", "", rdbFile(db0, past, key), 0},
		{"expires never", "", rdbFile(db0, never, key), 1},
		{"TTL before SELECTDB", "", rdbFile(db0, past, db0, key), 0},
		{"TTL before AUX", "", rdbFile(db0, past, aux("foo", "bar"), key), 0},
		{"the last TTL counts", "", rdbFile(db0, past, ms+le64(math.MaxInt64), key), 1},
		{"TTL before the end", "", rdbFile(db0, key, past), 1},
		{"empty key", "", rdbFile(db0, "\x00"+rdbText("")+rdbText("v")), 1},
		{"empty set", "", rdbFile(db0, "\x02"+rdbText("set")+"\x00", key), 1},
		{"unordered set", "sanitize-dump-payload yes", rdbFile(db0, unordered, key), refused},
		{"unordered set, for clients", "sanitize-dump-payload clients", rdbFile(db0, unordered, key), 2},
		{"unordered set, unseen", "sanitize-dump-payload no", rdbFile(db0, unordered, key), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), c.file, 0o644); err != nil {
				t.Fatal(err)
			}
			r, err := open(t, newFaultFS(t, dir), strings.Fields(c.options)...)
			if err != nil {
				t.Fatal(err)
			}
			got := refused
			if err = r.svc.Load(); err == nil {
				r.eng.SetLoading(false)
				_, _ = fmt.Sscanf(r.do("DBSIZE"), ":%d", &got)
			}
			if got != c.keys {
				t.Errorf("%d keys, want %d (%v)", got, c.keys, err)
			}
			if redis, asked := keysInRedis(t, dir, c.options); asked && redis != c.keys {
				t.Errorf("redis-server has %d keys, want %d", redis, c.keys)
			}
		})
	}
}

// keysInRedis is how many keys redis-server finds in a directory. asked is false where there is none.
func keysInRedis(t *testing.T, dir, options string) (keys int, asked bool) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return 0, false
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	args := []string{"--port", port, "--dir", dir, "--save", "", "--logfile", filepath.Join(t.TempDir(), "log")}
	if name, value, ok := strings.Cut(options, " "); ok {
		args = append(args, "--"+name, value)
	}
	cmd := exec.Command(path, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	defer func() { _ = cmd.Process.Kill(); <-ended }()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		select {
		case <-ended:
			return refused, true
		default:
		}
		k, err := dial("127.0.0.1:" + port)
		if err != nil {
			continue
		}
		got, err := k.ask("DBSIZE")
		_ = k.conn.Close()
		if n, _ := fmt.Sscanf(got, ":%d", &keys); err == nil && n == 1 {
			return keys, true
		}
	}
	t.Fatal("redis-server neither starts nor ends")
	return 0, false
}
