package observability

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

func newLogs(t *testing.T, level string) (*Logs, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	l, err := NewLogs(LogOptions{
		Level: level, Output: &out,
		Clock: func() time.Time { return time.Date(2026, 11, 3, 4, 5, 6, 78e6, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, &out
}

func TestLinesHaveTheFormOfRedis(t *testing.T) {
	l, out := newLogs(t, "debug")
	root := l.Logger()
	root.Info("Ready to accept connections")
	l.SetRole(RoleReplica)
	aof := root.Named("persistence").Named("aof").With("file", "a b")
	aof.Trace("one")
	aof.Debug("two", "n", 3, "empty", "")
	aof.Warn("bad\nline", "text", "x\ny", "odd")
	root.Error("five", "percent", hclog.Fmt("%d%%", 5), "d", 2*time.Second)
	want := `PID:C 03 Nov 2026 04:05:06.078 * Ready to accept connections
PID:S 03 Nov 2026 04:05:06.078 . persistence.aof: one file="a b"
PID:S 03 Nov 2026 04:05:06.078 - persistence.aof: two file="a b" n=3 empty=""
PID:S 03 Nov 2026 04:05:06.078 # persistence.aof: bad line file="a b" text="x\ny" odd
PID:S 03 Nov 2026 04:05:06.078 # five percent=5% d=2s
`
	if got := strings.ReplaceAll(out.String(), strconv.Itoa(os.Getpid())+":", "PID:"); got != want {
		t.Errorf("got:\n%s", got)
	}
}

func TestLevelsChangeWhileRunning(t *testing.T) {
	l, out := newLogs(t, "notice")
	root := l.Logger()
	aof, server := root.Named("persistence").Named("aof"), root.Named("server")
	logged := func(log hclog.Logger, fn func(string, ...any)) bool {
		out.Reset()
		fn("x")
		return out.Len() > 0
	}
	if logged(root, root.Debug) || !logged(root, root.Info) || root.IsDebug() {
		t.Error("level notice isn't kept")
	}
	if err := l.SetNamedLevel("persistence", "debug"); err != nil {
		t.Fatal(err)
	}
	if !logged(aof, aof.Trace) || logged(server, server.Debug) || !aof.IsTrace() {
		t.Error("the level of persistence doesn't reach aof, or reaches others")
	}
	if err := l.SetNamedLevel("persistence", ""); err != nil || logged(aof, aof.Debug) {
		t.Errorf("the level wasn't taken back: %v", err)
	}
	if err := l.SetLevel("warning"); err != nil || logged(root, root.Info) || !logged(aof, aof.Warn) {
		t.Errorf("level warning isn't kept: %v", err)
	}
	if l.SetLevel("loud") == nil || l.SetNamedLevel("x", "loud") == nil {
		t.Error("an unknown level was taken")
	}
}

func TestLogFileMayBeRotated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "redust.log")
	l, err := NewLogs(LogOptions{File: path})
	if err != nil {
		t.Fatal(err)
	}
	l.Logger().Info("before")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	l.Logger().Info("after")
	l.Raw("as it is\n")
	for name, want := range map[string]string{path + ".1": "before\n", path: "after\nas it is\n"} {
		if text, err := os.ReadFile(name); err != nil || !strings.HasSuffix(string(text), want) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if _, err := NewLogs(LogOptions{File: "/nonexistent/dir/log"}); err == nil {
		t.Error("a file that can't be opened was taken")
	}
	if _, err := NewLogs(LogOptions{Level: "loud"}); err == nil {
		t.Error("an unknown level was taken")
	}
}
