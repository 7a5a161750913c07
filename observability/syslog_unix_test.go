//go:build unix

package observability

import (
	"io"
	"log/syslog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// A system's log may start after the server, and be restarted while it runs: the server goes on, and finds it again.
func TestSystemLogMayComeLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := NewLogs(LogOptions{Output: io.Discard, Syslog: true, SyslogIdent: "me", SyslogFacility: "local3"})
	if err != nil {
		t.Fatal("a system without a log stops the start:", err)
	}
	t.Cleanup(func() { _ = l.Close() })
	_ = l.syslog.close() // whatever this machine has
	l.syslog.writer = nil
	l.syslog.dial = func() (*syslog.Writer, error) {
		return syslog.Dial("unixgram", path, syslog.LOG_LOCAL3|syslog.LOG_NOTICE, "me")
	}

	for _, round := range []string{"first", "restarted"} {
		l.Logger().Info("nobody listens")
		c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		l.syslog.tried = time.Time{} // the pause between two attempts is over
		l.Logger().Warn(round)
		line := make([]byte, 1000)
		if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := c.Read(line)
		if err != nil || !regexp.MustCompile(`^<156>.* me\[\d+\]: `+round+"\n$").Match(line[:n]) {
			t.Errorf("%q, %v", line[:n], err)
		}
		_ = c.Close()
		_ = os.Remove(path)
	}
}

func TestSystemLogFacility(t *testing.T) {
	if _, err := NewLogs(LogOptions{Output: io.Discard, Syslog: true, SyslogFacility: "mail"}); err == nil {
		t.Error("an unknown facility was taken")
	}
}
